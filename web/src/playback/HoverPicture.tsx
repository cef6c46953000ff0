/** The picture under the pointer on the timeline, after it rested there for a moment. */

import { useEffect, useState } from "react";
import { thumbnailUrl } from "../api";

const REST_MS = 150;
const WIDTH_PX = 240;

export function HoverPicture({ camera, momentMs }: { camera: string; momentMs: number }) {
  const [restedMs, setRestedMs] = useState<number | null>(null);
  const [missing, setMissing] = useState(false);
  const wholeMs = Math.round(momentMs / 1000) * 1000;

  useEffect(() => {
    const timer = setTimeout(() => {
      setRestedMs(wholeMs);
      setMissing(false);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [wholeMs]);

  if (restedMs === null || missing) return null;
  return (
    <img
      className="timeline__picture"
      data-testid="hover-picture"
      alt=""
      width={WIDTH_PX}
      src={thumbnailUrl(camera, restedMs, WIDTH_PX)}
      onError={() => setMissing(true)}
    />
  );
}
