/** Where a wall-clock moment lies on a playlist's media time, and back. */

/** One media segment of a playlist. */
export interface Piece {
  /** Media time, seconds. */
  start: number;
  duration: number;
  /** Wall time of its first picture, milliseconds since 1970. */
  programDateTime: number | null;
  /** Not recorded, or not to be had. */
  gap?: boolean;
}

/** Pieces whose ends meet within this belong together; a moment between them is in the first. */
const JOIN_MS = 100;

interface Known extends Piece {
  programDateTime: number;
}

export class MediaMap {
  private readonly pieces: readonly Known[];

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces.filter(
      (piece): piece is Known => piece.programDateTime !== null && !piece.gap,
    );
  }

  get empty(): boolean {
    return this.pieces.length === 0;
  }

  /** Media time of a moment in seconds; null if it was not recorded. */
  mediaS(momentMs: number): number | null {
    const piece = this.pieces[this.lastFrom(momentMs)];
    if (piece === undefined) return null;
    const intoMs = momentMs - piece.programDateTime;
    if (intoMs > piece.duration * 1000 + JOIN_MS) return null;
    // Not to its very end, which is the next piece's first picture.
    return piece.start + Math.min(intoMs / 1000, Math.max(0, piece.duration - 0.001));
  }

  /** Wall time of a media time; null before the first and after the last piece. */
  wallMs(mediaS: number): number | null {
    const index = last(this.pieces, (piece) => piece.start <= mediaS + 1e-3);
    const piece = this.pieces[index];
    if (piece === undefined || mediaS > piece.start + piece.duration + 0.5) return null;
    return piece.programDateTime + (mediaS - piece.start) * 1000;
  }

  /** The first recorded moment after this one, itself not recorded. */
  nextAfter(momentMs: number): number | null {
    return this.pieces[this.lastFrom(momentMs) + 1]?.programDateTime ?? null;
  }

  private lastFrom(momentMs: number): number {
    return last(this.pieces, (piece) => piece.programDateTime <= momentMs);
  }
}

/** Index of the last item that holds, where those that hold come first; −1 if none does. */
function last<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
