import { useCallback, useEffect, useRef, useState } from "react";
import type { CameraEvent, EventQuery } from "../api";
import { describeEvent, kindName } from "../describe";
import { formatDateTime } from "../format";
import { hrefOf, replaceRoute } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Field, Loading, Page } from "../ui/parts";
import { useLoad } from "../useLoad";

const words = text.events;
const PAGE_SIZE = 50;

interface Filter {
  camera: string;
  kind: string;
  /** Local date and time as the input gives it: "2026-03-01T12:00". */
  since: string;
  until: string;
}

const filterOf = (params: URLSearchParams): Filter => ({
  camera: params.get("camera") ?? "",
  kind: params.get("kind") ?? "",
  since: params.get("since") ?? "",
  until: params.get("until") ?? "",
});

function queryOf(filter: Filter): EventQuery {
  const moment = (local: string): string | undefined => {
    const date = new Date(local);
    return local === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  };
  return {
    camera: filter.camera,
    kind: filter.kind,
    since: moment(filter.since),
    until: moment(filter.until),
    limit: PAGE_SIZE,
  };
}

export function EventsPage({ params }: { params: URLSearchParams }) {
  const api = useApi();
  const loadCameras = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data: cameras } = useLoad(loadCameras);
  const filter = filterOf(params);
  const names = new Map(cameras?.map((camera) => [camera.id, camera.name || camera.id]));
  const change = (part: Partial<Filter>) => replaceRoute(hrefOf("events", { ...filter, ...part }));

  return (
    <Page title={words.title}>
      <search className="filters">
        <Field label={words.camera}>
          <select
            value={filter.camera}
            data-testid="filter-camera"
            onChange={(e) => change({ camera: e.target.value })}
          >
            <option value="">{words.allCameras}</option>
            {[...names].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.kind}>
          <select
            value={filter.kind}
            data-testid="filter-kind"
            onChange={(e) => change({ kind: e.target.value })}
          >
            <option value="">{words.allKinds}</option>
            {Object.keys(text.kind).map((kind) => (
              <option key={kind} value={kind}>
                {kindName(kind)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.since}>
          <input
            type="datetime-local"
            value={filter.since}
            onChange={(e) => change({ since: e.target.value })}
          />
        </Field>
        <Field label={words.until}>
          <input
            type="datetime-local"
            value={filter.until}
            onChange={(e) => change({ until: e.target.value })}
          />
        </Field>
        <button type="button" className="button" onClick={() => replaceRoute(hrefOf("events"))}>
          {words.clear}
        </button>
      </search>
      <EventList key={JSON.stringify(filter)} filter={filter} names={names} />
    </Page>
  );
}

function EventList({ filter, names }: { filter: Filter; names: ReadonlyMap<string, string> }) {
  const { items, error, busy, atEnd, more, retry, reload } = useEventPages(filter);
  const foot = useNearEnd(more);
  return (
    <div className="card">
      <div className="bar">
        <span className="quiet">{items.length > 0 && words.loaded(items.length)}</span>
        <button type="button" className="button button--small bar__end" onClick={reload}>
          {words.refresh}
        </button>
      </div>
      {items.length > 0 && (
        <div className="scroll">
          <table className="table" data-testid="events-table">
            <thead>
              <tr>
                <th scope="col">{words.time}</th>
                <th scope="col">{words.camera}</th>
                <th scope="col">{words.kind}</th>
                <th scope="col">{words.what}</th>
                <th scope="col" className="number">
                  {words.track}
                </th>
                <th scope="col">
                  <span className="visually-hidden">{words.watch}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((event) => (
                <EventRow key={event.id} event={event} camera={names.get(event.camera_id)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ErrorNote message={error} onRetry={retry} />
      {busy && <Loading />}
      {!busy && error === "" && items.length === 0 && <p className="quiet">{words.none}</p>}
      {atEnd && items.length > 0 && <p className="quiet">{words.end}</p>}
      <div ref={foot} />
      {!atEnd && !busy && error === "" && (
        <button type="button" className="button" onClick={more}>
          {words.more}
        </button>
      )}
    </div>
  );
}

function EventRow({ event, camera }: { event: CameraEvent; camera: string | undefined }) {
  return (
    <tr>
      <td className="nowrap">
        <time dateTime={event.time}>{formatDateTime(event.time)}</time>
      </td>
      <td>{event.camera_id === "" ? words.wholeSite : (camera ?? event.camera_id)}</td>
      <td className="nowrap">{kindName(event.kind)}</td>
      <td>{describeEvent(event)}</td>
      <td className="number">{event.track_id ?? ""}</td>
      <td>
        {event.camera_id !== "" && (
          <a
            href={hrefOf("playback", { camera: event.camera_id, at: event.time })}
            aria-label={words.watchAt(formatDateTime(event.time))}
          >
            {words.watch}
          </a>
        )}
      </td>
    </tr>
  );
}

/** Events page by page. The caller makes a new component for another filter. */
function useEventPages(filter: Filter) {
  const api = useApi();
  const [query] = useState(() => queryOf(filter));
  const [items, setItems] = useState<readonly CameraEvent[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<"busy" | "idle" | "end" | "failed">("busy");
  const [error, setError] = useState("");

  // One round is one request: the first page, or the one after `cursor`.
  // biome-ignore lint/correctness/useExhaustiveDependencies: cursor changes with the answer, which must ask for nothing
  useEffect(() => {
    const abort = new AbortController();
    api
      .events({ ...query, cursor: cursor ?? undefined }, abort.signal)
      .then((page) => {
        setItems((before) => (cursor === null ? page.items : [...before, ...page.items]));
        setCursor(page.next_cursor);
        setState(page.next_cursor ? "idle" : "end");
      })
      .catch((failure: unknown) => {
        if (abort.signal.aborted) return;
        setError(failure instanceof Error ? failure.message : text.unexpected);
        setState("failed");
      });
    return () => abort.abort();
  }, [api, query, round]);

  const ask = useCallback(() => {
    setState("busy");
    setError("");
    setRound((n) => n + 1);
  }, []);
  const more = useCallback(() => {
    if (state === "idle") ask();
  }, [state, ask]);
  const reload = useCallback(() => {
    setCursor(null);
    ask();
  }, [ask]);
  return { items, error, busy: state === "busy", atEnd: state === "end", more, retry: ask, reload };
}

/** Calls `more` when the element at the end of the list comes near the screen. */
function useNearEnd(more: () => void) {
  const foot = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (foot.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => entries.at(-1)?.isIntersecting && more(),
      { rootMargin: "300px" },
    );
    observer.observe(foot.current);
    return () => observer.disconnect();
  }, [more]);
  return foot;
}
