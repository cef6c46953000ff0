import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { describeEvent, kindName, recordingWord } from "./describe";
import { formatBitrate, formatBytes, formatDateTime, formatDay, formatDuration } from "./format";
import { CountsTable } from "./pages/CountsTable";
import { cameraHref, hrefOf, parseRoute } from "./router";
import { StateMark } from "./ui/parts";

describe("describeEvent", () => {
  it.each([
    ["line_crossed", { line: "gate", direction: "in", class: "car" }, "Car crossed gate, in"],
    ["zone_entered", { zone: "plaza", class: "person" }, "Person entered plaza"],
    [
      "zone_left",
      { zone: "plaza", class: "person", dwell_s: 4.2 },
      "Person left plaza after 4.2 s",
    ],
    ["zone_left", { zone: "plaza" }, "Something left plaza"],
    ["camera_lost", { error: "timeout" }, "Camera lost, error: timeout"],
    [
      "storage_low",
      { reason: "level", free_bytes: 12e9, total_bytes: 4e12 },
      "The disk fills up: 12 GB of 4.0 TB free",
    ],
    [
      "storage_low",
      { reason: "policy", keeps_days: 12.3, policy_days: 30 },
      "The disk holds 12.3 days of recordings, the policy wants 30",
    ],
    [
      "storage_low",
      { reason: "nothing_to_remove", error: "all held" },
      "The disk is full and nothing on it may be removed",
    ],
    ["storage_recovered", {}, "The disk has room again"],
    [
      "storage_evicted",
      { files: 3, bytes: 1500 },
      "3 old recordings (1.5 kB) were removed to make room",
    ],
    ["meteor_landed", { size_m: 3, where: { x: 1 } }, "meteor landed, size_m: 3"],
  ])("%s", (kind, detail, expected) => {
    expect(describeEvent({ kind, detail })).toBe(expected);
  });

  it("names a kind of the future by its own name", () => {
    expect(kindName("wrong_way_driven")).toBe("wrong way driven");
  });
});

describe("recordingWord", () => {
  it.each([
    [true, "continuous", "continuous", "yes"],
    [true, "motion", "vision_silent", "yes, since vision is silent"],
    [true, "motion", "reason_of_the_future", "yes"],
    [false, "motion", "", "waits for motion"],
    [false, "off", "", "switched off"],
    [false, "continuous", "", "no"],
    [false, "", "", "no"],
  ])("recording %s in mode %s because of %s: %s", (recording, mode, cause, expected) => {
    expect(recordingWord({ recording, recording_mode: mode, recording_cause: cause })).toBe(
      expected,
    );
  });
});

describe("formats", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1500, "1.5 kB"],
    [20e9, "20 GB"],
    [Number.NaN, "–"],
    [-1, "–"],
  ])("%f bytes are %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  it.each([
    [4.2, "4.2 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [75, "1 min 15 s"],
    [120, "2 min"],
    [3725, "1 h 2 min"],
    [-1, "–"],
    [Number.NaN, "–"],
  ])("%f s is %s", (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });

  it("writes rates, days and broken times", () => {
    expect(formatBitrate(2_340_000)).toBe("2.3 Mb/s");
    expect(formatBitrate(0)).toBe("–");
    expect(formatDay(new Date(2026, 2, 1, 23, 59))).toBe("2026-03-01");
    expect(formatDateTime("rubbish")).toBe("–");
  });
});

describe("routes", () => {
  it.each([
    ["", "live", ""],
    ["#/", "live", ""],
    ["#/live", "live", ""],
    ["#/nonsense", "live", ""],
    ["#/cameras/gate-1", "camera", "gate-1"],
    ["#/cameras/", "live", ""],
    ["#/cameras/%E0%A4%A", "camera", "%E0%A4%A"],
    ["#/playback?camera=gate", "playback", ""],
  ])("%j leads to %s", (hash, page, cameraId) => {
    expect(parseRoute(hash)).toMatchObject({ page, cameraId });
  });

  it("survives the round trip of any camera name", () => {
    for (const id of ["gate", "a/b?c#d", "100 %", "é"]) {
      expect(parseRoute(cameraHref(id)).cameraId).toBe(id);
    }
  });

  it("leaves empty parameters out", () => {
    expect(hrefOf("events", { camera: "a&b", kind: "" })).toBe("#/events?camera=a%26b");
  });
});

describe("hostile words", () => {
  const evil = '<img src=x onerror="alert(1)">';

  it("are shown as words in the counts table", () => {
    const html = renderToString(
      <CountsTable
        scene={{ lines: [{ id: "a", name: evil, points: [] }], zones: [] }}
        counts={{ lines: { a: { in: { total: 1, [evil]: 1 }, out: {} } }, zones: {} }}
      />,
    );
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img");
  });

  it.each(["constructor", "__proto__", "toString"])("find nothing of Object's: %s", (id) => {
    const shapes = [{ id, name: "", points: [] }];
    const html = renderToString(
      <CountsTable scene={{ lines: shapes, zones: shapes }} counts={{ lines: {}, zones: {} }} />,
    );
    expect(html).toContain(`>${id}<`);
    expect(kindName(id)).toBe(id.replaceAll("_", " "));
  });

  it("are shown as words where a state is unknown", () => {
    expect(renderToString(<StateMark state={evil} />)).not.toContain("<img");
  });
});

describe("CountsTable", () => {
  it("has a cell for each line, direction and class", () => {
    const html = renderToString(
      <CountsTable
        scene={{ lines: [], zones: [] }}
        counts={{
          lines: { gate: { in: { total: 19, car: 16, truck: 3 }, out: { total: 0 } } },
          zones: { plaza: { occupancy: 2, entered: { total: 9 }, left: { total: 7 } } },
        }}
      />,
    );
    const cell = (id: string) =>
      new RegExp(`data-testid="${id}"[^>]*>(?:<b>)?(\\d+)`).exec(html)?.[1];
    expect(cell("count-gate-in-total")).toBe("19");
    expect(cell("count-gate-in-truck")).toBe("3");
    expect(cell("count-gate-out-car")).toBe("0");
    expect(cell("zone-plaza-occupancy")).toBe("2");
  });
});
