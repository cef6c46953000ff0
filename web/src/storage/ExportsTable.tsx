/** Exports with their progress and what came of them. */

import { useCallback } from "react";
import { formatBytes, formatDateTime } from "../format";
import { lookUp } from "../lookUp";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, TableHead } from "../ui/parts";
import { useAct } from "../useAct";
import { useLoad } from "../useLoad";
import type { ExportView } from "./types";
import { isUnderWay, ownUrl } from "./types";

const words = text.exports;
const POLL_MS = 2000;

export function ExportsTable() {
  const api = useApi();
  const load = useCallback((signal: AbortSignal) => api.exports(signal), [api]);
  const { data, error, reload } = useLoad(load, POLL_MS);
  const { act, busy, problem } = useAct();
  const then = (what: Promise<unknown>) => act(() => what.then(reload));
  return (
    <section className="card scroll" aria-labelledby="exports">
      <h2 id="exports">{words.title}</h2>
      <ErrorNote message={error || problem} onRetry={reload} />
      {data?.length === 0 && <p className="quiet">{words.none}</p>}
      {data !== null && data.length > 0 && (
        <table className="table" data-testid="exports">
          <TableHead names={words.columns} />
          <tbody>
            {data.map((item) => (
              <tr key={item.id} data-state={item.state}>
                <td>{formatDateTime(item.created)}</td>
                <td>{item.cameras.join(", ")}</td>
                <td>
                  {formatDateTime(item.since)} – {formatDateTime(item.until)}
                </td>
                <td>
                  <State item={item} />
                </td>
                <td>{item.size_bytes > 0 ? formatBytes(item.size_bytes) : ""}</td>
                <td>{item.author}</td>
                <td className="group">
                  <Files item={item} />
                  {isUnderWay(item.state) ? (
                    <button
                      type="button"
                      className="button button--small"
                      disabled={busy}
                      onClick={() => then(api.cancelExport(item.id))}
                    >
                      {words.cancel}
                    </button>
                  ) : (
                    <button
                      type="button"
                      className="button button--small"
                      disabled={busy}
                      onClick={() => then(api.removeExport(item.id))}
                    >
                      {words.remove}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function State({ item }: { item: ExportView }) {
  return (
    <>
      {lookUp(words.state, item.state) ?? item.state}
      {item.state === "running" && (
        <progress className="progress" max={1} value={item.progress}>
          {Math.round(item.progress * 100)} %
        </progress>
      )}
      {item.problem !== "" && <div className="quiet">{item.problem}</div>}
    </>
  );
}

function Files({ item }: { item: ExportView }) {
  const zip = ownUrl(item.zip_url);
  if (zip === null) return null;
  return (
    <a className="button button--small" href={zip} download>
      {words.download}
    </a>
  );
}
