import { useCallback, useState } from "react";
import { formatDateTime, formatDuration } from "../format";
import { lookUp } from "../lookUp";
import { hrefOf, replaceRoute } from "../router";
import { useApi, useUser } from "../session";
import { text } from "../text";
import type { Incident } from "../traffic/types";
import { ErrorNote, Field, Loading, Page, TableHead } from "../ui/parts";
import { useAct } from "../useAct";
import { useLoad } from "../useLoad";

const words = text.incidents;
const POLL_MS = 5000;
const PAGE_SIZE = 100;

interface Filter {
  camera: string;
  kind: string;
  severity: string;
  state: string;
}

export function IncidentsPage({ params }: { params: URLSearchParams }) {
  const api = useApi();
  const loadCameras = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data: cameras } = useLoad(loadCameras);
  const filter: Filter = {
    camera: params.get("camera") ?? "",
    kind: params.get("kind") ?? "",
    severity: params.get("severity") ?? "",
    state: params.get("state") ?? "",
  };
  const change = (part: Partial<Filter>) =>
    replaceRoute(hrefOf("incidents", { ...filter, ...part }));
  const choices: readonly [keyof Filter, string, readonly (readonly [string, string])[]][] = [
    ["camera", words.camera, cameras?.map((c) => [c.id, c.name || c.id] as const) ?? []],
    ["kind", words.kindLabel, Object.entries(words.kind)],
    ["severity", words.severityLabel, Object.entries(words.severity)],
    [
      "state",
      words.stateLabel,
      [
        ["open", words.open],
        ["closed", words.closed],
        ["unseen", words.unseen],
      ],
    ],
  ];
  const names = new Map(cameras?.map((camera) => [camera.id, camera.name || camera.id]));
  return (
    <Page title={words.title}>
      <search className="filters">
        {choices.map(([key, label, options]) => (
          <Field key={key} label={label}>
            <select
              value={filter[key]}
              data-testid={`incident-${key}`}
              onChange={(e) => change({ [key]: e.target.value })}
            >
              <option value="">{words.all}</option>
              {options.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
        ))}
      </search>
      <IncidentList key={JSON.stringify(filter)} filter={filter} names={names} />
    </Page>
  );
}

function IncidentList({ filter, names }: { filter: Filter; names: ReadonlyMap<string, string> }) {
  const api = useApi();
  const [pages, setPages] = useState(1);
  const { camera, kind, severity, state } = filter;
  const load = useCallback(
    async (signal: AbortSignal) => {
      const query = {
        camera,
        kind,
        severity,
        open: state === "open" ? "true" : state === "closed" ? "false" : "",
        acknowledged: state === "unseen" ? "false" : "",
        limit: PAGE_SIZE,
      };
      const items: Incident[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < pages; page += 1) {
        const found = await api.incidents({ ...query, cursor: cursor ?? "" }, signal);
        items.push(...found.items);
        cursor = found.next_cursor;
        if (cursor === null) break;
      }
      return { items, more: cursor !== null };
    },
    [api, camera, kind, severity, state, pages],
  );
  const { data, error, reload } = useLoad(load, POLL_MS);
  return (
    <section className="card scroll">
      <ErrorNote message={error} onRetry={reload} />
      {data === null && error === "" && <Loading />}
      {data?.items.length === 0 && <p className="quiet">{words.none}</p>}
      {data !== null && data.items.length > 0 && (
        <table className="table" data-testid="incidents">
          <TableHead
            names={[words.began, words.camera, words.what, words.stateLabel, words.handled]}
          />
          <tbody>
            {data.items.map((incident) => (
              <IncidentRow
                key={incident.id}
                incident={incident}
                camera={names.get(incident.camera) ?? incident.camera}
                onHandled={reload}
              />
            ))}
          </tbody>
        </table>
      )}
      {data?.more && (
        <button type="button" className="button" onClick={() => setPages((n) => n + 1)}>
          {words.older}
        </button>
      )}
    </section>
  );
}

function IncidentRow(props: { incident: Incident; camera: string; onHandled(): void }) {
  const { incident, camera, onHandled } = props;
  const api = useApi();
  const mayHandle = useUser().role !== "viewer";
  const { act, busy, problem } = useAct();
  const say = (falseAlarm: boolean) =>
    act(async () => {
      await api.acknowledge(incident.id, falseAlarm ? { false_alarm: true } : {});
      onHandled();
    });
  const lastedS =
    incident.closed === null
      ? null
      : (Date.parse(incident.closed) - Date.parse(incident.opened)) / 1000;
  return (
    <tr className={incident.false_alarm ? "incident--false" : undefined}>
      <td className="nowrap">
        <time dateTime={incident.opened}>{formatDateTime(incident.opened)}</time>
      </td>
      <td>{camera}</td>
      <td className="incident__what">
        <span className={`badge badge--${incident.severity}`}>
          {words.severity[incident.severity]}
        </span>{" "}
        <strong>{lookUp(words.kind, incident.kind) ?? incident.kind}</strong>
        <p>{incident.explanation}</p>
        <a href={hrefOf("playback", { camera: incident.camera, at: incident.clip_since })}>
          {words.watch}
        </a>
      </td>
      <td className="nowrap">
        {lastedS === null ? words.lasting : words.lasted(formatDuration(lastedS))}
      </td>
      <td>
        {incident.acknowledged !== null && (
          <p>{words.seenBy(incident.acknowledged_by, formatDateTime(incident.acknowledged))}</p>
        )}
        {incident.false_alarm && <p className="quiet">{words.wasFalse}</p>}
        {mayHandle && !incident.false_alarm && (
          <div className="card__acts">
            {incident.acknowledged === null && (
              <button
                type="button"
                className="button button--small"
                disabled={busy}
                onClick={() => say(false)}
              >
                {words.seen}
              </button>
            )}
            <button
              type="button"
              className="button button--small"
              disabled={busy}
              onClick={() => say(true)}
            >
              {words.falseAlarm}
            </button>
          </div>
        )}
        <ErrorNote message={problem} />
      </td>
    </tr>
  );
}
