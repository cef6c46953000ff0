/**
 * The server's HTTP API, typed by hand. Errors arrive as RFC 9457 problems and are thrown as
 * `ApiError`, whose message is the problem's own `detail`.
 */

import type { LookTest, Models } from "./models";
import type { CalibrationTrial, CameraDocument, SceneDocument } from "./scene/types";
import type {
  Bookmark,
  ExportView,
  ExportWish,
  Forecast,
  Hold,
  MotionFound,
  RetentionPreview,
  StorageView,
} from "./storage/types";

import type {
  Incident,
  IncidentPage,
  Level,
  Movements,
  TableQuery,
  TrafficForecast,
  TrafficTable,
} from "./traffic/types";

export interface User {
  username: string;
  role: string;
}

export interface Session {
  user: User;
  must_change_password: boolean;
  csrf_token: string;
}

/** Normalised picture coordinates, 0–1. */
export type Point = readonly [number, number];

export interface SceneLine {
  id: string;
  name: string;
  points: readonly Point[];
}

export interface SceneZone {
  id: string;
  name: string;
  points: readonly Point[];
}

export interface Scene {
  lines: readonly SceneLine[];
  zones: readonly SceneZone[];
}

export interface Camera {
  id: string;
  name: string;
  enabled: boolean;
  record: boolean;
  detect: boolean;
  detect_fps: number;
  scene: SceneDocument;
  /** What PUT takes; null unless the account may change it. */
  document: CameraDocument | null;
}

export type CameraState =
  | "connecting"
  | "online"
  | "retrying"
  | "refused"
  | "ended"
  | "disabled"
  | "stale"
  | (string & {});

export interface StreamStatus {
  role: string;
  state: CameraState;
  codec: string;
  width: number;
  height: number;
  fps: number;
  bitrate_bps: number;
  packets: number;
  reconnects: number;
  recording: boolean;
  /** What its plan wants now; empty while nothing is known. */
  recording_mode: string;
  /** Why it records now; empty while it does not. */
  recording_cause: string;
  unrecorded_packets: number;
  last_packet: string | null;
}

export interface VisionStatus {
  model: string;
  looks_per_s: number;
  frames: number;
  frames_unprocessed: number;
  unknown: number;
  latency_ms_p95: number;
  /** What is wrong with the picture; null while it is not known yet. */
  faults: readonly string[] | null;
  /** The vision process has been silent for a while; these are its last words. */
  stale: boolean;
}

export interface CameraStatus {
  id: string;
  name: string;
  state: CameraState;
  since: string | null;
  error: string;
  streams: readonly StreamStatus[];
  vision: VisionStatus | null;
}

/** `total` and one entry per class. */
export type ClassCounts = Readonly<Record<string, number>>;

export interface LineCounts {
  in: ClassCounts;
  out: ClassCounts;
}

export interface ZoneCounts {
  occupancy: number;
  entered: ClassCounts;
  left: ClassCounts;
}

export interface Counts {
  lines: Readonly<Record<string, LineCounts>>;
  zones: Readonly<Record<string, ZoneCounts>>;
}

export interface CameraEvent {
  id: string;
  kind: string;
  camera_id: string;
  time: string;
  /** Stream time in ns, as text: it exceeds a double. */
  pts_ns: string;
  track_id: number | null;
  detail: Readonly<Record<string, unknown>>;
}

export interface EventPage {
  items: readonly CameraEvent[];
  next_cursor: string | null;
}

export interface EventQuery {
  camera?: string | undefined;
  kind?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

interface TimeSpan {
  since: string;
  until: string;
}

/** A camera's recordings of a span in brief. */
export interface CameraTimeline extends TimeSpan {
  stretches: readonly (TimeSpan & { files: number; size_bytes: number })[];
  gaps: readonly (TimeSpan & { reason: string })[];
  activity: {
    bucket_s: number;
    /** Share of the seen seconds in which something moved; null where nothing was seen. */
    moving: readonly (number | null)[];
    objects: Readonly<Record<string, readonly number[]>>;
  };
  bookmarks: readonly (TimeSpan & { id: string; title: string })[];
  size_bytes: number;
  files: number;
}

interface Items<T> {
  items: readonly T[];
}

/** A request that the server refused, or that never reached it (`status` 0). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    readonly status: number,
    readonly type: string = "about:blank",
  ) {
    super(message);
  }
}

export interface ApiOptions {
  fetch?: typeof fetch;
  /** The session is gone: show the log-in page. */
  onUnauthorized?: () => void;
  /** The account must set its own password first. */
  onPasswordDue?: () => void;
}

const BASE = "/api/v1";
const MUST_CHANGE_PASSWORD = "urn:itscam:problem:password-change-required";
const UNREACHABLE = "The server can't be reached. Check the network and that it is running.";

export class ApiClient {
  private csrfToken = "";
  private readonly fetch: typeof fetch;
  onUnauthorized: () => void;
  onPasswordDue: () => void;

  constructor(options: ApiOptions = {}) {
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.onUnauthorized = options.onUnauthorized ?? (() => {});
    this.onPasswordDue = options.onPasswordDue ?? (() => {});
  }

  async login(username: string, password: string): Promise<Session> {
    return this.keep(await this.send<Session>("POST", "/auth/login", { username, password }));
  }

  async me(signal?: AbortSignal): Promise<Session> {
    return this.keep(await this.get<Session>("/auth/me", {}, signal));
  }

  async logout(): Promise<void> {
    await this.send("POST", "/auth/logout");
    this.csrfToken = "";
  }

  /** Ends every session of the account and begins a new one here. */
  async changePassword(current: string, next: string): Promise<Session> {
    return this.keep(await this.send<Session>("POST", "/auth/password", { current, new: next }));
  }

  async cameras(signal?: AbortSignal): Promise<readonly Camera[]> {
    return (await this.get<Items<Camera>>("/cameras", {}, signal)).items;
  }

  camera(cameraId: string, signal?: AbortSignal): Promise<Camera> {
    return this.get(`/cameras/${encodeURIComponent(cameraId)}`, {}, signal);
  }

  putCamera(cameraId: string, document: SceneDocument): Promise<Camera> {
    return this.send("PUT", `/cameras/${encodeURIComponent(cameraId)}`, document);
  }

  /** Solves a calibration and tells its errors; nothing is kept. */
  tryCalibration(question: {
    width: number;
    height: number;
    calibration: SceneDocument["calibration"];
    lines: SceneDocument["lines"];
    lanes: SceneDocument["lanes"];
  }): Promise<CalibrationTrial> {
    return this.send("POST", "/analytics/calibration", question);
  }

  /** How traffic is now at every place of a camera. */
  async levels(camera: string, signal?: AbortSignal): Promise<readonly Level[]> {
    return (await this.get<Items<Level>>("/analytics/levels", { camera }, signal)).items;
  }

  intervals(query: TableQuery, signal?: AbortSignal): Promise<TrafficTable> {
    return this.get("/analytics/intervals", { ...query, limit: 10_000 }, signal);
  }

  trafficForecast(
    query: Pick<TableQuery, "camera" | "kind" | "place" | "direction">,
    signal?: AbortSignal,
  ): Promise<TrafficForecast> {
    const { camera, kind, place, direction } = query;
    return this.get("/analytics/forecast", { camera, kind, place, direction }, signal);
  }

  movements(
    query: { camera: string; since: string; until: string },
    signal?: AbortSignal,
  ): Promise<Movements> {
    return this.get("/analytics/movements", query, signal);
  }

  incidents(
    query: Readonly<Record<string, string | number>>,
    signal?: AbortSignal,
  ): Promise<IncidentPage> {
    return this.get("/incidents", query, signal);
  }

  acknowledge(id: string, said: { note?: string; false_alarm?: boolean }): Promise<Incident> {
    return this.send("POST", `/incidents/${encodeURIComponent(id)}/acknowledge`, said);
  }

  async statuses(signal?: AbortSignal): Promise<readonly CameraStatus[]> {
    return (await this.get<Items<CameraStatus>>("/cameras/status", {}, signal)).items;
  }

  status(cameraId: string, signal?: AbortSignal): Promise<CameraStatus> {
    return this.get(`/cameras/${encodeURIComponent(cameraId)}/status`, {}, signal);
  }

  counts(cameraId: string, signal?: AbortSignal): Promise<Counts> {
    return this.get(`/cameras/${encodeURIComponent(cameraId)}/counts`, {}, signal);
  }

  events(query: EventQuery, signal?: AbortSignal): Promise<EventPage> {
    return this.get("/events", { ...query }, signal);
  }

  /** What there is of a camera's span, merged, with how much moved in each of `buckets` parts. */
  timeline(
    cameraId: string,
    since: Date,
    until: Date,
    buckets: number,
    signal?: AbortSignal,
  ): Promise<CameraTimeline> {
    const query = { since: since.toISOString(), until: until.toISOString(), buckets };
    return this.get(`/cameras/${encodeURIComponent(cameraId)}/timeline`, query, signal);
  }

  /** Moments at which the pictures beside the one of a moment are shown; null where there is none. */
  async picturesBeside(
    cameraId: string,
    momentMs: number,
  ): Promise<{ previousMs: number | null; nextMs: number | null }> {
    const response = await this.fetch(pictureUrl(cameraId, momentMs, 16), {
      credentials: "same-origin",
    });
    if (!response.ok) throw await problemOf(response);
    const moment = (header: string): number | null => {
      const told = Date.parse(response.headers.get(header) ?? "");
      return Number.isNaN(told) ? null : told + 1; // parsed down to the millisecond before it
    };
    return { previousMs: moment("X-Previous-Time"), nextMs: moment("X-Next-Time") };
  }

  async bookmarks(
    cameraId: string,
    since: Date,
    until: Date,
    signal?: AbortSignal,
  ): Promise<readonly Bookmark[]> {
    const span = { since: since.toISOString(), until: until.toISOString() };
    const query = { camera: cameraId, ...span, limit: 500 };
    return (await this.get<Items<Bookmark>>("/bookmarks", query, signal)).items;
  }

  addBookmark(wanted: Pick<Bookmark, "camera" | "since" | "until" | "title" | "note">) {
    return this.send<Bookmark>("POST", "/bookmarks", wanted);
  }

  removeBookmark(id: string): Promise<void> {
    return this.send("DELETE", `/bookmarks/${encodeURIComponent(id)}`);
  }

  async holds(query: { camera?: string; since?: string; until?: string }, signal?: AbortSignal) {
    return (await this.get<Items<Hold>>("/holds", { ...query, limit: 500 }, signal)).items;
  }

  addHold(wanted: Pick<Hold, "kind" | "camera" | "since" | "until" | "reason">): Promise<Hold> {
    return this.send("POST", "/holds", wanted);
  }

  releaseHold(id: string): Promise<void> {
    return this.send("DELETE", `/holds/${encodeURIComponent(id)}`);
  }

  async exports(signal?: AbortSignal): Promise<readonly ExportView[]> {
    return (await this.get<Items<ExportView>>("/exports", { limit: 100 }, signal)).items;
  }

  makeExport(wish: ExportWish): Promise<ExportView> {
    return this.send("POST", "/exports", wish);
  }

  cancelExport(id: string): Promise<void> {
    return this.send("POST", `/exports/${encodeURIComponent(id)}/cancel`);
  }

  removeExport(id: string): Promise<void> {
    return this.send("DELETE", `/exports/${encodeURIComponent(id)}`);
  }

  /** When something moved in an area of the picture, newest first. */
  searchMotion(wanted: {
    camera: string;
    area: readonly Point[];
    since: string;
    until: string;
  }): Promise<MotionFound> {
    return this.send("POST", "/search/motion", wanted);
  }

  storage(signal?: AbortSignal): Promise<StorageView> {
    return this.get("/storage", {}, signal);
  }

  forecast(signal?: AbortSignal): Promise<Forecast> {
    return this.get("/storage/forecast", {}, signal);
  }

  retentionPreview(signal?: AbortSignal): Promise<RetentionPreview> {
    return this.get("/storage/retention", {}, signal);
  }

  models(signal?: AbortSignal): Promise<Models> {
    return this.get("/model/status", {}, signal);
  }

  /** Begins a trial, or changes the one that runs; what is left out stays as it is. */
  rollOut(model: string, change: { percent?: number; auto?: boolean }): Promise<Models> {
    return this.send("POST", "/model/rollout", { model, ...change });
  }

  /** Without a name, the model that is on trial. */
  promote(model?: string): Promise<Models> {
    return this.send("POST", "/model/promote", model === undefined ? {} : { model });
  }

  rollBack(): Promise<Models> {
    return this.send("POST", "/model/rollback", {});
  }

  /** One look of a serving model at a JPEG picture, or at a golden one if there is none. */
  testLook(alias: string, picture: Blob | null): Promise<LookTest> {
    const headers: Record<string, string> = { "X-CSRF-Token": this.csrfToken };
    if (picture) headers["Content-Type"] = "image/jpeg";
    const init = { method: "POST", headers, ...(picture && { body: picture }) };
    return this.request(`/inference/test?alias=${encodeURIComponent(alias)}`, init);
  }

  private keep(session: Session): Session {
    this.csrfToken = session.csrf_token;
    return session;
  }

  private get<T>(
    path: string,
    query: Record<string, string | number | undefined> = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") params.set(name, String(value));
    }
    const suffix = params.size > 0 ? `?${params}` : "";
    return this.request<T>(path + suffix, { method: "GET", ...(signal && { signal }) });
  }

  private send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { "X-CSRF-Token": this.csrfToken };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return this.request<T>(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await this.fetch(BASE + path, { credentials: "same-origin", ...init });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(UNREACHABLE, 0);
    }
    if (!response.ok) throw await this.problem(path, response);
    if (response.status === 204) return undefined as T;
    const text = await response.text();
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ApiError("The server's answer can't be read; is this address the right one?", 0);
    }
  }

  private async problem(path: string, response: Response): Promise<ApiError> {
    const error = await problemOf(response);
    // A wrong password at log-in or password change is told on the form, not by leaving it.
    const credentialCheck = path === "/auth/login" || path === "/auth/password";
    if (response.status === 401 && !credentialCheck) this.onUnauthorized();
    if (error.type === MUST_CHANGE_PASSWORD) this.onPasswordDue();
    return error;
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  const fallback = `The server answered ${response.status} ${response.statusText}`.trim();
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    return new ApiError(`${fallback}.`, response.status);
  }
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const told = [problem.detail, problem.title].find((t) => typeof t === "string" && t !== "");
  return new ApiError(
    typeof told === "string" ? told : `${fallback}.`,
    response.status,
    typeof problem.type === "string" ? problem.type : "about:blank",
  );
}

/** Where a camera's live feed is, as a WebSocket address of this page's own origin. */
export function liveUrl(cameraId: string, page: { protocol: string; host: string }): string {
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${page.host}${BASE}/cameras/${encodeURIComponent(cameraId)}/live`;
}

export function mjpegUrl(cameraId: string): string {
  return `${BASE}/cameras/${encodeURIComponent(cameraId)}/live.mjpeg?boxes=1`;
}

export function snapshotUrl(cameraId: string, cacheKey: number): string {
  return `${BASE}/cameras/${encodeURIComponent(cameraId)}/snapshot.jpg?at=${cacheKey}`;
}

/** A camera's recordings of a span as one playlist, which grows while the span lasts. */
export function playlistUrl(
  cameraId: string,
  span: { startMs: number; endMs: number },
  keysOnly: boolean,
): string {
  const keys = keysOnly ? "&keys_only=1" : "";
  return `${cameraPath(cameraId)}/playlist.m3u8?since=${at(span.startMs)}&until=${at(span.endMs)}${keys}`;
}

const cameraPath = (cameraId: string): string => `${BASE}/cameras/${encodeURIComponent(cameraId)}`;
const at = (momentMs: number): string => encodeURIComponent(new Date(momentMs).toISOString());

/** The very picture that was shown at a moment; full size without a width. */
export function pictureUrl(cameraId: string, momentMs: number, widthPx?: number): string {
  const width = widthPx === undefined ? "" : `&width=${widthPx}`;
  return `${cameraPath(cameraId)}/picture?at=${at(momentMs)}${width}`;
}

/** The key frame nearest to a moment, small. */
export function thumbnailUrl(cameraId: string, momentMs: number, widthPx: number): string {
  return `${cameraPath(cameraId)}/thumbnail?at=${at(momentMs)}&width=${widthPx}`;
}

/** Today's report of a camera. */
export const reportUrl = (cameraId: string): string =>
  `${BASE}/analytics/report?${new URLSearchParams({ kind: "daily", format: "pdf", camera: cameraId })}`;

/** Interval tables of a camera as CSV. */
export const exportUrl = (
  cameraId: string,
  span: { since: string; until: string },
  lengthS: number,
): string =>
  `${BASE}/analytics/export?${new URLSearchParams({
    kind: "intervals",
    format: "csv",
    camera: cameraId,
    ...span,
    length: String(lengthS),
  })}`;
