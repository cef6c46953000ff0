/** How far playback stays behind the newest picture: steering, as pure functions. */

export const TARGET_MIN_S = 0.4;
export const TARGET_MAX_S = 0.7;
export const TARGET_DEFAULT_S = 0.55;
const JUMP_BEHIND_S = 2.0;
const CALM_S = 0.1;
const RATE_MIN = 0.95;
const RATE_MAX = 1.08;
const GAIN_PER_S = 0.25;
const GAP_S = 0.01;

export interface Steering {
  rate: number;
  /** Media time to jump to, or null to play on. */
  jumpToS: number | null;
}

/**
 * What to do at this moment.
 *
 * @param positionS media time that is shown.
 * @param newestS media time of the end of the newest fragment.
 * @param targetS wanted distance.
 */
export function steer(positionS: number, newestS: number, targetS: number): Steering {
  const behind = newestS - positionS;
  if (behind > JUMP_BEHIND_S || behind < -GAP_S) return { rate: 1, jumpToS: newestS - targetS };
  const excess = behind - targetS;
  if (Math.abs(excess) <= CALM_S) return { rate: 1, jumpToS: null };
  const rate = 1 + (excess - Math.sign(excess) * CALM_S) * GAIN_PER_S;
  return { rate: Math.min(RATE_MAX, Math.max(RATE_MIN, rate)), jumpToS: null };
}

/**
 * The wanted distance, so that the look after the shown frame has come before the frame is shown:
 * the largest recent lag of looks behind the newest picture, within 0.4–0.7 s.
 */
export function targetFor(lagsS: readonly number[]): number {
  if (lagsS.length === 0) return TARGET_DEFAULT_S;
  const worst = Math.max(...lagsS);
  return Math.min(TARGET_MAX_S, Math.max(TARGET_MIN_S, worst + 0.05));
}

export type Range = readonly [startS: number, endS: number];

/** Where to go on if the position lies in a hole before (or between) what is buffered. */
export function holeExit(ranges: readonly Range[], positionS: number): number | null {
  for (const [start, end] of ranges) {
    if (positionS < start - GAP_S) return start;
    if (positionS <= end - GAP_S) return null;
  }
  return null;
}

/** How much is playable from here on, seconds. */
export function aheadOf(ranges: readonly Range[], positionS: number): number {
  const range = ranges.find(([start, end]) => positionS >= start - GAP_S && positionS <= end);
  return range === undefined ? 0 : range[1] - positionS;
}

/** What may be removed: everything more than `keepS` behind, or null if it is not worth it. */
export function trimRange(
  ranges: readonly Range[],
  positionS: number,
  keepS = 20,
  stepS = 5,
): Range | null {
  const start = ranges[0]?.[0];
  if (start === undefined || positionS - start <= keepS + stepS) return null;
  return [start, positionS - keepS];
}
