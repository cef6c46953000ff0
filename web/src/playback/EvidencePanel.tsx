/** What can be done with a span of recordings: export, lock, bookmark, find movement. */

import { useState } from "react";
import type { Point } from "../api";
import { formatClock, formatDuration } from "../format";
import { text } from "../text";
import { BookmarkForm } from "./BookmarkForm";
import { ExportForm } from "./ExportForm";
import { LockForm } from "./LockForm";
import { MotionFinder } from "./MotionFinder";
import type { Span } from "./timeline";

const words = text.evidence;
type Tool = "export" | "lock" | "bookmark" | "find";
const TOOLS: readonly Tool[] = ["export", "lock", "bookmark", "find"];

export interface Marked {
  fromMs: number | null;
  toMs: number | null;
}

interface Props {
  cameras: readonly string[];
  day: Span;
  momentMs: number | null;
  marked: Marked;
  onMarked(marked: Marked): void;
  area: readonly Point[];
  onArea(area: readonly Point[]): void;
  onDrawing(drawing: boolean): void;
  onSeek(momentMs: number): void;
  onChanged(): void;
}

export function EvidencePanel(props: Props) {
  const { cameras, day, momentMs, marked, onMarked, onDrawing } = props;
  const [tool, setTool] = useState<Tool | null>(null);
  const choose = (wanted: Tool) => {
    const next = tool === wanted ? null : wanted;
    setTool(next);
    onDrawing(next === "find" || next === "export");
  };
  const span = spanOf(marked);
  return (
    <section className="card evidence" aria-label={words.title}>
      <div className="bar">
        <div className="group">
          <button
            type="button"
            className="button"
            data-testid="mark-from"
            disabled={momentMs === null}
            onClick={() => onMarked({ ...marked, fromMs: momentMs })}
          >
            {words.markFrom}
          </button>
          <button
            type="button"
            className="button"
            data-testid="mark-to"
            disabled={momentMs === null}
            onClick={() => onMarked({ ...marked, toMs: momentMs })}
          >
            {words.markTo}
          </button>
        </div>
        <span className="quiet" data-testid="marked">
          {span === null ? words.noSpan : spanText(span)}
        </span>
        <div className="group">
          {TOOLS.map((name) => (
            <button
              key={name}
              type="button"
              className="button"
              aria-pressed={tool === name}
              data-testid={`tool-${name}`}
              onClick={() => choose(name)}
            >
              {words.tools[name]}
            </button>
          ))}
        </div>
      </div>
      {tool === "export" && <ExportForm {...props} span={span} />}
      {tool === "lock" && <LockForm cameras={cameras} span={span} onChanged={props.onChanged} />}
      {tool === "bookmark" && (
        <BookmarkForm {...props} camera={cameras[0] ?? ""} span={span} day={day} />
      )}
      {tool === "find" && <MotionFinder {...props} camera={cameras[0] ?? ""} span={span ?? day} />}
    </section>
  );
}

/** Both marks set and in order. */
export function spanOf({ fromMs, toMs }: Marked): Span | null {
  if (fromMs === null || toMs === null || toMs <= fromMs) return null;
  return { startMs: fromMs, endMs: toMs };
}

const spanText = ({ startMs, endMs }: Span): string =>
  `${formatClock(startMs)} – ${formatClock(endMs)} (${formatDuration((endMs - startMs) / 1000)})`;
