import { describe, expect, it } from "vitest";
import type { Range } from "./latency";
import { aheadOf, holeExit, steer, TARGET_DEFAULT_S, targetFor, trimRange } from "./latency";

describe("steer", () => {
  it.each([
    ["on target", 9.45, 1],
    ["a little behind, within the calm band", 9.36, 1],
    ["a little ahead, within the calm band", 9.54, 1],
    ["0.5 s too far behind: faster", 8.95, 1.08],
    ["0.2 s too far behind: gently faster", 9.25, 1.025],
    ["0.3 s too close: slower", 9.75, 0.95],
  ])("%s", (_name, positionS, rate) => {
    const steering = steer(positionS, 10, 0.55);
    expect(steering.jumpToS).toBeNull();
    expect(steering.rate).toBeCloseTo(rate, 6);
  });

  it("jumps when more than two seconds behind", () => {
    expect(steer(7.9, 10, 0.5)).toEqual({ rate: 1, jumpToS: 9.5 });
    expect(steer(8.1, 10, 0.5).jumpToS).toBeNull();
  });

  it("jumps back when ahead of everything that has come", () => {
    expect(steer(10.5, 10, 0.5)).toEqual({ rate: 1, jumpToS: 9.5 });
  });

  it.each([0.05, 0.4, 0.9, 1.4, 1.9])("settles in the band from %f s behind", (startS) => {
    const targetS = 0.55;
    let behindS = startS;
    for (let tick = 0; tick < 600; tick++) {
      const { rate, jumpToS } = steer(10 - behindS, 10, targetS);
      expect(jumpToS).toBeNull();
      expect(rate).toBeGreaterThanOrEqual(0.95);
      expect(rate).toBeLessThanOrEqual(1.08);
      behindS -= (rate - 1) * 0.1;
    }
    expect(Math.abs(behindS - targetS)).toBeLessThanOrEqual(0.15);
  });
});

describe("targetFor", () => {
  it.each([
    ["nothing known", [], TARGET_DEFAULT_S],
    ["quick looks", [0.1, 0.2], 0.4],
    ["the slowest look counts", [0.3, 0.5, 0.35], 0.55],
    ["never more than 0.7 s", [0.3, 5], 0.7],
  ])("%s", (_name, lags, expected) => {
    expect(targetFor(lags)).toBeCloseTo(expected, 6);
  });
});

const RANGES: Range[] = [
  [2, 5],
  [7, 9],
];

describe("holeExit", () => {
  it.each([
    ["before everything", 0, 2],
    ["inside", 3, null],
    ["at the end of a range: the next one", 5, 7],
    ["in the hole", 6, 7],
    ["inside the last", 8, null],
    ["after everything", 10, null],
  ])("%s", (_name, positionS, expected) => {
    expect(holeExit(RANGES, positionS)).toBe(expected);
  });
});

describe("aheadOf", () => {
  it.each([
    ["inside", 3, 2],
    ["in the hole", 6, 0],
    ["at the very end", 9, 0],
    ["after everything", 12, 0],
  ])("%s", (_name, positionS, expected) => {
    expect(aheadOf(RANGES, positionS)).toBe(expected);
  });
});

describe("trimRange", () => {
  it.each([
    ["nothing buffered", [], 100, null],
    ["not worth it yet", [[80, 101]], 100, null],
    ["more than 20 s behind goes", [[60, 101]], 100, [60, 80]],
  ] as [string, Range[], number, Range | null][])("%s", (_name, ranges, positionS, expected) => {
    expect(trimRange(ranges, positionS)).toEqual(expected);
  });
});
