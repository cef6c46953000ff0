/** The maths of the playback timeline. All times are milliseconds since 1970. */

export interface Span {
  startMs: number;
  endMs: number;
}

/** Spans in ms of spans as the server writes them; those whose times make no sense are left out. */
export const spansOf = (told: readonly { since: string; until: string }[]): Span[] =>
  told
    .map(({ since, until }) => ({ startMs: Date.parse(since), endMs: Date.parse(until) }))
    .filter(({ startMs, endMs }) => Number.isFinite(startMs) && endMs > startMs);

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

/** Spans of several cameras as stretches in which at least one of them recorded. */
export const joined = (spans: readonly Span[]): Span[] =>
  stretchesOf([...spans].sort((a, b) => a.startMs - b.startMs));

/** Where something moved: equal parts of the day, cut to what was recorded. */
export function activityOf(
  day: Span,
  moving: readonly (number | null)[],
  stretches: readonly Span[],
): (Span & { share: number })[] {
  const part = (day.endMs - day.startMs) / Math.max(1, moving.length);
  return moving.flatMap((share, i) => {
    if (share === null || share === 0) return [];
    const startMs = day.startMs + i * part;
    return cut(stretches, { startMs, endMs: startMs + part }).map((span) => ({ ...span, share }));
  });
}

/** The parts of spans that lie inside a window. */
export const cut = (spans: readonly Span[], window: Span): Span[] =>
  spans
    .filter((span) => span.endMs > window.startMs && span.startMs < window.endMs)
    .map((span) => ({
      startMs: Math.max(span.startMs, window.startMs),
      endMs: Math.min(span.endMs, window.endMs),
    }));

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
