/** Something that is asked of the server once: whether it is under way, and why it failed. */

import { useCallback, useState } from "react";

export interface Act {
  act(what: () => Promise<unknown>): void;
  busy: boolean;
  /** In words; empty if the last one succeeded. */
  problem: string;
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const act = useCallback((what: () => Promise<unknown>) => {
    setBusy(true);
    setProblem("");
    what()
      .catch((failure: unknown) =>
        setProblem(failure instanceof Error ? failure.message : String(failure)),
      )
      .finally(() => setBusy(false));
  }, []);
  return { act, busy, problem };
}
