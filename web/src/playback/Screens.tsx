/** The pictures of the chosen cameras, side by side. */

import type { ReactNode } from "react";
import { pictureUrl } from "../api";
import { text } from "../text";
import type { Playback, ScreenState } from "./usePlayback";

const words = text.playback;
/** Still pictures instead of a stream that the browser can't play: one per so many milliseconds. */
const STILL_MS = 1000;

interface Props {
  playback: Playback;
  cameras: readonly { id: string; name: string }[];
  /** Drawn over the first camera's picture. */
  overlay?: ReactNode;
}

export function Screens({ playback, cameras, overlay }: Props) {
  const { standing } = playback;
  const columns = Math.ceil(Math.sqrt(cameras.length));
  return (
    <div
      className="screens"
      data-testid="playback-screen"
      data-playing={standing.playing}
      data-notice={standing.notice}
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {cameras.map((camera, index) => (
        <Screen
          key={camera.id}
          camera={camera}
          playback={playback}
          state={playback.screens[camera.id]}
          named={cameras.length > 1}
        >
          {index === 0 && overlay}
        </Screen>
      ))}
      {(standing.notice === "gap" || standing.notice === "end") && (
        <p className="screen__notice" role="status">
          {words[standing.notice]}
        </p>
      )}
    </div>
  );
}

function Screen(props: {
  camera: { id: string; name: string };
  playback: Playback;
  state: ScreenState | undefined;
  named: boolean;
  children: ReactNode;
}) {
  const { camera, playback, state, named, children } = props;
  const { momentMs } = playback.standing;
  const failed = state?.has === "failed";
  return (
    <div className="screen" data-testid={`screen-${camera.id}`} data-state={state?.has}>
      <video
        ref={playback.video(camera.id)}
        className={`screen__video ${shown(state, momentMs) ? "" : "screen__video--hidden"}`}
        data-testid={`playback-video-${camera.id}`}
        playsInline
        muted
        aria-label={camera.name || camera.id}
      />
      {failed && momentMs !== null && (
        <img
          className="screen__video"
          alt={camera.name || camera.id}
          src={pictureUrl(camera.id, Math.floor(momentMs / STILL_MS) * STILL_MS, 1280)}
        />
      )}
      {children}
      {named && <span className="screen__name">{camera.name || camera.id}</span>}
      <Hint state={state} momentMs={momentMs} />
    </div>
  );
}

const shown = (state: ScreenState | undefined, momentMs: number | null): boolean =>
  momentMs !== null && (state?.has === "ready" || state?.has === "loading");

function Hint({ state, momentMs }: { state: ScreenState | undefined; momentMs: number | null }) {
  if (momentMs === null) return <p className="screen__hint">{words.choose}</p>;
  if (state?.has === "gap") return <p className="screen__hint">{words.nothingThen}</p>;
  if (state?.has === "failed") {
    return <p className="screen__notice">{words.stills(state.problem)}</p>;
  }
  if (state?.has === "loading") {
    return <span className="spinner screen__spinner" role="status" aria-label={text.loading} />;
  }
  return null;
}
