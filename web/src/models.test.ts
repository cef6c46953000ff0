import { describe, expect, it } from "vitest";
import type { ModelInProcess, Models } from "./models";
import { standingOf } from "./models";

const part = (over: Partial<ModelInProcess>): ModelInProcess => ({
  model: "nano:1",
  what: "nano 640×384",
  alias: "challenger",
  state: "ready",
  reason: "",
  golden: "same",
  cameras: ["gate"],
  looks: 100,
  failures: 0,
  looks_per_s: 5,
  latency_ms_p50: 10,
  latency_ms_p95: 20,
  found_per_look: 2,
  score_mean: 0.5,
  empty_share: 0.1,
  baseline_found_per_look: 0,
  baseline_score_mean: 0,
  baseline_empty_share: 0,
  verdict: "healthy",
  verdict_reason: "",
  ...over,
});

const models = (...parts: readonly (readonly ModelInProcess[])[]): Models => ({
  champion: "configured",
  challenger: "nano:1",
  previous: null,
  rollout: {
    state: "running",
    percent: 10,
    auto: false,
    hold_s: 300,
    reason: "",
    started: null,
    stage_since: null,
  },
  versions: [],
  processes: parts.map((inside, index) => ({ index, stale: false, age_s: 0.5, models: inside })),
});

describe("standingOf", () => {
  it("is nothing where nobody has such a model", () => {
    expect(standingOf(models([part({})]), "champion")).toBeNull();
    expect(standingOf(models(), "challenger")).toBeNull();
  });

  it("adds processes up and takes the slowest", () => {
    const all = standingOf(
      models(
        [part({})],
        [part({ looks: 300, found_per_look: 4, latency_ms_p95: 35, cameras: ["yard", "door"] })],
      ),
      "challenger",
    );
    expect(all).toMatchObject({
      cameras: 3,
      looks: 400,
      looksPerS: 10,
      latencyMsP95: 35,
      foundPerLook: 3.5,
      before: null,
    });
  });

  it("tells the worst of each", () => {
    const all = standingOf(
      models(
        [part({})],
        [
          part({ verdict: "waiting", verdict_reason: "3 of 50 looks so far", golden: "none" }),
          part({ alias: "champion", golden: "differs" }),
        ],
      ),
      "challenger",
    );
    expect(all).toMatchObject({
      verdict: "waiting",
      verdictReason: "3 of 50 looks so far",
      golden: "none",
      state: "ready",
    });
  });

  it("leaves out a process that has fallen silent", () => {
    const told = models([part({})]);
    const silent = { ...told, processes: told.processes.map((p) => ({ ...p, stale: true })) };
    expect(standingOf(silent, "challenger")).toBeNull();
  });
});
