"""What the figures were: a stored baseline that a worse run fails against."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.truth_boxes import read_json

TOLERANCES = {"ap": 0.01, "ap50": 0.01, "hota": 0.01, "idf1": 0.01, "mota": 0.01}
TOLERANCES |= {"effectiveness": 0.01, "off_by": 0.0, "wrong_way": 0.0, "switches": 2.0}
"""By the last part of a figure's name: a change of at most so much is noise of the machine's
arithmetic, not a regression. Figures with other endings are not kept."""
LOWER_IS_BETTER = frozenset({"off_by", "wrong_way", "switches"})


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is not what it was.

    Attributes:
        now: None where this run did not measure it.
        tolerance: how much worse it may be.
    """

    name: str
    before: float
    now: float | None
    tolerance: float

    def __str__(self) -> str:
        if self.now is None:
            return f"{self.name} was {self.before:g} and is not measured any more"
        return f"{self.name} {self.before:g} → {self.now:g} (tolerance {self.tolerance:g})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run beside the baseline.

    Attributes:
        worse: beyond the tolerance, or not measured any more: the run fails.
        better: beyond the tolerance. unknown: names that the baseline does not hold.
    """

    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    unknown: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.worse


def kept(figures: Mapping[str, float]) -> dict[str, float]:
    """The figures that a baseline is about."""
    return {name: value for name, value in figures.items() if _ending(name) in TOLERANCES}


def compare(figures: Mapping[str, float], path: Path) -> Comparison:
    """Hold this run's figures against a stored baseline.

    Raises:
        ConfigInvalid: the file is not there or can't be used; the message names the field.
    """
    now = kept(figures)
    before = _load(path)
    worse, better = [], []
    for name, (value, tolerance) in before.items():
        if name not in now:
            worse.append(Change(name, value, None, tolerance))
            continue
        gain = now[name] - value
        if _ending(name) in LOWER_IS_BETTER:
            gain = -gain
        change = Change(name, value, now[name], tolerance)
        if gain < -tolerance - 1e-9:
            worse.append(change)
        elif gain > tolerance + 1e-9:
            better.append(change)
    return Comparison(tuple(worse), tuple(better), tuple(n for n in now if n not in before))


def write_baseline(figures: Mapping[str, float], path: Path) -> None:
    """Store this run's figures, each with its tolerance.

    Raises:
        ConfigInvalid: the file can't be written.
    """
    table = {
        name: {"value": round(value, 4), "tolerance": TOLERANCES[_ending(name)]}
        for name, value in sorted(kept(figures).items())
    }
    try:
        path.write_text(json.dumps({"figures": table}, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(f"{path} can't be written ({error}); choose another file.") from None


def _ending(name: str) -> str:
    return name.rpartition("/")[2]


def _load(path: Path) -> dict[str, tuple[float, float]]:
    document = read_json(path)
    table = document.get("figures") if isinstance(document, Mapping) else None
    if not isinstance(table, Mapping) or not table:
        raise ConfigInvalid(
            f"{path} is no baseline: 'figures' is missing or empty; make one with --write-baseline."
        )
    return {name: _entry(path, name, entry) for name, entry in table.items()}


def _entry(path: Path, name: str, entry: Any) -> tuple[float, float]:
    try:
        value, tolerance = float(entry["value"]), float(entry["tolerance"])
    except (TypeError, KeyError, ValueError):
        value = tolerance = math.nan
    if not (math.isfinite(value) and tolerance >= 0) or _ending(name) not in TOLERANCES:
        raise ConfigInvalid(
            f"{path}: 'figures.{name}' needs a value and a tolerance of 0 or more, and a name that "
            f"ends with one of {', '.join(TOLERANCES)}; correct it or write the baseline anew."
        )
    return value, tolerance
