import { useCallback, useState } from "react";
import { formatClock, formatCount, formatDateTime, formatDuration } from "../format";
import { lookUp } from "../lookUp";
import type { Models, ModelVersion, Rollout, Standing } from "../models";
import { standingOf } from "../models";
import { useApi, useUser } from "../session";
import { text } from "../text";
import { ErrorNote, Loading, Page } from "../ui/parts";
import { useLoad } from "../useLoad";
import { TestLook } from "./TestLook";

const POLL_MS = 2000;
const STAGES = [10, 50, 100] as const;
const words = text.models;

/** What an admin may do; `busy` while it is being done. */
interface Acts {
  busy: boolean;
  rollOut(model: string, change: { percent?: number; auto?: boolean }): void;
  promote(model?: string): void;
  rollBack(): void;
}

export function ModelsPage() {
  const api = useApi();
  const { role } = useUser();
  const load = useCallback(
    async (signal: AbortSignal) => ({ models: await api.models(signal), at: Date.now() }),
    [api],
  );
  const { data, error, reload } = useLoad(load, POLL_MS);
  const { acts, failed } = useActs(reload);
  return (
    <Page
      title={words.title}
      tools={data && <span className="quiet">{text.system.refreshed(formatClock(data.at))}</span>}
    >
      <ErrorNote message={error} onRetry={reload} />
      <ErrorNote message={failed} />
      {data === null && error === "" && <Loading />}
      {data !== null && (
        <div className="stack">
          <Trial models={data.models} acts={role === "admin" ? acts : null} />
          <Versions models={data.models} acts={role === "admin" ? acts : null} />
          {role !== "viewer" && <TestLook onTrial={data.models.challenger !== null} />}
        </div>
      )}
    </Page>
  );
}

function useActs(reload: () => void): { acts: Acts; failed: string } {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const act = (doing: Promise<unknown>) => {
    setBusy(true);
    setFailed("");
    doing
      .catch((failure: unknown) =>
        setFailed(failure instanceof Error ? failure.message : text.unexpected),
      )
      .finally(() => {
        setBusy(false);
        reload();
      });
  };
  const acts: Acts = {
    busy,
    rollOut: (model, change) => act(api.rollOut(model, change)),
    promote: (model) => act(api.promote(model)),
    rollBack: () => act(api.rollBack()),
  };
  return { acts, failed };
}

function Trial({ models, acts }: { models: Models; acts: Acts | null }) {
  const { rollout, challenger, previous } = models;
  const running = rollout.state === "running" && challenger !== null;
  const canGoBack = running || previous !== null;
  return (
    <section className="card" aria-labelledby="trial-title" data-testid="trial">
      <div className="card__head">
        <h2 id="trial-title">{words.trial}</h2>
        {acts !== null && (
          <div className="card__acts">
            {running && (
              <button
                type="button"
                className="button button--small"
                disabled={acts.busy}
                onClick={() => acts.promote()}
              >
                {words.promote}
              </button>
            )}
            <button
              type="button"
              className="button button--small button--bad"
              disabled={acts.busy || !canGoBack}
              onClick={() => acts.rollBack()}
            >
              {words.rollBack}
            </button>
          </div>
        )}
      </div>
      <p className="trial__state">{trialInWords(models)}</p>
      {!running && rollout.reason !== "" && <p className="note">{rollout.reason}</p>}
      {running && <Stages rollout={rollout} challenger={challenger} acts={acts} />}
      <Comparison models={models} />
    </section>
  );
}

function trialInWords({ rollout, challenger, champion }: Models): string {
  if (rollout.state === "running" && challenger !== null) {
    const since = rollout.stage_since ? formatDateTime(rollout.stage_since) : "";
    return words.onTrial(challenger, rollout.percent, since);
  }
  const ended = rollout.stage_since ? formatDateTime(rollout.stage_since) : "";
  return `${words.serves(champion)} ${lookUp(words.ended, rollout.state)?.(ended) ?? ""}`.trim();
}

function Stages(props: { rollout: Rollout; challenger: string; acts: Acts | null }) {
  const { rollout, challenger, acts } = props;
  return (
    <div className="stages">
      <div className="stages__track" role="img" aria-label={words.share(rollout.percent)}>
        <div className="stages__done" style={{ width: `${rollout.percent}%` }} />
      </div>
      <div className="stages__steps">
        {STAGES.map((percent) => (
          <button
            key={percent}
            type="button"
            className="button button--small"
            aria-pressed={rollout.percent === percent}
            disabled={acts === null || acts.busy}
            onClick={() => acts?.rollOut(challenger, { percent })}
          >
            {`${percent} %`}
          </button>
        ))}
        <label className="check">
          <input
            type="checkbox"
            checked={rollout.auto}
            disabled={acts === null || acts.busy}
            onChange={(e) => acts?.rollOut(challenger, { auto: e.target.checked })}
          />
          {words.auto(formatDuration(rollout.hold_s))}
        </label>
      </div>
    </div>
  );
}

/** Rows of the comparison: a heading, a cell, and what the champion had at the same cameras. */
const ROWS: readonly {
  heading: string;
  cell(standing: Standing): string;
  before?(standing: Standing): string;
}[] = [
  { heading: words.cameras, cell: (s) => formatCount(s.cameras) },
  { heading: words.looksPerS, cell: (s) => s.looksPerS.toFixed(1) },
  {
    heading: words.latency,
    cell: (s) =>
      s.looks > 0 ? `${s.latencyMsP50.toFixed(0)} / ${s.latencyMsP95.toFixed(0)} ms` : words.none,
  },
  { heading: words.failures, cell: (s) => formatCount(s.failures) },
  {
    heading: words.found,
    cell: (s) => (s.looks > 0 ? s.foundPerLook.toFixed(2) : words.none),
    before: (s) => s.before?.foundPerLook.toFixed(2) ?? "",
  },
  {
    heading: words.score,
    cell: (s) => (s.scoreMean > 0 ? s.scoreMean.toFixed(2) : words.none),
    before: (s) => s.before?.scoreMean.toFixed(2) ?? "",
  },
  {
    heading: words.empty,
    cell: (s) => (s.looks > 0 ? `${Math.round(s.emptyShare * 100)} %` : words.none),
    before: (s) => (s.before ? `${Math.round(s.before.emptyShare * 100)} %` : ""),
  },
  { heading: words.golden, cell: (s) => lookUp(words.goldenWord, s.golden) ?? s.golden },
];

function Comparison({ models }: { models: Models }) {
  const champion = standingOf(models, "champion");
  const challenger = standingOf(models, "challenger");
  if (champion === null) return <p className="note note--error">{words.noVision}</p>;
  return (
    <div className="scroll">
      <table className="table comparison" data-testid="comparison">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{words.figure}</span>
            </th>
            <th scope="col" className="number">
              {words.aliasWord.champion}
              <ModelName standing={champion} />
            </th>
            {challenger && (
              <th scope="col" className="number">
                {words.aliasWord.challenger}
                <ModelName standing={challenger} />
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {ROWS.map((row) => (
            <tr key={row.heading}>
              <th scope="row">{row.heading}</th>
              <td className="number">{row.cell(champion)}</td>
              {challenger && (
                <td className="number">
                  {row.cell(challenger)}
                  {row.before?.(challenger) && (
                    <div className="quiet">{words.before(row.before(challenger))}</div>
                  )}
                </td>
              )}
            </tr>
          ))}
          {challenger && (
            <tr>
              <th scope="row">{words.verdict}</th>
              <td />
              <td className="number" data-testid="verdict">
                <Verdict standing={challenger} />
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function ModelName({ standing: { model, what } }: { standing: Standing }) {
  return (
    <div className="comparison__model">
      {lookUp(words.aliasWord, model) ?? model}
      {what !== "" && <div className="quiet">{what}</div>}
    </div>
  );
}

function Verdict({ standing }: { standing: Standing }) {
  const { state, reason, verdict, verdictReason } = standing;
  const word = state === "ready" ? verdict : state;
  const tone = { healthy: "good", unhealthy: "bad", failed: "bad" }[word] ?? "busy";
  const why = state === "ready" ? verdictReason : reason;
  return (
    <>
      <span className="state">
        <span className={`state__dot state__dot--${tone}`} aria-hidden="true" />
        {lookUp(words.verdictWord, word) ?? word}
      </span>
      {why !== "" && <div className="comparison__why">{why}</div>}
    </>
  );
}

function Versions({ models, acts }: { models: Models; acts: Acts | null }) {
  return (
    <section className="card scroll" aria-labelledby="versions-title">
      <h2 id="versions-title">{words.versions}</h2>
      {models.versions.length === 0 ? (
        <p className="quiet">{words.noVersions}</p>
      ) : (
        <table className="table table--level" data-testid="versions">
          <thead>
            <tr>
              <th scope="col">{words.model}</th>
              <th scope="col">{words.alias}</th>
              <th scope="col">{words.family}</th>
              <th scope="col">{words.input}</th>
              <th scope="col">{words.registered}</th>
              <th scope="col">{words.notes}</th>
              {acts !== null && (
                <th scope="col">
                  <span className="visually-hidden">{words.actions}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {models.versions.map((version) => (
              <VersionRow key={version.model} version={version} models={models} acts={acts} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function VersionRow(props: { version: ModelVersion; models: Models; acts: Acts | null }) {
  const { version, models, acts } = props;
  const free = models.rollout.state !== "running" && !version.aliases.includes("champion");
  return (
    <tr data-testid={`version-${version.model}`}>
      <th scope="row" className="nowrap" title={version.sha256 && `SHA-256 ${version.sha256}`}>
        {version.model}
      </th>
      <td>
        {version.aliases.map((alias) => (
          <span key={alias} className={`badge badge--${alias}`}>
            {lookUp(words.aliasWord, alias) ?? alias}
          </span>
        ))}
      </td>
      <td>{version.family}</td>
      <td className="nowrap">{`${version.input_width}×${version.input_height}`}</td>
      <td className="nowrap">{formatDateTime(version.registered)}</td>
      <td>{version.notes || words.none}</td>
      {acts !== null && (
        <td className="table__acts">
          {free && (
            <>
              <button
                type="button"
                className="button button--small"
                disabled={acts.busy}
                onClick={() => acts.rollOut(version.model, { percent: STAGES[0] })}
              >
                {words.tryIt}
              </button>
              <button
                type="button"
                className="button button--small"
                disabled={acts.busy}
                onClick={() => acts.promote(version.model)}
              >
                {words.promote}
              </button>
            </>
          )}
        </td>
      )}
    </tr>
  );
}
