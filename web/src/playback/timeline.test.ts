import { describe, expect, it } from "vitest";
import type { Span } from "./timeline";
import {
  activityOf,
  daySpan,
  fitWindow,
  joined,
  momentOf,
  scaleMarks,
  shareOf,
  shiftDay,
  spansOf,
  stretchesOf,
  tickClusters,
  WINDOW_MIN_MS,
  within,
  zoom,
} from "./timeline";

const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });
const DAY = span(0, 86_400_000);

describe("spansOf", () => {
  it("leaves out what has no sensible time", () => {
    const found = spansOf([
      { since: "1970-01-01T00:00:00Z", until: "1970-01-01T00:01:00Z" },
      { since: "yesterday", until: "1970-01-01T00:01:00Z" },
      { since: "1970-01-01T00:01:00Z", until: "1970-01-01T00:01:00Z" },
    ]);
    expect(found).toEqual([span(0, 60_000)]);
  });
});

describe("stretchesOf", () => {
  it.each([
    ["nothing", [], []],
    ["files end to end are one stretch", [span(0, 10), span(10, 20)], [span(0, 20)]],
    ["a short breath does not part them", [span(0, 10), span(1400, 2000)], [span(0, 2000)]],
    ["a gap parts them", [span(0, 10), span(2000, 3000)], [span(0, 10), span(2000, 3000)]],
    ["overlaps", [span(0, 5000), span(1000, 2000), span(4000, 6000)], [span(0, 6000)]],
  ])("%s", (_name, segments, expected) => {
    expect(stretchesOf(segments)).toEqual(expected);
  });

  it("leaves its input alone", () => {
    const segments = [span(0, 10), span(10, 20)];
    stretchesOf(segments);
    expect(segments).toEqual([span(0, 10), span(10, 20)]);
  });
});

describe("activityOf", () => {
  it("is cut to what was recorded", () => {
    const day = span(0, 400);
    const found = activityOf(day, [0.5, 0, null, 1], [span(50, 250), span(320, 330)]);
    expect(found).toEqual([
      { startMs: 50, endMs: 100, share: 0.5 },
      { startMs: 320, endMs: 330, share: 1 },
    ]);
  });
});

describe("joined", () => {
  it("is what at least one camera recorded", () => {
    const spans = [span(50_000, 60_000), span(0, 20_000), span(10_000, 30_000)];
    expect(joined(spans)).toEqual([span(0, 30_000), span(50_000, 60_000)]);
  });
});

describe("days", () => {
  it("spans the local day", () => {
    const day = daySpan("2026-03-01");
    expect(day?.startMs).toBe(new Date(2026, 2, 1).getTime());
    expect(day?.endMs).toBe(new Date(2026, 2, 2).getTime());
  });

  it.each(["", "today", "2026-3-1", "2026-03-01T00:00"])("refuses %j", (text) => {
    expect(daySpan(text)).toBeNull();
  });

  it.each([
    ["2026-03-01", -1, "2026-02-28"],
    ["2026-12-31", 1, "2027-01-01"],
    ["2028-02-28", 1, "2028-02-29"],
  ])("%s shifted by %i is %s", (day, by, expected) => {
    expect(shiftDay(day, by)).toBe(expected);
  });
});

describe("window", () => {
  it("share and moment are each other's inverse", () => {
    const window = span(3_600_000, 7_200_000);
    for (const share of [0, 0.25, 0.999, 1]) {
      expect(shareOf(window, momentOf(window, share))).toBeCloseTo(share, 9);
    }
  });

  it("zooms about a moment that stays where it is", () => {
    const before = span(0, 3_600_000);
    const about = 900_000;
    const after = zoom(before, 0.5, about, DAY);
    expect(after.endMs - after.startMs).toBe(1_800_000);
    expect(shareOf(after, about)).toBeCloseTo(shareOf(before, about), 9);
  });

  it("never leaves the day and never gets too narrow", () => {
    for (const factor of [0.0001, 0.5, 2, 1000]) {
      for (const about of [0, 1, 43_200_000, 86_399_999, 86_400_000]) {
        const window = zoom(span(40_000_000, 44_000_000), factor, about, DAY);
        expect(window.startMs).toBeGreaterThanOrEqual(DAY.startMs);
        expect(window.endMs).toBeLessThanOrEqual(DAY.endMs);
        expect(window.endMs - window.startMs).toBeGreaterThanOrEqual(WINDOW_MIN_MS);
      }
    }
  });

  it("is pushed back into the day at its full length", () => {
    expect(within(span(-500, 500), DAY)).toEqual(span(0, 1000));
    expect(within(span(86_399_500, 86_400_500), DAY)).toEqual(span(86_399_000, 86_400_000));
  });

  it("fits the recordings, at least ten minutes long", () => {
    const short = fitWindow([span(43_200_000, 43_210_000)], DAY);
    expect(short.endMs - short.startMs).toBe(600_000);
    expect(short.startMs).toBeLessThan(43_200_000);
    expect(short.endMs).toBeGreaterThan(43_210_000);
    expect(fitWindow([], DAY)).toEqual(DAY);
  });
});

describe("scaleMarks", () => {
  it.each([
    ["a day", DAY, 9],
    ["an hour", span(3_600_000, 7_200_000), 9],
    ["a minute", span(0, 60_000), 9],
  ])("%s: a handful of round marks inside the window", (_name, window, count) => {
    const marks = scaleMarks(window, count);
    expect(marks.length).toBeGreaterThan(2);
    expect(marks.length).toBeLessThanOrEqual(count + 1);
    for (const mark of marks) {
      expect(mark % 10_000).toBe(0);
      expect(shareOf(window, mark)).toBeGreaterThanOrEqual(0);
      expect(shareOf(window, mark)).toBeLessThanOrEqual(1);
    }
  });
});

describe("tickClusters", () => {
  it("gathers events into slots and leaves out those outside", () => {
    const clusters = tickClusters([-1, 0, 5, 10, 60, 100, 101], span(0, 100), 10);
    expect(clusters.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
    expect(clusters.map(({ share }) => share)).toEqual([0.05, 0.15, 0.65, 0.95]);
  });
});
