/** What the analytics routes tell. Measures that are not known are null. */

import type { Point } from "../api";

export type PlaceKind = "line" | "lane" | "zone" | "gate" | "movement";

export interface PlaceRef {
  kind: PlaceKind;
  id: string;
  direction: "in" | "out" | null;
  lane: string;
  name: string;
}

export interface CameraPlace extends PlaceRef {
  camera: string;
}

export interface Measures {
  volume: number;
  by_class: Readonly<Record<string, number>>;
  flow_vph: number | null;
  time_mean_kmh: number | null;
  space_mean_kmh: number | null;
  v85_kmh: number | null;
  speed_n: number;
  density_vpkm: number | null;
  occupancy_pct: number | null;
  mean_present: number | null;
  headway_s: number | null;
  travel_s: number | null;
  queue_m: number | null;
  queue_max_m: number | null;
  level_of_service: string | null;
  missing_share: number;
  granted_share: number;
  confidence: number;
}

export type Congestion = "free" | "dense" | "heavy" | "jam";

export interface Level extends CameraPlace {
  since: string;
  until: string;
  measures: Measures;
  congestion: Congestion | null;
  /** Its shape: fractions of the picture; empty for gates. */
  picture: readonly Point[];
  metres: readonly Point[] | null;
  lon_lat: readonly Point[] | null;
}

export interface TrafficRow {
  start: string;
  measures: Measures;
}

export interface TrafficTable {
  camera: string;
  place: PlaceRef;
  length_s: number;
  rows: readonly TrafficRow[];
  gaps: readonly { since: string; until: string; reason: string }[];
  next: string | null;
}

export interface Movement {
  movement: string;
  name: string;
  entry: string;
  exit: string;
  turn: "L" | "T" | "R" | "U" | null;
  approach: string;
  volume: number;
  by_class: Readonly<Record<string, number>>;
  travel_s: number | null;
  delay_s: number | null;
}

export interface Movements {
  camera: string;
  since: string;
  until: string;
  items: readonly Movement[];
  unassigned: number;
  missing_share: number;
}

export interface TrafficForecast {
  made: string;
  quantity: string;
  method: string;
  points: readonly {
    start: string;
    expected: number;
    low_80: number;
    high_80: number;
    low_95: number;
    high_95: number;
  }[];
  problem: string;
}

export interface Incident {
  id: string;
  kind: string;
  severity: "low" | "medium" | "high" | "critical";
  camera: string;
  place: string;
  step: "opened" | "updated" | "closed";
  opened: string;
  defined: string;
  updated: string;
  closed: string | null;
  explanation: string;
  clip_since: string;
  clip_until: string;
  acknowledged_by: string;
  acknowledged: string | null;
  note: string;
  false_alarm: boolean;
}

export interface IncidentPage {
  items: readonly Incident[];
  next_cursor: string | null;
}

export interface TableQuery {
  camera: string;
  kind: PlaceKind;
  place: string;
  direction: string | undefined;
  lane: string | undefined;
  length: number;
  since: string;
  until: string;
}

/** One text for a place, unique within a camera. */
export const placeKey = (place: PlaceRef): string =>
  [place.kind, place.id, place.direction ?? "", place.lane].join(" ");
