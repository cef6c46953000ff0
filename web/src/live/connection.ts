/** The live WebSocket of one camera: opens, pairs init messages with their bytes, reconnects. */

import { backoffS } from "./backoff";
import type { InitMessage, LiveMessage } from "./protocol";
import { parseMessage } from "./protocol";

/** The part of a WebSocket that is used; tests give a fake. */
export interface LiveSocket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export interface ConnectionEvents {
  /** A new stream begins; everything before it is void. */
  onInit(init: InitMessage, segment: ArrayBuffer): void;
  onFragment(fragment: ArrayBuffer): void;
  onMessage(message: Exclude<LiveMessage, InitMessage>): void;
  onOpen(): void;
  /** The socket failed, for the `failures`th time in a row; the next try comes by itself. */
  onDown(failures: number): void;
  /** The server ended it because of us: the session or the camera is no more. No further try. */
  onRefused(why: "signed-out" | "camera-gone"): void;
}

export interface ConnectionPorts {
  open(url: string): LiveSocket;
  random(): number;
  nowMs(): number;
  /** Runs `action` later; returns how to cancel it. */
  later(action: () => void, delayS: number): () => void;
}

export const browserPorts: ConnectionPorts = {
  open: (url) => new WebSocket(url) as unknown as LiveSocket,
  random: Math.random,
  nowMs: () => performance.now(),
  later: (action, delayS) => {
    const timer = setTimeout(action, delayS * 1000);
    return () => clearTimeout(timer);
  },
};

/** Close codes of the server that make another try pointless. */
const REFUSALS = new Map([
  [4401, "signed-out"],
  [4404, "camera-gone"],
] as const);

/** A connection that lasted this long was a good one: the next failure starts from scratch. */
const GOOD_AFTER_S = 5;

export class LiveConnection {
  private socket: LiveSocket | null = null;
  private cancelRetry: (() => void) | null = null;
  private pendingInit: InitMessage | null = null;
  private streaming = false;
  private failures = 0;
  private openedMs: number | null = null;

  constructor(
    private readonly url: string,
    private readonly events: ConnectionEvents,
    private readonly ports: ConnectionPorts = browserPorts,
  ) {}

  start(): void {
    this.failures = 0;
    this.connect();
  }

  /** Drops the socket and connects again as after a failure. */
  restart(): void {
    if (this.socket !== null) this.lost(this.socket);
  }

  stop(): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.drop();
  }

  private connect(): void {
    this.cancelRetry = null;
    const socket = this.ports.open(this.url);
    this.socket = socket;
    this.pendingInit = null;
    this.streaming = false;
    this.openedMs = null;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.openedMs = this.ports.nowMs();
      this.events.onOpen();
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = ({ code }) => {
      const refusal = REFUSALS.get(code as 4401 | 4404);
      if (refusal === undefined) this.lost(socket);
      else this.refused(socket, refusal);
    };
  }

  private receive(data: unknown): void {
    if (typeof data === "string") {
      const message = parseMessage(data);
      if (message?.type === "init") this.pendingInit = message;
      else if (message !== null) this.events.onMessage(message);
    } else if (data instanceof ArrayBuffer) {
      this.receiveMedia(data);
    }
  }

  private receiveMedia(data: ArrayBuffer): void {
    if (this.pendingInit !== null) {
      const init = this.pendingInit;
      this.pendingInit = null;
      this.streaming = true;
      this.events.onInit(init, data);
    } else if (this.streaming) {
      this.events.onFragment(data);
    }
  }

  private lost(socket: LiveSocket): void {
    if (socket !== this.socket) return;
    const good =
      this.openedMs !== null && this.ports.nowMs() - this.openedMs >= GOOD_AFTER_S * 1000;
    this.drop();
    const attempt = good ? 0 : this.failures;
    this.failures = attempt + 1;
    this.cancelRetry = this.ports.later(() => this.connect(), backoffS(attempt, this.ports.random));
    this.events.onDown(this.failures);
  }

  private refused(socket: LiveSocket, why: "signed-out" | "camera-gone"): void {
    if (socket !== this.socket) return;
    this.drop();
    this.events.onRefused(why);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
