import { useCallback, useEffect, useMemo, useState } from "react";
import type { ApiClient, Camera, CameraEvent, Point } from "../api";
import { pictureUrl } from "../api";
import { formatClock, formatDay, formatDuration } from "../format";
import { AreaDrawing } from "../playback/AreaDrawing";
import { CameraChoice } from "../playback/CameraChoice";
import type { Marked } from "../playback/EvidencePanel";
import { EvidencePanel, spanOf } from "../playback/EvidencePanel";
import { Screens } from "../playback/Screens";
import { Timeline } from "../playback/Timeline";
import { Transport } from "../playback/Transport";
import type { Span } from "../playback/timeline";
import { daySpan, fitWindow, joined, shiftDay, spansOf, within, zoom } from "../playback/timeline";
import type { Playback } from "../playback/usePlayback";
import { usePlayback } from "../playback/usePlayback";
import { hrefOf, replaceRoute } from "../router";
import { useApi, useUser } from "../session";
import { text } from "../text";
import { ErrorNote, Field, Loading, Page } from "../ui/parts";
import { useLoad } from "../useLoad";

const words = text.playback;
const TODAY_POLL_MS = 15_000;
const EVENT_PAGES_MAX = 10;
const EVENTS_PER_PAGE = 200;
/** Parts of the day for which activity is asked: five minutes each. */
const BUCKETS = 288;
const EMPTY_LANE = { stretches: [], moving: [] };

export function PlaybackPage({ params }: { params: URLSearchParams }) {
  const api = useApi();
  const loadCameras = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data: cameras, error } = useLoad(loadCameras);
  const asked = params.get("camera") ?? cameras?.[0]?.id ?? "";
  const at = params.get("at");
  const atMs = at === null ? Number.NaN : Date.parse(at);
  const askedDay = Number.isNaN(atMs) ? (params.get("day") ?? "") : formatDay(new Date(atMs));
  const day = daySpan(askedDay) === null ? formatDay(new Date()) : askedDay;
  const go = (wanted: { camera?: string; day?: string }) =>
    replaceRoute(hrefOf("playback", { camera: asked, day, ...wanted }));
  const chosen = useMemo(() => chosenCameras(asked, cameras ?? []), [asked, cameras]);

  return (
    <Page
      title={words.title}
      tools={
        <>
          <CameraChoice
            cameras={cameras ?? []}
            chosen={chosen.map((camera) => camera.id)}
            onChosen={(ids) => go({ camera: ids.join(",") })}
          />
          <DayChoice day={day} onDay={(wanted) => go({ day: wanted })} />
        </>
      }
    >
      <ErrorNote message={error} />
      {cameras?.length === 0 && <p className="quiet">{text.live.noCameras}</p>}
      {chosen.length > 0 && <Day key={`${asked} ${day}`} cameras={chosen} day={day} at={at} />}
    </Page>
  );
}

type Named = Pick<Camera, "id" | "name">;

/** `gate,yard` → the two cameras; a name that is gone still shows its recordings. */
function chosenCameras(asked: string, cameras: readonly Camera[]): Named[] {
  return asked
    .split(",")
    .filter((id) => id !== "")
    .map((id) => cameras.find((camera) => camera.id === id) ?? { id, name: "" });
}

function DayChoice({ day, onDay }: { day: string; onDay(day: string): void }) {
  return (
    <div className="group">
      <Field label={words.day}>
        <input
          type="date"
          value={day}
          data-testid="playback-day"
          onChange={(e) => e.target.value !== "" && onDay(e.target.value)}
        />
      </Field>
      <button
        type="button"
        className="button"
        aria-label={words.previousDay}
        onClick={() => onDay(shiftDay(day, -1))}
      >
        ‹
      </button>
      <button
        type="button"
        className="button"
        aria-label={words.nextDay}
        onClick={() => onDay(shiftDay(day, 1))}
      >
        ›
      </button>
    </div>
  );
}

function Day({ cameras, day, at }: { cameras: readonly Named[]; day: string; at: string | null }) {
  const span = useMemo(() => daySpan(day) ?? { startMs: 0, endMs: 1 }, [day]);
  // Names come later than ids; what was loaded for these cameras stays.
  const idList = cameras.map((camera) => camera.id).join(",");
  const ids = useMemo(() => idList.split(","), [idList]);
  const { lanes, marks, eventsMs, error, reload } = useDay(ids, span);
  const recorded = ids.filter((_, i) => (lanes?.[i]?.stretches.length ?? 0) > 0).join(",");
  const playback = usePlayback({ cameras: ids, span, recorded });
  const [chosen, setChosen] = useState<Span | null>(null);
  const all = useMemo(() => joined((lanes ?? []).flatMap((lane) => lane.stretches)), [lanes]);
  const fitted = useMemo(() => fitWindow(all, span), [all, span]);
  const window = chosen ?? fitted;
  const { standing, conductor } = playback;
  const [marked, setMarked] = useState<Marked>({ fromMs: null, toMs: null });
  const [area, setArea] = useState<readonly Point[]>([]);
  const [drawing, setDrawing] = useState(false);
  const user = useUser();

  useSeekOnce(playback, lanes !== null, at, setChosen, span);
  return (
    <>
      <ErrorNote message={error} onRetry={reload} />
      <Screens
        playback={playback}
        cameras={cameras}
        overlay={drawing && <AreaDrawing aspect={playback.aspect} area={area} onArea={setArea} />}
      />
      <div className="card playback">
        {lanes === null && <Loading />}
        {lanes !== null && all.length === 0 && <p className="quiet">{words.nothing}</p>}
        <Timeline
          day={span}
          window={window}
          lanes={cameras.map((camera, i) => ({ ...camera, ...(lanes?.[i] ?? EMPTY_LANE) }))}
          eventsMs={eventsMs}
          marks={marks}
          chosen={spanOf(marked)}
          momentMs={standing.momentMs}
          onWindow={setChosen}
          onSeek={(momentMs) => conductor.seek(momentMs, true)}
        />
        <div className="bar">
          <Transport playback={playback} />
          <span className="bar__figures" data-testid="playback-time">
            {standing.momentMs !== null && formatClock(standing.momentMs)}
          </span>
          {standing.momentMs !== null && ids[0] !== undefined && (
            <a
              className="button"
              href={pictureUrl(ids[0], standing.momentMs)}
              download={`${ids[0]}-${new Date(standing.momentMs).toISOString()}.jpg`}
            >
              {words.snapshot}
            </a>
          )}
          <span className="quiet" data-testid="recorded" data-s={Math.round(totalS(all))}>
            {all.length > 0 && words.recorded(formatDuration(totalS(all)))}
          </span>
          <ZoomButtons
            window={window}
            day={span}
            fitted={fitted}
            about={standing.momentMs}
            onWindow={setChosen}
          />
        </div>
      </div>
      {user.role !== "viewer" && (
        <EvidencePanel
          cameras={ids}
          day={span}
          momentMs={standing.momentMs}
          marked={marked}
          onMarked={setMarked}
          area={area}
          onArea={setArea}
          onDrawing={setDrawing}
          onSeek={(momentMs) => conductor.seek(momentMs, true)}
          onChanged={reload}
        />
      )}
    </>
  );
}

const totalS = (spans: readonly Span[]): number =>
  spans.reduce((sum, span) => sum + (span.endMs - span.startMs) / 1000, 0);

/** A link such as an event's leads to a moment: go there once, when the recordings are known. */
function useSeekOnce(
  playback: Playback,
  ready: boolean,
  at: string | null,
  onWindow: (window: Span) => void,
  day: Span,
): void {
  const [done, setDone] = useState<string | null>(null);
  const { conductor } = playback;
  useEffect(() => {
    if (!ready || at === null || at === done) return;
    const momentMs = Date.parse(at);
    if (Number.isNaN(momentMs)) return;
    setDone(at);
    // A little before, so that one sees it coming.
    conductor.seek(momentMs - 3000, true);
    onWindow(within({ startMs: momentMs - 300_000, endMs: momentMs + 300_000 }, day));
  }, [conductor, ready, at, done, onWindow, day]);
}

function useDay(cameras: readonly string[], span: Span) {
  const api = useApi();
  const isToday = span.endMs > Date.now();
  const pollMs = isToday ? TODAY_POLL_MS : null;
  const loadLanes = useCallback(
    (signal: AbortSignal) =>
      Promise.all(
        cameras.map(async (camera) => {
          const [since, until] = [new Date(span.startMs), new Date(span.endMs)];
          const told = await api.timeline(camera, since, until, BUCKETS, signal);
          return {
            stretches: spansOf(told.stretches),
            moving: told.activity.moving,
            marks: told.bookmarks.map((m) => ({ atMs: Date.parse(m.since), title: m.title })),
          };
        }),
      ),
    [api, cameras, span],
  );
  const loadEvents = useCallback(
    async (signal: AbortSignal) =>
      (await Promise.all(cameras.map((camera) => eventMoments(api, camera, span, signal)))).flat(),
    [api, cameras, span],
  );
  const recordings = useLoad(loadLanes, pollMs);
  const events = useLoad(loadEvents, pollMs);
  return {
    lanes: recordings.data,
    marks: useMemo(() => (recordings.data ?? []).flatMap((lane) => lane.marks), [recordings.data]),
    eventsMs: events.data ?? [],
    error: recordings.error || events.error,
    reload: recordings.reload,
  };
}

async function eventMoments(
  api: ApiClient,
  camera: string,
  span: Span,
  signal: AbortSignal,
): Promise<number[]> {
  const found: CameraEvent[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < EVENT_PAGES_MAX; page++) {
    const answer = await api.events(
      {
        camera,
        since: new Date(span.startMs).toISOString(),
        until: new Date(span.endMs).toISOString(),
        limit: EVENTS_PER_PAGE,
        cursor,
      },
      signal,
    );
    found.push(...answer.items);
    if (!answer.next_cursor) break;
    cursor = answer.next_cursor;
  }
  return found.map((event) => Date.parse(event.time)).filter(Number.isFinite);
}

function ZoomButtons(props: {
  window: Span;
  day: Span;
  fitted: Span;
  about: number | null;
  onWindow(window: Span): void;
}) {
  const { window, day, fitted, onWindow } = props;
  const about = props.about ?? (window.startMs + window.endMs) / 2;
  const buttons: readonly [string, () => Span][] = [
    [words.zoomIn, () => zoom(window, 0.5, about, day)],
    [words.zoomOut, () => zoom(window, 2, about, day)],
    [words.zoomFit, () => fitted],
    [words.zoomDay, () => day],
  ];
  return (
    <div className="group">
      {buttons.map(([label, wanted]) => (
        <button
          key={label}
          type="button"
          className="button button--small"
          onClick={() => onWindow(wanted())}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
