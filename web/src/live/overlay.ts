/** Draws boxes, lines and zones over the picture. */

import type { ClassCounts, Counts, Point, Scene, SceneLine, SceneZone } from "../api";
import { lookUp } from "../lookUp";
import type { Box, FrameBoxes } from "./trackBuffer";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a picture of `size` lies when it is fitted whole and centred into a box. */
export function containRect(
  boxWidth: number,
  boxHeight: number,
  size: readonly [number, number],
): Rect {
  const [width, height] = size;
  if (width <= 0 || height <= 0) return { x: 0, y: 0, width: boxWidth, height: boxHeight };
  const scale = Math.min(boxWidth / width, boxHeight / height);
  const w = width * scale;
  const h = height * scale;
  return { x: (boxWidth - w) / 2, y: (boxHeight - h) / 2, width: w, height: h };
}

type Pixel = readonly [number, number];

export interface LineGeometry {
  from: Pixel;
  to: Pixel;
  middle: Pixel;
  /** Unit vector towards the side that a crossing "in" ends on. */
  inward: Pixel;
}

/**
 * A line on the screen. "In" is the crossing that ends where
 * (x2−x1)(y−y1) − (y2−y1)(x−x1) is positive.
 */
export function lineGeometry(points: readonly Point[], rect: Rect): LineGeometry | null {
  const [a, b] = points;
  if (a === undefined || b === undefined) return null;
  const from = place(a, rect);
  const to = place(b, rect);
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const length = Math.hypot(dx, dy);
  if (length === 0) return null;
  return {
    from,
    to,
    middle: [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2],
    inward: [-dy / length, dx / length],
  };
}

/** Where a zone's label stands: inside its upper edge, between its two highest corners. */
export function zoneLabelAt(points: readonly Point[], rect: Rect): Pixel {
  const [a = [0.5, 0.5], b = a] = [...points].sort((p, q) => p[1] - q[1]);
  const [x, y] = place([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], rect);
  return [x, y + ZONE_LABEL_DROP_PX];
}

const place = (point: Point, rect: Rect): Pixel => [
  rect.x + point[0] * rect.width,
  rect.y + point[1] * rect.height,
];

export interface Layers {
  boxes: boolean;
  scene: boolean;
}

export interface Picture {
  /** Size of the canvas in CSS pixels. */
  width: number;
  height: number;
  /** Size of the video's frame, pixels. */
  videoSize: readonly [number, number];
  scene: Scene;
  counts: Counts;
  frame: FrameBoxes;
  layers: Layers;
}

const LINE_COLOUR = "#ffd166";
const ZONE_COLOUR = "#8ab6ff";
const ZONE_LABEL_DROP_PX = 14;
const LABEL_BACK = "rgba(10, 15, 22, 0.78)";
const CLASS_COLOURS: Readonly<Record<string, string>> = {
  person: "#ff8f6b",
  bicycle: "#d7a6ff",
  motorcycle: "#ff9fd6",
  car: "#55d6a6",
  bus: "#6fd0ff",
  truck: "#6fa8ff",
  animal: "#ffe08a",
};
const OTHER_COLOUR = "#c9d4e0";
const FONT = "600 12px system-ui, sans-serif";

export function paint(canvas: CanvasRenderingContext2D, picture: Picture): void {
  canvas.clearRect(0, 0, picture.width, picture.height);
  const rect = containRect(picture.width, picture.height, picture.videoSize);
  canvas.font = FONT;
  canvas.textBaseline = "middle";
  if (picture.layers.scene) {
    for (const zone of picture.scene.zones) paintZone(canvas, zone, rect, picture.counts);
    for (const line of picture.scene.lines) paintLine(canvas, line, rect, picture.counts);
  }
  if (picture.layers.boxes) {
    for (const box of picture.frame.boxes) paintBox(canvas, box, picture.frame.size, rect);
  }
}

function paintBox(
  canvas: CanvasRenderingContext2D,
  box: Box,
  size: readonly [number, number],
  rect: Rect,
): void {
  const scaleX = rect.width / size[0];
  const scaleY = rect.height / size[1];
  const x = rect.x + box.xyxy[0] * scaleX;
  const y = rect.y + box.xyxy[1] * scaleY;
  const width = (box.xyxy[2] - box.xyxy[0]) * scaleX;
  const height = (box.xyxy[3] - box.xyxy[1]) * scaleY;
  canvas.setLineDash(box.dashed ? [5, 4] : []);
  canvas.lineWidth = 2;
  canvas.strokeStyle = lookUp(CLASS_COLOURS, box.class) ?? OTHER_COLOUR;
  canvas.strokeRect(x, y, width, height);
  canvas.setLineDash([]);
  if (width >= 40 && rect.width >= 420) {
    paintTag(canvas, `${box.class} ${box.id}`, x - 1, y, canvas.strokeStyle);
  }
}

/** A small label standing on the top edge of a box. */
function paintTag(
  canvas: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
): void {
  const width = canvas.measureText(text).width + 8;
  const top = Math.max(0, y - 16);
  canvas.fillStyle = colour;
  canvas.fillRect(x, top, width, 16);
  canvas.fillStyle = "#0b1118";
  canvas.textAlign = "left";
  canvas.fillText(text, x + 4, top + 8.5);
}

function paintLine(
  canvas: CanvasRenderingContext2D,
  line: SceneLine,
  rect: Rect,
  counts: Counts,
): void {
  const geometry = lineGeometry(line.points, rect);
  if (geometry === null) return;
  const { from, to, middle, inward } = geometry;
  canvas.strokeStyle = LINE_COLOUR;
  canvas.fillStyle = LINE_COLOUR;
  canvas.lineWidth = 2;
  canvas.beginPath();
  canvas.moveTo(from[0], from[1]);
  canvas.lineTo(to[0], to[1]);
  canvas.stroke();
  for (const end of [from, to]) {
    canvas.beginPath();
    canvas.arc(end[0], end[1], 3, 0, 2 * Math.PI);
    canvas.fill();
  }
  const passed = lookUp(counts.lines, line.id);
  paintDirection(canvas, middle, inward, `in ${totalOf(passed?.in)}`, rect);
  paintDirection(canvas, middle, [-inward[0], -inward[1]], `out ${totalOf(passed?.out)}`, rect);
}

/** An arrow away from the line with its count at the tip. */
function paintDirection(
  canvas: CanvasRenderingContext2D,
  middle: Pixel,
  way: Pixel,
  text: string,
  rect: Rect,
): void {
  const length = Math.min(22, Math.max(12, rect.width / 28));
  const tip: Pixel = [middle[0] + way[0] * length, middle[1] + way[1] * length];
  const side: Pixel = [-way[1], way[0]];
  canvas.strokeStyle = LINE_COLOUR;
  canvas.fillStyle = LINE_COLOUR;
  canvas.lineWidth = 2;
  canvas.beginPath();
  canvas.moveTo(middle[0], middle[1]);
  canvas.lineTo(tip[0] - way[0] * 5, tip[1] - way[1] * 5);
  canvas.stroke();
  canvas.beginPath();
  canvas.moveTo(tip[0], tip[1]);
  canvas.lineTo(tip[0] - way[0] * 7 + side[0] * 4.5, tip[1] - way[1] * 7 + side[1] * 4.5);
  canvas.lineTo(tip[0] - way[0] * 7 - side[0] * 4.5, tip[1] - way[1] * 7 - side[1] * 4.5);
  canvas.closePath();
  canvas.fill();
  const reach = length + 8 + Math.abs(way[0]) * (canvas.measureText(text).width / 2 + 4);
  paintPill(canvas, text, middle[0] + way[0] * reach, middle[1] + way[1] * reach, rect);
}

function paintZone(
  canvas: CanvasRenderingContext2D,
  zone: SceneZone,
  rect: Rect,
  counts: Counts,
): void {
  canvas.beginPath();
  for (const point of zone.points) {
    const [x, y] = place(point, rect);
    canvas.lineTo(x, y);
  }
  canvas.closePath();
  canvas.fillStyle = "rgba(138, 182, 255, 0.08)";
  canvas.fill();
  canvas.strokeStyle = ZONE_COLOUR;
  canvas.lineWidth = 1.5;
  canvas.stroke();
  const [x, y] = zoneLabelAt(zone.points, rect);
  const inside = lookUp(counts.zones, zone.id)?.occupancy ?? 0;
  paintPill(canvas, `${zone.name || zone.id}: ${inside}`, x, y, rect);
}

/** A centred label on a dark ground, kept within the picture. */
function paintPill(
  canvas: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  rect: Rect,
): void {
  const width = canvas.measureText(text).width + 10;
  const left = Math.min(Math.max(x - width / 2, rect.x), rect.x + rect.width - width);
  const top = Math.min(Math.max(y - 9, rect.y), rect.y + rect.height - 18);
  canvas.fillStyle = LABEL_BACK;
  canvas.fillRect(left, top, width, 18);
  canvas.fillStyle = "#f2f6fa";
  canvas.textAlign = "left";
  canvas.fillText(text, left + 5, top + 9.5);
}

const totalOf = (counts: ClassCounts | undefined): number => counts?.total ?? 0;
