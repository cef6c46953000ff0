/**
 * Which boxes belong to the frame on the screen. A box is drawn only for the media time at which
 * it was found, or between two times at which the same track was found.
 */

import type { Track, TracksMessage } from "./protocol";

/** What vision said about one frame. */
export type Look = Pick<TracksMessage, "t" | "size" | "unknown" | "tracks">;

export interface Box {
  id: number;
  class: string;
  score: number;
  xyxy: readonly [number, number, number, number];
  /** Predicted, or held while the next look is awaited; not what was seen standing there lately. */
  dashed: boolean;
}

export interface FrameBoxes {
  /** Pixels in which the boxes are given. */
  size: readonly [number, number];
  boxes: readonly Box[];
}

export interface BoxRules {
  /** Half a frame: how far a look's time may be from the frame's and still be the same frame. */
  toleranceS: number;
  /** How long the newest look is held, dashed, when the frame is newer than it. */
  holdS: number;
  /** What stands still is looked at this seldom; for so long it is drawn as seen. */
  standingS: number;
  /** Two looks further apart than this say nothing about the frames between them. */
  bracketS: number;
}

export const DEFAULT_RULES: BoxRules = {
  toleranceS: 0.02,
  holdS: 0.4,
  standingS: 2.5,
  bracketS: 1.5,
};

const NOTHING: FrameBoxes = { size: [1, 1], boxes: [] };

/**
 * The boxes of the frame at media time `t`, from looks in rising order of time.
 *
 * A frame that was looked at gets exactly what was found in it; one between two looks gets the
 * straight way between them, for tracks found in both; one after the newest look gets that look,
 * dashed, for a short while; any other gets nothing. Between two looks at the whole frame a body
 * that stands still is told as a prediction; it is drawn as seen for as long as such looks take.
 */
export function boxesAt(looks: readonly Look[], t: number, rules = DEFAULT_RULES): FrameBoxes {
  const after = firstAfter(looks, t + rules.toleranceS);
  const before = previousUsable(looks, after - 1);
  if (before === null) return NOTHING;
  const found = foundAt(looks, t, before, after, rules);
  if (found !== null) {
    const stood = (box: Box) => stoodThere(looks, after - 1, t - rules.standingS, box);
    const boxes = found.map((box) => (box.dashed && stood(box) ? { ...box, dashed: false } : box));
    return { size: before.size, boxes };
  }
  if (t - before.t <= rules.holdS) {
    return { size: before.size, boxes: before.tracks.map((track) => boxOf(track, true)) };
  }
  return NOTHING;
}

/** What a look at this very frame, or the looks around it, say; null where there are none. */
function foundAt(
  looks: readonly Look[],
  t: number,
  before: Look,
  after: number,
  rules: BoxRules,
): Box[] | null {
  if (Math.abs(before.t - t) <= rules.toleranceS) return before.tracks.map((track) => boxOf(track));
  const next = nextUsable(looks, after);
  const near = next !== null && next.t - before.t <= rules.bracketS && sameSize(before, next);
  return near ? between(before, next, t) : null;
}

/** A frame that was not looked at and carries no prediction tells nothing: unknown is not empty. */
const isUsable = (look: Look): boolean => look.unknown === null || look.tracks.length > 0;

function previousUsable(looks: readonly Look[], from: number): Look | null {
  for (let i = from; i >= 0; i--) {
    const look = looks[i];
    if (look !== undefined && isUsable(look)) return look;
  }
  return null;
}

function nextUsable(looks: readonly Look[], from: number): Look | null {
  return looks.slice(from, from + 64).find(isUsable) ?? null;
}

const STANDING_PX = 2;

/** Whether this body was seen at this very place, by a look no older than `sinceT`. */
function stoodThere(looks: readonly Look[], from: number, sinceT: number, box: Box): boolean {
  for (let i = from; i >= 0; i--) {
    const look = looks[i];
    if (look === undefined || look.t < sinceT) return false;
    const track = look.tracks.find(({ id, observed }) => observed && id === box.id);
    if (track !== undefined) return track.xyxy.every((v, k) => near(v, box.xyxy[k]));
  }
  return false;
}

const near = (a: number, b: number | undefined): boolean =>
  b !== undefined && Math.abs(a - b) <= STANDING_PX;

function boxOf(track: Track, held = false): Box {
  const { id, score, xyxy } = track;
  return { id, class: track.class, score, xyxy, dashed: held || !track.observed };
}

function between(before: Look, next: Look, t: number): Box[] {
  const share = (t - before.t) / (next.t - before.t);
  const nextById = new Map(next.tracks.map((track) => [track.id, track]));
  const boxes: Box[] = [];
  for (const track of before.tracks) {
    const later = nextById.get(track.id);
    if (later === undefined) continue;
    const mix = (i: 0 | 1 | 2 | 3) => track.xyxy[i] + (later.xyxy[i] - track.xyxy[i]) * share;
    boxes.push({
      id: track.id,
      class: later.class,
      score: Math.min(track.score, later.score),
      xyxy: [mix(0), mix(1), mix(2), mix(3)],
      dashed: !(track.observed && later.observed),
    });
  }
  return boxes;
}

const sameSize = (a: Look, b: Look): boolean => a.size[0] === b.size[0] && a.size[1] === b.size[1];

/** Index of the first look later than `t`; the length if there is none. */
function firstAfter(looks: readonly Look[], t: number): number {
  let low = 0;
  let high = looks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((looks[middle]?.t ?? Number.POSITIVE_INFINITY) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The newest looks of one stream generation, in order of time, bounded. */
export class TrackBuffer {
  private looks: Look[] = [];

  constructor(private readonly capacity = 600) {}

  /** Adds a look; one of the same frame is replaced, a late one takes its place in time. */
  add(look: Look): void {
    const at = firstAfter(this.looks, look.t);
    if (this.looks[at - 1]?.t === look.t) this.looks[at - 1] = look;
    else this.looks.splice(at, 0, look);
    if (this.looks.length > this.capacity) this.looks.splice(0, this.looks.length - this.capacity);
  }

  /** Forgets everything: a new generation has its own time. */
  clear(): void {
    this.looks = [];
  }

  get newestS(): number | null {
    return this.looks.at(-1)?.t ?? null;
  }

  boxesAt(t: number, rules: BoxRules = DEFAULT_RULES): FrameBoxes {
    return boxesAt(this.looks, t, rules);
  }
}
