/** Feeds one stream's fragments to a video element through Media Source Extensions. */

import type { Range } from "./latency";
import { trimRange } from "./latency";

/** More than this waiting to be appended means that the browser can't keep up. */
const QUEUE_BYTES_MAX = 24_000_000;

export function canPlay(mime: string): boolean {
  return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);
}

/** One per init segment: a new generation gets a new sink, and with it a fresh media timeline. */
export class MseSink {
  private readonly source = new MediaSource();
  private readonly objectUrl: string;
  private buffer: SourceBuffer | null = null;
  private queue: ArrayBuffer[] = [];
  private queuedBytes = 0;
  private squeezed = false;
  private closed = false;

  constructor(
    private readonly video: HTMLVideoElement,
    mime: string,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.source.addEventListener("sourceopen", () => this.open(mime), { once: true });
    this.objectUrl = URL.createObjectURL(this.source);
    video.src = this.objectUrl;
  }

  append(data: ArrayBuffer): void {
    if (this.closed) return;
    this.queue.push(data);
    this.queuedBytes += data.byteLength;
    if (this.queuedBytes > QUEUE_BYTES_MAX) this.fail("The browser can't keep up.");
    else this.pump();
  }

  get ranges(): Range[] {
    if (this.buffer === null || this.closed) return [];
    const buffered = this.buffer.buffered;
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
  }

  /** Removes what was shown long ago. */
  trim(): void {
    if (this.buffer === null || this.closed || this.buffer.updating) return;
    const range = trimRange(this.ranges, this.video.currentTime);
    if (range !== null) this.buffer.remove(range[0], range[1]);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.queue = [];
    URL.revokeObjectURL(this.objectUrl);
    if (this.video.src === this.objectUrl) {
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  private open(mime: string): void {
    if (this.closed) return;
    try {
      this.buffer = this.source.addSourceBuffer(mime);
    } catch {
      this.fail(`The browser refused ${mime}.`);
      return;
    }
    this.buffer.mode = "segments";
    this.buffer.addEventListener("updateend", () => this.pump());
    this.buffer.addEventListener("error", () => this.fail("The stream can't be decoded."));
    this.pump();
  }

  private pump(): void {
    if (this.closed || this.buffer === null || this.buffer.updating || this.queue.length === 0) {
      return;
    }
    const data = this.queue.length === 1 ? this.queue[0] : concatenate(this.queue);
    this.queue = [];
    this.queuedBytes = 0;
    if (data === undefined) return;
    try {
      this.buffer.appendBuffer(data);
      this.squeezed = false;
    } catch (error) {
      this.appendFailed(error, data);
    }
  }

  private appendFailed(error: unknown, data: ArrayBuffer): void {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    const start = this.ranges[0]?.[0];
    const now = this.video.currentTime;
    if (!full || this.squeezed || this.buffer === null || start === undefined || now - start < 1) {
      this.fail("The browser's buffer refused the stream.");
      return;
    }
    this.squeezed = true;
    this.queue.unshift(data);
    this.queuedBytes += data.byteLength;
    this.buffer.remove(start, now - 0.5);
  }

  private fail(reason: string): void {
    if (this.closed) return;
    this.onFailure(reason);
  }
}

function concatenate(parts: readonly ArrayBuffer[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole.buffer;
}
