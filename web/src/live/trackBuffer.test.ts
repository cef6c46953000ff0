import { describe, expect, it } from "vitest";
import type { Track } from "./protocol";
import type { Look } from "./trackBuffer";
import { boxesAt, DEFAULT_RULES, TrackBuffer } from "./trackBuffer";

const track = (id: number, left: number, observed = true): Track => ({
  id,
  class: "car",
  score: 0.8,
  xyxy: [left, 10, left + 20, 30],
  observed,
});

const look = (t: number, tracks: Track[], unknown: string | null = null): Look => ({
  t,
  size: [640, 360],
  unknown,
  tracks,
});

/** What is drawn, briefly: id@left, with ~ for dashed. */
const drawn = (looks: Look[], t: number): string =>
  boxesAt(looks, t)
    .boxes.map((box) => `${box.dashed ? "~" : ""}${box.id}@${Number(box.xyxy[0].toFixed(3))}`)
    .join(" ");

const TWO = [look(1.0, [track(1, 100), track(2, 50)]), look(1.2, [track(1, 120)])];

describe("boxesAt", () => {
  const cases: [name: string, looks: Look[], t: number, expected: string][] = [
    ["no looks, no boxes", [], 1, ""],
    ["before the first look", TWO, 0.5, ""],
    ["just before the first look, outside half a frame", TWO, 0.975, ""],
    ["the very frame", TWO, 1.0, "1@100 2@50"],
    ["the same frame within half a frame", TWO, 1.015, "1@100 2@50"],
    ["half way between two looks, only tracks found in both", TWO, 1.1, "1@110"],
    ["three quarters between two looks", TWO, 1.15, "1@115"],
    ["at the newest look", TWO, 1.2, "1@120"],
    ["after the newest look: held, dashed", TWO, 1.4, "~1@120"],
    ["at the end of the hold", TWO, 1.599, "~1@120"],
    ["after the hold: hidden", TWO, 1.62, ""],
    [
      "a body that was just seen standing there is not dashed",
      [look(1, [track(1, 100)]), look(1.2, [track(1, 100.5, false)])],
      1.2,
      "1@100.5",
    ],
    [
      "a body that was seen there too long ago is dashed",
      [look(1, [track(1, 100)]), look(3.6, [track(1, 100, false)])],
      3.6,
      "~1@100",
    ],
    ["a prediction is dashed", [look(1, [track(1, 100, false)])], 1, "~1@100"],
    [
      "between an observation and a prediction: dashed",
      [look(1, [track(1, 100)]), look(1.2, [track(1, 140, false)])],
      1.1,
      "~1@120",
    ],
    [
      "a frame not looked at and without predictions is passed over",
      [look(1, [track(1, 100)]), look(1.1, [], "overload"), look(1.2, [track(1, 120)])],
      1.1,
      "1@110",
    ],
    [
      "a frame not looked at does not prolong the hold",
      [look(1, [track(1, 100)]), look(1.5, [], "overload")],
      1.5,
      "",
    ],
    [
      "a frame looked at and found empty is empty",
      [look(1, [track(1, 100)]), look(1.2, []), look(1.4, [track(1, 140)])],
      1.2,
      "",
    ],
    [
      "nothing is invented across an empty frame",
      [look(1, [track(1, 100)]), look(1.2, []), look(1.4, [track(1, 140)])],
      1.3,
      "",
    ],
    [
      "looks too far apart do not bracket: held, then hidden",
      [look(1, [track(1, 100)]), look(4, [track(1, 400)])],
      1.3,
      "~1@100",
    ],
    ["… hidden in the middle", [look(1, [track(1, 100)]), look(4, [track(1, 400)])], 2.5, ""],
    [
      "another picture size is not mixed",
      [look(1, [track(1, 100)]), { ...look(1.2, [track(1, 120)]), size: [320, 180] }],
      1.1,
      "~1@100",
    ],
  ];
  it.each(cases)("%s", (_name, looks, t, expected) => {
    expect(drawn(looks, t)).toBe(expected);
  });

  it("interpolates all four edges, the class of the later look and the lower score", () => {
    const before: Track = { ...track(7, 0), xyxy: [0, 0, 10, 20], score: 0.9 };
    const after: Track = { ...track(7, 0), xyxy: [10, 20, 40, 60], class: "truck", score: 0.5 };
    const { boxes, size } = boxesAt([look(0, [before]), look(1, [after])], 0.25);
    expect(size).toEqual([640, 360]);
    expect(boxes).toEqual([
      { id: 7, class: "truck", score: 0.5, xyxy: [2.5, 5, 17.5, 30], dashed: false },
    ]);
  });

  it("never draws a box outside the two that bracket it, whatever the looks", () => {
    const random = mulberry32(20_261_122);
    for (let round = 0; round < 200; round++) {
      const looks = randomLooks(random);
      for (let i = 0; i < 20; i++) {
        const t = random() * 4 - 0.5;
        for (const box of boxesAt(looks, t).boxes) checkBox(looks, t, box.id, box.xyxy[0]);
      }
    }
  });
});

/** A drawn box lies between observations no further than the rules allow from `t`. */
function checkBox(looks: Look[], t: number, id: number, left: number): void {
  const reach = Math.max(DEFAULT_RULES.bracketS, DEFAULT_RULES.holdS) + DEFAULT_RULES.toleranceS;
  const near = looks
    .filter((l) => Math.abs(l.t - t) <= reach)
    .flatMap((l) => l.tracks.filter((tr) => tr.id === id).map((tr) => tr.xyxy[0]));
  expect(near.length).toBeGreaterThan(0);
  expect(left).toBeGreaterThanOrEqual(Math.min(...near) - 1e-9);
  expect(left).toBeLessThanOrEqual(Math.max(...near) + 1e-9);
}

function randomLooks(random: () => number): Look[] {
  const times = Array.from({ length: 12 }, () => random() * 3).sort((a, b) => a - b);
  return times.map((t) => {
    const ids = [1, 2, 3].filter(() => random() < 0.6);
    const unknown = random() < 0.2 ? "overload" : null;
    return look(
      t,
      ids.map((id) => track(id, random() * 600, random() < 0.8)),
      unknown,
    );
  });
}

/** A small seeded generator, so that a failure can be replayed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("TrackBuffer", () => {
  it("puts a late look into its place in time", () => {
    const buffer = new TrackBuffer();
    buffer.add(look(1.0, [track(1, 0)]));
    buffer.add(look(1.4, [track(1, 40)]));
    buffer.add(look(1.2, [track(1, 30)]));
    expect(buffer.newestS).toBe(1.4);
    expect(buffer.boxesAt(1.1).boxes[0]?.xyxy[0]).toBeCloseTo(15);
  });

  it("replaces a look of the same frame", () => {
    const buffer = new TrackBuffer();
    buffer.add(look(1, [track(1, 0)]));
    buffer.add(look(1, [track(1, 99)]));
    expect(buffer.boxesAt(1).boxes.map((box) => box.xyxy[0])).toEqual([99]);
  });

  it("is bounded: the oldest go first", () => {
    const buffer = new TrackBuffer(3);
    for (const t of [1, 2, 3, 4]) buffer.add(look(t, [track(1, t)]));
    expect(buffer.boxesAt(1).boxes).toEqual([]);
    expect(buffer.boxesAt(2).boxes).toHaveLength(1);
  });

  it("forgets everything with a new generation", () => {
    const buffer = new TrackBuffer();
    buffer.add(look(1, [track(1, 0)]));
    buffer.clear();
    expect(buffer.newestS).toBeNull();
    expect(buffer.boxesAt(1).boxes).toEqual([]);
  });
});
