/** The players of the chosen cameras, held together by one conductor. */

import type { RefCallback } from "react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { playlistUrl } from "../api";
import { useApi } from "../session";
import type { Standing } from "./conductor";
import { Conductor, IDLE } from "./conductor";
import { HlsPicture } from "./hlsPicture";
import type { Span } from "./timeline";

/** Above this only key frames are fetched and decoded. */
const KEYS_ONLY_ABOVE = 4;

export interface ScreenState {
  has: "ready" | "gap" | "loading" | "failed";
  problem: string;
}

export interface Playback {
  standing: Standing;
  conductor: Conductor;
  screens: Readonly<Record<string, ScreenState>>;
  /** For the video element of a camera. */
  video(cameraId: string): RefCallback<HTMLVideoElement>;
  /** Width ÷ height of the first camera's picture. */
  aspect: number;
  /** Moves by one picture of the first camera, paused. */
  step(ahead: boolean): Promise<void>;
}

interface Wanted {
  cameras: readonly string[];
  span: Span;
  /** Cameras with recordings, with commas between: one that had none is asked for again. */
  recorded: string;
}

export function usePlayback({ cameras, span, recorded }: Wanted): Playback {
  const [standing, setStanding] = useState<Standing>(IDLE);
  const [screens, setScreens] = useState<Record<string, ScreenState>>({});
  const made = useRef(new Map<string, HlsPicture>());
  const refs = useRef(new Map<string, RefCallback<HTMLVideoElement>>());
  const order = useRef(cameras);
  order.current = cameras;
  const api = useApi();
  const keysOnly = standing.rate > KEYS_ONLY_ABOVE;

  const conductor = useMemo(
    () =>
      new Conductor(
        () => order.current.flatMap((id) => made.current.get(id) ?? []),
        (told) => setStanding(told),
      ),
    [],
  );

  const load = useCallback(
    (cameraId: string) => {
      void made.current.get(cameraId)?.load(playlistUrl(cameraId, span, keysOnly));
    },
    [span, keysOnly],
  );
  const loadNow = useRef(load);
  loadNow.current = load;

  const video = useCallback((cameraId: string) => {
    const known = refs.current.get(cameraId);
    if (known !== undefined) return known;
    const ref: RefCallback<HTMLVideoElement> = (element) => {
      made.current.get(cameraId)?.close();
      made.current.delete(cameraId);
      if (element === null) return;
      made.current.set(cameraId, new HlsPicture(element, () => {}));
      loadNow.current(cameraId);
    };
    refs.current.set(cameraId, ref);
    return ref;
  }, []);

  useEffect(() => {
    for (const id of made.current.keys()) load(id);
  }, [load]);

  useEffect(() => {
    for (const id of recorded.split(",")) if (made.current.get(id)?.isEmpty) loadNow.current(id);
  }, [recorded]);

  useEffect(() => {
    let frame = 0;
    const tick = (nowMs: number) => {
      conductor.tick(nowMs);
      for (const picture of made.current.values()) {
        picture.video.dataset.shownMs = picture.shownMs()?.toFixed(0) ?? "";
        picture.video.dataset.pictureMs = picture.pictureMs?.toFixed(0) ?? "";
      }
      setScreens((before) => changed(before, conductor, order.current, made.current));
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [conductor]);

  const step = useCallback(
    async (ahead: boolean) => {
      const camera = order.current[0] ?? "";
      const shownMs = made.current.get(camera)?.pictureMs ?? conductor.now.momentMs;
      if (shownMs === null) return;
      conductor.pause();
      // only the server knows when the next picture is due: cameras don't keep their rates
      // a playlist's times are whole milliseconds: 2 ms into the picture is surely within it
      const beside = await api.picturesBeside(camera, Math.floor(shownMs) + 2);
      const momentMs = ahead ? beside.nextMs : beside.previousMs;
      if (momentMs !== null) conductor.seek(momentMs, false);
    },
    [api, conductor],
  );

  const aspect = made.current.get(cameras[0] ?? "")?.aspect ?? 16 / 9;
  return { standing, conductor, screens, video, aspect, step };
}

/** The screens' states; the same object while nothing changed, so that nothing is drawn anew. */
function changed(
  before: Record<string, ScreenState>,
  conductor: Conductor,
  cameras: readonly string[],
  made: ReadonlyMap<string, HlsPicture>,
): Record<string, ScreenState> {
  const { momentMs } = conductor.now;
  const after: Record<string, ScreenState> = {};
  let same = Object.keys(before).length === cameras.length;
  for (const id of cameras) {
    const picture = made.get(id);
    const problem = picture?.problem ?? "";
    const has =
      problem !== ""
        ? "failed"
        : picture === undefined || momentMs === null
          ? "loading"
          : picture.has(momentMs);
    after[id] = { has, problem };
    same &&= before[id]?.has === has && before[id]?.problem === problem;
  }
  return same ? before : after;
}
