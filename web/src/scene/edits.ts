/** Changes of a scene, each giving a new one. */

import type { Point } from "../api";
import type { CalibrationItem, Part, PartKind, SceneDocument, ShapeKind } from "./types";

export const CORNERS: Record<ShapeKind, { least: number; most: number }> = {
  lines: { least: 2, most: 2 },
  zones: { least: 3, most: 100 },
  lanes: { least: 3, most: 100 },
  signals: { least: 3, most: 100 },
};

/** Fitted pairs that a calibration needs. */
export const PAIRS_LEAST = 4;

const STEM: Record<PartKind, string> = {
  lines: "line",
  zones: "zone",
  lanes: "lane",
  gates: "gate",
  movements: "movement",
  signals: "signal",
};

export const PART_KINDS = Object.keys(STEM) as readonly PartKind[];

const idsOf = (scene: SceneDocument): Set<string> =>
  new Set(PART_KINDS.flatMap((kind) => scene[kind].map((part) => part.id)));

/** `line-1`, or the next number that no part of the scene has. */
export function freshId(scene: SceneDocument, kind: PartKind): string {
  const taken = idsOf(scene);
  let number = 1;
  while (taken.has(`${STEM[kind]}-${number}`)) number += 1;
  return `${STEM[kind]}-${number}`;
}

/** From the middle of the first edge to the middle of the one opposite to it. */
export function headingOf(corners: readonly Point[]): readonly [Point, Point] {
  const between = (k: number): Point => {
    const a = corners[k % corners.length] ?? [0, 0];
    const b = corners[(k + 1) % corners.length] ?? [0, 0];
    return rounded([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
  };
  return [between(0), between(Math.max(1, Math.floor(corners.length / 2)))];
}

export const rounded = ([x, y]: Point): Point => [
  Number(Math.min(Math.max(x, 0), 1).toFixed(4)),
  Number(Math.min(Math.max(y, 0), 1).toFixed(4)),
];

/** A new part with what it must have; shapes get their corners. */
export function newPart(scene: SceneDocument, kind: PartKind, points: readonly Point[]): Part {
  const head = { id: freshId(scene, kind), name: "" };
  const first = scene.lines[0]?.id ?? "";
  const last = scene.lines.at(-1)?.id ?? "";
  switch (kind) {
    case "lines":
      return { ...head, points, unit: "normalised", anchor: "bottom_centre" };
    case "zones":
      return {
        ...head,
        points,
        unit: "normalised",
        anchor: "bottom_centre",
        use: "area",
        limit_s: null,
      };
    case "lanes":
      return {
        ...head,
        points,
        heading: headingOf(points),
        unit: "normalised",
        approach: "",
        speed_limit_kmh: null,
        stop_line: "",
        storage_m: null,
      };
    case "gates":
      return { ...head, entry: `${first}:in`, exit: `${last}:in`, distance_m: null };
    case "movements":
      return { ...head, entry: `${first}:in`, exit: `${last}:out`, turn: "T", approach: "" };
    case "signals":
      return {
        ...head,
        governs: [`${first}:in`],
        lanes: [],
        source: "picture",
        lamps: points,
        unit: "normalised",
        grace_s: 0.5,
      };
  }
}

export function withPart(scene: SceneDocument, kind: PartKind, part: Part): SceneDocument {
  return { ...scene, [kind]: [...scene[kind], part] };
}

/** Replaces a part; another id is taken over wherever the old one is named. */
export function replaced(
  scene: SceneDocument,
  kind: PartKind,
  id: string,
  part: Part,
): SceneDocument {
  const parts = (scene[kind] as readonly Part[]).map((old) => (old.id === id ? part : old));
  const next = { ...scene, [kind]: parts } as SceneDocument;
  return part.id === id ? next : renamed(next, kind, id, part.id);
}

function renamed(scene: SceneDocument, kind: PartKind, from: string, to: string): SceneDocument {
  const side = (text: string): string =>
    kind === "lines" && text.slice(0, text.lastIndexOf(":")) === from
      ? `${to}${text.slice(text.lastIndexOf(":"))}`
      : text;
  const line = (id: string): string => (kind === "lines" && id === from ? to : id);
  const lane = (id: string): string => (kind === "lanes" && id === from ? to : id);
  return {
    ...scene,
    lanes: scene.lanes.map((part) => ({ ...part, stop_line: line(part.stop_line) })),
    gates: scene.gates.map((part) => ({ ...part, entry: side(part.entry), exit: side(part.exit) })),
    movements: scene.movements.map((part) => ({
      ...part,
      entry: side(part.entry),
      exit: side(part.exit),
    })),
    signals: scene.signals.map((part) => ({
      ...part,
      governs: part.governs.map(side),
      lanes: part.lanes.map(lane),
    })),
  };
}

/** Takes a part away, and with it what can't be without it. */
export function without(scene: SceneDocument, kind: PartKind, id: string): SceneDocument {
  const next = {
    ...scene,
    [kind]: (scene[kind] as readonly Part[]).filter((part) => part.id !== id),
  } as SceneDocument;
  if (kind === "lanes") {
    return {
      ...next,
      signals: next.signals.map((part) => ({
        ...part,
        lanes: part.lanes.filter((lane) => lane !== id),
      })),
    };
  }
  if (kind !== "lines") return next;
  const uses = (text: string): boolean => text.slice(0, text.lastIndexOf(":")) === id;
  return {
    ...next,
    lanes: next.lanes.map((part) => (part.stop_line === id ? { ...part, stop_line: "" } : part)),
    gates: next.gates.filter((part) => !uses(part.entry) && !uses(part.exit)),
    movements: next.movements.filter((part) => !uses(part.entry) && !uses(part.exit)),
    signals: next.signals
      .map((part) => ({ ...part, governs: part.governs.filter((text) => !uses(text)) }))
      .filter((part) => part.governs.length > 0),
  };
}

export const EMPTY_CALIBRATION: CalibrationItem = {
  pairs: [],
  frame: "metres",
  unit: "normalised",
  lens: null,
  valid: [],
  landmarks: [],
  position_sd_px: 1,
};

/** A scene with one more point pair, whose place on the road is still to be written. */
export function withPair(scene: SceneDocument, image: Point): SceneDocument {
  const calibration = scene.calibration ?? EMPTY_CALIBRATION;
  const pair = { image, world: [0, 0] as Point, name: "", check: false };
  return { ...scene, calibration: { ...calibration, pairs: [...calibration.pairs, pair] } };
}

/** What is sent: a calibration with too few pairs is none yet. */
export function sendable(scene: SceneDocument): SceneDocument {
  const { calibration } = scene;
  if (calibration === null) return scene;
  const fitted = calibration.pairs.filter((pair) => !pair.check).length;
  return fitted < PAIRS_LEAST ? { ...scene, calibration: null } : scene;
}

/** Points in pixels as fractions of the picture: everything is drawn in fractions. */
export function normalised(scene: SceneDocument, width: number, height: number): SceneDocument {
  const points = (list: readonly Point[], unit: string): readonly Point[] =>
    unit === "px" ? list.map(([x, y]) => rounded([x / width, y / height])) : list;
  const { calibration } = scene;
  return {
    ...scene,
    lines: scene.lines.map((p) => ({ ...p, points: points(p.points, p.unit), unit: "normalised" })),
    zones: scene.zones.map((p) => ({ ...p, points: points(p.points, p.unit), unit: "normalised" })),
    lanes: scene.lanes.map((p) => ({
      ...p,
      points: points(p.points, p.unit),
      heading: points(p.heading, p.unit),
      unit: "normalised",
    })),
    signals: scene.signals.map((p) => ({
      ...p,
      lamps: points(p.lamps, p.unit),
      unit: "normalised",
    })),
    calibration: calibration && {
      ...calibration,
      pairs: calibration.pairs.map((pair) => ({
        ...pair,
        image: points([pair.image], calibration.unit)[0] ?? pair.image,
      })),
      valid: points(calibration.valid, calibration.unit),
      landmarks: calibration.landmarks.map((mark) => ({
        ...mark,
        at: points([mark.at], calibration.unit)[0] ?? mark.at,
      })),
      unit: "normalised",
    },
  };
}
