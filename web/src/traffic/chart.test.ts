import { describe, expect, it } from "vitest";
import { ceiling, planOf, polylines, ribbon, roundTheCircle, spans, ticks } from "./chart";

describe("charts", () => {
  it("have round ticks within the range", () => {
    expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
    expect(ticks(0, 1700, 4)).toEqual([0, 500, 1000, 1500]);
    expect(ticks(3, 3, 4)).toEqual([3]);
  });

  it("leave room above the highest value", () => {
    expect(ceiling([null, null])).toBe(1);
    expect(ceiling([0, 980])).toBe(1000);
    expect(ceiling([1000])).toBeGreaterThan(1000);
  });

  it("never bridge what is not known", () => {
    const lines = polylines(
      [1, 2, null, 3],
      (k) => k * 10,
      (v) => v,
    );
    expect(lines).toEqual(["0.0,1.0 10.0,2.0", "30.0,3.0"]);
  });

  it("join neighbouring gaps", () => {
    expect(spans([true, true, false, true])).toEqual([
      [0, 2],
      [3, 4],
    ]);
  });
});

describe("a plan", () => {
  it("has north above", () => {
    const plan = planOf(
      [
        [0, 0],
        [100, 50],
      ],
      false,
    );
    const [, low] = plan.at([0, 0]);
    const [, high] = plan.at([0, 50]);
    expect(high).toBeLessThan(low);
    const [, , wide, tall] = plan.viewBox.split(" ").map(Number) as [
      number,
      number,
      number,
      number,
    ];
    expect(wide).toBeLessThanOrEqual(1000);
    expect(tall).toBeLessThanOrEqual(900);
  });

  it("keeps a picture as it is", () => {
    expect(planOf([], true).at([0.5, 0.5])).toEqual([500, 281.25]);
  });
});

describe("a movement diagram", () => {
  it("begins at the bottom and goes round", () => {
    const [first, second] = roundTheCircle(4);
    expect(first?.[1]).toBeCloseTo(1);
    expect(second?.[0]).toBeCloseTo(-1);
  });

  it("draws a U-turn as a loop", () => {
    expect(ribbon([0, 1], [0, 1], [100, 100], 80)).toContain("C");
    expect(ribbon([0, 1], [0, -1], [100, 100], 80)).toContain("Q100.0,100.0");
  });
});
