import type { FormEvent } from "react";
import { useEffect, useState } from "react";
import { lookUp } from "../lookUp";
import type { LookTest } from "../models";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Field } from "../ui/parts";

const words = text.models;

/** A picture that was looked at, with its address in this page; null for a golden one. */
interface Looked {
  result: LookTest;
  url: string | null;
}

/** One look at a golden picture or at one of the user's own, by the model that serves. */
export function TestLook({ onTrial }: { onTrial: boolean }) {
  const api = useApi();
  const [alias, setAlias] = useState("champion");
  const [picture, setPicture] = useState<File | null>(null);
  const [looked, setLooked] = useState<Looked | null>(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const url = looked?.url ?? null;

  useEffect(() => {
    if (url === null) return;
    return () => URL.revokeObjectURL(url);
  }, [url]);

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      const wanted = onTrial ? alias : "champion";
      const result = await api.testLook(wanted, picture);
      setLooked({ result, url: picture && URL.createObjectURL(picture) });
    } catch (failure) {
      setLooked(null);
      setError(failure instanceof Error ? failure.message : text.unexpected);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="card" aria-labelledby="test-title">
      <h2 id="test-title">{words.test}</h2>
      <form className="test-look" onSubmit={(event) => void onSubmit(event)}>
        <Field label={words.model}>
          <select
            value={onTrial ? alias : "champion"}
            disabled={!onTrial}
            onChange={(e) => setAlias(e.target.value)}
          >
            <option value="champion">{words.aliasWord.champion}</option>
            {onTrial && <option value="challenger">{words.aliasWord.challenger}</option>}
          </select>
        </Field>
        <Field label={words.picture}>
          <input
            type="file"
            accept="image/jpeg"
            onChange={(e) => setPicture(e.target.files?.[0] ?? null)}
          />
        </Field>
        <button type="submit" className="button button--primary" disabled={busy}>
          {busy ? words.testing : words.testIt}
        </button>
      </form>
      <ErrorNote message={error} />
      {looked && <Result looked={looked} />}
    </section>
  );
}

function Result({ looked: { result, url } }: { looked: Looked }) {
  const { width, height, findings } = result;
  return (
    <div className="test-result" data-testid="test-result">
      {url && (
        <div className="test-result__picture">
          <img src={url} alt={words.testPicture} />
          <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            {findings.map(({ xyxy: [left, top, right, bottom] }) => (
              <rect
                key={`${left},${top},${right},${bottom}`}
                x={left}
                y={top}
                width={right - left}
                height={bottom - top}
              />
            ))}
          </svg>
        </div>
      )}
      <dl className="facts">
        <dt>{words.result}</dt>
        <dd>
          <span className="state">
            <span
              className={`state__dot state__dot--${result.ok ? "good" : "bad"}`}
              aria-hidden="true"
            />
            {lookUp(words.resultWord, result.golden) ?? result.golden}
          </span>
        </dd>
        <dt>{words.model}</dt>
        <dd>{result.model}</dd>
        <dt>{words.took}</dt>
        <dd>{`${result.latency_ms.toFixed(1)} ms`}</dd>
        <dt>{words.seen}</dt>
        <dd>{inWords(result) || words.nothing}</dd>
      </dl>
    </div>
  );
}

/** "7 car, 2 person": how many of each kind. */
function inWords({ findings }: LookTest): string {
  const counts = new Map<string, number>();
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}
