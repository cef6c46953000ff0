import type { FormEvent } from "react";
import { useState } from "react";
import { hrefOf, navigate } from "../router";
import { useSession } from "../session";
import { text } from "../text";
import { ErrorNote, Field } from "../ui/parts";

/** `forced`: the account may do nothing else before its password is changed. */
export function PasswordPage({ forced, username }: { forced: boolean; username: string }) {
  const { changePassword, logout } = useSession();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (next !== again) return setError(text.password.mismatch);
    setBusy(true);
    setError("");
    try {
      await changePassword(current, next);
      navigate(hrefOf("live"));
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : text.unexpected);
      setBusy(false);
    }
  };

  const leave = () => (forced ? logout().catch(() => {}) : navigate(hrefOf("live")));

  const Frame = forced ? "main" : "div";
  return (
    <Frame className="gate">
      <form className="card gate__card" onSubmit={submit} aria-labelledby="password-title">
        <h1 id="password-title">{text.password.title}</h1>
        {forced && <p className="note">{text.password.forced}</p>}
        <ErrorNote message={error} />
        {/* For password managers. */}
        <input
          className="visually-hidden"
          name="username"
          autoComplete="username"
          value={username}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <Field label={text.password.current}>
          <input
            name="current"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(e) => setCurrent(e.target.value)}
          />
        </Field>
        <Field label={text.password.next}>
          <input
            name="new"
            type="password"
            autoComplete="new-password"
            required
            value={next}
            onChange={(e) => setNext(e.target.value)}
          />
        </Field>
        <Field label={text.password.again}>
          <input
            name="again"
            type="password"
            autoComplete="new-password"
            required
            value={again}
            onChange={(e) => setAgain(e.target.value)}
          />
        </Field>
        <div className="gate__actions">
          <button type="submit" className="button button--primary" disabled={busy}>
            {busy ? text.password.busy : text.password.submit}
          </button>
          <button type="button" className="button" onClick={leave}>
            {forced ? text.nav.logOut : text.password.cancel}
          </button>
        </div>
      </form>
    </Frame>
  );
}
