import { useCallback } from "react";
import { formatBytes, formatCount, formatDateTime, formatDays, formatDuration } from "../format";
import { useApi, useUser } from "../session";
import { ExportsTable } from "../storage/ExportsTable";
import { HoldsTable } from "../storage/HoldsTable";
import type { Forecast, RetentionPreview, StorageView } from "../storage/types";
import { text } from "../text";
import { ErrorNote, Loading, Page, TableHead } from "../ui/parts";
import { useLoad } from "../useLoad";

const words = text.storage;
const POLL_MS = 15_000;

export function StoragePage() {
  const api = useApi();
  const user = useUser();
  const mayChange = user.role !== "viewer";
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [storage, forecast] = await Promise.all([api.storage(signal), api.forecast(signal)]);
      return { storage, forecast };
    },
    [api],
  );
  const { data, error, reload } = useLoad(load, POLL_MS);
  return (
    <Page title={words.title}>
      <ErrorNote message={error} onRetry={reload} />
      {data === null && error === "" && <Loading />}
      {data !== null && (
        <div className="stack">
          {data.storage.problems.map((problem) => (
            <ErrorNote key={problem} message={problem} />
          ))}
          <Disk forecast={data.forecast} />
          <Holdings storage={data.storage} />
          {mayChange && <ExportsTable />}
          {mayChange && <HoldsTable />}
          {mayChange && <DueNext />}
        </div>
      )}
    </Page>
  );
}

function Disk({ forecast }: { forecast: Forecast }) {
  const used = forecast.total_bytes - forecast.free_bytes;
  const share = forecast.total_bytes > 0 ? used / forecast.total_bytes : 0;
  const perDay = forecast.bytes_per_day.mean;
  const facts: readonly [string, string][] = [
    [words.used, words.of(formatBytes(used), formatBytes(forecast.total_bytes))],
    [words.perDay, perDay > 0 ? formatBytes(perDay) : words.notKnown],
    [words.fullIn, forecast.full_in_days ? formatDays(forecast.full_in_days.mean) : words.notKnown],
    [words.holds, forecast.holds_days ? formatDays(forecast.holds_days.mean) : words.notKnown],
    [words.policy, policyText(forecast)],
  ];
  return (
    <section className="card" aria-labelledby="disk">
      <h2 id="disk">{words.disk}</h2>
      <meter className="meter" min={0} max={1} high={0.85} optimum={0} value={share}>
        {Math.round(share * 100)} %
      </meter>
      <dl className="facts" data-testid="disk-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {forecast.is_rough && <p className="quiet">{words.rough}</p>}
    </section>
  );
}

function policyText({ keeps_policy, first_breach }: Forecast): string {
  if (keeps_policy === null) return words.notKnown;
  if (keeps_policy) return words.kept;
  return words.breach(first_breach === null ? "" : formatDateTime(first_breach));
}

function Holdings({ storage }: { storage: StorageView }) {
  const missed = new Map(storage.gaps.map((gap) => [gap.camera_id, gap.total_s]));
  return (
    <section className="card scroll" aria-labelledby="holdings">
      <h2 id="holdings">{words.recordings}</h2>
      <table className="table" data-testid="holdings">
        <TableHead names={words.holdingColumns} />
        <tbody>
          {storage.holdings.map((h) => (
            <tr key={`${h.camera_id} ${h.tier}`}>
              <th scope="row">{h.camera_id}</th>
              <td>{h.tier}</td>
              <td>{formatCount(h.files)}</td>
              <td>{formatBytes(h.size_bytes)}</td>
              <td>{formatDateTime(h.oldest)}</td>
              <td>{formatDateTime(h.newest)}</td>
              <td>{formatDuration(missed.get(h.camera_id) ?? 0)}</td>
              <td>{formatCount(h.damaged_files)}</td>
              <td>{formatCount(h.missing_files)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {storage.garbage_files > 0 && (
        <p className="quiet">
          {words.garbage(formatCount(storage.garbage_files), formatBytes(storage.garbage_bytes))}
        </p>
      )}
    </section>
  );
}

function DueNext() {
  const api = useApi();
  const load = useCallback((signal: AbortSignal) => api.retentionPreview(signal), [api]);
  const { data, error, reload } = useLoad(load);
  return (
    <section className="card scroll" aria-labelledby="due">
      <h2 id="due">{words.due}</h2>
      <ErrorNote message={error} onRetry={reload} />
      {data === null && error === "" && <Loading />}
      {data !== null && <DueTable preview={data} />}
    </section>
  );
}

function DueTable({ preview }: { preview: RetentionPreview }) {
  if (preview.items.length === 0) return <p className="quiet">{words.nothingDue}</p>;
  return (
    <table className="table" data-testid="due">
      <TableHead names={words.dueColumns} />
      <tbody>
        {preview.items.map((item) => (
          <tr key={`${item.data_class} ${item.camera} ${item.action} ${item.reason}`}>
            <th scope="row">{item.data_class.replaceAll("_", " ")}</th>
            <td>{item.camera ?? ""}</td>
            <td>{item.action}</td>
            <td>{item.reason}</td>
            <td>{formatCount(item.count)}</td>
            <td>{item.size_bytes > 0 ? formatBytes(item.size_bytes) : ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
