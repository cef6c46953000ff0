/** One camera's live picture: connection, media buffer, latency and boxes brought together. */

import type { Counts, Scene } from "../api";
import type { ConnectionEvents, ConnectionPorts } from "./connection";
import { browserPorts, LiveConnection } from "./connection";
import { FrameInterval, watchFrames } from "./frameClock";
import { aheadOf, holeExit, steer, targetFor } from "./latency";
import { canPlay, MseSink } from "./mseSink";
import type { Layers } from "./overlay";
import { paint } from "./overlay";
import type { InitMessage, LiveMessage, TracksMessage } from "./protocol";
import { DEFAULT_RULES, TrackBuffer } from "./trackBuffer";

/**
 * - connecting: no stream yet
 * - buffering: a stream, but nothing to show at this moment
 * - playing
 * - lost: the server is there, the camera is not
 * - offline: the server can't be reached; tries go on
 * - fallback: this browser can't play the stream; pictures come another way
 * - stopped: off the screen
 */
export type Phase =
  | "connecting"
  | "buffering"
  | "playing"
  | "lost"
  | "offline"
  | "fallback"
  | "stopped";

export interface LiveStatus {
  phase: Phase;
  /** The camera's state in the server's words; empty until told. */
  cameraState: string;
  error: string;
  /** What is wrong with the picture: "covered", "moved" … */
  faults: readonly string[];
  /** Why the newest frame was not looked at; null if it was. */
  unknown: string | null;
  looksPerS: number;
  latencyMs: number | null;
  videoSize: readonly [number, number];
  scene: Scene;
  counts: Counts;
  fallbackReason: string;
}

export const INITIAL_STATUS: LiveStatus = {
  phase: "stopped",
  cameraState: "",
  error: "",
  faults: [],
  unknown: null,
  looksPerS: 0,
  latencyMs: null,
  videoSize: [0, 0],
  scene: { lines: [], zones: [] },
  counts: { lines: {}, zones: {} },
  fallbackReason: "",
};

const TICK_MS = 100;
const REPORT_MS = 500;
const SILENCE_MS = 10_000;
const LAGS_KEPT = 15;
const DECODE_FAILURES_MAX = 2;
const GOOD_PLAY_MS = 60_000;
const GONE_STATES = new Set(["retrying", "refused", "ended", "disabled", "stale"]);

export interface PlayerOptions {
  url: string;
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
  onStatus(status: LiveStatus): void;
  /** Told after repeated failures, so that someone checks whether the session still holds. */
  onTrouble(): void;
  ports?: ConnectionPorts;
}

export class LivePlayer {
  private readonly video: HTMLVideoElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly connection: LiveConnection;
  private readonly tracks = new TrackBuffer();
  private status: LiveStatus = INITIAL_STATUS;
  private layers: Layers = { boxes: true, scene: true };
  private sink: MseSink | null = null;
  private interval = new FrameInterval();
  private lagsS: number[] = [];
  private running = false;
  private socketOpen = false;
  private begun = false;
  private starved = false;
  private shownS: number | null = null;
  private decodeFailures = 0;
  private lastMediaMs = 0;
  private lastFailureMs = 0;
  private lastReportMs = 0;
  private undo: (() => void)[] = [];

  constructor(private readonly options: PlayerOptions) {
    this.video = options.video;
    this.canvas = options.canvas;
    const events: ConnectionEvents = {
      onOpen: () => this.opened(),
      onDown: (failures) => this.down(failures),
      onRefused: (why) => this.refused(why),
      onInit: (init, segment) => this.begin(init, segment),
      onFragment: (fragment) => this.take(fragment),
      onMessage: (message) => this.hear(message),
    };
    this.connection = new LiveConnection(options.url, events, options.ports ?? browserPorts);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.socketOpen = false;
    this.lastMediaMs = performance.now();
    const timer = setInterval(() => this.tick(), TICK_MS);
    const onError = () => this.decodeFailed(this.video.error?.message ?? "");
    const resized = new ResizeObserver(() => this.fitCanvas());
    resized.observe(this.canvas);
    this.video.addEventListener("error", onError);
    this.undo = [
      () => clearInterval(timer),
      () => resized.disconnect(),
      () => this.video.removeEventListener("error", onError),
      watchFrames(this.video, (mediaTimeS) => this.frameShown(mediaTimeS)),
    ];
    this.fitCanvas();
    this.report({ ...INITIAL_STATUS, phase: "connecting" });
    this.connection.start();
  }

  stop(): void {
    if (this.status.phase === "stopped") return;
    this.halt();
    this.report({ ...this.status, phase: "stopped", latencyMs: null });
  }

  setLayers(layers: Layers): void {
    this.layers = layers;
    this.draw();
  }

  private halt(): void {
    this.running = false;
    this.connection.stop();
    for (const undo of this.undo) undo();
    this.undo = [];
    this.dropMedia();
  }

  private dropMedia(): void {
    this.sink?.close();
    this.sink = null;
    this.tracks.clear();
    this.interval = new FrameInterval();
    this.lagsS = [];
    this.begun = false;
    this.starved = false;
    this.shownS = null;
    this.draw();
  }

  private opened(): void {
    this.socketOpen = true;
    this.lastMediaMs = performance.now();
    this.report({ ...this.status, cameraState: "", error: "" });
    this.rephase();
  }

  private down(failures: number): void {
    this.socketOpen = false;
    // The first retry comes at once: say nothing unless that fails too.
    this.report({ ...this.status, phase: failures > 1 ? "offline" : "connecting" });
    if (failures > 1) this.options.onTrouble();
  }

  private refused(why: "signed-out" | "camera-gone"): void {
    this.socketOpen = false;
    if (why === "signed-out") this.options.onTrouble();
    else this.report({ ...this.status, phase: "lost", cameraState: "gone", error: "" });
  }

  private begin(init: InitMessage, segment: ArrayBuffer): void {
    if (!canPlay(init.mime)) {
      this.fallBack(init.mime);
      return;
    }
    this.dropMedia();
    this.sink = new MseSink(this.video, init.mime, (reason) => this.decodeFailed(reason));
    this.sink.append(segment);
    this.lastMediaMs = performance.now();
    this.report({ ...this.status, videoSize: [init.width, init.height] });
    this.rephase();
  }

  private take(fragment: ArrayBuffer): void {
    this.lastMediaMs = performance.now();
    this.sink?.append(fragment);
  }

  private hear(message: Exclude<LiveMessage, InitMessage>): void {
    switch (message.type) {
      case "tracks":
        this.look(message);
        break;
      case "counts":
        this.report({ ...this.status, counts: message.counts });
        this.draw();
        break;
      case "scene":
        this.report({ ...this.status, scene: message.scene });
        this.draw();
        break;
      case "state":
        this.report({
          ...this.status,
          cameraState: message.state,
          error: message.error,
          faults: message.faults,
        });
        this.rephase();
        break;
    }
  }

  private look(message: TracksMessage): void {
    const previousS = this.tracks.newestS;
    const newestS = this.sink?.ranges.at(-1)?.[1];
    if (previousS !== null && newestS !== undefined && message.t > previousS) {
      this.lagsS.push(newestS - previousS);
      if (this.lagsS.length > LAGS_KEPT) this.lagsS.shift();
    }
    this.tracks.add(message);
    const { unknown, looksPerS } = message;
    if (unknown !== this.status.unknown || Math.abs(looksPerS - this.status.looksPerS) > 0.05) {
      this.report({ ...this.status, unknown, looksPerS });
    }
    if (this.video.paused) this.draw();
  }

  private frameShown(mediaTimeS: number): void {
    this.shownS = mediaTimeS;
    this.interval.add(mediaTimeS);
    this.draw();
  }

  private draw(): void {
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    const rules = { ...DEFAULT_RULES, toleranceS: this.interval.halfFrameS };
    const frame = this.tracks.boxesAt(this.shownS ?? Number.NEGATIVE_INFINITY, rules);
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const { videoSize, scene, counts } = this.status;
    paint(context, {
      width: this.canvas.clientWidth,
      height: this.canvas.clientHeight,
      videoSize,
      scene,
      counts,
      frame,
      layers: this.layers,
    });
    // What is drawn, for tests and for a curious eye in the inspector.
    const first = frame.boxes[0];
    this.canvas.dataset.boxes = String(frame.boxes.length);
    this.canvas.dataset.box0 = first ? first.xyxy.map((v) => v.toFixed(1)).join(",") : "";
    this.canvas.dataset.mediaTime = this.shownS === null ? "" : this.shownS.toFixed(3);
  }

  private fitCanvas(): void {
    const scale = devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * scale);
    const height = Math.round(this.canvas.clientHeight * scale);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.draw();
  }

  private tick(): void {
    const nowMs = performance.now();
    const sink = this.sink;
    if (this.socketOpen && this.status.cameraState === "online") {
      if (nowMs - this.lastMediaMs > SILENCE_MS) {
        this.lastMediaMs = nowMs;
        this.connection.restart();
        return;
      }
    }
    if (sink === null) return;
    this.steerPlayback(sink);
    sink.trim();
    if (nowMs - this.lastFailureMs > GOOD_PLAY_MS) this.decodeFailures = 0;
    if (nowMs - this.lastReportMs > REPORT_MS) {
      const newestS = sink.ranges.at(-1)?.[1];
      const latencyMs =
        newestS === undefined ? null : Math.round((newestS - this.video.currentTime) * 1000);
      this.report({ ...this.status, latencyMs });
    }
    this.rephase();
  }

  private steerPlayback(sink: MseSink): void {
    const ranges = sink.ranges;
    const last = ranges.at(-1);
    if (last === undefined) return;
    const [startS, newestS] = last;
    const targetS = targetFor(this.lagsS);
    if (!this.begun) {
      if (newestS - startS < targetS) return;
      this.begun = true;
      this.jump(Math.max(startS, newestS - targetS));
      return;
    }
    const exitS = holeExit(ranges, this.video.currentTime);
    if (exitS !== null) this.jump(exitS);
    const aheadS = aheadOf(ranges, this.video.currentTime);
    if (this.starved) {
      if (aheadS < targetS) return;
      this.starved = false;
      this.play();
    } else if (aheadS < 0.03) {
      this.starved = true;
      this.video.pause();
      return;
    } else if (this.video.paused) {
      this.play();
    }
    const steering = steer(this.video.currentTime, newestS, targetS);
    if (steering.jumpToS !== null) this.jump(Math.max(startS, steering.jumpToS));
    if (this.video.playbackRate !== steering.rate) this.video.playbackRate = steering.rate;
  }

  private jump(toS: number): void {
    this.video.currentTime = toS;
    this.play();
  }

  private play(): void {
    // Refused while a load is under way or the page is hidden; the next tick tries again.
    this.video.play().catch(() => {});
  }

  private decodeFailed(reason: string): void {
    if (!this.running || this.sink === null) return;
    this.lastFailureMs = performance.now();
    this.decodeFailures += 1;
    if (this.decodeFailures >= DECODE_FAILURES_MAX) {
      this.fallBack(reason);
      return;
    }
    this.dropMedia();
    this.connection.restart();
  }

  private fallBack(reason: string): void {
    this.halt();
    this.report({ ...this.status, phase: "fallback", fallbackReason: reason, latencyMs: null });
  }

  private rephase(): void {
    if (!this.running || !this.socketOpen) return;
    const phase = this.phaseNow();
    if (phase !== this.status.phase) this.report({ ...this.status, phase });
  }

  private phaseNow(): Phase {
    if (GONE_STATES.has(this.status.cameraState)) return "lost";
    if (this.sink === null) return "connecting";
    return this.begun && !this.starved && this.shownS !== null ? "playing" : "buffering";
  }

  private report(status: LiveStatus): void {
    this.lastReportMs = performance.now();
    this.status = status;
    this.options.onStatus(status);
  }
}
