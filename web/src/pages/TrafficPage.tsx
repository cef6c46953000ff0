import { useCallback, useMemo } from "react";
import { exportUrl, reportUrl } from "../api";
import { hrefOf, replaceRoute } from "../router";
import { useApi } from "../session";
import { text } from "../text";
import { LevelMap, LevelTable, nameOf } from "../traffic/LevelMap";
import { MovementDiagram } from "../traffic/MovementDiagram";
import { TimeChart } from "../traffic/TimeChart";
import type { Level, TrafficForecast, TrafficTable } from "../traffic/types";
import { placeKey } from "../traffic/types";
import { ErrorNote, Field, Loading, Page } from "../ui/parts";
import { useLoad } from "../useLoad";

const words = text.traffic;
const LEVELS_POLL_MS = 15_000;
const HISTORY_POLL_MS = 60_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The step of forecasts. */
const QUARTER_S = 900;

interface Choice {
  camera: string;
  place: string;
  length: string;
  span: string;
}

export function TrafficPage({ params }: { params: URLSearchParams }) {
  const api = useApi();
  const loadCameras = useCallback((signal: AbortSignal) => api.cameras(signal), [api]);
  const { data: cameras } = useLoad(loadCameras);
  const choice: Choice = {
    camera: params.get("camera") || (cameras?.[0]?.id ?? ""),
    place: params.get("place") ?? "",
    length: params.get("length") ?? "900",
    span: params.get("span") ?? "24",
  };
  const change = (part: Partial<Choice>) => replaceRoute(hrefOf("traffic", { ...choice, ...part }));
  return (
    <Page
      title={words.title}
      tools={choice.camera !== "" && <a href={reportUrl(choice.camera)}>{words.report}</a>}
    >
      <search className="filters">
        <Field label={words.camera}>
          <select
            value={choice.camera}
            data-testid="traffic-camera"
            onChange={(e) => change({ camera: e.target.value, place: "" })}
          >
            {cameras?.map((camera) => (
              <option key={camera.id} value={camera.id}>
                {camera.name || camera.id}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.interval}>
          <select
            value={choice.length}
            data-testid="traffic-interval"
            onChange={(e) => change({ length: e.target.value })}
          >
            {Object.entries(words.intervals).map(([length, name]) => (
              <option key={length} value={length}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.span}>
          <select value={choice.span} onChange={(e) => change({ span: e.target.value })}>
            {Object.entries(words.spans).map(([span, name]) => (
              <option key={span} value={span}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      </search>
      {choice.camera !== "" && (
        <CameraTraffic key={choice.camera} choice={choice} onPlace={(place) => change({ place })} />
      )}
    </Page>
  );
}

function CameraTraffic({ choice, onPlace }: { choice: Choice; onPlace(key: string): void }) {
  const api = useApi();
  const { camera } = choice;
  const load = useCallback((signal: AbortSignal) => api.levels(camera, signal), [api, camera]);
  const { data: levels, error, reload } = useLoad(load, LEVELS_POLL_MS);
  const place = levels?.find((level) => placeKey(level) === choice.place) ?? levels?.[0];
  return (
    <div className="stack">
      <section className="card" aria-labelledby="now">
        <h2 id="now">{words.now}</h2>
        <p className="quiet">{words.nowHint}</p>
        <ErrorNote message={error} onRetry={reload} />
        {levels === null && error === "" && <Loading />}
        {levels?.length === 0 && <p className="quiet">{words.nothing}</p>}
        {levels !== null && levels.length > 0 && place !== undefined && (
          <div className="levels">
            <LevelMap levels={levels} chosen={placeKey(place)} onChoose={onPlace} />
            <LevelTable levels={levels} chosen={placeKey(place)} onChoose={onPlace} />
          </div>
        )}
      </section>
      {place !== undefined && <History place={place} choice={choice} />}
      <MovementCard camera={camera} span={Number(choice.span)} />
    </div>
  );
}

/** The last whole intervals up to now. */
function spanOf(hours: number, lengthS: number): { since: string; until: string } {
  const step = lengthS * 1000;
  const until = Math.floor(Date.now() / step) * step;
  return {
    since: new Date(until - hours * HOUR_MS).toISOString(),
    until: new Date(until).toISOString(),
  };
}

function History({ place, choice }: { place: Level; choice: Choice }) {
  const api = useApi();
  const length = Number(choice.length);
  const hours = Number(choice.span);
  const { camera, kind, id, direction, lane } = place;
  const query = useMemo(
    () => ({
      camera,
      kind,
      place: id,
      direction: direction ?? undefined,
      lane: lane || undefined,
      length,
    }),
    [camera, kind, id, direction, lane, length],
  );
  const load = useCallback(
    async (signal: AbortSignal) => {
      const wanted = { ...query, ...spanOf(hours, query.length) };
      const table = await api.intervals(wanted, signal);
      const forecast =
        query.length === QUARTER_S
          ? await api.trafficForecast(query, signal).catch(() => null)
          : null;
      return { table, forecast };
    },
    [api, query, hours],
  );
  const { data, error, reload } = useLoad(load, HISTORY_POLL_MS);
  return (
    <section className="card" aria-labelledby="history">
      <div className="card__head">
        <h2 id="history">{`${words.history}: ${nameOf(place)}`}</h2>
        <a href={exportUrl(camera, spanOf(hours, length), length)}>{words.csv}</a>
      </div>
      <ErrorNote message={error} onRetry={reload} />
      {data === null && error === "" && <Loading />}
      {data !== null && <Charts table={data.table} forecast={data.forecast} />}
    </section>
  );
}

function Charts({ table, forecast }: { table: TrafficTable; forecast: TrafficForecast | null }) {
  const starts = table.rows.map((row) => Date.parse(row.start));
  const missing = table.rows.map((row) => row.measures.missing_share);
  const of = (name: "flow_vph" | "space_mean_kmh" | "occupancy_pct" | "mean_present") =>
    table.rows.map((row) => row.measures[name]);
  const common = { starts, missing, lengthMs: table.length_s * 1000 };
  const inside = table.place.kind === "zone" || table.place.kind === "lane";
  return (
    <div data-testid="history-charts">
      <TimeChart
        {...common}
        title={words.flow}
        values={of("flow_vph")}
        bars
        forecast={forecast && { found: forecast, factor: 3600 / table.length_s }}
      />
      <TimeChart {...common} title={words.speed} values={of("space_mean_kmh")} />
      <TimeChart {...common} title={words.occupancy} values={of("occupancy_pct")} />
      {inside && <TimeChart {...common} title={words.present} values={of("mean_present")} />}
      {missing.some((share) => share > 0) && <p className="quiet">{words.missed}</p>}
      {forecast !== null && forecast.problem !== "" && (
        <p className="quiet">{words.noForecast(forecast.problem)}</p>
      )}
    </div>
  );
}

function MovementCard({ camera, span }: { camera: string; span: number }) {
  const api = useApi();
  const load = useCallback(
    (signal: AbortSignal) => {
      const until = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
      const since = new Date(until - span * HOUR_MS).toISOString();
      return api.movements({ camera, since, until: new Date(until).toISOString() }, signal);
    },
    [api, camera, span],
  );
  const { data, error, reload } = useLoad(load, HISTORY_POLL_MS);
  return (
    <section className="card" aria-labelledby="movements">
      <h2 id="movements">{words.movements}</h2>
      <p className="quiet">{words.movementsHint}</p>
      <ErrorNote message={error} onRetry={reload} />
      {data !== null && <MovementDiagram movements={data} />}
    </section>
  );
}
