/** One camera's recordings on one video element, through hls.js. */

import type Hls from "hls.js";
import type { Picture } from "./conductor";
import { MediaMap } from "./mediaMap";

/** Seconds kept ready ahead; several cameras play at once. */
const AHEAD_S = 20;
const BEHIND_S = 20;
const RECOVERIES_MAX = 2;

export class HlsPicture implements Picture {
  private hls: Hls | null = null;
  private map = new MediaMap([]);
  private known = false;
  private wantedMs: number | null = null;
  /** The moment from which it was told to load. */
  private loadingMs: number | null = null;
  private failure = "";
  private recoveries = 0;
  /** Counts what was asked for: only the newest may play. */
  private turn = 0;
  private lastPicture: VideoFrameCallbackMetadata | null = null;
  private closed = false;

  constructor(
    readonly video: HTMLVideoElement,
    private readonly onChange: () => void,
    /** Fetched when it is first needed; a twin in tests. */
    private readonly library = () => import("hls.js/light"),
  ) {
    this.watchPictures();
  }

  /** Nothing was recorded when the playlist was asked for; there may be something now. */
  get isEmpty(): boolean {
    return this.known && this.map.empty;
  }

  /** Why nothing can be played; empty if something can. */
  get problem(): string {
    return this.failure;
  }

  /** Width ÷ height of the picture. */
  get aspect(): number {
    const { videoWidth, videoHeight } = this.video;
    return videoHeight > 0 ? videoWidth / videoHeight : 16 / 9;
  }

  /** Wall time of the very picture on the screen; null while there is none. */
  get pictureMs(): number | null {
    return this.lastPicture === null ? null : this.map.wallMs(this.lastPicture.mediaTime);
  }

  /** Plays another playlist; the moment that is shown is kept. */
  async load(url: string): Promise<void> {
    let keepMs = this.wantedMs ?? this.shownMs();
    this.unload();
    const { turn } = this;
    this.failure = "";
    this.recoveries = 0;
    const { default: HlsPlayer } = await this.library();
    if (this.turn !== turn) return; // asked for anew meanwhile, perhaps by the same address
    if (!HlsPlayer.isSupported()) {
      this.fail("This browser can't play recordings.");
      return;
    }
    const hls = new HlsPlayer({
      autoStartLoad: false,
      enableWorker: false, // its worker is a blob, which the page's policy forbids
      maxBufferLength: AHEAD_S,
      maxMaxBufferLength: 2 * AHEAD_S,
      backBufferLength: BEHIND_S,
      maxBufferHole: 0.3,
      // cues would need a text track from a data: address, which the policy forbids too
      enableDateRangeMetadataCues: false,
      enableID3MetadataCues: false,
      enableEmsgMetadataCues: false,
    });
    this.hls = hls;
    hls.on(HlsPlayer.Events.LEVEL_LOADED, (_, { details }) => {
      this.map = new MediaMap(details.fragments);
      this.known = true;
      this.wantedMs ??= keepMs;
      keepMs = null; // today's playlist comes again and again
      this.place();
      this.onChange();
    });
    hls.on(HlsPlayer.Events.LEVEL_PTS_UPDATED, (_, { details }) => {
      this.map = new MediaMap(details.fragments);
    });
    hls.on(HlsPlayer.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.response?.code === 404) {
        this.known = true; // nothing was recorded
        this.onChange();
        return;
      }
      if (error.type === HlsPlayer.ErrorTypes.MEDIA_ERROR && this.recoveries < RECOVERIES_MAX) {
        this.recoveries += 1;
        hls.recoverMediaError();
        return;
      }
      this.fail(error.error.message || error.details);
    });
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  has(momentMs: number): "ready" | "gap" | "loading" | "failed" {
    if (this.failure !== "") return "failed";
    if (!this.known) return "loading";
    const mediaS = this.map.mediaS(momentMs);
    if (mediaS === null) return "gap";
    if (this.wantedMs !== null) this.place();
    const { video } = this;
    const buffered = isBuffered(video, mediaS);
    return buffered && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? "ready" : "loading";
  }

  shownMs(): number | null {
    if (this.wantedMs !== null || this.video.readyState < HTMLMediaElement.HAVE_METADATA) {
      return null;
    }
    return this.map.wallMs(this.video.currentTime);
  }

  show(momentMs: number): void {
    this.wantedMs = momentMs;
    this.place();
  }

  run(rate: number): void {
    const { video } = this;
    if (Math.abs(video.playbackRate - rate) > 0.004) video.playbackRate = Math.min(16, rate);
    if (video.paused) video.play().catch(() => {}); // the next tick tries again
  }

  pause(): void {
    if (!this.video.paused) this.video.pause();
  }

  nextAfter(momentMs: number): number | null {
    return this.map.nextAfter(momentMs);
  }

  close(): void {
    this.closed = true;
    this.unload();
  }

  private unload(): void {
    this.hls?.destroy();
    this.hls = null;
    this.map = new MediaMap([]);
    this.known = false;
    this.loadingMs = null;
    this.lastPicture = null;
    this.turn += 1;
  }

  private watchPictures(): void {
    this.video.requestVideoFrameCallback((_, picture) => {
      this.lastPicture = picture;
      if (!this.closed) this.watchPictures();
    });
  }

  private place(): void {
    if (this.wantedMs === null || this.hls === null || !this.known) return;
    const mediaS = this.map.mediaS(this.wantedMs);
    if (mediaS === null) return;
    const { video } = this;
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) {
      // once: each time breaks off what is on its way, and this is asked for every picture
      if (this.loadingMs !== this.wantedMs) this.hls.startLoad(mediaS);
      this.loadingMs = this.wantedMs;
      if (video.readyState === HTMLMediaElement.HAVE_NOTHING) video.currentTime = mediaS;
      return;
    }
    this.wantedMs = null;
    // Its clock may stand there already with the picture before on the screen: it paused in between.
    const shows = this.lastPicture !== null;
    if (shows || Math.abs(video.currentTime - mediaS) > 0.0005) video.currentTime = mediaS;
  }

  private fail(problem: string): void {
    this.failure = problem;
    this.hls?.destroy();
    this.hls = null;
    this.onChange();
  }
}

function isBuffered(video: HTMLVideoElement, mediaS: number): boolean {
  for (let i = 0; i < video.buffered.length; i++) {
    if (video.buffered.start(i) - 0.3 <= mediaS && mediaS < video.buffered.end(i)) return true;
  }
  return false;
}
