/** A camera's live picture with everything that is said over it. */

import type { ReactNode, RefObject } from "react";
import { useCallback, useEffect, useRef, useState } from "react";
import { liveUrl } from "../api";
import { faultName } from "../describe";
import { lookUp } from "../lookUp";
import { useSession } from "../session";
import { text } from "../text";
import type { FallbackNews } from "./FallbackPicture";
import { FallbackPicture } from "./FallbackPicture";
import type { Layers } from "./overlay";
import type { LiveStatus } from "./player";
import { INITIAL_STATUS, LivePlayer } from "./player";
import { useOnScreen } from "./useOnScreen";

interface Props {
  /** Must not change: give the element the camera's id as its key. */
  cameraId: string;
  name: string;
  layers?: Layers;
  onStatus?(status: LiveStatus): void;
  children?: ReactNode;
}

export function LiveView({ cameraId, name, layers, onStatus, children }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const { status, setStatus, video, canvas } = useLivePlayer(cameraId, layers, frame);
  useEffect(() => onStatus?.(status), [status, onStatus]);

  const onNews = useCallback(
    ({ counts, status: camera }: FallbackNews) =>
      setStatus((before) => ({
        ...before,
        counts,
        cameraState: camera.state,
        error: camera.error,
        faults: camera.vision?.faults ?? [],
        looksPerS: camera.vision?.looks_per_s ?? 0,
      })),
    [setStatus],
  );

  const fallback = status.phase === "fallback";
  return (
    <div
      ref={frame}
      className="live"
      data-testid={`live-${cameraId}`}
      data-state={status.phase}
      data-camera-state={status.cameraState}
      data-latency-ms={status.latencyMs ?? ""}
    >
      {/* Muted: live pictures carry no sound. */}
      <video ref={video} className="live__picture" muted playsInline aria-label={name} />
      <canvas ref={canvas} className="live__overlay" data-testid={`overlay-${cameraId}`} />
      {fallback && (
        <FallbackPicture
          cameraId={cameraId}
          name={name}
          reason={status.fallbackReason}
          onNews={onNews}
        />
      )}
      <Message status={status} />
      {status.unknown !== null && status.phase === "playing" && (
        <span className="badge badge--warn live__unknown" data-testid="unknown-badge">
          {text.live.unknownBadge(lookUp(text.unknown, status.unknown) ?? status.unknown)}
        </span>
      )}
      {status.faults.length > 0 && (
        <span className="badge badge--bad live__faults" data-testid="fault-badge">
          {text.live.faultBadge(status.faults.map(faultName).join(", "))}
        </span>
      )}
      {children}
    </div>
  );
}

function useLivePlayer(
  cameraId: string,
  layers: Layers | undefined,
  frame: RefObject<HTMLDivElement | null>,
) {
  const { refresh } = useSession();
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const player = useRef<LivePlayer | null>(null);
  const [status, setStatus] = useState<LiveStatus>(INITIAL_STATUS);
  const onScreen = useOnScreen(frame);

  useEffect(() => {
    if (video.current === null || canvas.current === null) return;
    const made = new LivePlayer({
      url: liveUrl(cameraId, location),
      video: video.current,
      canvas: canvas.current,
      onStatus: setStatus,
      onTrouble: () => void refresh(),
    });
    player.current = made;
    return () => {
      player.current = null;
      made.stop();
    };
  }, [cameraId, refresh]);

  useEffect(() => {
    if (onScreen) player.current?.start();
    else player.current?.stop();
  }, [onScreen]);

  useEffect(() => {
    if (layers !== undefined) player.current?.setLayers(layers);
  }, [layers]);

  return { status, setStatus, video, canvas };
}

function Message({ status }: { status: LiveStatus }) {
  const { title, busy } = messageOf(status);
  if (title === "") return null;
  const detail = status.phase === "lost" ? status.error : "";
  return (
    <div className="live__message" role="status">
      {busy && <span className="spinner" aria-hidden="true" />}
      <strong>{title}</strong>
      {detail !== "" && <span className="live__detail">{detail}</span>}
    </div>
  );
}

const LOST: Readonly<Record<string, { title: string; busy: boolean }>> = {
  refused: { title: text.live.refused, busy: false },
  ended: { title: text.live.ended, busy: false },
  disabled: { title: text.live.disabled, busy: false },
  stale: { title: text.live.stale, busy: true },
  gone: { title: text.live.gone, busy: false },
};

function messageOf({ phase, cameraState }: LiveStatus): { title: string; busy: boolean } {
  switch (phase) {
    case "connecting":
      return { title: text.live.connecting, busy: true };
    case "buffering":
      return { title: text.live.buffering, busy: true };
    case "offline":
      return { title: text.live.offline, busy: true };
    case "stopped":
      return { title: text.live.stopped, busy: false };
    case "lost":
      return lookUp(LOST, cameraState) ?? { title: text.live.lost, busy: true };
    default:
      return { title: "", busy: false };
  }
}
