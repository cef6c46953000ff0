import { beforeEach, describe, expect, it } from "vitest";
import { backoffS, CAP_S } from "./backoff";
import type { ConnectionPorts, LiveSocket } from "./connection";
import { LiveConnection } from "./connection";

class FakeSocket implements LiveSocket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;

  close(): void {
    this.closed = true;
  }

  say(...messages: unknown[]): void {
    for (const data of messages) this.onmessage?.({ data });
  }
}

/** A world in which time passes only when told to. */
class World {
  sockets: FakeSocket[] = [];
  waiting: { action: () => void; delayS: number }[] = [];
  heard: string[] = [];
  nowMs = 0;
  randomValue = 0.5;
  readonly ports: ConnectionPorts = {
    open: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    random: () => this.randomValue,
    nowMs: () => this.nowMs,
    later: (action, delayS) => {
      const entry = { action, delayS };
      this.waiting.push(entry);
      return () => {
        this.waiting = this.waiting.filter((other) => other !== entry);
      };
    },
  };
  readonly connection = new LiveConnection(
    "ws://site/live",
    {
      onOpen: () => this.heard.push("open"),
      onDown: (failures) => this.heard.push(`down ${failures}`),
      onRefused: (why) => this.heard.push(`refused ${why}`),
      onInit: (init, segment) => this.heard.push(`init ${init.generation} ${segment.byteLength}`),
      onFragment: (fragment) => this.heard.push(`fragment ${fragment.byteLength}`),
      onMessage: (message) => this.heard.push(message.type),
    },
    this.ports,
  );

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("No socket was opened.");
    return socket;
  }

  fail(code = 1006): void {
    this.socket.onclose?.({ code });
  }

  /** Runs what is waiting and tells how long it waited. */
  wait(): number {
    const entry = this.waiting.shift();
    if (entry === undefined) throw new Error("Nothing waits.");
    entry.action();
    return entry.delayS;
  }
}

const INIT = '{"type":"init","mime":"video/mp4","generation":1,"base_ns":"0","width":2,"height":2}';
const bytes = (length: number) => new ArrayBuffer(length);

describe("LiveConnection", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.connection.start();
  });

  it("pairs an init message with the bytes after it, even if text comes between", () => {
    world.socket.say(INIT, '{"type":"state","state":"online","error":""}', bytes(7), bytes(3));
    expect(world.heard).toEqual(["state", "init 1 7", "fragment 3"]);
    expect(world.socket.binaryType).toBe("arraybuffer");
  });

  it("ignores media before any init, nonsense and Blobs", () => {
    world.socket.say(bytes(3), "nonsense", 17, null);
    expect(world.heard).toEqual([]);
  });

  it("begins anew with every init", () => {
    world.socket.say(INIT, bytes(7), bytes(1), INIT.replace(":1,", ":2,"), bytes(8), bytes(2));
    expect(world.heard).toEqual(["init 1 7", "fragment 1", "init 2 8", "fragment 2"]);
  });

  it("waits for an init again after a reconnect", () => {
    world.socket.say(INIT, bytes(7));
    world.fail();
    world.wait();
    world.socket.say(bytes(5));
    expect(world.heard).toEqual(["init 1 7", "down 1"]);
  });

  it("tries again at once, then with growing random waits up to the cap", () => {
    world.randomValue = 1;
    const waits = Array.from({ length: 8 }, () => {
      world.fail();
      return world.wait();
    });
    expect(waits).toEqual([0, 1, 2, 4, 8, 15, 15, 15]);
    expect(world.sockets).toHaveLength(9);
  });

  it("starts from scratch after a connection that lasted", () => {
    for (let i = 0; i < 4; i++) {
      world.fail();
      world.wait();
    }
    world.socket.onopen?.();
    world.nowMs += 5_000;
    world.fail();
    expect(world.heard.at(-1)).toBe("down 1");
    expect(world.wait()).toBe(0);
  });

  it("does not hammer a server that accepts and closes", () => {
    world.socket.onopen?.();
    world.nowMs += 100;
    world.fail();
    expect(world.wait()).toBe(0);
    world.socket.onopen?.();
    world.nowMs += 100;
    world.fail();
    expect(world.wait()).toBeGreaterThan(0);
  });

  it.each([
    [4401, "refused signed-out"],
    [4404, "refused camera-gone"],
  ])("gives up when closed with %i", (code, expected) => {
    world.fail(code);
    expect(world.heard).toEqual([expected]);
    expect(world.waiting).toEqual([]);
  });

  it("closes the socket and stops trying when stopped", () => {
    world.connection.stop();
    expect(world.socket.closed).toBe(true);
    expect(world.socket.onclose).toBeNull();
    expect(world.waiting).toEqual([]);
  });

  it("cancels a waiting retry when stopped", () => {
    world.fail();
    world.connection.stop();
    expect(world.waiting).toEqual([]);
  });

  it("hears nothing more of a socket it has left", () => {
    const old = world.socket;
    world.connection.restart();
    world.wait();
    old.onclose?.({ code: 1006 });
    expect(old.closed).toBe(true);
    expect(world.heard).toEqual(["down 1"]);
  });
});

describe("backoffS", () => {
  it("is full jitter within the cap", () => {
    for (let attempt = 1; attempt < 60; attempt++) {
      expect(backoffS(attempt, () => 0)).toBe(0);
      expect(backoffS(attempt, () => 0.999)).toBeLessThan(CAP_S);
    }
    expect(backoffS(0, () => 1)).toBe(0);
  });
});
