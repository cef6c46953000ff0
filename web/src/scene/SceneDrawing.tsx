/** The camera's picture with everything that is measured in it, to draw on and to move. */

import type { KeyboardEvent, PointerEvent } from "react";
import { useRef, useState } from "react";
import type { Point } from "../api";
import { text } from "../text";
import { rounded } from "./edits";
import type { CalibrationTrial, SceneDocument, ShapeKind } from "./types";

const words = text.scene;
const UNIT = 1000;

export type Tool = "pick" | ShapeKind | "pair";

/** One movable corner: of a shape, a lane's heading or a point pair. */
export interface Handle {
  kind: ShapeKind | "heading" | "pair";
  /** Of the part; of a pair its number. */
  id: string;
  corner: number;
}

interface Props {
  picture: string;
  aspect: number;
  scene: SceneDocument;
  trial: CalibrationTrial | null;
  showGrid: boolean;
  tool: Tool;
  draft: readonly Point[];
  selected: string;
  locked: boolean;
  onPoint(point: Point): void;
  onSelect(id: string): void;
  onMove(handle: Handle, to: Point): void;
}

export function SceneDrawing(props: Props) {
  const { aspect, scene, trial, tool, draft, selected, locked } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [held, setHeld] = useState<Handle | null>(null);
  const wide = UNIT * aspect;
  const at = (event: PointerEvent): Point | null => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return null;
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    return rounded([x, y]);
  };
  const onPointerDown = (event: PointerEvent) => {
    const point = at(event);
    if (tool !== "pick" && point !== null && !locked) props.onPoint(point);
  };
  const onPointerMove = (event: PointerEvent) => {
    const point = at(event);
    if (held !== null && point !== null) props.onMove(held, point);
  };
  const flat = (points: readonly Point[]): string =>
    points.map(([x, y]) => `${x * wide},${y * UNIT}`).join(" ");
  const handles = (kind: Handle["kind"], id: string, name: string, points: readonly Point[]) =>
    points.map((point, corner) => (
      <Corner
        // biome-ignore lint/suspicious/noArrayIndexKey: a corner is what its number is
        key={corner}
        label={words.corner(name, corner + 1)}
        at={point}
        wide={wide}
        locked={locked || tool !== "pick"}
        onHold={() => {
          props.onSelect(id);
          setHeld({ kind, id, corner });
        }}
        onMove={(to) => props.onMove({ kind, id, corner }, to)}
      />
    ));
  const mark = (id: string): string => (id === selected ? " shape--chosen" : "");
  const pairs = scene.calibration?.pairs ?? [];
  return (
    <div className="board" style={{ aspectRatio: String(aspect) }}>
      <img src={props.picture} alt="" draggable={false} />
      <svg
        ref={svg}
        className={tool === "pick" ? "board__over" : "board__over board__over--drawing"}
        viewBox={`0 0 ${wide} ${UNIT}`}
        role="application"
        aria-label={words.drawing}
        data-testid="scene-drawing"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={() => setHeld(null)}
        onPointerLeave={() => setHeld(null)}
      >
        {props.showGrid && trial !== null && <Grid trial={trial} flat={flat} />}
        {scene.zones.map((zone) => (
          <g key={zone.id} onPointerDown={() => props.onSelect(zone.id)}>
            <polygon className={`shape shape--zone${mark(zone.id)}`} points={flat(zone.points)} />
            <Name at={zone.points[0]} wide={wide} name={zone.name || zone.id} />
            {selected === zone.id && handles("zones", zone.id, zone.id, zone.points)}
          </g>
        ))}
        {scene.lanes.map((lane) => (
          <g key={lane.id} onPointerDown={() => props.onSelect(lane.id)}>
            <polygon className={`shape shape--lane${mark(lane.id)}`} points={flat(lane.points)} />
            <polyline
              className="shape shape--heading"
              points={flat(lane.heading)}
              markerEnd="url(#arrow)"
            />
            <Name at={lane.heading[0]} wide={wide} name={lane.name || lane.id} />
            {selected === lane.id && handles("lanes", lane.id, lane.id, lane.points)}
            {selected === lane.id && handles("heading", lane.id, lane.id, lane.heading)}
          </g>
        ))}
        {scene.signals.map((head) => (
          <g key={head.id} onPointerDown={() => props.onSelect(head.id)}>
            <polygon className={`shape shape--signal${mark(head.id)}`} points={flat(head.lamps)} />
            {selected === head.id && handles("signals", head.id, head.id, head.lamps)}
          </g>
        ))}
        {scene.lines.map((line) => (
          <g key={line.id} onPointerDown={() => props.onSelect(line.id)}>
            <polyline className={`shape shape--line${mark(line.id)}`} points={flat(line.points)} />
            <InArrow points={line.points} aspect={aspect} />
            <Name at={line.points[0]} wide={wide} name={line.name || line.id} />
            {selected === line.id && handles("lines", line.id, line.id, line.points)}
          </g>
        ))}
        {pairs.map((pair, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a pair is what its number is
          <g key={number}>
            <circle
              className={trial?.pairs[number]?.bad ? "pair pair--bad" : "pair"}
              cx={pair.image[0] * wide}
              cy={pair.image[1] * UNIT}
              r="9"
            />
            <Name at={pair.image} wide={wide} name={String(number + 1)} />
            {handles("pair", String(number), words.kind.pair, [pair.image])}
          </g>
        ))}
        <polyline className="shape shape--draft" points={flat(draft)} />
        {draft.map((point) => (
          <circle
            key={point.join()}
            className="shape--draft"
            cx={point[0] * wide}
            cy={point[1] * UNIT}
            r="7"
          />
        ))}
        <defs>
          <marker id="arrow" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">
            <path d="M0,0 L8,4 L0,8 z" className="shape__arrow" />
          </marker>
        </defs>
      </svg>
    </div>
  );
}

function Grid({
  trial,
  flat,
}: {
  trial: CalibrationTrial;
  flat(points: readonly Point[]): string;
}) {
  return (
    <g data-testid="ground-grid">
      <polygon className="shape shape--valid" points={flat(trial.valid)} />
      {trial.grid.map((line) => (
        <polyline key={line.join()} className="shape shape--grid" points={flat(line)} />
      ))}
    </g>
  );
}

/** A small arrow from the middle of a line to the side on which `in` ends. */
function InArrow({ points, aspect }: { points: readonly Point[]; aspect: number }) {
  const [a, b] = points;
  if (a === undefined || b === undefined) return null;
  const [ax, ay, bx, by] = [a[0] * aspect, a[1], b[0] * aspect, b[1]];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  // `in` goes to where (x2−x1)(y−y1) − (y2−y1)(x−x1) is positive
  const [toX, toY] = [x - ((by - ay) / length) * 0.06, y + ((bx - ax) / length) * 0.06];
  return (
    <line
      className="shape shape--heading"
      x1={x * UNIT}
      y1={y * UNIT}
      x2={toX * UNIT}
      y2={toY * UNIT}
      markerEnd="url(#arrow)"
    />
  );
}

function Name({ at, wide, name }: { at: Point | undefined; wide: number; name: string }) {
  if (at === undefined) return null;
  return (
    <text className="shape__name" x={at[0] * wide + 12} y={at[1] * UNIT - 10}>
      {name}
    </text>
  );
}

const STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP = 0.001;

function Corner(props: {
  label: string;
  at: Point;
  wide: number;
  locked: boolean;
  onHold(): void;
  onMove(to: Point): void;
}) {
  const { at, wide, locked } = props;
  if (locked) return null;
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const size = event.shiftKey ? 10 * STEP : STEP;
    props.onMove(rounded([at[0] + step[0] * size, at[1] + step[1] * size]));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button element in SVG
    <circle
      className="handle"
      cx={at[0] * wide}
      cy={at[1] * UNIT}
      r="11"
      role="button"
      tabIndex={0}
      aria-label={props.label}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.stopPropagation();
        props.onHold();
      }}
    />
  );
}
