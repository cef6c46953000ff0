/** Solves a calibration as it is being edited, a moment after the last change. */

import { useEffect, useState } from "react";
import { useApi } from "../session";
import { text } from "../text";
import { PAIRS_LEAST } from "./edits";
import type { CalibrationTrial, SceneDocument } from "./types";

const PAUSE_MS = 300;

export interface Trial {
  found: CalibrationTrial | null;
  /** Why it can't be solved, in words. */
  problem: string;
}

const NOTHING: Trial = { found: null, problem: "" };

export function useTrial(scene: SceneDocument | null, size: readonly [number, number]): Trial {
  const api = useApi();
  const [trial, setTrial] = useState<Trial>(NOTHING);
  const [width, height] = size;
  const { calibration, lines, lanes } = scene ?? { calibration: null, lines: [], lanes: [] };
  const fitted = calibration?.pairs.filter((pair) => !pair.check).length ?? 0;
  const question =
    fitted >= PAIRS_LEAST && width > 0
      ? JSON.stringify({ width, height, calibration, lines, lanes })
      : "";
  useEffect(() => {
    if (question === "") {
      setTrial(NOTHING);
      return;
    }
    let overtaken = false;
    const timer = setTimeout(() => {
      api
        .tryCalibration(JSON.parse(question))
        .then((found) => !overtaken && setTrial({ found, problem: "" }))
        .catch((failure: unknown) => {
          const problem = failure instanceof Error ? failure.message : text.unexpected;
          if (!overtaken) setTrial({ found: null, problem });
        });
    }, PAUSE_MS);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [api, question]);
  return trial;
}
