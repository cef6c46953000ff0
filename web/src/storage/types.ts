/** What is kept and for how long: bookmarks, holds, exports and the disk, as the API tells of them. */

export interface Bookmark {
  id: string;
  camera: string;
  since: string;
  until: string;
  title: string;
  note: string;
  author: string;
}

export interface Hold {
  id: string;
  kind: "lock" | "legal" | "incident" | (string & {});
  /** null holds every camera. */
  camera: string | null;
  since: string;
  until: string;
  reason: string;
  author: string;
  created: string;
  released: string | null;
}

export type ExportState =
  | "queued"
  | "running"
  | "waiting"
  | "done"
  | "failed"
  | "cancelled"
  | "expired"
  | (string & {});

export interface ExportView {
  id: string;
  state: ExportState;
  /** 0–1 */
  progress: number;
  size_bytes: number;
  problem: string;
  author: string;
  created: string;
  since: string;
  until: string;
  cameras: readonly string[];
  manifest_hash: string;
  files: readonly { name: string; size_bytes: number; url: string }[];
  zip_url: string | null;
}

export interface ExportWish {
  cameras: readonly string[];
  since: string;
  until: string;
  exact: boolean;
  speed?: number;
  burn_in: boolean;
  time_zone: string;
  zones: readonly { polygon: readonly (readonly [number, number])[]; camera: string }[];
  sought: readonly string[];
  reason: string;
  case_number: string;
  lock: boolean;
}

export interface Moved {
  since: string;
  until: string;
  moving_s: number;
}

export interface MotionFound {
  items: readonly Moved[];
  unknown: readonly { since: string; until: string }[];
  unknown_s: number;
  next: string | null;
}

export interface Holding {
  camera_id: string;
  tier: string;
  files: number;
  size_bytes: number;
  oldest: string;
  newest: string;
  damaged_files: number;
  missing_files: number;
}

export interface StorageView {
  holdings: readonly Holding[];
  garbage_files: number;
  garbage_bytes: number;
  gaps: readonly { camera_id: string; total_s: number }[];
  problems: readonly string[];
}

interface Days {
  mean: number;
  worst: number;
  best: number;
}

export interface Forecast {
  total_bytes: number;
  free_bytes: number;
  usable_bytes: number;
  bytes_per_day: { mean: number; low: number; high: number };
  full_in_days: Days | null;
  holds_days: Days | null;
  keeps_policy: boolean | null;
  first_breach: string | null;
  is_rough: boolean;
}

export interface RetentionPreview {
  items: readonly {
    data_class: string;
    action: string;
    reason: string;
    camera: string | null;
    count: number;
    size_bytes: number;
  }[];
  deleted_count: number;
  deleted_bytes: number;
  problems: Readonly<Record<string, string>>;
}

/** Still going on, so that it is worth asking again. */
export const isUnderWay = (state: ExportState): boolean =>
  state === "queued" || state === "running" || state === "waiting";

/** One of this origin's own addresses, or none: what the server names is not followed elsewhere. */
export const ownUrl = (url: string | null): string | null =>
  url?.startsWith("/api/v1/") ? url : null;
