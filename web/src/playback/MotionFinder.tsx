/** Finds when something moved in an area that is drawn in the picture. */

import { useState } from "react";
import type { Point } from "../api";
import { formatClock, formatDuration } from "../format";
import { useApi } from "../session";
import type { MotionFound } from "../storage/types";
import { text } from "../text";
import { useAct } from "../useAct";
import type { Span } from "./timeline";

const words = text.evidence;
const WHOLE: readonly Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

interface Props {
  camera: string;
  span: Span;
  area: readonly Point[];
  onArea(area: readonly Point[]): void;
  onSeek(momentMs: number): void;
}

export function MotionFinder({ camera, span, area, onArea, onSeek }: Props) {
  const api = useApi();
  const [found, setFound] = useState<MotionFound | null>(null);
  const { act, busy, problem } = useAct();
  const search = () =>
    act(async () =>
      setFound(
        await api.searchMotion({
          camera,
          area: area.length >= 3 ? area : WHOLE,
          since: new Date(span.startMs).toISOString(),
          until: new Date(Math.min(span.endMs, Date.now())).toISOString(),
        }),
      ),
    );
  return (
    <>
      <div className="bar">
        <span className="quiet">{area.length >= 3 ? words.areaDrawn : words.drawArea}</span>
        <div className="group">
          <button
            type="button"
            className="button button--primary"
            disabled={busy}
            data-testid="find-motion"
            onClick={search}
          >
            {words.find}
          </button>
          <button type="button" className="button" onClick={() => onArea([])}>
            {words.clearArea}
          </button>
        </div>
        {problem !== "" && <p role="alert">{problem}</p>}
      </div>
      {found !== null && (
        <>
          {found.items.length === 0 && <p className="quiet">{words.nothingMoved}</p>}
          <ul className="feed feed--wide" data-testid="motion-found">
            {found.items.map((moved) => (
              <li key={moved.since}>
                <button
                  type="button"
                  className="button button--small"
                  onClick={() => onSeek(Date.parse(moved.since) - 1000)}
                >
                  {formatClock(moved.since)}
                </button>
                {words.movedFor(formatDuration(moved.moving_s))}
              </li>
            ))}
          </ul>
          {found.unknown_s >= 1 && (
            <p className="quiet">{words.unknown(formatDuration(found.unknown_s))}</p>
          )}
        </>
      )}
    </>
  );
}
