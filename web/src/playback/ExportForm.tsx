/** Asks for an export of the marked span. */

import type { FormEvent } from "react";
import { useState } from "react";
import type { Point } from "../api";
import { hrefOf } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { Field } from "../ui/parts";
import { useAct } from "../useAct";
import type { Span } from "./timeline";

const words = text.evidence;
const SPEEDS = [0, 10, 60, 600];

interface Props {
  cameras: readonly string[];
  span: Span | null;
  /** Drawn in the first camera's picture; hidden in the export if it has three corners. */
  area: readonly Point[];
}

export function ExportForm({ cameras, span, area }: Props) {
  const api = useApi();
  const [speed, setSpeed] = useState(0);
  const [made, setMade] = useState(false);
  const { act, busy, problem } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (span === null) return;
    const form = new FormData(event.currentTarget);
    const [first] = cameras;
    const hides = area.length >= 3 && form.get("hide") === "on" && first !== undefined;
    setMade(false);
    act(async () => {
      await api.makeExport({
        cameras,
        since: new Date(span.startMs).toISOString(),
        until: new Date(span.endMs).toISOString(),
        exact: form.get("exact") === "on",
        ...(speed > 0 && { speed }),
        burn_in: form.get("burn_in") === "on",
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        zones: hides ? [{ polygon: area, camera: first }] : [],
        sought: form.get("faces") === "on" ? ["faces"] : [],
        reason: String(form.get("reason") ?? ""),
        case_number: String(form.get("case_number") ?? ""),
        lock: form.get("lock") === "on",
      });
      setMade(true);
    });
  };
  const checks: readonly [string, string, boolean][] = [
    ["exact", words.exact, speed > 0],
    ["burn_in", words.burnIn, false],
    ["faces", words.hideFaces, false],
    ["hide", words.hideArea, area.length < 3],
    ["lock", words.alsoLock, false],
  ];
  return (
    <form className="evidence__form" onSubmit={submit} data-testid="export-form">
      <Field label={words.reason}>
        <input name="reason" maxLength={500} required />
      </Field>
      <Field label={words.caseNumber}>
        <input name="case_number" maxLength={100} />
      </Field>
      <Field label={words.speed}>
        <select value={speed} onChange={(e) => setSpeed(Number(e.target.value))}>
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value === 0 ? words.realTime : `${value}×`}
            </option>
          ))}
        </select>
      </Field>
      <fieldset className="evidence__checks">
        <legend className="visually-hidden">{words.options}</legend>
        {checks.map(([name, label, disabled]) => (
          <label key={name} className="choice__item">
            <input type="checkbox" name={name} disabled={disabled} />
            {label}
          </label>
        ))}
      </fieldset>
      <button type="submit" className="button button--primary" disabled={span === null || busy}>
        {words.makeExport}
      </button>
      {made && (
        <p role="status">
          {words.exportMade} <a href={hrefOf("storage")}>{words.seeExports}</a>
        </p>
      )}
      {problem !== "" && <p role="alert">{problem}</p>}
    </form>
  );
}
