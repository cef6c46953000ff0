/** Routing by the address's fragment, so that the server serves one page whatever is open. */

import { useSyncExternalStore } from "react";

export type PageName =
  | "live"
  | "camera"
  | "scene"
  | "playback"
  | "traffic"
  | "incidents"
  | "events"
  | "models"
  | "storage"
  | "system"
  | "password";

export interface Route {
  page: PageName;
  /** The camera of the `camera` and `scene` pages. */
  cameraId: string;
  params: URLSearchParams;
}

const PAGES: ReadonlySet<string> = new Set([
  "live",
  "playback",
  "traffic",
  "incidents",
  "events",
  "models",
  "storage",
  "system",
  "password",
]);

/** `#/cameras/gate` → the camera page; anything unknown → the live page. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const params = new URLSearchParams(query);
  const [first = "", second = "", third = ""] = path.split("/");
  if (first === "cameras" && second !== "") {
    const page = third === "scene" ? "scene" : "camera";
    return { page, cameraId: decoded(second), params };
  }
  return { page: PAGES.has(first) ? (first as PageName) : "live", cameraId: "", params };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type Params = Readonly<Record<string, string | undefined>>;

export function hrefOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value) query.set(name, value);
  return `#/${path}${query.size > 0 ? `?${query}` : ""}`;
}

export const cameraHref = (cameraId: string): string =>
  hrefOf(`cameras/${encodeURIComponent(cameraId)}`);

export const sceneHref = (cameraId: string): string => `${cameraHref(cameraId)}/scene`;

export function navigate(href: string): void {
  location.hash = href;
}

/** Changes the address without a new step in the history. */
export function replaceRoute(href: string): void {
  history.replaceState(null, "", href);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(onChange: () => void): () => void {
  addEventListener("hashchange", onChange);
  return () => removeEventListener("hashchange", onChange);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}
