import { useCallback, useEffect, useMemo, useState } from "react";
import type { Point } from "../api";
import { snapshotUrl } from "../api";
import { cameraHref } from "../router";
import { CalibrationPanel } from "../scene/CalibrationPanel";
import {
  CORNERS,
  freshId,
  newPart,
  normalised,
  PART_KINDS,
  replaced,
  sendable,
  without,
  withPair,
  withPart,
} from "../scene/edits";
import { PartForm } from "../scene/PartForm";
import type { Handle, Tool } from "../scene/SceneDrawing";
import { SceneDrawing } from "../scene/SceneDrawing";
import type {
  CalibrationItem,
  CameraDocument,
  LaneItem,
  Part,
  PartKind,
  SceneDocument,
  ShapeKind,
} from "../scene/types";
import { useTrial } from "../scene/useTrial";
import { useApi } from "../session";
import { text } from "../text";
import { ErrorNote, Loading, Page } from "../ui/parts";
import { useAct } from "../useAct";
import { useLoad } from "../useLoad";

const words = text.scene;
const FRESH_MS = 5000;
const SHAPES: readonly ShapeKind[] = ["lines", "zones", "lanes", "signals"];

export function ScenePage({ cameraId }: { cameraId: string }) {
  const api = useApi();
  const load = useCallback((signal: AbortSignal) => api.camera(cameraId, signal), [api, cameraId]);
  const { data: camera, error, reload } = useLoad(load);
  const [size, setSize] = useState<readonly [number, number]>([0, 0]);
  const [noPicture, setNoPicture] = useState(false);
  const [saved, setSaved] = useState(false);
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), FRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const picture = snapshotUrl(cameraId, tick);
  useEffect(() => {
    const image = new Image();
    image.onload = () => {
      setNoPicture(false);
      setSize((known) =>
        known[0] === image.naturalWidth && known[1] === image.naturalHeight
          ? known
          : [image.naturalWidth, image.naturalHeight],
      );
    };
    image.onerror = () => setNoPicture(true);
    image.src = picture;
    return () => {
      image.onload = null;
      image.onerror = null;
    };
  }, [picture]);
  const name = camera?.name || cameraId;
  const stored = useMemo(
    () => (camera === null || size[0] === 0 ? null : normalised(camera.scene, ...size)),
    [camera, size],
  );
  return (
    <Page title={words.title(name)} tools={<a href={cameraHref(cameraId)}>{words.back}</a>}>
      <ErrorNote message={error} onRetry={reload} />
      {noPicture && <ErrorNote message={words.noPicture} />}
      {!noPicture && (camera === null || size[0] === 0) && error === "" && <Loading />}
      {camera !== null && stored !== null && (
        <Editor
          key={JSON.stringify(camera.scene)}
          cameraId={cameraId}
          picture={picture}
          size={size}
          stored={stored}
          document={camera.document}
          saved={saved}
          onSaved={() => {
            setSaved(true);
            reload();
          }}
        />
      )}
    </Page>
  );
}

interface EditorProps {
  cameraId: string;
  picture: string;
  size: readonly [number, number];
  stored: SceneDocument;
  /** Null for those who may not change it. */
  document: CameraDocument | null;
  /** Since the page was opened. */
  saved: boolean;
  onSaved(): void;
}

function Editor(props: EditorProps) {
  const { cameraId, picture, size, stored, document, saved, onSaved } = props;
  const api = useApi();
  const locked = document === null;
  const [scene, setScene] = useState(stored);
  const [tool, setTool] = useState<Tool>("pick");
  const [draft, setDraft] = useState<readonly Point[]>([]);
  const [selected, setSelected] = useState("");
  const [showGrid, setShowGrid] = useState(true);
  const { act, busy, problem } = useAct();
  const trial = useTrial(locked ? null : scene, size);
  const changed = scene !== stored;

  const change = setScene;
  const finish = (points: readonly Point[]) => {
    if (tool === "pick" || tool === "pair") return;
    const part = newPart(scene, tool, points);
    change(withPart(scene, tool, part));
    setSelected(part.id);
    setDraft([]);
    setTool("pick");
  };
  const onPoint = (point: Point) => {
    if (tool === "pair") {
      change(withPair(scene, point));
      return;
    }
    if (tool === "pick") return;
    const points = [...draft, point];
    if (points.length === CORNERS[tool].most) finish(points);
    else setDraft(points);
  };
  const choose = (next: Tool) => {
    setTool(next);
    setDraft([]);
  };
  const save = () =>
    act(async () => {
      await api.putCamera(cameraId, { ...document, ...sendable(scene) });
      onSaved();
    });
  const chosen = partOf(scene, selected);

  return (
    <div className="detail detail--wide">
      <div className="detail__main">
        {!locked && (
          <ToolBar scene={scene} tool={tool} draft={draft} onTool={choose} onFinish={finish} />
        )}
        <SceneDrawing
          picture={picture}
          aspect={size[0] / size[1]}
          scene={scene}
          trial={trial.found}
          showGrid={showGrid}
          tool={tool}
          draft={draft}
          selected={selected}
          locked={locked}
          onPoint={onPoint}
          onSelect={(id) => tool === "pick" && setSelected(id)}
          onMove={(handle, to) => change(moved(scene, handle, to))}
        />
        <div className="bar">
          <label className="check">
            <input
              type="checkbox"
              checked={showGrid}
              onChange={(e) => setShowGrid(e.target.checked)}
            />
            {words.showGrid}
          </label>
          {trial.found && (
            <span className="quiet">{words.calibration.grid(trial.found.grid_m)}</span>
          )}
          <span className="bar__end quiet" role="status">
            {changed ? words.unsaved : saved && words.saved}
          </span>
        </div>
        {locked ? (
          <p className="quiet">{words.adminOnly}</p>
        ) : (
          <div className="bar">
            <button
              type="button"
              className="button button--primary"
              data-testid="save-scene"
              disabled={busy || !changed}
              onClick={save}
            >
              {busy ? words.saving : words.save}
            </button>
            <button
              type="button"
              className="button"
              disabled={busy || !changed}
              onClick={() => change(stored)}
            >
              {words.revert}
            </button>
          </div>
        )}
        <ErrorNote message={problem} />
        <CalibrationPanel
          calibration={scene.calibration}
          trial={trial.found}
          problem={trial.problem}
          locked={locked}
          onChange={(calibration: CalibrationItem | null) => change({ ...scene, calibration })}
        />
      </div>
      <aside className="detail__side">
        {chosen !== null && (
          <section className="card">
            <PartForm
              scene={scene}
              kind={chosen.kind}
              part={chosen.part}
              locked={locked}
              onChange={(part) => {
                change(replaced(scene, chosen.kind, chosen.part.id, part));
                setSelected(part.id);
              }}
              onRemove={() => change(without(scene, chosen.kind, chosen.part.id))}
            />
          </section>
        )}
        <PartList
          scene={scene}
          selected={selected}
          locked={locked}
          onSelect={setSelected}
          onAdd={(kind) => {
            const part = newPart(scene, kind, []);
            change(withPart(scene, kind, part));
            setSelected(part.id);
          }}
        />
      </aside>
    </div>
  );
}

function ToolBar(props: {
  scene: SceneDocument;
  tool: Tool;
  draft: readonly Point[];
  onTool(tool: Tool): void;
  onFinish(points: readonly Point[]): void;
}) {
  const { scene, tool, draft, onTool, onFinish } = props;
  const tools: readonly Tool[] = ["pick", ...SHAPES, "pair"];
  const isShape = tool !== "pick" && tool !== "pair";
  return (
    <div className="bar" role="toolbar" aria-label={words.drawing}>
      {tools.map((each) => (
        <button
          key={each}
          type="button"
          className="button"
          aria-pressed={each === tool}
          disabled={each === "signals" && scene.lines.length === 0}
          data-testid={`tool-${each}`}
          onClick={() => onTool(each)}
        >
          {each === "pick" ? words.pick : words.kind[each]}
        </button>
      ))}
      {isShape && (
        <>
          <button
            type="button"
            className="button"
            data-testid="finish-shape"
            disabled={draft.length < CORNERS[tool].least}
            onClick={() => onFinish(draft)}
          >
            {words.finish}
          </button>
          <button type="button" className="button" onClick={() => onTool("pick")}>
            {words.cancel}
          </button>
        </>
      )}
      <span className="quiet">{tool === "pick" ? words.pickHint : words.drawHint[tool]}</span>
    </div>
  );
}

function PartList(props: {
  scene: SceneDocument;
  selected: string;
  locked: boolean;
  onSelect(id: string): void;
  onAdd(kind: PartKind): void;
}) {
  const { scene, selected, locked, onSelect, onAdd } = props;
  return (
    <section className="card" data-testid="part-list">
      {PART_KINDS.map((kind) => (
        <div key={kind}>
          <h3>{words.kinds[kind]}</h3>
          <div className="chips">
            {scene[kind].map((part) => (
              <button
                key={part.id}
                type="button"
                className={part.id === selected ? "chip chip--chosen" : "chip"}
                aria-pressed={part.id === selected}
                onClick={() => onSelect(part.id)}
              >
                {part.name || part.id}
              </button>
            ))}
            {(kind === "gates" || kind === "movements") && !locked && (
              <button
                type="button"
                className="chip"
                disabled={scene.lines.length === 0}
                title={scene.lines.length === 0 ? words.noLines : freshId(scene, kind)}
                onClick={() => onAdd(kind)}
              >
                {`+ ${words.add}`}
              </button>
            )}
          </div>
        </div>
      ))}
    </section>
  );
}

function partOf(scene: SceneDocument, id: string): { kind: PartKind; part: Part } | null {
  for (const kind of PART_KINDS) {
    const part = (scene[kind] as readonly Part[]).find((each) => each.id === id);
    if (part !== undefined) return { kind, part };
  }
  return null;
}

function moved(scene: SceneDocument, handle: Handle, to: Point): SceneDocument {
  const at = (points: readonly Point[]): readonly Point[] =>
    points.map((point, k) => (k === handle.corner ? to : point));
  if (handle.kind === "pair") {
    const { calibration } = scene;
    if (calibration === null) return scene;
    const pairs = calibration.pairs.map((pair, k) =>
      String(k) === handle.id ? { ...pair, image: to } : pair,
    );
    return { ...scene, calibration: { ...calibration, pairs } };
  }
  if (handle.kind === "heading") {
    const lanes = scene.lanes.map((lane: LaneItem) =>
      lane.id === handle.id ? { ...lane, heading: at(lane.heading) } : lane,
    );
    return { ...scene, lanes };
  }
  if (handle.kind === "signals") {
    const signals = scene.signals.map((head) =>
      head.id === handle.id ? { ...head, lamps: at(head.lamps) } : head,
    );
    return { ...scene, signals };
  }
  const parts = (scene[handle.kind] as readonly LaneItem[]).map((part) =>
    part.id === handle.id ? { ...part, points: at(part.points) } : part,
  );
  return { ...scene, [handle.kind]: parts } as SceneDocument;
}
