/** Point pairs with their errors, and what the calibration is good for. */

import type { Point } from "../api";
import { text } from "../text";
import { ErrorNote, Field } from "../ui/parts";
import { PAIRS_LEAST } from "./edits";
import type { CalibrationItem, CalibrationTrial, PairItem } from "./types";

const words = text.scene.calibration;
/** Half the width of a 95 % interval, in standard deviations. */
const Z95 = 1.96;

interface Props {
  calibration: CalibrationItem | null;
  trial: CalibrationTrial | null;
  problem: string;
  locked: boolean;
  onChange(calibration: CalibrationItem | null): void;
}

export function CalibrationPanel({ calibration, trial, problem, locked, onChange }: Props) {
  if (calibration === null) {
    return (
      <section className="card" aria-labelledby="calibration">
        <h2 id="calibration">{words.title}</h2>
        <p className="quiet">{words.none}</p>
      </section>
    );
  }
  const onMap = calibration.frame === "wgs84";
  const missing = PAIRS_LEAST - calibration.pairs.filter((pair) => !pair.check).length;
  const setPair = (number: number, part: Partial<PairItem>) =>
    onChange({
      ...calibration,
      pairs: calibration.pairs.map((pair, k) => (k === number ? { ...pair, ...part } : pair)),
    });
  return (
    <section className="card scroll" aria-labelledby="calibration" data-testid="calibration">
      <h2 id="calibration">{words.title}</h2>
      <fieldset className="part" disabled={locked}>
        <Field label={words.frame}>
          <select
            value={calibration.frame}
            onChange={(e) => onChange({ ...calibration, frame: e.target.value })}
          >
            <option value="metres">{text.scene.choices.metres}</option>
            <option value="wgs84">{text.scene.choices.wgs84}</option>
          </select>
        </Field>
        <table className="table pairs">
          <thead>
            <tr>
              <th scope="col">{words.pair}</th>
              <th scope="col">{onMap ? words.longitude : words.x}</th>
              <th scope="col">{onMap ? words.latitude : words.y}</th>
              <th scope="col">{words.what}</th>
              <th scope="col">{words.check}</th>
              <th scope="col">{words.error}</th>
              <th scope="col">
                <span className="visually-hidden">{text.scene.remove}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {calibration.pairs.map((pair, number) => (
              <PairRow
                // biome-ignore lint/suspicious/noArrayIndexKey: a pair is what its number is
                key={number}
                number={number}
                pair={pair}
                found={trial?.pairs[number]}
                onChange={(part) => setPair(number, part)}
                onRemove={() => {
                  const pairs = calibration.pairs.filter((_, k) => k !== number);
                  onChange(pairs.length > 0 ? { ...calibration, pairs } : null);
                }}
              />
            ))}
          </tbody>
        </table>
        <button type="button" className="button button--small" onClick={() => onChange(null)}>
          {words.remove}
        </button>
      </fieldset>
      {missing > 0 && <p className="quiet">{words.remaining(missing)}</p>}
      <ErrorNote message={missing > 0 ? "" : problem} />
      {trial !== null && missing <= 0 && <Verdict trial={trial} />}
    </section>
  );
}

function PairRow(props: {
  number: number;
  pair: PairItem;
  found: CalibrationTrial["pairs"][number] | undefined;
  onChange(part: Partial<PairItem>): void;
  onRemove(): void;
}) {
  const { number, pair, found, onChange } = props;
  const world = (axis: 0 | 1, value: string) => {
    const next: [number, number] = [pair.world[0], pair.world[1]];
    next[axis] = Number(value);
    if (Number.isFinite(next[axis])) onChange({ world: next as Point });
  };
  const error = found?.hold_out_m ?? found?.residual_m ?? null;
  return (
    <tr className={found?.bad ? "pairs__bad" : undefined}>
      <th scope="row">{number + 1}</th>
      {([0, 1] as const).map((axis) => (
        <td key={axis}>
          <input
            type="number"
            step="any"
            aria-label={`${words.pair} ${number + 1}, ${axis === 0 ? words.x : words.y}`}
            value={pair.world[axis]}
            onChange={(e) => world(axis, e.target.value)}
          />
        </td>
      ))}
      <td>
        <input
          aria-label={`${words.pair} ${number + 1}, ${words.what}`}
          value={pair.name}
          maxLength={200}
          onChange={(e) => onChange({ name: e.target.value })}
        />
      </td>
      <td>
        <input
          type="checkbox"
          aria-label={`${words.pair} ${number + 1}, ${words.check}`}
          checked={pair.check}
          onChange={(e) => onChange({ check: e.target.checked })}
        />
      </td>
      <td title={found?.bad}>{error === null ? "" : error.toFixed(2)}</td>
      <td>
        <button
          type="button"
          className="button button--small"
          aria-label={`${text.scene.remove} ${number + 1}`}
          onClick={props.onRemove}
        >
          ×
        </button>
      </td>
    </tr>
  );
}

function Verdict({ trial }: { trial: CalibrationTrial }) {
  const { hold_out: error } = trial;
  return (
    <div className="verdict" data-testid="calibration-verdict">
      <p>
        {error === null
          ? words.noHoldOut
          : words.holdOut(error.mean_m.toFixed(2), error.p95_m.toFixed(2), error.pairs)}
      </p>
      <p>{words.scale((Z95 * 100 * trial.scale_sd).toFixed(1))}</p>
      <ul className="feed">
        {trial.pairs
          .filter((pair) => pair.bad !== "")
          .map((pair) => (
            <li key={pair.index} className="bad">
              {`${pair.name}: ${pair.bad}`}
            </li>
          ))}
        {trial.warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
        {trial.lanes.map((lane) => (
          <li key={lane.lane}>
            {words.lane(
              lane.lane,
              lane.expected_sd_m === null ? "?" : (Z95 * lane.expected_sd_m).toFixed(2),
              `${Math.round(lane.inside * 100)} %`,
            )}
          </li>
        ))}
        {trial.lines.map((line) => (
          <li key={line.line}>
            {line.is_valid && line.metres_per_px !== null
              ? words.line(
                  line.line,
                  (100 * line.metres_per_px).toFixed(1),
                  (Z95 * (line.speed_sd_kmh ?? 0)).toFixed(1),
                )
              : words.lineOutside(line.line)}
          </li>
        ))}
      </ul>
    </div>
  );
}
