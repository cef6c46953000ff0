/** Tells which frame is on the screen, by its media time. */

/** The shortest recent distance between shown frames: dropped frames only make it longer. */
export class FrameInterval {
  private deltas: number[] = [];
  private previousS: number | null = null;

  add(mediaTimeS: number): void {
    const delta = this.previousS === null ? 0 : mediaTimeS - this.previousS;
    this.previousS = mediaTimeS;
    if (delta <= 0.001 || delta > 0.5) return;
    this.deltas.push(delta);
    if (this.deltas.length > 30) this.deltas.shift();
  }

  /** Half a frame, within sane bounds; 20 ms until something is known. */
  get halfFrameS(): number {
    if (this.deltas.length === 0) return 0.02;
    return Math.min(0.05, Math.max(0.004, Math.min(...this.deltas) / 2));
  }
}

/**
 * Calls back with the media time of every frame shown; returns how to stop. Where the browser
 * lacks `requestVideoFrameCallback` the play position stands in for it.
 */
export function watchFrames(
  video: HTMLVideoElement,
  onFrame: (mediaTimeS: number) => void,
): () => void {
  let stopped = false;
  if ("requestVideoFrameCallback" in video) {
    let handle = 0;
    const step = (_now: number, frame: VideoFrameCallbackMetadata) => {
      if (stopped) return;
      handle = video.requestVideoFrameCallback(step);
      onFrame(frame.mediaTime);
    };
    handle = video.requestVideoFrameCallback(step);
    return () => {
      stopped = true;
      video.cancelVideoFrameCallback(handle);
    };
  }
  const element: HTMLVideoElement = video;
  let shownS = Number.NaN;
  const step = () => {
    if (stopped) return;
    if (element.currentTime !== shownS) {
      shownS = element.currentTime;
      onFrame(shownS);
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  return () => {
    stopped = true;
  };
}
