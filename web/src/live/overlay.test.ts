import { describe, expect, it } from "vitest";
import { FrameInterval } from "./frameClock";
import { MjpegSlots } from "./mjpegSlots";
import { containRect, lineGeometry, zoneLabelAt } from "./overlay";

const SQUARE = { x: 0, y: 0, width: 100, height: 100 };

describe("containRect", () => {
  it.each([
    ["same shape", 160, 90, [1280, 720], { x: 0, y: 0, width: 160, height: 90 }],
    [
      "taller picture: bars at the sides",
      160,
      90,
      [100, 100],
      { x: 35, y: 0, width: 90, height: 90 },
    ],
    [
      "wider picture: bars above and below",
      100,
      100,
      [200, 100],
      { x: 0, y: 25, width: 100, height: 50 },
    ],
    ["unknown size: the whole box", 160, 90, [0, 0], { x: 0, y: 0, width: 160, height: 90 }],
  ] as const)("%s", (_name, width, height, size, expected) => {
    expect(containRect(width, height, size)).toEqual(expected);
  });
});

describe("lineGeometry", () => {
  // The sign of (x2−x1)(y−y1) − (y2−y1)(x−x1) a little way along the arrow, as the counter has it.
  const side = (points: [number, number][]) => {
    const geometry = lineGeometry(points, SQUARE);
    if (geometry === null) return null;
    const { from, to, middle, inward } = geometry;
    const [x, y] = [middle[0] + inward[0], middle[1] + inward[1]];
    return (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
  };

  it.each([
    [
      "rightwards",
      [
        [0.1, 0.5],
        [0.9, 0.5],
      ],
    ],
    [
      "leftwards",
      [
        [0.9, 0.5],
        [0.1, 0.5],
      ],
    ],
    [
      "downwards",
      [
        [0.5, 0.1],
        [0.5, 0.9],
      ],
    ],
    [
      "aslant",
      [
        [0.2, 0.8],
        [0.7, 0.1],
      ],
    ],
  ] as [string, [number, number][]][])(
    "points to the side where 'in' ends: %s",
    (_name, points) => {
      expect(side(points)).toBeGreaterThan(0);
    },
  );

  it("points down for a line drawn rightwards", () => {
    expect(
      lineGeometry(
        [
          [0, 0.5],
          [1, 0.5],
        ],
        SQUARE,
      )?.inward.map(Math.round),
    ).toEqual([-0, 1]);
  });

  it("has no arrow for a line without length or points", () => {
    expect(
      lineGeometry(
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        SQUARE,
      ),
    ).toBeNull();
    expect(lineGeometry([], SQUARE)).toBeNull();
  });
});

describe("zoneLabelAt", () => {
  it("stands below the middle of the upper edge", () => {
    const zone = [
      [0.2, 0.8],
      [0.2, 0.4],
      [0.6, 0.4],
      [0.6, 0.8],
    ] as const;
    const [x, y] = zoneLabelAt(zone, SQUARE);
    expect(x).toBeCloseTo(40);
    expect(y).toBeGreaterThan(40);
    expect(y).toBeLessThan(80);
  });
});

describe("FrameInterval", () => {
  it("is half the shortest distance, so that dropped frames do not matter", () => {
    const interval = new FrameInterval();
    for (const t of [0, 0.04, 0.08, 0.2, 0.24]) interval.add(t);
    expect(interval.halfFrameS).toBeCloseTo(0.02);
  });

  it("takes no notice of jumps and repeats", () => {
    const interval = new FrameInterval();
    for (const t of [0, 0.1, 9, 8, 8, 8.1]) interval.add(t);
    expect(interval.halfFrameS).toBeCloseTo(0.05);
  });

  it("stays within sane bounds", () => {
    const slow = new FrameInterval();
    for (const t of [0, 0.4, 0.8]) slow.add(t);
    expect(slow.halfFrameS).toBe(0.05);
    expect(new FrameInterval().halfFrameS).toBe(0.02);
  });
});

describe("MjpegSlots", () => {
  it("gives a bounded number of slots and takes them back", () => {
    const slots = new MjpegSlots(2);
    const [a, b, c] = [Symbol("a"), Symbol("b"), Symbol("c")];
    expect([slots.take(a), slots.take(b), slots.take(c), slots.take(a)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    slots.release(a);
    expect(slots.take(c)).toBe(true);
  });
});
