/** Geometry of charts over time, and of the plan. */

import type { Point } from "../api";

/** Round steps such that about `count` of them make up the range. */
export function ticks(low: number, high: number, count: number): readonly number[] {
  if (!(high > low) || count < 1) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= raw) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) =>
    Number(((first + k) * step).toFixed(9)),
  );
}

/** The highest of what is known, a little raised to a round number; 1 where nothing is. */
export function ceiling(values: readonly (number | null)[]): number {
  const top = Math.max(0, ...values.map((value) => value ?? 0));
  if (top <= 0) return 1;
  const all = ticks(0, top * 1.05, 4);
  const step = (all[1] ?? top) - (all[0] ?? 0) || top;
  return Math.ceil((top * 1.02) / step) * step;
}

/** Runs of neighbouring known values as `x,y` polylines; a gap is never bridged. */
export function polylines(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): readonly string[] {
  const runs: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push(`${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  });
  return runs.filter((run) => run.length > 0).map((run) => run.join(" "));
}

/** Runs of indices for which something holds, as [first, after the last]. */
export function spans(holds: readonly boolean[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  holds.forEach((is, index) => {
    const last = found.at(-1);
    if (!is) return;
    if (last !== undefined && last[1] === index) last[1] = index + 1;
    else found.push([index, index + 1]);
  });
  return found;
}

export interface Plan {
  viewBox: string;
  /** From the shapes' own coordinates to the picture's. */
  at(point: Point): Point;
}

const PLAN_WIDE = 1000;
const PLAN_TALL_MOST = 900;

/** Fits points of a plane (y to the north) into a drawing; `isPicture`: y goes down, 16:9. */
export function planOf(points: readonly Point[], isPicture: boolean): Plan {
  if (isPicture || points.length === 0) {
    const tall = (PLAN_WIDE * 9) / 16;
    return {
      viewBox: `0 0 ${PLAN_WIDE} ${tall}`,
      at: ([x, y]) => [x * PLAN_WIDE, y * tall],
    };
  }
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const margin = 0.08 * Math.max(right - left, high - low, 1e-9);
  const scale = Math.min(
    PLAN_WIDE / (right - left + 2 * margin),
    PLAN_TALL_MOST / (high - low + 2 * margin),
  );
  const wide = (right - left + 2 * margin) * scale;
  const tall = (high - low + 2 * margin) * scale;
  return {
    viewBox: `0 0 ${wide.toFixed(1)} ${tall.toFixed(1)}`,
    at: ([x, y]) => [(x - left + margin) * scale, (high + margin - y) * scale],
  };
}

export interface Flow {
  from: number;
  to: number;
  volume: number;
}

/** Where each of `count` crossings lies round a circle of radius 1, the first at the bottom. */
export function roundTheCircle(count: number): readonly Point[] {
  return Array.from({ length: count }, (_, k) => {
    const angle = Math.PI / 2 + (2 * Math.PI * k) / Math.max(1, count);
    return [Math.cos(angle), Math.sin(angle)] as Point;
  });
}

/** A curve from one place of the circle to another, bent through its middle. */
export function ribbon(from: Point, to: Point, centre: Point, radius: number): string {
  const [ax, ay] = [centre[0] + from[0] * radius, centre[1] + from[1] * radius];
  const [bx, by] = [centre[0] + to[0] * radius, centre[1] + to[1] * radius];
  if (ax === bx && ay === by) {
    // A U-turn: a loop towards the middle and back.
    const inward: Point = [
      centre[0] + from[0] * radius * 0.45,
      centre[1] + from[1] * radius * 0.45,
    ];
    const side: Point = [-from[1] * radius * 0.25, from[0] * radius * 0.25];
    return (
      `M${ax.toFixed(1)},${ay.toFixed(1)} C${(inward[0] + side[0]).toFixed(1)},` +
      `${(inward[1] + side[1]).toFixed(1)} ${(inward[0] - side[0]).toFixed(1)},` +
      `${(inward[1] - side[1]).toFixed(1)} ${bx.toFixed(1)},${by.toFixed(1)}`
    );
  }
  return (
    `M${ax.toFixed(1)},${ay.toFixed(1)} Q${centre[0].toFixed(1)},${centre[1].toFixed(1)} ` +
    `${bx.toFixed(1)},${by.toFixed(1)}`
  );
}
