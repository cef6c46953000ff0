import { beforeEach, expect, test, vi } from "vitest";
import { HlsPicture } from "./hlsPicture";

const START_MS = Date.UTC(2026, 2, 1, 12);
const PIECES = [{ start: 0, duration: 60, programDateTime: START_MS }];
const ADDRESS = "/playlist.m3u8";

/** In the place of hls.js. */
class Player {
  static Events = { LEVEL_LOADED: "loaded", LEVEL_PTS_UPDATED: "updated", ERROR: "error" };
  static isSupported = () => true;
  static made: Player[] = [];
  readonly startsS: number[] = [];
  private readonly listeners = new Map<string, (event: string, data: unknown) => void>();

  constructor() {
    Player.made.push(this);
  }

  on(event: string, listener: (event: string, data: unknown) => void) {
    this.listeners.set(event, listener);
  }

  listIsLoaded() {
    this.listeners.get("loaded")?.("loaded", { details: { fragments: PIECES } });
  }

  startLoad(atS: number) {
    this.startsS.push(atS);
  }

  loadSource() {}
  attachMedia() {}
  destroy() {}
}

function picture(readyState = 4) {
  let onPicture = (_nowMs: number, _picture: { mediaTime: number }) => {};
  const video = {
    readyState,
    currentTime: 0,
    buffered: [],
    requestVideoFrameCallback: (told: typeof onPicture) => {
      onPicture = told;
    },
  };
  const library = async () => ({ default: Player });
  const made = new HlsPicture(
    video as unknown as HTMLVideoElement,
    () => {},
    library as unknown as () => Promise<typeof import("hls.js/light")>,
  );
  return { made, video, shows: (mediaTime: number) => onPicture(0, { mediaTime }) };
}

beforeEach(() => {
  Player.made = [];
  vi.stubGlobal("HTMLMediaElement", { HAVE_NOTHING: 0, HAVE_METADATA: 1, HAVE_CURRENT_DATA: 2 });
});

test("the same address asked for twice at once is played by one player", async () => {
  const { made } = picture();
  await Promise.all([made.load(ADDRESS), made.load(ADDRESS)]);
  expect(Player.made).toHaveLength(1);
});

test("loading is begun once for a moment, however often it is asked for", async () => {
  const { made } = picture(0);
  await made.load(ADDRESS);
  made.show(START_MS + 10_000);
  Player.made[0]?.listIsLoaded();
  for (let i = 0; i < 5; i++) expect(made.has(START_MS + 10_000)).toBe("loading");
  expect(Player.made[0]?.startsS).toEqual([10]);
  made.show(START_MS + 30_000);
  expect(Player.made[0]?.startsS).toEqual([10, 30]);
});

test("a pause between two pictures does not keep the second from being shown", async () => {
  const { made, video, shows } = picture();
  await made.load(ADDRESS);
  Player.made[0]?.listIsLoaded();
  shows(9.96);
  video.currentTime = 10.0003;
  made.show(START_MS + 10_000);
  expect(video.currentTime).toBe(10);
});

test("closed before its player came, none is made", async () => {
  const { made } = picture();
  const loading = made.load(ADDRESS);
  made.close();
  await loading;
  expect(Player.made).toHaveLength(0);
});

test("the moment that was shown is kept once, not at every refresh of the playlist", async () => {
  const { made, video } = picture();
  made.show(START_MS + 10_000);
  await made.load(ADDRESS);
  Player.made[0]?.listIsLoaded();
  expect(video.currentTime).toBe(10);
  video.currentTime = 25;
  Player.made[0]?.listIsLoaded();
  expect(video.currentTime).toBe(25);
});
