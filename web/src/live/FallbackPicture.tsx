/** Live pictures without Media Source: a multipart stream, or a still picture every second. */

import { useCallback, useEffect, useState } from "react";
import type { CameraStatus, Counts } from "../api";
import { mjpegUrl, snapshotUrl } from "../api";
import { useApi } from "../session";
import { text } from "../text";
import { useLoad } from "../useLoad";
import { MjpegSlots } from "./mjpegSlots";

const slots = new MjpegSlots();
const RETRY_MS = 3000;
const STILL_MS = 1000;
const POLL_MS = 2000;

export interface FallbackNews {
  counts: Counts;
  status: CameraStatus;
}

interface Props {
  cameraId: string;
  name: string;
  reason: string;
  onNews(news: FallbackNews): void;
}

export function FallbackPicture({ cameraId, name, reason, onNews }: Props) {
  const { moving, url, failed, onError, onLoad } = usePicture(cameraId);
  useNews(cameraId, onNews);
  return (
    <>
      <img
        className="live__picture"
        src={url}
        alt={name}
        data-testid="live-fallback"
        onError={onError}
        onLoad={onLoad}
      />
      <span
        className="badge badge--note live__fallback"
        title={text.live.fallbackWhy(reason)}
        data-testid="fallback-badge"
      >
        {moving ? text.live.fallbackBadge : text.live.fallbackStillBadge}
      </span>
      {failed && <p className="live__message">{text.live.noPicture}</p>}
    </>
  );
}

function usePicture(cameraId: string) {
  const [moving, setMoving] = useState(false);
  const [failed, setFailed] = useState(false);
  const [tick, setTick] = useState(() => Date.now());

  useEffect(() => {
    const holder = Symbol(cameraId);
    setMoving(slots.take(holder));
    return () => slots.release(holder);
  }, [cameraId]);

  useEffect(() => {
    if (moving && !failed) return;
    const timer = setInterval(() => setTick(Date.now()), moving ? RETRY_MS : STILL_MS);
    return () => clearInterval(timer);
  }, [moving, failed]);

  const moved = `${mjpegUrl(cameraId)}&at=${tick}`;
  return {
    moving,
    failed,
    url: moving ? moved : snapshotUrl(cameraId, tick),
    onError: () => setFailed(true),
    onLoad: () => setFailed(false),
  };
}

function useNews(cameraId: string, onNews: (news: FallbackNews) => void): void {
  const api = useApi();
  const load = useCallback(
    async (signal: AbortSignal): Promise<FallbackNews> => {
      const [counts, status] = await Promise.all([
        api.counts(cameraId, signal),
        api.status(cameraId, signal),
      ]);
      return { counts, status };
    },
    [api, cameraId],
  );
  const { data } = useLoad(load, POLL_MS);
  useEffect(() => {
    if (data !== null) onNews(data);
  }, [data, onNews]);
}
