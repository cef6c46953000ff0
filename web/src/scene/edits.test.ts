import { describe, expect, it } from "vitest";
import type { Point } from "../api";
import {
  freshId,
  headingOf,
  newPart,
  normalised,
  replaced,
  sendable,
  without,
  withPair,
  withPart,
} from "./edits";
import type { LaneItem, LineItem, SceneDocument } from "./types";

const EMPTY: SceneDocument = {
  lines: [],
  zones: [],
  lanes: [],
  gates: [],
  movements: [],
  signals: [],
  calibration: null,
};
const ENDS: readonly Point[] = [
  [0.1, 0.5],
  [0.9, 0.5],
];
const BOX: readonly Point[] = [
  [0.4, 0.9],
  [0.6, 0.9],
  [0.6, 0.3],
  [0.4, 0.3],
];

function full(): SceneDocument {
  let scene = withPart(EMPTY, "lines", newPart(EMPTY, "lines", ENDS));
  scene = withPart(scene, "lines", newPart(scene, "lines", ENDS));
  scene = withPart(scene, "lanes", {
    ...(newPart(scene, "lanes", BOX) as LaneItem),
    stop_line: "line-1",
  });
  for (const kind of ["gates", "movements"] as const) {
    scene = withPart(scene, kind, newPart(scene, kind, []));
  }
  return withPart(scene, "signals", newPart(scene, "signals", BOX));
}

describe("a scene", () => {
  it("gives every part an id of its own", () => {
    expect(freshId(full(), "lines")).toBe("line-3");
    expect(freshId(EMPTY, "zones")).toBe("zone-1");
  });

  it("gives a new lane the way from its first edge to the opposite one", () => {
    expect(headingOf(BOX)).toEqual([
      [0.5, 0.9],
      [0.5, 0.3],
    ]);
  });

  it("renames a line wherever it is named", () => {
    const line = full().lines[0] as LineItem;
    const scene = replaced(full(), "lines", "line-1", { ...line, id: "north" });
    expect(scene.lanes[0]?.stop_line).toBe("north");
    expect(scene.gates[0]?.entry).toBe("north:in");
    expect(scene.movements[0]).toMatchObject({ entry: "north:in", exit: "line-2:out" });
    expect(scene.signals[0]?.governs).toEqual(["north:in"]);
  });

  it("takes away with a line what can't be without it", () => {
    const scene = without(full(), "lines", "line-1");
    expect(scene.gates).toEqual([]);
    expect(scene.movements).toEqual([]);
    expect(scene.signals).toEqual([]);
    expect(scene.lanes[0]?.stop_line).toBe("");
    expect(scene.lines.map((line) => line.id)).toEqual(["line-2"]);
  });

  it("sends no calibration of fewer than four pairs", () => {
    let scene = EMPTY;
    for (const at of BOX.slice(0, 3)) scene = withPair(scene, at);
    expect(sendable(scene).calibration).toBeNull();
    scene = withPair(scene, [0.1, 0.1]);
    expect(sendable(scene).calibration?.pairs).toHaveLength(4);
  });

  it("draws pixels as fractions", () => {
    const line = { ...(newPart(EMPTY, "lines", [[320, 90]] as const) as LineItem), unit: "px" };
    const scene = normalised({ ...EMPTY, lines: [line] }, 640, 360);
    expect(scene.lines[0]).toMatchObject({ points: [[0.5, 0.25]], unit: "normalised" });
  });
});
