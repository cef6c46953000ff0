"""Results as tables: the same head and cells for a terminal and for a page."""

from its_camera_ai.evaluation.results import (
    CountRow,
    DetectRow,
    Results,
    Run,
    StreetRow,
    TrackRow,
)
from its_camera_ai.evaluation.tables import markdown

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Head and rows."""


def tables_of(results: Results) -> dict[str, Table]:
    """Every part of the results that holds a row, by name."""
    parts = {
        "detect": detect_table(results.detect),
        "track": track_table(results.track),
        "count": count_table(results.count),
        "streets": street_table(results.streets),
    }
    return {name: table for name, table in parts.items() if table[1]}


def pages_of(results: Results) -> dict[str, str]:
    """The same as Markdown, and who made it when and where under ``made``."""
    blocks = {name: markdown(*table) for name, table in tables_of(results).items()}
    return {"made": _made(results), **blocks}


def detect_table(rows: list[DetectRow]) -> Table:
    head = ("pictures", "class", "boxes", "model", "input", "runtime", "AP", "AP50")
    return (
        (*head, "recall", "precision", "centre hit", "CPU ms"),
        [
            (
                row.set,
                row.label,
                str(row.boxes),
                row.model,
                row.input,
                row.runtime or "–",
                _share(row.ap),
                _share(row.ap50),
                f"{row.recall:.2f}",
                f"{row.precision:.2f}",
                f"{row.hits:.2f}",
                f"{row.cpu_ms:.0f}",
            )
            for row in rows
        ],
    )


def track_table(rows: list[TrackRow]) -> Table:
    head = ("sequence", "boxes from", "looks/s", "HOTA", "DetA", "AssA", "MOTA", "IDF1")
    return (
        (*head, "switches", "ids: ours / true"),
        [
            (
                row.set,
                row.detections,
                f"{row.rate:g}",
                *(_percent(v) for v in (row.hota, row.det_a, row.ass_a, row.mota, row.idf1)),
                str(row.switches),
                f"{row.ids_found} / {row.ids_true}",
            )
            for row in rows
        ],
    )


def count_table(rows: list[CountRow]) -> Table:
    """One line per clip and model, a column per rate; ✗ where a run is out of bounds."""
    looks = list(dict.fromkeys((row.asked, row.lost) for row in rows))
    clips: dict[tuple[str, ...], dict[tuple[float, float], CountRow]] = {}
    for row in rows:
        eye = f"{row.inward} / {row.outward}"
        key = (row.set, row.what, row.model, row.input, eye)
        clips.setdefault(key, {})[row.asked, row.lost] = row
    head = ("clip", "who", "model", "input", "by eye in / out", *(_looks(*at) for at in looks))
    cells = [
        (
            *key,
            *(_counted(columns.get(at)) for at in looks),
            _share_of_time(list(columns.values())),
        )
        for key, columns in clips.items()
    ]
    return (*head, "time / length"), cells


def _looks(asked: float, lost: float) -> str:
    return f"{asked:g}/s" + (f", {lost:.0%} lost" if lost else "")


def _counted(row: CountRow | None) -> str:
    if row is None:
        return "–"
    return _runs(row.runs) + ("" if row.holds else " ✗")


def _share_of_time(rows: list[CountRow]) -> str:
    shares = [row.run_share for row in rows if row.run_share]
    return f"{shares[0]:.2f}" if shares else "–"


def street_table(rows: list[StreetRow]) -> Table:
    head = ("street", "boxes from", "looks/s", "length", "effectiveness", "crossings: ours / true")
    return (
        (*head, "off by", "of another class or way"),
        [
            (
                row.set,
                row.detections,
                f"{row.rate:g}",
                f"{row.seconds:g} s",
                _share(row.effectiveness),
                f"{row.ours} / {row.truth}",
                str(row.off_by),
                str(row.unasked),
            )
            for row in rows
        ],
    )


def _made(results: Results) -> str:
    made = results.made
    packages = ", ".join(f"{name} {number}" for name, number in made.get("packages", {}).items())
    return (
        f"Measured {str(made.get('when', '?'))[:10]} on {made.get('cpu', '?')}, "
        f"{made.get('cores', '?')} cores, {made.get('memory_gib', '?')} GiB, other work running "
        f"beside it: load average {made.get('load_average', 0):.1f} at the end. ITS Camera AI "
        f"{made.get('version', '?')} at {made.get('commit', '?')}, Python "
        f"{made.get('python', '?')}, {packages}; {made.get('took_s', '?')} s."
    )


def _runs(runs: list[Run]) -> str:
    """Equal runs together, in the order of their first: ``23 / 28; 2 × 23 / 29``."""
    texts = []
    for run in runs:
        wrong = f" ({run.wrong_way} wrong way)" if run.wrong_way else ""
        texts.append(f"{run.inward} / {run.outward}{wrong}")
    different = list(dict.fromkeys(texts))
    return "; ".join(t if (n := texts.count(t)) == 1 else f"{n} × {t}" for t in different)


def _share(value: float) -> str:
    return f"{value:.3f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
