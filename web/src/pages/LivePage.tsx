import { useCallback, useState } from "react";
import type { Camera } from "../api";
import { LiveView } from "../live/LiveView";
import type { LiveStatus } from "../live/player";
import { INITIAL_STATUS } from "../live/player";
import { cameraHref } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Loading, Page, toneOf } from "../ui/parts";
import { useLoad } from "../useLoad";

const COLUMNS = ["auto", "1", "2", "3", "4"] as const;
type Columns = (typeof COLUMNS)[number];
const STORED = "itscam.live.columns";
const LIST_POLL_MS = 30_000;

export function LivePage() {
  const api = useApi();
  const load = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data, error, reload } = useLoad(load, LIST_POLL_MS);
  const [columns, setColumns] = useState<Columns>(storedColumns);
  const choose = (wanted: Columns) => {
    localStorage.setItem(STORED, wanted);
    setColumns(wanted);
  };
  const cameras = data?.filter((camera) => camera.enabled);
  return (
    <Page title={text.live.title} tools={<ColumnChoice columns={columns} onChoose={choose} />}>
      <ErrorNote message={error} onRetry={reload} />
      {cameras === undefined && error === "" && <Loading />}
      {cameras?.length === 0 && <p className="quiet">{text.live.noCameras}</p>}
      <ul className={`grid grid--${columns}`} data-testid="live-grid">
        {cameras?.map((camera) => (
          <LiveTile key={camera.id} camera={camera} />
        ))}
      </ul>
    </Page>
  );
}

function storedColumns(): Columns {
  const stored = localStorage.getItem(STORED);
  return COLUMNS.find((c) => c === stored) ?? "auto";
}

function ColumnChoice({
  columns,
  onChoose,
}: {
  columns: Columns;
  onChoose(columns: Columns): void;
}) {
  return (
    <fieldset className="choice">
      <legend className="choice__legend">{text.live.columns}</legend>
      {COLUMNS.map((value) => (
        <label key={value} className="choice__item">
          <input
            type="radio"
            name="columns"
            checked={columns === value}
            onChange={() => onChoose(value)}
          />
          <span>{value === "auto" ? text.live.columnsAuto : value}</span>
        </label>
      ))}
    </fieldset>
  );
}

function LiveTile({ camera }: { camera: Camera }) {
  const [status, setStatus] = useState<LiveStatus>(INITIAL_STATUS);
  const name = camera.name || camera.id;
  const tone = toneOf(status.cameraState || "connecting");
  return (
    <li className="tile" data-testid={`tile-${camera.id}`} data-state={status.phase}>
      <div className="tile__picture">
        <LiveView cameraId={camera.id} name={name} onStatus={setStatus} />
        <a className="tile__link" href={cameraHref(camera.id)}>
          <span className="visually-hidden">{text.live.open(name)}</span>
        </a>
      </div>
      <div className="tile__foot">
        <span className={`state__dot state__dot--${tone}`} aria-hidden="true" />
        <span className="tile__name">{name}</span>
        <span className="tile__figures">
          <TileCounts cameraId={camera.id} status={status} />
          {status.latencyMs !== null && status.phase === "playing" && (
            <span className="tile__latency">{text.live.latency(status.latencyMs)}</span>
          )}
        </span>
      </div>
    </li>
  );
}

function TileCounts({ cameraId, status }: { cameraId: string; status: LiveStatus }) {
  const lines = Object.values(status.counts.lines);
  const zones = Object.values(status.counts.zones);
  const sum = (way: "in" | "out") => lines.reduce((all, line) => all + (line[way].total ?? 0), 0);
  return (
    <>
      {lines.length > 0 && (
        <span data-testid={`tile-counts-${cameraId}`}>
          {text.camera.in} <b>{sum("in")}</b> {text.camera.out} <b>{sum("out")}</b>
        </span>
      )}
      {zones.length > 0 && (
        <span>
          <b>{zones.reduce((all, zone) => all + zone.occupancy, 0)}</b> {text.live.inside}
        </span>
      )}
    </>
  );
}
