/** The text messages of the live WebSocket, checked before anything else sees them. */

import type { Counts, Point, Scene } from "../api";

export interface InitMessage {
  type: "init";
  mime: string;
  generation: number;
  width: number;
  height: number;
}

export interface Track {
  id: number;
  class: string;
  score: number;
  /** Left, top, right, bottom in pixels of the frame that was looked at. */
  xyxy: readonly [number, number, number, number];
  /** False for a prediction. */
  observed: boolean;
}

export interface TracksMessage {
  type: "tracks";
  /** Media time of the frame, seconds. */
  t: number;
  /** Width and height of the frame, pixels. */
  size: readonly [number, number];
  /** Why the frame was not looked at; null if it was. */
  unknown: string | null;
  looksPerS: number;
  tracks: readonly Track[];
}

export interface CountsMessage {
  type: "counts";
  counts: Counts;
}

export interface StateMessage {
  type: "state";
  state: string;
  error: string;
  /** What is wrong with the picture: "covered", "moved" … */
  faults: readonly string[];
}

export interface SceneMessage {
  type: "scene";
  scene: Scene;
}

export type LiveMessage = InitMessage | TracksMessage | CountsMessage | StateMessage | SceneMessage;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The message, or null for anything unknown or malformed: a newer server must not break us. */
export function parseMessage(text: string): LiveMessage | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(body)) return null;
  switch (body.type) {
    case "init":
      return parseInit(body);
    case "tracks":
      return parseTracks(body);
    case "counts":
      return { type: "counts", counts: parseCounts(body.counts) };
    case "state":
      return {
        type: "state",
        state: textOf(body.state),
        error: textOf(body.error),
        faults: Array.isArray(body.faults) ? body.faults.map(textOf).filter(Boolean) : [],
      };
    case "scene":
      return { type: "scene", scene: parseScene(body) };
    default:
      return null;
  }
}

function parseInit(body: Json): InitMessage | null {
  const { mime, generation, width, height } = body;
  if (typeof mime !== "string" || mime === "" || !isNumber(generation)) return null;
  return {
    type: "init",
    mime,
    generation,
    width: isNumber(width) ? width : 0,
    height: isNumber(height) ? height : 0,
  };
}

function parseTracks(body: Json): TracksMessage | null {
  const [width, height] = listOf(body.size);
  if (!isNumber(body.t) || !isNumber(width) || !isNumber(height) || width <= 0 || height <= 0) {
    return null;
  }
  const tracks = listOf(body.tracks).map(parseTrack);
  return {
    type: "tracks",
    t: body.t,
    size: [width, height],
    unknown: typeof body.unknown === "string" ? body.unknown : null,
    looksPerS: isNumber(body.looks_per_s) ? body.looks_per_s : 0,
    tracks: tracks.filter((track) => track !== null),
  };
}

function parseTrack(value: unknown): Track | null {
  if (!isObject(value) || !isNumber(value.id)) return null;
  const [left, top, right, bottom] = listOf(value.xyxy);
  if (!isNumber(left) || !isNumber(top) || !isNumber(right) || !isNumber(bottom)) return null;
  return {
    id: value.id,
    class: textOf(value.class),
    score: isNumber(value.score) ? value.score : 0,
    xyxy: [left, top, right, bottom],
    observed: value.observed === true,
  };
}

function parseScene(body: Json): Scene {
  const shapes = (value: unknown, pointsMin: number) =>
    listOf(value)
      .filter(isObject)
      .map((shape) => ({
        id: textOf(shape.id),
        name: textOf(shape.name),
        points: listOf(shape.points)
          .map(parsePoint)
          .filter((point) => point !== null),
      }))
      .filter((shape) => shape.id !== "" && shape.points.length >= pointsMin);
  return { lines: shapes(body.lines, 2), zones: shapes(body.zones, 3) };
}

function parsePoint(value: unknown): Point | null {
  const [x, y] = listOf(value);
  return isNumber(x) && isNumber(y) ? [x, y] : null;
}

/** Counts in the shape of `GET …/counts`; whatever is missing counts as nothing. */
export function parseCounts(value: unknown): Counts {
  const body = isObject(value) ? value : {};
  return {
    lines: mapObject(body.lines, (line) => ({
      in: parseClassCounts(line.in),
      out: parseClassCounts(line.out),
    })),
    zones: mapObject(body.zones, (zone) => ({
      occupancy: isNumber(zone.occupancy) ? zone.occupancy : 0,
      entered: parseClassCounts(zone.entered),
      left: parseClassCounts(zone.left),
    })),
  };
}

function parseClassCounts(value: unknown): Record<string, number> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((e): e is [string, number] => isNumber(e[1])));
}

function mapObject<T>(value: unknown, make: (item: Json) => T): Record<string, T> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((e): e is [string, Json] => isObject(e[1])).map(([k, v]) => [k, make(v)]),
  );
}
