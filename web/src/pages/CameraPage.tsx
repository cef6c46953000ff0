import { useCallback, useState } from "react";
import type { CameraStatus, VisionStatus } from "../api";
import { describeEvent, faultName, recordingWord } from "../describe";
import { formatBitrate, formatClock, formatCount, formatDateTime } from "../format";
import { LiveView } from "../live/LiveView";
import type { Layers } from "../live/overlay";
import type { LiveStatus } from "../live/player";
import { INITIAL_STATUS } from "../live/player";
import { hrefOf, sceneHref } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Page, StateMark } from "../ui/parts";
import { useLoad } from "../useLoad";
import { CountsTable } from "./CountsTable";

const STATUS_POLL_MS = 2000;
const EVENTS_POLL_MS = 3000;
const RECENT_EVENTS = 12;

export function CameraPage({ cameraId }: { cameraId: string }) {
  const api = useApi();
  const loadStatus = useCallback(
    (signal: AbortSignal) => api.status(cameraId, signal),
    [api, cameraId],
  );
  const { data: camera, error } = useLoad(loadStatus, STATUS_POLL_MS);
  const [live, setLive] = useState<LiveStatus>(INITIAL_STATUS);
  const [layers, setLayers] = useState<Layers>({ boxes: true, scene: true });
  const name = camera?.name || cameraId;
  return (
    <Page title={name} tools={<a href={hrefOf("live")}>{text.camera.back}</a>}>
      <ErrorNote message={error} />
      <div className="detail">
        <div className="detail__main">
          <div className="detail__player">
            <LiveView
              key={cameraId}
              cameraId={cameraId}
              name={name}
              layers={layers}
              onStatus={setLive}
            />
          </div>
          <PlayerBar cameraId={cameraId} live={live} layers={layers} onLayers={setLayers} />
          <section className="card">
            <h2>{text.camera.counts}</h2>
            <CountsTable scene={live.scene} counts={live.counts} />
          </section>
        </div>
        <aside className="detail__side">
          <StatusCard camera={camera} />
          <RecentEvents cameraId={cameraId} />
        </aside>
      </div>
    </Page>
  );
}

function PlayerBar(props: {
  cameraId: string;
  live: LiveStatus;
  layers: Layers;
  onLayers(layers: Layers): void;
}) {
  const { cameraId, live, layers, onLayers } = props;
  return (
    <div className="bar">
      <label className="check">
        <input
          type="checkbox"
          checked={layers.boxes}
          onChange={(e) => onLayers({ ...layers, boxes: e.target.checked })}
        />
        {text.camera.showBoxes}
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={layers.scene}
          onChange={(e) => onLayers({ ...layers, scene: e.target.checked })}
        />
        {text.camera.showScene}
      </label>
      <span className="bar__figures">
        {live.phase === "playing" && live.latencyMs !== null && (
          <span>{text.live.latency(live.latencyMs)}</span>
        )}
        {live.looksPerS > 0 && <span>{text.live.looks(live.looksPerS)}</span>}
      </span>
      <a href={sceneHref(cameraId)}>{text.camera.setUp}</a>
      <a href={hrefOf("playback", { camera: cameraId })}>{text.camera.recordings}</a>
    </div>
  );
}

function StatusCard({ camera }: { camera: CameraStatus | null }) {
  if (camera === null) return null;
  const { vision } = camera;
  return (
    <section className="card" data-testid="camera-status">
      <h2>{text.camera.about}</h2>
      <dl className="facts">
        <dt>{text.camera.state}</dt>
        <dd>
          <StateMark state={camera.state} />
        </dd>
        {camera.since && (
          <>
            <dt>{text.camera.since}</dt>
            <dd>{formatDateTime(camera.since)}</dd>
          </>
        )}
      </dl>
      {camera.error !== "" && <p className="note note--error">{camera.error}</p>}
      <h3>{text.camera.streams}</h3>
      {camera.streams.map((stream) => (
        <dl className="facts" key={stream.role}>
          <dt>{stream.role}</dt>
          <dd>
            <StateMark state={stream.state} />
          </dd>
          <dt>{text.system.picture}</dt>
          <dd>
            {stream.width > 0
              ? `${stream.codec} ${stream.width}×${stream.height}, ${stream.fps.toFixed(1)} fps`
              : text.system.none}
          </dd>
          <dt>{text.system.rate}</dt>
          <dd>{formatBitrate(stream.bitrate_bps)}</dd>
          <dt>{text.system.recording}</dt>
          <dd>{recordingWord(stream)}</dd>
          <dt>{text.system.reconnects}</dt>
          <dd>{formatCount(stream.reconnects)}</dd>
        </dl>
      ))}
      <h3>{text.camera.vision}</h3>
      {vision === null ? (
        <p className="quiet">{text.camera.noVision}</p>
      ) : (
        <dl className="facts">
          <dt>{text.camera.model}</dt>
          <dd>{vision.model}</dd>
          <dt>{text.camera.looksPerS}</dt>
          <dd>{vision.looks_per_s.toFixed(1)}</dd>
          <dt>{text.camera.pictureQuality}</dt>
          <dd className={vision.faults?.length ? "bad" : undefined}>{pictureQuality(vision)}</dd>
          <dt>{text.camera.unknownFrames}</dt>
          <dd>{formatCount(vision.unknown)}</dd>
          <dt>{text.camera.latency}</dt>
          <dd>{`${Math.round(vision.latency_ms_p95)} ms`}</dd>
        </dl>
      )}
    </section>
  );
}

function pictureQuality({ faults }: VisionStatus): string {
  if (faults === null) return text.camera.notKnownYet;
  return faults.length > 0 ? faults.map(faultName).join(", ") : text.camera.good;
}

function RecentEvents({ cameraId }: { cameraId: string }) {
  const api = useApi();
  const load = useCallback(
    (signal: AbortSignal) => api.events({ camera: cameraId, limit: RECENT_EVENTS }, signal),
    [api, cameraId],
  );
  const { data, error } = useLoad(load, EVENTS_POLL_MS);
  return (
    <section className="card">
      <h2>{text.camera.recentEvents}</h2>
      <ErrorNote message={error} />
      {data?.items.length === 0 && <p className="quiet">{text.events.none}</p>}
      <ol className="feed" data-testid="recent-events">
        {data?.items.map((event) => (
          <li key={event.id}>
            <time dateTime={event.time} title={formatDateTime(event.time)}>
              {formatClock(event.time)}
            </time>
            <a href={hrefOf("playback", { camera: cameraId, at: event.time })}>
              {describeEvent(event)}
            </a>
          </li>
        ))}
      </ol>
      <a href={hrefOf("events", { camera: cameraId })}>{text.camera.allEvents}</a>
    </section>
  );
}
