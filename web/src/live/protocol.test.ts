import { describe, expect, it } from "vitest";
import { parseCounts, parseMessage } from "./protocol";

const TRACKS = {
  type: "tracks",
  pts_ns: "123456789012345678",
  t: 1.25,
  size: [640, 360],
  unknown: null,
  looks_per_s: 5,
  tracks: [{ id: 12, class: "car", score: 0.83, xyxy: [1, 2, 3, 4], observed: true }],
};

const parse = (body: unknown) => parseMessage(JSON.stringify(body));

describe("parseMessage", () => {
  it("reads tracks", () => {
    expect(parse(TRACKS)).toEqual({
      type: "tracks",
      t: 1.25,
      size: [640, 360],
      unknown: null,
      looksPerS: 5,
      tracks: [{ id: 12, class: "car", score: 0.83, xyxy: [1, 2, 3, 4], observed: true }],
    });
  });

  it("reads init, state, scene and counts", () => {
    const init = {
      type: "init",
      mime: "video/mp4",
      generation: 2,
      base_ns: "7",
      width: 4,
      height: 2,
    };
    expect(parse(init)).toMatchObject({ type: "init", generation: 2, width: 4 });
    expect(parse({ type: "state", state: "retrying", error: "gone" })).toEqual({
      type: "state",
      state: "retrying",
      error: "gone",
      faults: [],
    });
    expect(parse({ type: "state", state: "online", faults: ["covered", 7] })).toMatchObject({
      faults: ["covered"],
    });
    const line = {
      id: "gate",
      name: "Gate",
      points: [
        [0, 0],
        [1, 1],
      ],
    };
    expect(parse({ type: "scene", lines: [line], zones: [] })).toEqual({
      type: "scene",
      scene: { lines: [line], zones: [] },
    });
    expect(
      parse({ type: "counts", counts: { lines: { a: { in: { total: 3, car: 3 } } } } }),
    ).toEqual({
      type: "counts",
      counts: { lines: { a: { in: { total: 3, car: 3 }, out: {} } }, zones: {} },
    });
  });

  it.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["no type", "{}"],
    ["a type of the future", '{"type":"weather"}'],
    ["init without a mime type", '{"type":"init","generation":1}'],
    ["init without a generation", '{"type":"init","mime":"video/mp4"}'],
    ["tracks without a time", JSON.stringify({ ...TRACKS, t: "1.25" })],
    ["tracks with an infinite time", '{"type":"tracks","t":1e999,"size":[1,1],"tracks":[]}'],
    ["tracks of an empty picture", JSON.stringify({ ...TRACKS, size: [0, 360] })],
    ["tracks without a size", JSON.stringify({ ...TRACKS, size: null })],
  ])("gives null for %s", (_name, text) => {
    expect(parseMessage(text)).toBeNull();
  });

  it.each([
    ["no id", { id: null }],
    ["three edges", { xyxy: [1, 2, 3] }],
    ["an edge that is no number", { xyxy: [1, 2, 3, "4"] }],
  ])("drops a track with %s and keeps the rest", (_name, broken) => {
    const good = TRACKS.tracks[0];
    const message = parse({ ...TRACKS, tracks: [{ ...good, ...broken }, good, null] });
    expect(message).toMatchObject({ tracks: [{ id: 12 }] });
  });

  it("takes a missing 'observed' for a prediction", () => {
    const message = parse({ ...TRACKS, tracks: [{ id: 1, xyxy: [1, 2, 3, 4] }] });
    expect(message).toMatchObject({ tracks: [{ observed: false, class: "", score: 0 }] });
  });

  it("drops shapes that can't be drawn", () => {
    const message = parse({
      type: "scene",
      lines: [
        { id: "one-point", points: [[0, 0]] },
        {
          id: "",
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
      zones: [
        {
          id: "two",
          points: [
            [0, 0],
            [1, 1],
            ["x", 0],
          ],
        },
      ],
    });
    expect(message).toEqual({ type: "scene", scene: { lines: [], zones: [] } });
  });
});

describe("parseCounts", () => {
  it.each([[null], [[]], [{ lines: 3, zones: "x" }], [{ lines: { a: null } }]])(
    "takes %j for nothing counted",
    (value) => {
      expect(parseCounts(value)).toEqual({ lines: {}, zones: {} });
    },
  );

  it("keeps numbers only", () => {
    const counts = parseCounts({
      zones: { plaza: { occupancy: 2, entered: { total: 9, person: "9" }, left: null } },
    });
    expect(counts.zones.plaza).toEqual({ occupancy: 2, entered: { total: 9 }, left: {} });
  });

  it("does not mistake a hostile name for a prototype", () => {
    const counts = parseCounts(JSON.parse('{"lines":{"__proto__":{"in":{"total":1}}}}'));
    expect(Object.keys(counts.lines)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).in).toBeUndefined();
  });
});
