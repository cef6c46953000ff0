/** An event in words. */

import type { CameraEvent, StreamStatus } from "./api";
import { formatBytes, formatDuration } from "./format";
import { lookUp } from "./lookUp";
import { text } from "./text";

export function kindName(kind: string): string {
  return lookUp(text.kind, kind) ?? kind.replaceAll("_", " ");
}

/** Whether and why a stream is recorded, in words. */
export function recordingWord(
  stream: Pick<StreamStatus, "recording" | "recording_mode" | "recording_cause">,
): string {
  if (stream.recording) return lookUp(text.cause, stream.recording_cause) ?? text.system.yes;
  const waits = stream.recording_mode !== "" && stream.recording_mode !== "continuous";
  return (waits && lookUp(text.waitsFor, stream.recording_mode)) || text.system.no;
}

/** What is wrong with a picture, in words. */
export function faultName(fault: string): string {
  return lookUp(text.fault, fault) ?? fault.replaceAll("_", " ");
}

export function describeEvent(event: Pick<CameraEvent, "kind" | "detail">): string {
  const { detail } = event;
  const word = (name: string): string => {
    const value = detail[name];
    return typeof value === "string" ? value : "";
  };
  const what = capital(word("class")) || text.describe.something;
  switch (event.kind) {
    case "line_crossed":
      return text.describe.crossed(what, word("line"), word("direction"), detail.speed_kmh);
    case "zone_entered":
      return text.describe.entered(what, word("zone"));
    case "picture_fault_began":
      return text.describe.badPicture(faultName(word("fault")));
    case "picture_fault_ended":
      return text.describe.goodPicture(faultName(word("fault")));
    case "incident_opened":
    case "incident_closed":
    case "calibration_doubted":
      return word("explanation") || word("reason") || kindName(event.kind);
    case "calibration_trusted":
      return kindName(event.kind);
    case "storage_low":
      return describeLowStorage(detail, word("reason"));
    case "storage_recovered":
      return text.describe.storageRecovered;
    case "storage_evicted":
      return text.describe.evicted(amount(detail.files), formatBytes(amount(detail.bytes)));
    case "zone_left": {
      const dwell = detail.dwell_s;
      const after = typeof dwell === "number" ? formatDuration(dwell) : "";
      return text.describe.left(what, word("zone"), after);
    }
    default: {
      const facts = Object.entries(detail)
        .filter(([, value]) => typeof value === "string" || typeof value === "number")
        .map(([name, value]) => `${name}: ${value}`);
      return [kindName(event.kind), ...facts].join(", ");
    }
  }
}

function describeLowStorage(detail: CameraEvent["detail"], reason: string): string {
  const { free_bytes, total_bytes, keeps_days, policy_days } = detail;
  switch (reason) {
    case "policy":
      return text.describe.storageShort(amount(keeps_days), amount(policy_days));
    case "nothing_to_remove":
      return text.describe.storageHeld;
    default:
      return text.describe.storageLow(
        formatBytes(amount(free_bytes)),
        formatBytes(amount(total_bytes)),
      );
  }
}

const amount = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
