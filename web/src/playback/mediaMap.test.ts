import { describe, expect, test } from "vitest";
import { MediaMap } from "./mediaMap";

const at = 1_700_000_000_000;
/** 10 s, 10 s that follow, a hole of an hour, 5 s. */
const map = new MediaMap([
  { start: 0, duration: 10, programDateTime: at },
  { start: 10, duration: 10, programDateTime: at + 10_020 },
  { start: 20, duration: 3600, programDateTime: at + 20_000, gap: true },
  { start: 20, duration: 5, programDateTime: at + 3_620_000 },
]);

describe("media map", () => {
  test.each([
    ["the first picture", 0, 0],
    ["inside", 4000, 4],
    ["between two pieces that join", 10_010, 9.999],
    ["the second piece", 11_020, 11],
    ["after the hole", 3_621_000, 21],
  ])("a moment: %s", (_, offsetMs, mediaS) => {
    expect(map.mediaS(at + offsetMs)).toBeCloseTo(mediaS, 6);
  });

  test.each([
    ["before the first", -1],
    ["in the hole", 60_000],
    ["after the last", 3_626_000],
  ])("nothing was recorded %s", (_, offsetMs) => {
    expect(map.mediaS(at + offsetMs)).toBeNull();
  });

  test("media time leads back to the wall clock", () => {
    for (const offsetMs of [0, 4000, 11_020, 3_621_000]) {
      const mediaS = map.mediaS(at + offsetMs);
      expect(mediaS === null ? null : map.wallMs(mediaS)).toBeCloseTo(at + offsetMs, 3);
    }
    expect(map.wallMs(100)).toBeNull();
  });

  test("the next recording after a hole", () => {
    expect(map.nextAfter(at + 60_000)).toBe(at + 3_620_000);
    expect(map.nextAfter(at - 5000)).toBe(at);
    expect(map.nextAfter(at + 3_700_000)).toBeNull();
  });

  test("a playlist without times maps nothing", () => {
    const empty = new MediaMap([{ start: 0, duration: 4, programDateTime: null }]);
    expect(empty.empty).toBe(true);
    expect(empty.mediaS(at)).toBeNull();
  });
});
