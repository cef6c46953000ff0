/** Loading from the API in components: once, or again and again. */

import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  data: T | null;
  /** Why the newest try failed, in words; empty if it did not. Older data stays. */
  error: string;
  reload(): void;
}

/**
 * Loads when `load` changes and, if `everyMs` is given, again that long after each answer, but
 * not while the page is hidden. `load` must be stable (`useCallback`).
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number | null = null,
): Loaded<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState("");
  const again = useRef<() => void>(() => {});

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      clearTimeout(timer);
      try {
        const answer = await load(abort.signal);
        if (abort.signal.aborted) return;
        setData(answer);
        setError("");
      } catch (failure) {
        if (abort.signal.aborted) return;
        setError(failure instanceof Error ? failure.message : String(failure));
      }
      if (everyMs !== null) timer = setTimeout(onTimer, everyMs);
    };
    const onTimer = () => {
      if (document.hidden) timer = setTimeout(onTimer, everyMs ?? 1000);
      else void run();
    };
    setData(null);
    setError("");
    again.current = () => void run();
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [load, everyMs]);

  const reload = useCallback(() => again.current(), []);
  return { data, error, reload };
}
