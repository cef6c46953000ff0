import { describe, expect, it } from "vitest";
import { formatBytes, formatDays } from "../format";
import { shareOf } from "../playback/AreaDrawing";
import { spanOf } from "../playback/EvidencePanel";
import { isUnderWay, ownUrl } from "./types";

describe("exports", () => {
  it.each([
    ["queued", true],
    ["running", true],
    ["waiting", true],
    ["done", false],
    ["failed", false],
    ["of-the-future", false],
  ])("%s is under way: %s", (state, expected) => {
    expect(isUnderWay(state)).toBe(expected);
  });

  it.each([
    ["/api/v1/exports/7/zip", "/api/v1/exports/7/zip"],
    ["https://elsewhere/x.zip", null],
    ["javascript:alert(1)", null],
    [null, null],
  ])("%s leads to %s", (url, expected) => {
    expect(ownUrl(url)).toBe(expected);
  });
});

describe("figures of a disk", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [2_340_000_000, "2.3 GB"],
    [45e12, "45 TB"],
    [-1, "–"],
  ])("%d bytes are %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  it.each([
    [0.4, "10 h"],
    [3.21, "3.2 days"],
    [45.6, "46 days"],
    [Number.NaN, "–"],
  ])("%d days are %s", (days, expected) => {
    expect(formatDays(days)).toBe(expected);
  });
});

describe("a marked span", () => {
  it.each([
    ["nothing marked", null, null, null],
    ["half marked", 1, null, null],
    ["the wrong way round", 2, 1, null],
    ["marked", 1, 2, { startMs: 1, endMs: 2 }],
  ])("%s", (_, fromMs, toMs, expected) => {
    expect(spanOf({ fromMs, toMs })).toEqual(expected);
  });
});

describe("a corner of an area", () => {
  const box = { left: 100, top: 50, width: 400, height: 400 }; // 16:9 leaves bars above and below
  it.each([
    ["the picture's middle", 300, 250, [0.5, 0.5]],
    ["its top left", 100, 137.5, [0, 0]],
    ["the bar above it", 300, 60, null],
  ])("%s", (_, x, y, expected) => {
    expect(shareOf(box, 16 / 9, x, y)).toEqual(expected);
  });
});
