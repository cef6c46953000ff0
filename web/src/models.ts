/** Models as the API tells of them, and what a page shows of several processes together. */

export interface ModelVersion {
  /** NAME:NUMBER */
  model: string;
  aliases: readonly string[];
  source: string;
  sha256: string;
  family: string;
  licence: string;
  input_width: number;
  input_height: number;
  golden_pictures: number;
  notes: string;
  registered: string;
}

export interface Rollout {
  state: "none" | "running" | "promoted" | "rolled_back" | "failed" | (string & {});
  percent: number;
  auto: boolean;
  hold_s: number;
  reason: string;
  started: string | null;
  stage_since: string | null;
}

export interface ModelInProcess {
  model: string;
  /** Its own name and input size; empty while it is loading. */
  what: string;
  alias: string;
  state: string;
  reason: string;
  golden: string;
  cameras: readonly string[];
  looks: number;
  failures: number;
  looks_per_s: number;
  latency_ms_p50: number;
  latency_ms_p95: number;
  found_per_look: number;
  score_mean: number;
  empty_share: number;
  baseline_found_per_look: number;
  baseline_score_mean: number;
  baseline_empty_share: number;
  verdict: string;
  verdict_reason: string;
}

export interface ModelProcess {
  index: number;
  stale: boolean;
  age_s: number;
  models: readonly ModelInProcess[];
}

export interface Models {
  champion: string;
  challenger: string | null;
  previous: string | null;
  rollout: Rollout;
  versions: readonly ModelVersion[];
  processes: readonly ModelProcess[];
}

export interface Finding {
  kind: string;
  score: number;
  xyxy: readonly [number, number, number, number];
}

export interface LookTest {
  ok: boolean;
  model: string;
  golden: string;
  process: number;
  width: number;
  height: number;
  latency_ms: number;
  findings: readonly Finding[];
}

/** One alias over all processes that are heard. */
export interface Standing {
  model: string;
  what: string;
  state: string;
  reason: string;
  golden: string;
  cameras: number;
  looks: number;
  failures: number;
  looksPerS: number;
  /** Of the slowest process. */
  latencyMsP50: number;
  latencyMsP95: number;
  foundPerLook: number;
  scoreMean: number;
  emptyShare: number;
  before: { foundPerLook: number; scoreMean: number; emptyShare: number } | null;
  verdict: string;
  verdictReason: string;
}

const WORST_STATE = ["failed", "loading", "ready"];
const WORST_GOLDEN = ["differs", "none", "same"];
const WORST_VERDICT = ["unhealthy", "waiting", "healthy", ""];

/** What all processes together say of the champion or the challenger; null if none has it. */
export function standingOf(models: Models, alias: string): Standing | null {
  const parts = models.processes
    .filter((process) => !process.stale)
    .flatMap((process) => process.models.filter((model) => model.alias === alias));
  const [first] = parts;
  if (first === undefined) return null;
  const sum = (of: (part: ModelInProcess) => number) => parts.reduce((n, p) => n + of(p), 0);
  const most = (of: (part: ModelInProcess) => number) => Math.max(...parts.map(of));
  const looks = sum((p) => p.looks);
  const mean = (of: (part: ModelInProcess) => number) =>
    looks > 0 ? sum((p) => of(p) * p.looks) / looks : 0;
  const worst = (order: readonly string[], of: (part: ModelInProcess) => string) =>
    order.find((word) => parts.some((p) => of(p) === word)) ?? of(first);
  const verdict = worst(WORST_VERDICT, (p) => p.verdict);
  const compared = parts.some((p) => p.baseline_found_per_look > 0 || p.baseline_empty_share > 0);
  return {
    model: first.model,
    what: first.what,
    state: worst(WORST_STATE, (p) => p.state),
    reason: parts.find((p) => p.reason !== "")?.reason ?? "",
    golden: worst(WORST_GOLDEN, (p) => p.golden),
    cameras: sum((p) => p.cameras.length),
    looks,
    failures: sum((p) => p.failures),
    looksPerS: sum((p) => p.looks_per_s),
    latencyMsP50: most((p) => p.latency_ms_p50),
    latencyMsP95: most((p) => p.latency_ms_p95),
    foundPerLook: mean((p) => p.found_per_look),
    scoreMean: mean((p) => p.score_mean),
    emptyShare: mean((p) => p.empty_share),
    before: compared
      ? {
          foundPerLook: mean((p) => p.baseline_found_per_look),
          scoreMean: mean((p) => p.baseline_score_mean),
          emptyShare: mean((p) => p.baseline_empty_share),
        }
      : null,
    verdict,
    verdictReason: parts.find((p) => p.verdict === verdict)?.verdict_reason ?? "",
  };
}
