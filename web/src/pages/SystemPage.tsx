import { useCallback } from "react";
import type { CameraStatus, StreamStatus } from "../api";
import { faultName, recordingWord } from "../describe";
import { formatBitrate, formatClock, formatCount, formatDateTime } from "../format";
import { cameraHref } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Loading, Page, StateMark } from "../ui/parts";
import { useLoad } from "../useLoad";

const POLL_MS = 2000;
const words = text.system;

/** Heading and cell of every stream column. */
const STREAM_COLUMNS: readonly {
  heading: string;
  number: boolean;
  cell(stream: StreamStatus): string;
}[] = [
  { heading: words.stream, number: false, cell: (s) => s.role },
  {
    heading: words.picture,
    number: false,
    cell: (s) => (s.width > 0 ? `${s.codec} ${s.width}×${s.height}` : words.none),
  },
  {
    heading: words.rate,
    number: true,
    cell: (s) =>
      s.fps > 0 ? `${s.fps.toFixed(1)} fps, ${formatBitrate(s.bitrate_bps)}` : words.none,
  },
  { heading: words.recording, number: false, cell: recordingWord },
  { heading: words.unrecorded, number: true, cell: (s) => formatCount(s.unrecorded_packets) },
  { heading: words.packets, number: true, cell: (s) => formatCount(s.packets) },
  { heading: words.reconnects, number: true, cell: (s) => formatCount(s.reconnects) },
  {
    heading: words.lastPacket,
    number: true,
    cell: (s) => (s.last_packet ? formatClock(s.last_packet) : words.none),
  },
];

export function SystemPage() {
  const api = useApi();
  const load = useCallback(
    async (signal: AbortSignal) => ({ cameras: await api.statuses(signal), at: Date.now() }),
    [api],
  );
  const { data, error, reload } = useLoad(load, POLL_MS);
  return (
    <Page
      title={words.title}
      tools={data && <span className="quiet">{words.refreshed(formatClock(data.at))}</span>}
    >
      <ErrorNote message={error} onRetry={reload} />
      {data === null && error === "" && <Loading />}
      {data?.cameras.length === 0 && <p className="quiet">{text.live.noCameras}</p>}
      {data !== null && data.cameras.length > 0 && (
        <div className="card scroll">
          <table className="table table--grouped" data-testid="status-table">
            <thead>
              <tr>
                <th scope="col">{words.camera}</th>
                <th scope="col">{words.state}</th>
                {STREAM_COLUMNS.map((column) => (
                  <th
                    scope="col"
                    key={column.heading}
                    className={column.number ? "number" : undefined}
                  >
                    {column.heading}
                  </th>
                ))}
                <th scope="col" className="number">
                  {words.looks}
                </th>
                <th scope="col" className="number">
                  {words.unknown}
                </th>
                <th scope="col" className="number">
                  {words.latency}
                </th>
              </tr>
            </thead>
            {data.cameras.map((camera) => (
              <CameraRows key={camera.id} camera={camera} />
            ))}
          </table>
        </div>
      )}
    </Page>
  );
}

function CameraRows({ camera }: { camera: CameraStatus }) {
  const streams: readonly (StreamStatus | null)[] =
    camera.streams.length > 0 ? camera.streams : [null];
  const rows = streams.length;
  const { vision } = camera;
  const rowOf = (stream: StreamStatus | null, i: number) => (
    <tr key={stream?.role ?? "none"}>
      {i === 0 && (
        <>
          <th scope="rowgroup" rowSpan={rows}>
            <a href={cameraHref(camera.id)}>{camera.name || camera.id}</a>
          </th>
          <td rowSpan={rows}>
            <StateMark state={camera.state} />
            {camera.since && <div className="quiet">{formatDateTime(camera.since)}</div>}
            {camera.error !== "" && <div className="bad">{camera.error}</div>}
            {vision?.faults?.map((fault) => (
              <div className="bad" key={fault}>
                {faultName(fault)}
              </div>
            ))}
          </td>
        </>
      )}
      {STREAM_COLUMNS.map((column) => (
        <td key={column.heading} className={column.number ? "number" : undefined}>
          {stream === null ? words.none : column.cell(stream)}
        </td>
      ))}
      {i === 0 && (
        <>
          <td rowSpan={rows} className="number">
            {vision ? vision.looks_per_s.toFixed(1) : words.none}
          </td>
          <td rowSpan={rows} className="number">
            {vision ? formatCount(vision.unknown) : words.none}
          </td>
          <td rowSpan={rows} className="number">
            {vision ? `${Math.round(vision.latency_ms_p95)} ms` : words.none}
          </td>
        </>
      )}
    </tr>
  );
  return <tbody data-testid={`status-${camera.id}`}>{streams.map(rowOf)}</tbody>;
}
