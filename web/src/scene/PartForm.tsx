/** What there is to say of one part of a scene beside its place in the picture. */

import { lookUp } from "../lookUp";
import { text } from "../text";
import { Field } from "../ui/parts";
import type { Part, PartKind, SceneDocument } from "./types";

const words = text.scene;

type Value = string | number | null | readonly string[];

interface Descriptor {
  key: string;
  type: "text" | "number" | "choice" | "choices";
  choices?(scene: SceneDocument): readonly string[];
}

const sides = (scene: SceneDocument): readonly string[] =>
  scene.lines.flatMap((line) => [`${line.id}:in`, `${line.id}:out`]);
const name: Descriptor = { key: "name", type: "text" };
const anchor: Descriptor = {
  key: "anchor",
  type: "choice",
  choices: () => ["bottom_centre", "centre", "top_centre"],
};
const ends: readonly Descriptor[] = [
  { key: "entry", type: "choice", choices: sides },
  { key: "exit", type: "choice", choices: sides },
];

const FIELDS: Record<PartKind, readonly Descriptor[]> = {
  lines: [name, anchor],
  zones: [
    name,
    anchor,
    {
      key: "use",
      type: "choice",
      choices: () => ["area", "carriageway", "crossing", "no_stopping", "no_parking", "parking"],
    },
    { key: "limit_s", type: "number" },
  ],
  lanes: [
    name,
    { key: "approach", type: "text" },
    { key: "speed_limit_kmh", type: "number" },
    {
      key: "stop_line",
      type: "choice",
      choices: (scene) => ["", ...scene.lines.map((line) => line.id)],
    },
    { key: "storage_m", type: "number" },
  ],
  gates: [name, ...ends, { key: "distance_m", type: "number" }],
  movements: [
    name,
    ...ends,
    { key: "turn", type: "choice", choices: () => ["L", "T", "R", "U"] },
    { key: "approach", type: "text" },
  ],
  signals: [
    name,
    { key: "governs", type: "choices", choices: sides },
    { key: "lanes", type: "choices", choices: (scene) => scene.lanes.map((lane) => lane.id) },
    { key: "source", type: "choice", choices: () => ["picture", "input"] },
    { key: "grace_s", type: "number" },
  ],
};

interface Props {
  scene: SceneDocument;
  kind: PartKind;
  part: Part;
  locked: boolean;
  onChange(part: Part): void;
  onRemove(): void;
}

export function PartForm({ scene, kind, part, locked, onChange, onRemove }: Props) {
  const values = part as unknown as Readonly<Record<string, Value>>;
  const set = (key: string, value: Value) => onChange({ ...part, [key]: value } as Part);
  return (
    <fieldset className="part" disabled={locked} data-testid="part-form">
      <legend>{words.kind[kind]}</legend>
      <Field label={words.fields.id ?? "id"}>
        <input
          // Another id is another part to everything that counts: taken over when it is complete.
          key={part.id}
          defaultValue={part.id}
          maxLength={64}
          onBlur={(event) => event.target.value.trim() && set("id", event.target.value.trim())}
        />
      </Field>
      {FIELDS[kind].map((field) => (
        <Field key={field.key} label={words.fields[field.key] ?? field.key}>
          <Control
            field={field}
            value={values[field.key] ?? null}
            choices={field.choices?.(scene) ?? []}
            onChange={(value) => set(field.key, value)}
          />
        </Field>
      ))}
      <button type="button" className="button button--bad" onClick={onRemove}>
        {words.remove}
      </button>
    </fieldset>
  );
}

function Control(props: {
  field: Descriptor;
  value: Value;
  choices: readonly string[];
  onChange(value: Value): void;
}) {
  const { field, value, choices, onChange } = props;
  switch (field.type) {
    case "text":
      return (
        <input
          value={String(value ?? "")}
          maxLength={200}
          onChange={(e) => onChange(e.target.value)}
        />
      );
    case "number":
      return (
        <input
          type="number"
          min="0"
          step="any"
          value={value === null ? "" : String(value)}
          onChange={(e) => onChange(e.target.value === "" ? null : Number(e.target.value))}
        />
      );
    case "choice":
      return (
        <select value={String(value ?? "")} onChange={(e) => onChange(e.target.value)}>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {lookUp(words.choices, choice) ?? choice}
            </option>
          ))}
        </select>
      );
    case "choices":
      return (
        <select
          multiple
          size={Math.min(4, Math.max(2, choices.length))}
          value={Array.isArray(value) ? [...value] : []}
          onChange={(e) => onChange([...e.target.selectedOptions].map((o) => o.value))}
        >
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
  }
}
