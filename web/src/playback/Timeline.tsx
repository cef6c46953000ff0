/** The day as a bar: what was recorded, where the gaps are, when something happened. */

import type { KeyboardEvent, PointerEvent, RefObject } from "react";
import { useEffect, useMemo, useRef, useState } from "react";
import { formatClock, formatShortClock } from "../format";
import { text } from "../text";
import { HoverPicture } from "./HoverPicture";
import type { Span } from "./timeline";
import {
  activityOf,
  cut,
  momentOf,
  scaleMarks,
  shareOf,
  tickClusters,
  within,
  zoom,
} from "./timeline";

export interface Lane {
  id: string;
  name: string;
  stretches: readonly Span[];
  /** How much moved in equal parts of the day, 0–1; null where nobody looked. */
  moving: readonly (number | null)[];
}

interface Props {
  day: Span;
  window: Span;
  /** One for each camera, the first on top. */
  lanes: readonly Lane[];
  eventsMs: readonly number[];
  /** Bookmarks. */
  marks: readonly { atMs: number; title: string }[];
  /** The span that is marked for an export or a lock. */
  chosen: Span | null;
  momentMs: number | null;
  onWindow(window: Span): void;
  onSeek(momentMs: number): void;
}

const SCALE_MARKS = 9;
const LANE_PX = 28;
const EVENT_SLOTS = 240;
const STEP_MS = 10_000;
const LONG_STEP_MS = 60_000;

const percent = (share: number): string => `${(share * 100).toFixed(4)}%`;

export function Timeline(props: Props) {
  const { day, window, lanes, eventsMs, marks, chosen, momentMs, onWindow, onSeek } = props;
  const bar = useRef<HTMLDivElement>(null);
  const [hoverMs, setHoverMs] = useState<number | null>(null);
  useWheel(bar, window, day, onWindow);

  const momentAt = (event: PointerEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return momentOf(window, (event.clientX - box.left) / Math.max(1, box.width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = momentMs ?? lanes[0]?.stretches[0]?.startMs ?? day.startMs;
    const action = keyAction(event, { day, window, from, onSeek, onWindow });
    if (action === null) return;
    event.preventDefault();
    action();
  };

  const clusters = useMemo(() => tickClusters(eventsMs, window, EVENT_SLOTS), [eventsMs, window]);
  const busiest = Math.max(1, ...clusters.map((cluster) => cluster.count));
  const shown = momentMs ?? window.startMs;
  return (
    <div className="timeline">
      <div
        ref={bar}
        className="timeline__bar"
        data-testid="timeline"
        role="slider"
        tabIndex={0}
        aria-label={text.playback.timeline}
        aria-description={text.playback.timelineHelp}
        aria-valuemin={day.startMs}
        aria-valuemax={day.endMs}
        aria-valuenow={shown}
        aria-valuetext={formatClock(shown)}
        style={{ height: 16 + lanes.length * LANE_PX }}
        onPointerDown={(event) => event.button === 0 && onSeek(momentAt(event))}
        onPointerMove={(event) => setHoverMs(momentAt(event))}
        onPointerLeave={() => setHoverMs(null)}
        onKeyDown={onKeyDown}
      >
        {lanes.map((lane, row) => (
          <span
            key={lane.id}
            className="timeline__lane"
            style={{ top: 12 + row * LANE_PX, height: LANE_PX - 4 }}
          >
            {cut(lane.stretches, window).map((stretch) => (
              <span
                key={stretch.startMs}
                className="timeline__stretch"
                data-testid="stretch"
                style={placed(stretch, window)}
              />
            ))}
            <Activity day={day} window={window} lane={lane} />
            {lanes.length > 1 && <span className="timeline__name">{lane.name || lane.id}</span>}
          </span>
        ))}
        {cut(chosen === null ? [] : [chosen], window).map((span) => (
          <span key="chosen" className="timeline__chosen" style={placed(span, window)} />
        ))}
        {marks
          .filter(({ atMs }) => atMs >= window.startMs && atMs <= window.endMs)
          .map(({ atMs, title }) => (
            <span
              key={`${atMs} ${title}`}
              className="timeline__bookmark"
              data-testid="bookmark-tick"
              style={{ left: percent(shareOf(window, atMs)) }}
            />
          ))}
        {clusters.map(({ share, count }) => (
          <span
            key={share}
            className="timeline__event"
            data-testid="event-tick"
            style={{ left: percent(share), opacity: 0.45 + 0.55 * (count / busiest) }}
          />
        ))}
        {momentMs !== null && <Marker window={window} momentMs={momentMs} kind="now" />}
        {hoverMs !== null && (
          <Marker window={window} momentMs={hoverMs} kind="hover" camera={lanes[0]?.id ?? ""} />
        )}
      </div>
      <div className="timeline__scale" aria-hidden="true">
        {scaleMarks(window, SCALE_MARKS).map((mark) => (
          <span key={mark} style={{ left: percent(shareOf(window, mark)) }}>
            {mark % 60_000 === 0 ? formatShortClock(mark) : formatClock(mark)}
          </span>
        ))}
      </div>
    </div>
  );
}

function Marker(props: {
  window: Span;
  momentMs: number;
  kind: "now" | "hover";
  /** Whose picture is shown at the marker. */
  camera?: string;
}) {
  const share = shareOf(props.window, props.momentMs);
  if (share < 0 || share > 1) return null;
  const side = share > 0.9 ? "left" : "right";
  return (
    <span
      className={`timeline__marker timeline__marker--${props.kind}`}
      style={{ left: percent(share) }}
    >
      <span className={`timeline__label timeline__label--${side}`}>
        {props.camera !== undefined && props.camera !== "" && (
          <HoverPicture camera={props.camera} momentMs={props.momentMs} />
        )}
        {formatClock(props.momentMs)}
      </span>
    </span>
  );
}

function Activity({ day, window, lane }: { day: Span; window: Span; lane: Lane }) {
  const found = useMemo(() => activityOf(day, lane.moving, lane.stretches), [day, lane]);
  return found.map(({ startMs, endMs, share }) =>
    cut([{ startMs, endMs }], window).map((span) => (
      <span
        key={span.startMs}
        className="timeline__activity"
        style={{ ...placed(span, window), height: percent(Math.max(0.08, share)) }}
      />
    )),
  );
}

const placed = (span: Span, window: Span) => ({
  left: percent(shareOf(window, span.startMs)),
  width: percent(shareOf(window, span.endMs) - shareOf(window, span.startMs)),
});

function keyAction(
  event: KeyboardEvent,
  context: {
    day: Span;
    window: Span;
    from: number;
    onSeek(momentMs: number): void;
    onWindow(window: Span): void;
  },
): (() => void) | null {
  const { day, window, from, onSeek, onWindow } = context;
  const step = event.shiftKey ? LONG_STEP_MS : STEP_MS;
  switch (event.key) {
    case "ArrowLeft":
      return () => onSeek(from - step);
    case "ArrowRight":
      return () => onSeek(from + step);
    case "Home":
      return () => onSeek(day.startMs);
    case "+":
    case "=":
      return () => onWindow(zoom(window, 0.5, from, day));
    case "-":
      return () => onWindow(zoom(window, 2, from, day));
    default:
      return null;
  }
}

/** The wheel zooms about the pointer; sideways it moves the window. */
function useWheel(
  bar: RefObject<HTMLDivElement | null>,
  window: Span,
  day: Span,
  onWindow: (window: Span) => void,
): void {
  useEffect(() => {
    const element = bar.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const length = window.endMs - window.startMs;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const shift = (event.deltaX / Math.max(1, box.width)) * length;
        onWindow(within({ startMs: window.startMs + shift, endMs: window.endMs + shift }, day));
        return;
      }
      const about = momentOf(window, (event.clientX - box.left) / Math.max(1, box.width));
      onWindow(zoom(window, event.deltaY > 0 ? 1.25 : 0.8, about, day));
    };
    // Not through React, whose wheel listeners can't keep the page from scrolling.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [bar, window, day, onWindow]);
}
