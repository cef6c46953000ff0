/** What is locked or held, and by whom. */

import { useCallback } from "react";
import { formatDateTime } from "../format";
import { lookUp } from "../lookUp";
import { hrefOf } from "../router";
import { useApi, useUser } from "../session";
import { text } from "../text";
import { ErrorNote, TableHead } from "../ui/parts";
import { useAct } from "../useAct";
import { useLoad } from "../useLoad";

const words = text.holds;

export function HoldsTable() {
  const api = useApi();
  const user = useUser();
  const load = useCallback((signal: AbortSignal) => api.holds({}, signal), [api]);
  const { data, error, reload } = useLoad(load);
  const { act, busy, problem } = useAct();
  const release = (id: string) =>
    globalThis.confirm(words.sure) && act(() => api.releaseHold(id).then(reload));
  return (
    <section className="card scroll" aria-labelledby="holds">
      <h2 id="holds">{words.title}</h2>
      <ErrorNote message={error || problem} onRetry={reload} />
      {data?.length === 0 && <p className="quiet">{words.none}</p>}
      {data !== null && data.length > 0 && (
        <table className="table" data-testid="holds">
          <TableHead names={words.columns} />
          <tbody>
            {data.map((hold) => (
              <tr key={hold.id}>
                <td>{lookUp(words.kind, hold.kind) ?? hold.kind}</td>
                <td>
                  {hold.camera === null ? (
                    words.every
                  ) : (
                    <a href={hrefOf("playback", { camera: hold.camera, at: hold.since })}>
                      {hold.camera}
                    </a>
                  )}
                </td>
                <td>
                  {formatDateTime(hold.since)} – {formatDateTime(hold.until)}
                </td>
                <td>{hold.reason}</td>
                <td>{hold.author}</td>
                <td>
                  {(hold.kind === "lock" || user.role === "admin") && (
                    <button
                      type="button"
                      className="button button--small"
                      disabled={busy}
                      onClick={() => release(hold.id)}
                    >
                      {words.release}
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
