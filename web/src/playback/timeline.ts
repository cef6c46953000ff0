/** The maths of the playback timeline. All times are milliseconds since 1970. */

import type { Recording } from "../api";

export interface Span {
  startMs: number;
  endMs: number;
}

export interface Segment extends Span {
  id: string;
  url: string;
}

/** Recordings in order of time, without those whose times make no sense. */
export function segmentsOf(recordings: readonly Recording[], url: (r: Recording) => string) {
  return recordings
    .map((r): Segment => {
      const startMs = Date.parse(r.start);
      return { id: r.id, url: url(r), startMs, endMs: startMs + r.duration_s * 1000 };
    })
    .filter((s) => Number.isFinite(s.startMs) && s.endMs > s.startMs)
    .sort((a, b) => a.startMs - b.startMs);
}

/** The local calendar day that `day` ("2026-03-01") names; 23, 24 or 25 hours long. */
export function daySpan(day: string): Span | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (match === null) return null;
  const [year, month, date] = [Number(match[1]), Number(match[2]) - 1, Number(match[3])];
  const startMs = new Date(year, month, date).getTime();
  return { startMs, endMs: new Date(year, month, date + 1).getTime() };
}

export function shiftDay(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const moved = new Date(year, month - 1, date + days);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${moved.getFullYear()}-${two(moved.getMonth() + 1)}-${two(moved.getDate())}`;
}

/** Stretches without a gap longer than `joinMs`. Segments must be in order of time. */
export function stretchesOf(segments: readonly Span[], joinMs = 1500): Span[] {
  const stretches: Span[] = [];
  for (const { startMs, endMs } of segments) {
    const last = stretches.at(-1);
    if (last !== undefined && startMs - last.endMs <= joinMs) {
      last.endMs = Math.max(last.endMs, endMs);
    } else {
      stretches.push({ startMs, endMs });
    }
  }
  return stretches;
}

export interface Place {
  index: number;
  /** Milliseconds into the segment. */
  offsetMs: number;
  /** The wanted moment was not recorded; this is the next one that was. */
  skippedGap: boolean;
}

/** Where to play for a moment: in its segment, else at the start of the next; null after the last. */
export function placeAt(segments: readonly Span[], momentMs: number): Place | null {
  const index = segments.findIndex((s) => momentMs < s.endMs);
  const segment = segments[index];
  if (segment === undefined) return null;
  const inside = momentMs >= segment.startMs;
  return { index, offsetMs: inside ? momentMs - segment.startMs : 0, skippedGap: !inside };
}

/** Share (0–1) of the window at which a moment lies; outside it, below 0 or above 1. */
export const shareOf = (window: Span, momentMs: number): number =>
  (momentMs - window.startMs) / (window.endMs - window.startMs);

export const momentOf = (window: Span, share: number): number =>
  window.startMs + share * (window.endMs - window.startMs);

export const WINDOW_MIN_MS = 60_000;

/** Zooms about a moment that keeps its place, within the bounds. */
export function zoom(window: Span, factor: number, aboutMs: number, bounds: Span): Span {
  const whole = bounds.endMs - bounds.startMs;
  const length = window.endMs - window.startMs;
  const wanted = Math.min(whole, Math.max(WINDOW_MIN_MS, length * factor));
  const share = Math.min(1, Math.max(0, shareOf(window, aboutMs)));
  return within(
    { startMs: aboutMs - share * wanted, endMs: aboutMs + (1 - share) * wanted },
    bounds,
  );
}

/** The window moved into the bounds, its length kept where they allow. */
export function within(window: Span, bounds: Span): Span {
  const length = Math.min(window.endMs - window.startMs, bounds.endMs - bounds.startMs);
  const startMs = Math.min(Math.max(window.startMs, bounds.startMs), bounds.endMs - length);
  return { startMs, endMs: startMs + length };
}

/** A window that shows all stretches with a little room, at least ten minutes long. */
export function fitWindow(stretches: readonly Span[], bounds: Span): Span {
  const first = stretches[0];
  const last = stretches.at(-1);
  if (first === undefined || last === undefined) return bounds;
  const startMs = Math.max(first.startMs, bounds.startMs);
  const endMs = Math.min(last.endMs, bounds.endMs);
  const length = Math.max(600_000, (endMs - startMs) * 1.1);
  const middle = (startMs + endMs) / 2;
  return within({ startMs: middle - length / 2, endMs: middle + length / 2 }, bounds);
}

const STEPS_MS = [10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400].map((s) => s * 1000);

/** Round moments for the scale: at most about `count` of them. */
export function scaleMarks(window: Span, count: number): number[] {
  const length = window.endMs - window.startMs;
  const step = STEPS_MS.find((ms) => length / ms <= count) ?? 4 * 3_600_000;
  // Round in local time, so that marks of hours stand on local hours.
  const shift = new Date(window.startMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((window.startMs - shift) / step) * step + shift;
  const marks: number[] = [];
  for (let at = first; at <= window.endMs; at += step) marks.push(at);
  return marks;
}

/** Events gathered into at most `slots` ticks over the window, with how many each stands for. */
export function tickClusters(
  momentsMs: readonly number[],
  window: Span,
  slots: number,
): { share: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const moment of momentsMs) {
    const share = shareOf(window, moment);
    if (share < 0 || share > 1) continue;
    const slot = Math.min(slots - 1, Math.floor(share * slots));
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([slot, count]) => ({ share: (slot + 0.5) / slots, count }));
}
