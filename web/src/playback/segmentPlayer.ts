/**
 * Plays recorded segments one after another on two video elements: while one plays, the other
 * already loads what comes next.
 */

import type { Segment } from "./timeline";
import { placeAt } from "./timeline";

export interface PlayerState {
  /** Wall time shown, milliseconds; null while nothing is chosen. */
  momentMs: number | null;
  playing: boolean;
  /** Which of the two elements is to be seen. */
  front: 0 | 1;
  segment: Segment | null;
  notice: "" | "gap" | "end" | "unplayable";
}

export const IDLE: PlayerState = {
  momentMs: null,
  playing: false,
  front: 0,
  segment: null,
  notice: "",
};

export class SegmentPlayer {
  private segments: readonly Segment[] = [];
  private index = -1;
  private state: PlayerState = IDLE;
  /** Media id that each element has loaded. */
  private readonly loaded: [string, string] = ["", ""];
  private pendingOffsetMs: number | null = null;
  private rate = 1;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly videos: readonly [HTMLVideoElement, HTMLVideoElement],
    private readonly onState: (state: PlayerState) => void,
  ) {
    for (const video of videos) {
      this.listen(video, "loadedmetadata", () => this.applyOffset(video));
      this.listen(video, "timeupdate", () => this.told(video));
      this.listen(video, "ended", () => video === this.front && this.next());
      this.listen(video, "error", () => video === this.front && this.failed());
    }
  }

  /** New recordings of the same day may have come; what plays goes on playing. */
  setSegments(segments: readonly Segment[]): void {
    this.segments = segments;
    const id = this.state.segment?.id;
    this.index = id === undefined ? -1 : segments.findIndex((s) => s.id === id);
    if (id !== undefined && this.index < 0) this.clear();
    else this.preloadNext();
  }

  /** Shows nothing until a moment is chosen. */
  clear(): void {
    this.index = -1;
    for (const which of [0, 1] as const) this.unload(which);
    this.put(IDLE);
  }

  /** Goes to a moment, or on to the next that was recorded. */
  seek(momentMs: number, playing = this.state.playing): void {
    const place = placeAt(this.segments, momentMs);
    if (place === null) {
      this.front.pause();
      this.put({ ...this.state, playing: false, notice: "end" });
      return;
    }
    this.show(place.index, place.offsetMs, playing, place.skippedGap ? "gap" : "");
  }

  play(): void {
    if (this.state.segment === null) return;
    this.put({ ...this.state, playing: true });
    if (this.front.ended) this.next();
    else this.run();
  }

  pause(): void {
    this.put({ ...this.state, playing: false });
    this.front.pause();
  }

  setRate(rate: number): void {
    this.rate = rate;
    for (const video of this.videos) video.playbackRate = rate;
  }

  close(): void {
    for (const undo of this.undo) undo();
    for (const which of [0, 1] as const) this.unload(which);
  }

  private get front(): HTMLVideoElement {
    return this.videos[this.state.front];
  }

  private show(
    index: number,
    offsetMs: number,
    playing: boolean,
    notice: PlayerState["notice"],
  ): void {
    const segment = this.segments[index];
    if (segment === undefined) return;
    const back = (1 - this.state.front) as 0 | 1;
    const which = this.loaded[back] === segment.id ? back : this.state.front;
    if (which !== this.state.front) this.front.pause();
    this.index = index;
    const momentMs = segment.startMs + offsetMs;
    this.put({ momentMs, playing, front: which, segment, notice });
    this.load(which, segment);
    this.pendingOffsetMs = offsetMs;
    this.applyOffset(this.front);
    if (playing) this.run();
    else this.front.pause();
    this.preloadNext();
  }

  private next(): void {
    const following = this.segments[this.index + 1];
    if (following === undefined) {
      this.put({ ...this.state, playing: false, notice: "end" });
      return;
    }
    const gap = following.startMs - (this.state.segment?.endMs ?? following.startMs) > 1500;
    this.show(this.index + 1, 0, this.state.playing, gap ? "gap" : "");
  }

  private run(): void {
    this.front.playbackRate = this.rate;
    this.front.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.pause();
    });
  }

  private failed(): void {
    this.put({ ...this.state, playing: false, notice: "unplayable" });
  }

  private told(video: HTMLVideoElement): void {
    const { segment } = this.state;
    if (video !== this.front || segment === null || this.pendingOffsetMs !== null) return;
    const momentMs = segment.startMs + (video.currentTime - startOf(video)) * 1000;
    const notice = this.state.notice === "gap" && !video.paused ? "" : this.state.notice;
    this.put({ ...this.state, momentMs, notice });
  }

  private applyOffset(video: HTMLVideoElement): void {
    if (video !== this.front || this.pendingOffsetMs === null) return;
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) return;
    const toS = startOf(video) + this.pendingOffsetMs / 1000;
    this.pendingOffsetMs = null;
    if (Math.abs(video.currentTime - toS) > 0.02) video.currentTime = toS;
  }

  private preloadNext(): void {
    const following = this.segments[this.index + 1];
    if (this.index >= 0 && following !== undefined) {
      this.load((1 - this.state.front) as 0 | 1, following);
    }
  }

  private load(which: 0 | 1, segment: Segment): void {
    if (this.loaded[which] === segment.id) return;
    this.loaded[which] = segment.id;
    const video = this.videos[which];
    video.preload = "auto";
    video.src = segment.url;
    video.playbackRate = this.rate;
  }

  private unload(which: 0 | 1): void {
    this.loaded[which] = "";
    const video = this.videos[which];
    video.pause();
    video.removeAttribute("src");
    video.load();
  }

  private listen(video: HTMLVideoElement, name: string, action: () => void): void {
    video.addEventListener(name, action);
    this.undo.push(() => video.removeEventListener(name, action));
  }

  private put(state: PlayerState): void {
    this.state = state;
    this.onState(state);
  }
}

/** A segment keeps its stream's own time; some browsers show it, others count from zero. */
const startOf = (video: HTMLVideoElement): number =>
  video.seekable.length > 0 ? video.seekable.start(0) : 0;
