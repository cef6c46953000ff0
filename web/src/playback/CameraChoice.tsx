/** Which cameras are played together. */

import type { Camera } from "../api";
import { text } from "../text";

const words = text.playback;
const AT_ONCE_MAX = 9;

interface Props {
  cameras: readonly Camera[];
  chosen: readonly string[];
  onChosen(ids: readonly string[]): void;
}

export function CameraChoice({ cameras, chosen, onChosen }: Props) {
  const full = chosen.length >= AT_ONCE_MAX;
  const toggle = (id: string) => {
    if (!chosen.includes(id)) onChosen([...chosen, id]);
    else if (chosen.length > 1) onChosen(chosen.filter((other) => other !== id));
  };
  const title = chosen.length === 1 ? nameOf(cameras, chosen[0] ?? "") : "";
  return (
    <details className="choice">
      <summary className="button" data-testid="playback-cameras">
        {title || words.shownCameras(chosen.length)}
      </summary>
      <fieldset className="choice__list">
        <legend className="visually-hidden">{words.cameras}</legend>
        {cameras.map((camera) => (
          <label key={camera.id} className="choice__item">
            <input
              type="checkbox"
              checked={chosen.includes(camera.id)}
              disabled={full && !chosen.includes(camera.id)}
              onChange={() => toggle(camera.id)}
            />
            {camera.name || camera.id}
          </label>
        ))}
        {full && <p className="quiet">{words.atMost(AT_ONCE_MAX)}</p>}
      </fieldset>
    </details>
  );
}

const nameOf = (cameras: readonly Camera[], id: string): string =>
  cameras.find((camera) => camera.id === id)?.name || id;
