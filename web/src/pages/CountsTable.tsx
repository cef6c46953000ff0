import type { ClassCounts, Counts, Scene } from "../api";
import { formatCount } from "../format";
import { lookUp } from "../lookUp";
import { text } from "../text";

/** Counts per line, direction and class, and per zone. */
export function CountsTable({ scene, counts }: { scene: Scene; counts: Counts }) {
  const lines = named(scene.lines, Object.keys(counts.lines));
  const zones = named(scene.zones, Object.keys(counts.zones));
  const classes = classesOf(Object.values(counts.lines).flatMap((line) => [line.in, line.out]));
  if (lines.length === 0 && zones.length === 0) {
    return <p className="quiet">{text.camera.noLines}</p>;
  }
  return (
    <>
      {lines.length > 0 && (
        <div className="scroll">
          <table className="table table--grouped" data-testid="line-counts">
            <thead>
              <tr>
                <th scope="col">{text.camera.line}</th>
                <th scope="col">{text.camera.direction}</th>
                <th scope="col" className="number">
                  {text.camera.total}
                </th>
                {classes.map((name) => (
                  <th scope="col" className="number" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            {lines.map((line) => (
              <tbody key={line.id}>
                {(["in", "out"] as const).map((way) => (
                  <CountRow
                    key={way}
                    testId={`count-${line.id}-${way}`}
                    heading={way === "in" ? line.name : null}
                    way={text.camera[way]}
                    counts={lookUp(counts.lines, line.id)?.[way] ?? {}}
                    classes={classes}
                  />
                ))}
              </tbody>
            ))}
          </table>
        </div>
      )}
      {zones.length > 0 && <ZoneTable zones={zones} counts={counts} />}
    </>
  );
}

function CountRow(props: {
  testId: string;
  heading: string | null;
  way: string;
  counts: ClassCounts;
  classes: readonly string[];
}) {
  const { testId, heading, way, counts, classes } = props;
  return (
    <tr>
      {heading !== null && (
        <th scope="rowgroup" rowSpan={2}>
          {heading}
        </th>
      )}
      <td>{way}</td>
      <td className="number" data-testid={`${testId}-total`}>
        <b>{formatCount(counts.total ?? 0)}</b>
      </td>
      {classes.map((name) => (
        <td key={name} className="number" data-testid={`${testId}-${name}`}>
          {formatCount(lookUp(counts, name) ?? 0)}
        </td>
      ))}
    </tr>
  );
}

function ZoneTable({ zones, counts }: { zones: readonly Named[]; counts: Counts }) {
  return (
    <div className="scroll">
      <table className="table" data-testid="zone-counts">
        <thead>
          <tr>
            <th scope="col">{text.camera.zone}</th>
            <th scope="col" className="number">
              {text.camera.occupancy}
            </th>
            <th scope="col" className="number">
              {text.camera.entered}
            </th>
            <th scope="col" className="number">
              {text.camera.left}
            </th>
          </tr>
        </thead>
        <tbody>
          {zones.map((zone) => {
            const count = lookUp(counts.zones, zone.id);
            return (
              <tr key={zone.id}>
                <th scope="row">{zone.name}</th>
                <td className="number" data-testid={`zone-${zone.id}-occupancy`}>
                  <b>{formatCount(count?.occupancy ?? 0)}</b>
                </td>
                <td className="number" title={byClass(count?.entered)}>
                  {formatCount(count?.entered.total ?? 0)}
                </td>
                <td className="number" title={byClass(count?.left)}>
                  {formatCount(count?.left.total ?? 0)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface Named {
  id: string;
  name: string;
}

/** The scene's shapes, and any that has counts but is no longer in the scene. */
function named(shapes: readonly Named[], counted: readonly string[]): Named[] {
  const known = new Set(shapes.map((shape) => shape.id));
  return [
    ...shapes.map(({ id, name }) => ({ id, name: name || id })),
    ...counted.filter((id) => !known.has(id)).map((id) => ({ id, name: id })),
  ];
}

function classesOf(counts: readonly ClassCounts[]): string[] {
  const names = counts.flatMap((count) => Object.keys(count));
  return [...new Set(names)].filter((name) => name !== "total").sort();
}

function byClass(counts: ClassCounts | undefined): string {
  return Object.entries(counts ?? {})
    .filter(([name]) => name !== "total")
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
