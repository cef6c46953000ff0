/** What is measured, in plan, coloured by congestion; beside it the same as a table. */

import type { Point } from "../api";
import { lookUp } from "../lookUp";
import { text } from "../text";
import { TableHead } from "../ui/parts";
import { planOf } from "./chart";
import type { Level } from "./types";
import { placeKey } from "./types";

const words = text.traffic;

interface Props {
  levels: readonly Level[];
  chosen: string;
  onChoose(key: string): void;
}

export function LevelMap({ levels, chosen, onChoose }: Props) {
  const onRoad = levels.filter((level) => level.metres !== null);
  const isPicture = onRoad.length === 0;
  const shown = (isPicture ? levels : onRoad).filter((level) => level.picture.length > 0);
  const points = (level: Level): readonly Point[] =>
    (isPicture ? level.picture : level.metres) ?? [];
  const plan = planOf(shown.flatMap(points), isPicture);
  return (
    <div>
      <svg
        className="plan"
        viewBox={plan.viewBox}
        role="img"
        aria-label={words.mapLabel}
        data-testid="level-map"
      >
        {[...shown]
          .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
          .map((level) => {
            const key = placeKey(level);
            const line = points(level).map((point) =>
              plan
                .at(point)
                .map((v) => v.toFixed(1))
                .join(),
            );
            const state = level.congestion ?? "unknown";
            const mark = key === chosen ? " plan__shape--chosen" : "";
            const common = {
              className: `plan__shape plan__shape--${level.kind} plan__shape--${state}${mark}`,
              points: line.join(" "),
              onClick: () => onChoose(key),
            };
            return (
              <g key={key}>
                {level.kind === "line" ? <polyline {...common} /> : <polygon {...common} />}
                {level.kind === "lane" && (
                  <LaneFigures level={level} at={middle(line)} narrow={isNarrow(line)} />
                )}
                <title>{nameOf(level)}</title>
              </g>
            );
          })}
      </svg>
      {isPicture && levels.length > 0 && <p className="quiet">{words.unplaced}</p>}
    </div>
  );
}

const FIGURES_WIDE = 90;
const ORDER = ["zone", "lane", "line"];

/** Too narrow for figures side by side, and taller than wide. */
function isNarrow(points: readonly string[]): boolean {
  const all = points.map((point) => point.split(",").map(Number) as [number, number]);
  const extent = (axis: 0 | 1): number => {
    const values = all.map((point) => point[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return extent(0) < FIGURES_WIDE && extent(1) > extent(0);
}

function middle(points: readonly string[]): Point {
  const all = points.map((point) => point.split(",").map(Number) as [number, number]);
  const sum = all.reduce(([x, y], [a, b]) => [x + a, y + b], [0, 0]);
  return [sum[0] / Math.max(1, all.length), sum[1] / Math.max(1, all.length)];
}

function LaneFigures({ level, at, narrow }: { level: Level; at: Point; narrow: boolean }) {
  const { space_mean_kmh: speed, level_of_service: grade } = level.measures;
  const figures = [grade, speed === null ? null : `${Math.round(speed)}`].filter(Boolean);
  const upright = narrow ? { transform: `rotate(-90 ${at[0]} ${at[1]})` } : {};
  return (
    <text className="plan__figures" x={at[0]} y={at[1] + 7} textAnchor="middle" {...upright}>
      {figures.join(" · ")}
    </text>
  );
}

export const nameOf = (level: {
  kind: string;
  id: string;
  name: string;
  direction: string | null;
  lane: string;
}): string =>
  [
    lookUp(words.kinds, level.kind) ?? level.kind,
    level.name || level.id,
    level.direction ?? "",
    level.lane,
  ]
    .filter((part) => part !== "")
    .join(" ");

const figure = (value: number | null, digits = 0): string =>
  value === null ? "–" : value.toFixed(digits);

export function LevelTable({ levels, chosen, onChoose }: Props) {
  return (
    <div className="scroll">
      <table className="table" data-testid="levels">
        <TableHead
          names={[
            words.place,
            words.volume,
            words.flow,
            words.speed,
            words.v85,
            words.density,
            words.occupancy,
            words.queue,
            words.level,
            words.state,
            words.missing,
          ]}
        />
        <tbody>
          {levels.map((level) => {
            const key = placeKey(level);
            const { measures: m } = level;
            return (
              <tr key={key} className={key === chosen ? "table__chosen" : undefined}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => onChoose(key)}>
                    {nameOf(level)}
                  </button>
                </th>
                <td>{m.volume}</td>
                <td>{figure(m.flow_vph)}</td>
                <td>{figure(m.space_mean_kmh, 1)}</td>
                <td>{figure(m.v85_kmh)}</td>
                <td>{figure(m.density_vpkm, 1)}</td>
                <td>{figure(m.occupancy_pct, 1)}</td>
                <td>{figure(m.queue_max_m)}</td>
                <td>{m.level_of_service ?? "–"}</td>
                <td>
                  <span className={`plan__key plan__key--${level.congestion ?? "unknown"}`} />
                  {level.congestion === null ? words.unknown : words.congestion[level.congestion]}
                </td>
                <td>{`${Math.round(m.missing_share * 100)} %`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
