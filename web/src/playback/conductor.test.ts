import { beforeEach, describe, expect, test } from "vitest";
import type { Picture, Standing } from "./conductor";
import { Conductor, correction, IDLE } from "./conductor";

/** A camera with one recorded stretch; its picture runs when the test's clock does. */
class Twin implements Picture {
  shown: number | null = null;
  rate = 0;
  seeks = 0;
  loading = false;

  constructor(
    private readonly startMs: number,
    private readonly endMs: number,
  ) {}

  has(momentMs: number) {
    if (momentMs < this.startMs || momentMs >= this.endMs) return "gap" as const;
    return this.loading ? ("loading" as const) : ("ready" as const);
  }
  shownMs = () => this.shown;
  show(momentMs: number) {
    this.shown = momentMs;
    this.seeks += 1;
  }
  run(rate: number) {
    this.rate = rate;
  }
  pause() {
    this.rate = 0;
  }
  nextAfter = (momentMs: number) => (momentMs < this.startMs ? this.startMs : null);
  pass(ms: number) {
    if (this.shown !== null) this.shown += ms * this.rate;
  }
}

let standing: Standing = IDLE;
let nowMs = 0;
let twins: Twin[] = [];
let conductor: Conductor;

function begin(...made: Twin[]) {
  standing = IDLE;
  nowMs = 1000;
  twins = made;
  conductor = new Conductor(
    () => twins,
    (told) => {
      standing = told;
    },
  );
}

function run(ms: number, step = 20) {
  for (let passed = 0; passed < ms; passed += step) {
    nowMs += step;
    for (const twin of twins) twin.pass(step);
    conductor.tick(nowMs);
  }
}

beforeEach(() => begin(new Twin(0, 60_000), new Twin(10_000, 60_000)));

describe("conductor", () => {
  test("pictures run with the clock and stay together", () => {
    conductor.seek(20_000, true);
    run(5000);
    expect(standing.momentMs).toBeCloseTo(25_000, -2);
    for (const twin of twins) expect(Math.abs((twin.shown ?? 0) - 25_000)).toBeLessThan(60);
    expect(twins.map((twin) => twin.seeks)).toEqual([1, 1]);
  });

  test("a picture that lags is brought back by running faster, not by jumping", () => {
    conductor.seek(20_000, true);
    run(200);
    const [lagging] = twins;
    if (lagging === undefined) throw new Error("no twin");
    lagging.shown = (lagging.shown ?? 0) - 200;
    run(100);
    expect(lagging.rate).toBeGreaterThan(1);
    expect(lagging.rate).toBeLessThanOrEqual(1.08);
    run(8000);
    expect(lagging.seeks).toBe(1);
    expect(Math.abs((lagging.shown ?? 0) - (standing.momentMs ?? 0))).toBeLessThan(60);
  });

  test("one that is far off is placed anew", () => {
    conductor.seek(20_000, true);
    run(200);
    const [lost] = twins;
    if (lost === undefined) throw new Error("no twin");
    lost.shown = 3000;
    run(40);
    expect(lost.seeks).toBe(2);
  });

  test("speeds count", () => {
    conductor.setRate(4);
    conductor.seek(10_000, true);
    run(2020); // the first tick only starts the clock
    expect(standing.momentMs).toBeCloseTo(18_000, -2);
  });

  test("a camera without a recording waits while the others play", () => {
    conductor.seek(5000, true);
    run(1000);
    expect(twins.map((twin) => twin.rate)).toEqual([1, 0]);
    expect(standing.momentMs).toBeCloseTo(6000, -2);
    run(5000);
    expect(twins[1]?.rate).toBe(1);
  });

  test("the clock waits for a picture that loads, but not for ever", () => {
    conductor.seek(20_000, true);
    run(100);
    const held = standing.momentMs;
    for (const twin of twins.slice(0, 1)) twin.loading = true;
    run(3000);
    expect(standing).toMatchObject({ momentMs: held, notice: "loading", playing: true });
    run(3000);
    expect(standing.momentMs).toBeGreaterThan(held ?? 0);
  });

  test("where nothing was recorded it goes on with the next recording", () => {
    begin(new Twin(40_000, 60_000), new Twin(50_000, 60_000));
    conductor.seek(1000, true);
    run(20);
    expect(standing).toMatchObject({ momentMs: 40_000, notice: "gap", playing: true });
    run(500);
    expect(standing.notice).toBe("");
  });

  test("at the end of all recordings it stops", () => {
    conductor.seek(59_500, true);
    run(1500);
    expect(standing).toMatchObject({ playing: false, notice: "end" });
    expect(twins.map((twin) => twin.rate)).toEqual([0, 0]);
  });

  test("paused, the clock stands", () => {
    conductor.seek(20_000, true);
    run(500);
    conductor.pause();
    const held = standing.momentMs;
    run(500);
    expect(standing.momentMs).toBe(held);
    conductor.play();
    run(500);
    expect(standing.momentMs).toBeCloseTo((held ?? 0) + 500, -2);
  });

  test("without a chosen moment nothing plays", () => {
    conductor.play();
    run(100);
    expect(standing).toEqual(IDLE);
  });
});

test.each([
  ["nothing shown", null, 0],
  ["less than a frame off", 9980, 0],
  ["behind", 9900, 0.08],
  ["ahead", 10_050, -0.05],
])("correction: %s", (_, shown, wanted) => {
  expect(correction(shown, 10_000, 1)).toBeCloseTo(wanted, 5);
});
