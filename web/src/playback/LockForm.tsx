/** Locks the marked span, so that nothing deletes it. */

import type { FormEvent } from "react";
import { useState } from "react";
import { useApi } from "../session";
import { text } from "../text";
import { Field } from "../ui/parts";
import { useAct } from "../useAct";
import type { Span } from "./timeline";

const words = text.evidence;

interface Props {
  cameras: readonly string[];
  span: Span | null;
  onChanged(): void;
}

export function LockForm({ cameras, span, onChanged }: Props) {
  const api = useApi();
  const { act, busy, problem } = useAct();
  const [done, setDone] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (span === null) return;
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "");
    const since = new Date(span.startMs).toISOString();
    const until = new Date(span.endMs).toISOString();
    setDone(false);
    act(async () => {
      for (const camera of cameras) {
        await api.addHold({ kind: "lock", camera, since, until, reason });
      }
      setDone(true);
      onChanged();
    });
  };
  return (
    <form className="evidence__form" onSubmit={submit} data-testid="lock-form">
      <Field label={words.reason}>
        <input name="reason" maxLength={500} required />
      </Field>
      <button type="submit" className="button button--primary" disabled={span === null || busy}>
        {words.lock}
      </button>
      {done && <p role="status">{words.locked}</p>}
      {problem !== "" && <p role="alert">{problem}</p>}
    </form>
  );
}
