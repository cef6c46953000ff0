/** Who went from which crossing to which: curves as wide as the volume, and the matrix. */

import type { Point } from "../api";
import { formatCount } from "../format";
import { text } from "../text";
import { ribbon, roundTheCircle } from "./chart";
import type { Movements } from "./types";

const words = text.traffic;
const SIZE = 520;
const WIDE = 700;
const RADIUS = 190;
const WIDEST = 26;

export function MovementDiagram({ movements }: { movements: Movements }) {
  const items = movements.items.filter((item) => item.volume > 0);
  if (items.length === 0) return <p className="quiet">{words.noMovements}</p>;
  const entries = [...new Set(items.map((item) => item.entry))].sort();
  const exits = [...new Set(items.map((item) => item.exit))].sort();
  const sides = [...new Set([...entries, ...exits])].sort();
  const places = new Map(sides.map((side, k) => [side, roundTheCircle(sides.length)[k] as Point]));
  const most = Math.max(...items.map((item) => item.volume));
  const centre: Point = [WIDE / 2, SIZE / 2];
  const volume = (entry: string, exit: string): number =>
    items
      .filter((item) => item.entry === entry && item.exit === exit)
      .reduce((sum, item) => sum + item.volume, 0);
  return (
    <div className="movements">
      <svg
        className="movements__diagram"
        viewBox={`0 0 ${WIDE} ${SIZE}`}
        role="img"
        aria-label={words.diagram}
        data-testid="movement-diagram"
      >
        {items.map((item, k) => (
          <path
            key={`${item.entry} ${item.exit} ${item.movement}`}
            className={`movements__flow movements__flow--${k % 6}`}
            d={ribbon(
              places.get(item.entry) ?? [0, 1],
              places.get(item.exit) ?? [0, 1],
              centre,
              RADIUS,
            )}
            strokeWidth={Math.max(2, (item.volume / most) * WIDEST)}
          >
            <title>{`${item.name || `${item.entry} → ${item.exit}`}: ${item.volume}`}</title>
          </path>
        ))}
        {sides.map((side) => {
          const [x, y] = places.get(side) ?? [0, 0];
          return (
            <g key={side}>
              <circle
                className="movements__side"
                cx={centre[0] + x * RADIUS}
                cy={centre[1] + y * RADIUS}
                r="7"
              />
              <text
                className="movements__name"
                x={centre[0] + x * (RADIUS + 18)}
                y={centre[1] + y * (RADIUS + 24) + 5}
                textAnchor={x > 0.3 ? "start" : x < -0.3 ? "end" : "middle"}
              >
                {side}
              </text>
            </g>
          );
        })}
      </svg>
      <div className="scroll">
        <table className="table" data-testid="od-matrix">
          <thead>
            <tr>
              <th scope="col">{`${words.from} \\ ${words.to}`}</th>
              {exits.map((exit) => (
                <th key={exit} scope="col" className="number">
                  {exit}
                </th>
              ))}
              <th scope="col" className="number">
                Σ
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry}>
                <th scope="row">{entry}</th>
                {exits.map((exit) => (
                  <td key={exit} className="number">
                    {volume(entry, exit) || "·"}
                  </td>
                ))}
                <td className="number">
                  {exits.reduce((sum, exit) => sum + volume(entry, exit), 0)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {movements.unassigned > 0 && (
          <p className="quiet">{words.unassigned(formatCount(movements.unassigned))}</p>
        )}
      </div>
    </div>
  );
}
