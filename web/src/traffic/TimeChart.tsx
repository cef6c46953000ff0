/** One measure over time: unknown time hatched, never bridged. */

import { formatShortClock } from "../format";
import { text } from "../text";
import { ceiling, polylines, spans, ticks } from "./chart";
import type { TrafficForecast } from "./types";

const words = text.traffic;
const WIDE = 1000;
const TALL = 190;
const LEFT = 54;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 24;
const DAY_MS = 86_400_000;

interface Props {
  title: string;
  /** Begin of each interval, ms, evenly spaced. */
  starts: readonly number[];
  lengthMs: number;
  values: readonly (number | null)[];
  missing: readonly number[];
  bars?: boolean;
  /** To the unit of this chart; only for what was forecast. */
  forecast?: { found: TrafficForecast; factor: number } | null;
}

/** More than this share of an interval unseen is hatched. */
const HATCHED = 0.2;

export function TimeChart({ title, starts, lengthMs, values, missing, bars, forecast }: Props) {
  const first = starts[0];
  const last = starts.at(-1);
  if (first === undefined || last === undefined) return null;
  const points = forecast?.found.points ?? [];
  const factor = forecast?.factor ?? 1;
  const endOfForecast = points.at(-1);
  const end = Math.max(
    last + lengthMs,
    endOfForecast === undefined ? 0 : Date.parse(endOfForecast.start) + lengthMs,
  );
  const top = ceiling([...values, ...points.map((point) => point.high_80 * factor)]);
  const x = (ms: number): number =>
    LEFT + ((ms - first) / Math.max(1, end - first)) * (WIDE - LEFT - RIGHT);
  const y = (value: number): number => TOP + (1 - value / top) * (TALL - TOP - BOTTOM);
  const at = (index: number): number => (starts[index] ?? first) + lengthMs / 2;
  const hidden = spans(missing.map((share) => share > HATCHED));
  const band = points.length > 1 ? bandOf(points, factor, x, y, lengthMs) : null;
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${TALL}`} role="img" aria-label={words.chart(title)}>
        <defs>
          <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse">
            <path d="M0,7 L7,0" className="chart__hatch" />
          </pattern>
        </defs>
        {ticks(0, top, 4).map((value) => (
          <g key={value}>
            <line className="chart__grid" x1={LEFT} x2={WIDE - RIGHT} y1={y(value)} y2={y(value)} />
            <text className="chart__label" x={LEFT - 6} y={y(value) + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        {timeTicks(first, end).map((ms) => (
          <text
            key={ms}
            className="chart__label"
            x={x(ms)}
            y={TALL - 6}
            textAnchor={x(ms) > WIDE - 60 ? "end" : "middle"}
          >
            {end - first > 2 * DAY_MS
              ? new Date(ms).toLocaleDateString("en-GB")
              : formatShortClock(ms)}
          </text>
        ))}
        {bars
          ? values.map((value, index) =>
              value === null ? null : (
                <rect
                  // biome-ignore lint/suspicious/noArrayIndexKey: a bar is what its number is
                  key={index}
                  className="chart__bar"
                  x={x(starts[index] ?? first) + 0.4}
                  y={y(value)}
                  width={Math.max(0.8, x(first + lengthMs) - x(first) - 0.8)}
                  height={Math.max(0, y(0) - y(value))}
                />
              ),
            )
          : polylines(
              values,
              (index) => x(at(index)),
              (value) => y(value),
            ).map((line) =>
              line.includes(" ") ? (
                <polyline key={line} className="chart__line" points={line} />
              ) : (
                <circle
                  key={line}
                  className="chart__dot"
                  cx={line.split(",")[0]}
                  cy={line.split(",")[1]}
                  r="2.5"
                />
              ),
            )}
        {hidden.map(([since, until]) => (
          <rect
            key={since}
            className="chart__missing"
            fill="url(#hatch)"
            x={x(starts[since] ?? first)}
            y={TOP}
            width={x((starts[until - 1] ?? last) + lengthMs) - x(starts[since] ?? first)}
            height={TALL - TOP - BOTTOM}
          />
        ))}
        {band !== null && (
          <g data-testid="forecast-band">
            <polygon className="chart__band" points={band.area} />
            <polyline className="chart__expected" points={band.middle} />
          </g>
        )}
      </svg>
    </figure>
  );
}

function bandOf(
  points: TrafficForecast["points"],
  factor: number,
  x: (ms: number) => number,
  y: (value: number) => number,
  lengthMs: number,
) {
  const at = (start: string) => x(Date.parse(start) + lengthMs / 2).toFixed(1);
  const upper = points.map((p) => `${at(p.start)},${y(p.high_80 * factor).toFixed(1)}`);
  const lower = points.map((p) => `${at(p.start)},${y(Math.max(0, p.low_80 * factor)).toFixed(1)}`);
  return {
    area: [...upper, ...lower.reverse()].join(" "),
    middle: points.map((p) => `${at(p.start)},${y(p.expected * factor).toFixed(1)}`).join(" "),
  };
}

/** Whole hours or days, about eight of them. */
function timeTicks(since: number, until: number): readonly number[] {
  const hour = 3_600_000;
  const steps = [hour / 4, hour / 2, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, DAY_MS];
  const step = steps.find((s) => (until - since) / s <= 9) ?? 7 * DAY_MS;
  const shift = new Date(since).getTimezoneOffset() * 60_000;
  const first = Math.ceil((since - shift) / step) * step + shift;
  const found = [];
  for (let ms = first; ms <= until; ms += step) found.push(ms);
  return found;
}
