/** A camera's scene as the site file writes it. */

import type { Point } from "../api";

export interface LineItem {
  id: string;
  name: string;
  points: readonly Point[];
  unit: string;
  anchor: string;
}

export interface ZoneItem extends LineItem {
  use: string;
  limit_s: number | null;
}

export interface LaneItem {
  id: string;
  name: string;
  points: readonly Point[];
  heading: readonly Point[];
  unit: string;
  approach: string;
  speed_limit_kmh: number | null;
  stop_line: string;
  storage_m: number | null;
}

export interface GateItem {
  id: string;
  name: string;
  entry: string;
  exit: string;
  distance_m: number | null;
}

export interface MovementItem {
  id: string;
  name: string;
  entry: string;
  exit: string;
  turn: string;
  approach: string;
}

export interface SignalItem {
  id: string;
  name: string;
  governs: readonly string[];
  lanes: readonly string[];
  source: string;
  lamps: readonly Point[];
  unit: string;
  grace_s: number;
}

export interface PairItem {
  image: Point;
  world: Point;
  name: string;
  check: boolean;
}

export interface CalibrationItem {
  pairs: readonly PairItem[];
  frame: string;
  unit: string;
  lens: unknown;
  valid: readonly Point[];
  landmarks: readonly { at: Point; name: string }[];
  position_sd_px: number;
}

export interface SceneDocument {
  lines: readonly LineItem[];
  zones: readonly ZoneItem[];
  lanes: readonly LaneItem[];
  gates: readonly GateItem[];
  movements: readonly MovementItem[];
  signals: readonly SignalItem[];
  calibration: CalibrationItem | null;
}

/** What PUT takes: the scene and everything else of a camera. */
export type CameraDocument = SceneDocument & Readonly<Record<string, unknown>>;

export type PartKind = "lines" | "zones" | "lanes" | "gates" | "movements" | "signals";
/** What is drawn in the picture. */
export type ShapeKind = "lines" | "zones" | "lanes" | "signals";
export type Part = SceneDocument[PartKind][number];

export interface ErrorFigures {
  pairs: number;
  mean_m: number;
  p95_m: number;
  max_m: number;
}

/** What a calibration gives, before it is kept. */
export interface CalibrationTrial {
  pairs: readonly {
    index: number;
    name: string;
    residual_m: number | null;
    hold_out_m: number | null;
    bad: string;
  }[];
  hold_out: ErrorFigures | null;
  lanes: readonly {
    lane: string;
    measured: ErrorFigures | null;
    expected_sd_m: number | null;
    inside: number;
  }[];
  lines: readonly {
    line: string;
    metres_per_px: number | null;
    speed_sd_kmh: number | null;
    is_valid: boolean;
  }[];
  scale_sd: number;
  warnings: readonly string[];
  valid: readonly Point[];
  grid_m: number;
  grid: readonly (readonly Point[])[];
}
