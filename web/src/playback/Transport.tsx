/** The buttons that move through time. */

import { text } from "../text";
import { Field } from "../ui/parts";
import type { Playback } from "./usePlayback";

const words = text.playback;
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];

export function Transport({ playback }: { playback: Playback }) {
  const { standing, conductor, step } = playback;
  const idle = standing.momentMs === null;
  const by = (ms: number) =>
    standing.momentMs !== null && conductor.seek(standing.momentMs + ms, standing.playing);
  const buttons: readonly [string, string, () => void][] = [
    [words.back10, "−10 s", () => by(-10_000)],
    [words.stepBack, "◂", () => void step(false).catch(() => {})],
    [words.stepAhead, "▸", () => void step(true).catch(() => {})],
    [words.ahead10, "+10 s", () => by(10_000)],
  ];
  return (
    <div className="group">
      <button
        type="button"
        className="button button--primary"
        data-testid="play-pause"
        disabled={idle}
        onClick={() => (standing.playing ? conductor.pause() : conductor.play())}
      >
        {standing.playing ? words.pause : words.play}
      </button>
      {buttons.map(([label, sign, act]) => (
        <button
          key={label}
          type="button"
          className="button"
          title={label}
          aria-label={label}
          disabled={idle}
          onClick={act}
        >
          {sign}
        </button>
      ))}
      <Field label={words.speed}>
        <select value={standing.rate} onChange={(e) => conductor.setRate(Number(e.target.value))}>
          {SPEEDS.map((value) => (
            <option key={value} value={value}>{`${value}×`}</option>
          ))}
        </select>
      </Field>
    </div>
  );
}
