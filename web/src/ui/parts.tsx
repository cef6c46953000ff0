/** Small pieces that several pages share. */

import type { ReactNode } from "react";
import { lookUp } from "../lookUp";
import { text } from "../text";

export function ErrorNote({ message, onRetry }: { message: string; onRetry?: () => void }) {
  if (message === "") return null;
  return (
    <div className="note note--error" role="alert">
      <span>{message}</span>
      {onRetry && (
        <button type="button" className="button button--small" onClick={onRetry}>
          {text.retry}
        </button>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <p className="quiet" role="status">
      <span className="spinner" aria-hidden="true" /> {text.loading}
    </p>
  );
}

/** A camera's state as a coloured dot with its word. */
export function StateMark({ state }: { state: string }) {
  return (
    <span className="state" data-state={state}>
      <span className={`state__dot state__dot--${toneOf(state)}`} aria-hidden="true" />
      {lookUp(text.state, state) ?? state}
    </span>
  );
}

export function toneOf(state: string): "good" | "busy" | "bad" | "off" {
  if (state === "online") return "good";
  if (state === "connecting") return "busy";
  if (state === "disabled" || state === "ended") return "off";
  return "bad";
}

export function Page({
  title,
  tools,
  children,
}: {
  title: string;
  tools?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="page" aria-labelledby="page-title">
      <div className="page__head">
        <h1 id="page-title">{title}</h1>
        {tools !== undefined && <div className="page__tools">{tools}</div>}
      </div>
      {children}
    </section>
  );
}

export function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="field">
      <span className="field__label">{label}</span>
      {children}
    </label>
  );
}

/** The heading row of a table. */
export function TableHead({ names }: { names: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
