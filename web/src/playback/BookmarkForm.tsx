/** Sets a bookmark at the moment shown or over the marked span, and lists those of the day. */

import type { FormEvent } from "react";
import { useCallback } from "react";
import { formatClock } from "../format";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Field } from "../ui/parts";
import { useAct } from "../useAct";
import { useLoad } from "../useLoad";
import type { Span } from "./timeline";

const words = text.evidence;

interface Props {
  camera: string;
  day: Span;
  momentMs: number | null;
  span: Span | null;
  onSeek(momentMs: number): void;
  onChanged(): void;
}

export function BookmarkForm({ camera, day, momentMs, span, onSeek, onChanged }: Props) {
  const api = useApi();
  const load = useCallback(
    (signal: AbortSignal) =>
      api.bookmarks(camera, new Date(day.startMs), new Date(day.endMs), signal),
    [api, camera, day],
  );
  const { data, error, reload } = useLoad(load);
  const { act, busy, problem } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const at = span ?? (momentMs === null ? null : { startMs: momentMs, endMs: momentMs });
    if (at === null) return;
    const form = event.currentTarget;
    const told = new FormData(form);
    act(async () => {
      await api.addBookmark({
        camera,
        since: new Date(at.startMs).toISOString(),
        until: new Date(at.endMs).toISOString(),
        title: String(told.get("title") ?? ""),
        note: String(told.get("note") ?? ""),
      });
      form.reset();
      reload();
      onChanged();
    });
  };
  const remove = (id: string) =>
    act(async () => {
      await api.removeBookmark(id);
      reload();
      onChanged();
    });
  return (
    <>
      <form className="evidence__form" onSubmit={submit} data-testid="bookmark-form">
        <Field label={words.bookmarkTitle}>
          <input name="title" maxLength={100} required />
        </Field>
        <Field label={words.note}>
          <input name="note" maxLength={1000} />
        </Field>
        <button
          type="submit"
          className="button button--primary"
          disabled={busy || (span === null && momentMs === null)}
        >
          {words.addBookmark}
        </button>
        {problem !== "" && <p role="alert">{problem}</p>}
      </form>
      <ErrorNote message={error} onRetry={reload} />
      <ul className="feed" data-testid="bookmarks">
        {data?.map((mark) => (
          <li key={mark.id}>
            <button
              type="button"
              className="button button--small"
              onClick={() => onSeek(Date.parse(mark.since))}
            >
              {formatClock(mark.since)}
            </button>
            <span>
              <b>{mark.title}</b> {mark.note} <span className="quiet">{mark.author}</span>
            </span>
            <button
              type="button"
              className="button button--small"
              disabled={busy}
              onClick={() => remove(mark.id)}
            >
              {words.remove}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
