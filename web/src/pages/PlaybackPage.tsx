import { useCallback, useEffect, useMemo, useState } from "react";
import type { ApiClient, CameraEvent } from "../api";
import { recordingUrl } from "../api";
import { formatClock, formatDay, formatDuration } from "../format";
import { Timeline } from "../playback/Timeline";
import type { Segment, Span } from "../playback/timeline";
import {
  daySpan,
  fitWindow,
  segmentsOf,
  shiftDay,
  stretchesOf,
  within,
  zoom,
} from "../playback/timeline";
import type { SegmentPlayback } from "../playback/useSegmentPlayer";
import { useSegmentPlayer } from "../playback/useSegmentPlayer";
import { hrefOf, replaceRoute } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Field, Loading, Page } from "../ui/parts";
import { useLoad } from "../useLoad";

const words = text.playback;
const TODAY_POLL_MS = 15_000;
const EVENT_PAGES_MAX = 10;
const EVENTS_PER_PAGE = 200;
const SPEEDS = [0.5, 1, 2, 4, 8];
const NO_SEGMENTS: readonly Segment[] = [];

export function PlaybackPage({ params }: { params: URLSearchParams }) {
  const api = useApi();
  const loadCameras = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data: cameras, error } = useLoad(loadCameras);
  const camera = params.get("camera") ?? cameras?.[0]?.id ?? "";
  const at = params.get("at");
  const atMs = at === null ? Number.NaN : Date.parse(at);
  const askedDay = Number.isNaN(atMs) ? (params.get("day") ?? "") : formatDay(new Date(atMs));
  const day = daySpan(askedDay) === null ? formatDay(new Date()) : askedDay;
  const go = (wanted: { camera?: string; day?: string }) =>
    replaceRoute(hrefOf("playback", { camera, day, ...wanted }));

  return (
    <Page
      title={words.title}
      tools={
        <>
          <Field label={words.camera}>
            <select
              value={camera}
              data-testid="playback-camera"
              onChange={(e) => go({ camera: e.target.value })}
            >
              {cameras?.map((c) => (
                <option key={c.id} value={c.id}>
                  {c.name || c.id}
                </option>
              ))}
            </select>
          </Field>
          <DayChoice day={day} onDay={(wanted) => go({ day: wanted })} />
        </>
      }
    >
      <ErrorNote message={error} />
      {cameras?.length === 0 && <p className="quiet">{text.live.noCameras}</p>}
      {camera !== "" && <DayOfCamera key={`${camera} ${day}`} camera={camera} day={day} at={at} />}
    </Page>
  );
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

function DayOfCamera({ camera, day, at }: { camera: string; day: string; at: string | null }) {
  const span = useMemo(() => daySpan(day) ?? { startMs: 0, endMs: 1 }, [day]);
  const { segments, eventsMs, error, reload } = useDay(camera, span);
  const stretches = useMemo(() => stretchesOf(segments ?? NO_SEGMENTS), [segments]);
  const playback = useSegmentPlayer(segments ?? NO_SEGMENTS);
  const [chosen, setChosen] = useState<Span | null>(null);
  const fitted = useMemo(() => fitWindow(stretches, span), [stretches, span]);
  const window = chosen ?? fitted;
  const { state, player } = playback;

  useSeekOnce(player, segments, at, setChosen, span);
  const seek = (momentMs: number) => player.current?.seek(momentMs, true);

  return (
    <>
      <ErrorNote message={error} onRetry={reload} />
      <Screen playback={playback} empty={segments?.length === 0} loading={segments === null} />
      <div className="card playback">
        <Timeline
          day={span}
          window={window}
          stretches={stretches}
          eventsMs={eventsMs}
          momentMs={state.momentMs}
          onWindow={setChosen}
          onSeek={seek}
        />
        <div className="bar">
          <Transport playback={playback} />
          <span className="bar__figures" data-testid="playback-time">
            {state.momentMs !== null && formatClock(state.momentMs)}
          </span>
          <span className="quiet" data-testid="recorded" data-files={segments?.length ?? 0}>
            {segments !== null &&
              segments.length > 0 &&
              words.recorded(formatDuration(totalS(stretches)), segments.length)}
          </span>
          {state.segment !== null && (
            <a href={state.segment.url} download={`${camera}-${state.segment.id}.mp4`}>
              {words.download}
            </a>
          )}
          <ZoomButtons
            window={window}
            day={span}
            fitted={fitted}
            state={state}
            onWindow={setChosen}
          />
        </div>
      </div>
    </>
  );
}

const totalS = (spans: readonly Span[]): number =>
  spans.reduce((sum, span) => sum + (span.endMs - span.startMs) / 1000, 0);

/** A link such as an event's leads to a moment: go there once, when the recordings are known. */
function useSeekOnce(
  player: SegmentPlayback["player"],
  segments: readonly Segment[] | null,
  at: string | null,
  onWindow: (window: Span) => void,
  day: Span,
): void {
  const [done, setDone] = useState<string | null>(null);
  useEffect(() => {
    if (segments === null || segments.length === 0 || at === null || at === done) return;
    const momentMs = Date.parse(at);
    if (Number.isNaN(momentMs)) return;
    setDone(at);
    // A little before, so that one sees it coming.
    player.current?.seek(momentMs - 3000, true);
    onWindow(within({ startMs: momentMs - 300_000, endMs: momentMs + 300_000 }, day));
  }, [player, segments, at, done, onWindow, day]);
}

function useDay(camera: string, span: Span) {
  const api = useApi();
  const isToday = span.endMs > Date.now();
  const pollMs = isToday ? TODAY_POLL_MS : null;
  const loadSegments = useCallback(
    async (signal: AbortSignal) =>
      segmentsOf(
        await api.recordings(camera, new Date(span.startMs), new Date(span.endMs), signal),
        recordingUrl,
      ),
    [api, camera, span],
  );
  const loadEvents = useCallback(
    (signal: AbortSignal) => eventMoments(api, camera, span, signal),
    [api, camera, span],
  );
  const recordings = useLoad(loadSegments, pollMs);
  const events = useLoad(loadEvents, pollMs);
  return {
    segments: recordings.data,
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

function Screen(props: { playback: SegmentPlayback; empty: boolean; loading: boolean }) {
  const { playback, empty, loading } = props;
  const { state, first, second } = playback;
  const hint = empty ? words.nothing : state.segment === null && !loading ? words.choose : "";
  return (
    <div className="screen" data-testid="playback-screen" data-playing={state.playing}>
      {[first, second].map((element, i) => (
        <video
          key={i === 0 ? "first" : "second"}
          ref={element}
          className={i === state.front ? "screen__video" : "screen__video screen__video--back"}
          data-testid={i === state.front ? "playback-video" : "playback-standby"}
          playsInline
          muted
          aria-label={words.title}
        />
      ))}
      {loading && <Loading />}
      {hint !== "" && <p className="screen__hint">{hint}</p>}
      {state.notice !== "" && (
        <p className="screen__notice" role="status">
          {words[state.notice]}
        </p>
      )}
    </div>
  );
}

function Transport({ playback }: { playback: SegmentPlayback }) {
  const { state, player } = playback;
  const [speed, setSpeed] = useState(1);
  const idle = state.segment === null;
  const by = (ms: number) => state.momentMs !== null && player.current?.seek(state.momentMs + ms);
  return (
    <div className="group">
      <button type="button" className="button" disabled={idle} onClick={() => by(-10_000)}>
        {words.back10}
      </button>
      <button
        type="button"
        className="button button--primary"
        data-testid="play-pause"
        disabled={idle}
        onClick={() => (state.playing ? player.current?.pause() : player.current?.play())}
      >
        {state.playing ? words.pause : words.play}
      </button>
      <button type="button" className="button" disabled={idle} onClick={() => by(10_000)}>
        {words.ahead10}
      </button>
      <Field label={words.speed}>
        <select
          value={speed}
          onChange={(e) => {
            const wanted = Number(e.target.value);
            setSpeed(wanted);
            player.current?.setRate(wanted);
          }}
        >
          {SPEEDS.map((value) => (
            <option key={value} value={value}>{`${value}×`}</option>
          ))}
        </select>
      </Field>
    </div>
  );
}

function ZoomButtons(props: {
  window: Span;
  day: Span;
  fitted: Span;
  state: { momentMs: number | null };
  onWindow(window: Span): void;
}) {
  const { window, day, fitted, state, onWindow } = props;
  const about = state.momentMs ?? (window.startMs + window.endMs) / 2;
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
