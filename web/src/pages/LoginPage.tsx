import type { FormEvent } from "react";
import { useEffect, useRef, useState } from "react";
import { useSession } from "../session";
import { text } from "../text";
import { ErrorNote, Field } from "../ui/parts";

export function LoginPage() {
  const { login } = useSession();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await login(username, password);
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : text.unexpected);
      setPassword("");
      setBusy(false);
    }
  };

  return (
    <main className="gate">
      <form className="card gate__card" onSubmit={submit} aria-labelledby="login-title">
        <div className="gate__brand">
          <img src="/icon.svg" alt="" width="40" height="40" />
          <span>{text.product}</span>
        </div>
        <h1 id="login-title">{text.login.title}</h1>
        <ErrorNote message={error} />
        <Field label={text.login.username}>
          <input
            ref={first}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            readOnly={busy}
            value={username}
            onChange={(e) => setUsername(e.target.value)}
          />
        </Field>
        <Field label={text.login.password}>
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            readOnly={busy} // a refusal empties it: nothing that is typed meanwhile may go with it
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </Field>
        <button type="submit" className="button button--primary" disabled={busy}>
          {busy ? text.login.busy : text.login.submit}
        </button>
      </form>
    </main>
  );
}
