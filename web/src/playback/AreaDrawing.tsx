/** A polygon drawn over a picture, corner by corner; coordinates are shares of the picture. */

import type { PointerEvent } from "react";
import { useRef } from "react";
import type { Point } from "../api";
import { text } from "../text";

const CORNERS_MAX = 20;

interface Props {
  /** Width ÷ height of the picture, which is shown whole within its frame. */
  aspect: number;
  area: readonly Point[];
  onArea(area: readonly Point[]): void;
}

export function AreaDrawing({ aspect, area, onArea }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const add = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined || area.length >= CORNERS_MAX) return;
    const point = shareOf(box, aspect, event.clientX, event.clientY);
    if (point !== null) onArea([...area, point]);
  };
  const points = area.map(([x, y]) => `${x * 1000 * aspect},${y * 1000}`).join(" ");
  return (
    <svg
      ref={svg}
      className="drawing"
      data-testid="area-drawing"
      viewBox={`0 0 ${1000 * aspect} 1000`}
      role="application"
      aria-label={text.evidence.drawArea}
      onPointerDown={add}
    >
      <polygon points={points} className="drawing__area" />
      {area.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x * 1000 * aspect} cy={y * 1000} r="10" />
      ))}
    </svg>
  );
}

/** Where a place of the frame lies in the picture that is fitted into it; null beside it. */
export function shareOf(
  box: { left: number; top: number; width: number; height: number },
  aspect: number,
  x: number,
  y: number,
): Point | null {
  const width = Math.min(box.width, box.height * aspect);
  const height = width / aspect;
  const across = (x - box.left - (box.width - width) / 2) / width;
  const down = (y - box.top - (box.height - height) / 2) / height;
  if (across < 0 || across > 1 || down < 0 || down > 1) return null;
  return [Number(across.toFixed(4)), Number(down.toFixed(4))];
}
