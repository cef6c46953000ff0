import type { RefObject } from "react";
import { useEffect, useRef, useState } from "react";
import type { PlayerState } from "./segmentPlayer";
import { IDLE, SegmentPlayer } from "./segmentPlayer";
import type { Segment } from "./timeline";

export interface SegmentPlayback {
  state: PlayerState;
  player: RefObject<SegmentPlayer | null>;
  first: RefObject<HTMLVideoElement | null>;
  second: RefObject<HTMLVideoElement | null>;
}

/** A `SegmentPlayer` on two video elements of the calling component. */
export function useSegmentPlayer(segments: readonly Segment[]): SegmentPlayback {
  const first = useRef<HTMLVideoElement>(null);
  const second = useRef<HTMLVideoElement>(null);
  const player = useRef<SegmentPlayer | null>(null);
  const [state, setState] = useState<PlayerState>(IDLE);

  useEffect(() => {
    if (first.current === null || second.current === null) return;
    const made = new SegmentPlayer([first.current, second.current], setState);
    player.current = made;
    return () => {
      player.current = null;
      made.close();
    };
  }, []);

  useEffect(() => player.current?.setSegments(segments), [segments]);
  return { state, player, first, second };
}
