/**
 * Several cameras play as one: a wall clock runs, and every picture is held to it.
 * All times are milliseconds; wall times count from 1970.
 */

/** One camera's player, as the conductor sees it. */
export interface Picture {
  /** What it has for a moment: `gap` was not recorded, `loading` is on its way. */
  has(momentMs: number): "ready" | "gap" | "loading" | "failed";
  /** Wall time of what is shown now; null while nothing is. */
  shownMs(): number | null;
  show(momentMs: number): void;
  run(rate: number): void;
  pause(): void;
  /** The first recorded moment after this one; null if there is none. */
  nextAfter(momentMs: number): number | null;
}

export interface Standing {
  momentMs: number | null;
  playing: boolean;
  rate: number;
  /** Why the clock stands still, or what was passed over. */
  notice: "" | "gap" | "loading" | "end";
}

export const IDLE: Standing = { momentMs: null, playing: false, rate: 1, notice: "" };

/** A picture further off than this much of playing time is placed anew. */
const JUMP_MS = 400;
/** Nearer than this is not corrected: less than a frame at 25 pictures a second. */
const CLOSE_MS = 30;
/** How much faster or slower than asked a picture may run to catch up. */
const CORRECTION = 0.08;
/** So long one camera may hold up the others. */
const PATIENCE_MS = 4000;

export class Conductor {
  private standing: Standing = IDLE;
  private lastTickMs: number | null = null;
  private waitingSinceMs: number | null = null;

  constructor(
    private readonly pictures: () => readonly Picture[],
    private readonly onStanding: (standing: Standing) => void,
  ) {}

  get now(): Standing {
    return this.standing;
  }

  seek(momentMs: number, playing = this.standing.playing): void {
    this.waitingSinceMs = null;
    this.lastTickMs = null;
    this.put({ ...this.standing, momentMs, playing, notice: "" });
    for (const picture of this.pictures()) {
      picture.pause();
      picture.show(momentMs);
    }
  }

  play(): void {
    if (this.standing.momentMs === null) return;
    this.lastTickMs = null;
    this.put({ ...this.standing, playing: true, notice: "" });
  }

  pause(): void {
    for (const picture of this.pictures()) picture.pause();
    this.put({ ...this.standing, playing: false, notice: "" });
  }

  setRate(rate: number): void {
    this.put({ ...this.standing, rate });
  }

  /** Shows nothing until a moment is chosen. */
  clear(): void {
    for (const picture of this.pictures()) picture.pause();
    this.put({ ...IDLE, rate: this.standing.rate });
  }

  /** To be called for every picture of the screen, with a clock that never steps. */
  tick(nowMs: number): void {
    const passedMs = this.lastTickMs === null ? 0 : nowMs - this.lastTickMs;
    this.lastTickMs = nowMs;
    const { momentMs, playing, rate } = this.standing;
    if (momentMs === null || !playing) return;
    const states = this.pictures().map((picture) => picture.has(momentMs));
    if (states.length > 0 && states.every((state) => state === "gap")) {
      this.skipGap(momentMs);
      return;
    }
    const waits = states.includes("loading") && !this.isOutOfPatience(nowMs);
    if (!states.includes("loading")) this.waitingSinceMs = null;
    if (waits) {
      for (const picture of this.pictures()) picture.pause();
      this.place(momentMs, states);
      this.put({ ...this.standing, notice: "loading" });
      return;
    }
    // A tab in the background gets few ticks; its pictures ran on meanwhile.
    const on = momentMs + Math.min(passedMs, 2000) * rate;
    this.lead(on, states, rate);
    this.put({ ...this.standing, momentMs: on, notice: "" });
  }

  private isOutOfPatience(nowMs: number): boolean {
    this.waitingSinceMs ??= nowMs;
    return nowMs - this.waitingSinceMs > PATIENCE_MS;
  }

  private skipGap(momentMs: number): void {
    const next = this.pictures()
      .map((picture) => picture.nextAfter(momentMs))
      .filter((moment) => moment !== null);
    if (next.length === 0) {
      for (const picture of this.pictures()) picture.pause();
      this.put({ ...this.standing, playing: false, notice: "end" });
      return;
    }
    this.seek(Math.min(...next), true);
    this.put({ ...this.standing, notice: "gap" });
  }

  /** While the clock stands, pictures that are ready are put right. */
  private place(momentMs: number, states: readonly string[]): void {
    this.pictures().forEach((picture, i) => {
      const shown = picture.shownMs();
      if (states[i] === "ready" && shown !== null && Math.abs(shown - momentMs) > CLOSE_MS * 2) {
        picture.show(momentMs);
      }
    });
  }

  private lead(momentMs: number, states: readonly string[], rate: number): void {
    this.pictures().forEach((picture, i) => {
      if (states[i] !== "ready") {
        picture.pause();
        return;
      }
      const shown = picture.shownMs();
      if (shown === null || Math.abs(shown - momentMs) > JUMP_MS * Math.max(1, rate)) {
        picture.show(momentMs);
      }
      picture.run(rate * (1 + correction(shown, momentMs, rate)));
    });
  }

  private put(standing: Standing): void {
    this.standing = standing;
    this.onStanding(standing);
  }
}

/** How much faster (positive) a picture must run to be where the clock is about a second later. */
export function correction(shownMs: number | null, momentMs: number, rate: number): number {
  if (shownMs === null) return 0;
  const behindMs = (momentMs - shownMs) / Math.max(1, rate);
  if (Math.abs(behindMs) <= CLOSE_MS) return 0;
  return Math.min(CORRECTION, Math.max(-CORRECTION, behindMs / 1000));
}
