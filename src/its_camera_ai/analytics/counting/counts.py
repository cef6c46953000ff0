"""Running totals of one scene."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """How many, by class label; the total is their sum."""

    by_class: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.by_class.total()

    def add(self, label: str) -> None:
        self.by_class[label] += 1

    def take(self, by_class: Mapping[str, int]) -> None:
        """Add a tally in the JSON form."""
        self.by_class.update({k: n for k, n in by_class.items() if k != "total"})

    def to_json(self) -> dict[str, int]:
        """``{"total": 3, "car": 2, "truck": 1}``, classes in alphabetical order."""
        return {"total": self.total, **dict(sorted(self.by_class.items()))}


@dataclass(slots=True)
class LineCounts:
    """Crossings of one line; ``inward`` is from negative to positive side (``core.scene.Line``)."""

    inward: Tally = field(default_factory=Tally)
    outward: Tally = field(default_factory=Tally)

    def of(self, direction: str) -> Tally:
        """The tally of ``in`` or ``out``."""
        return self.inward if direction == "in" else self.outward


@dataclass(slots=True)
class ZoneCounts:
    """Visits of one zone: how many are in it now, and how many came and went."""

    occupancy: int = 0
    entered: Tally = field(default_factory=Tally)
    left: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Counts:
    """Totals by line id and zone id since counting began."""

    lines: dict[str, LineCounts] = field(default_factory=dict)
    zones: dict[str, ZoneCounts] = field(default_factory=dict)

    def resume(self, stored: Mapping[str, Any]) -> None:
        """Go on from totals in the JSON form (``total`` is derived again, occupancy is not
        taken); lines and zones that are no longer in the scene are left out."""
        for key, line in self.lines.items():
            directions = stored.get("lines", {}).get(key, {})
            line.inward.take(directions.get("in", {}))
            line.outward.take(directions.get("out", {}))
        for key, zone in self.zones.items():
            visits = stored.get("zones", {}).get(key, {})
            zone.entered.take(visits.get("entered", {}))
            zone.left.take(visits.get("left", {}))

    def to_json(self) -> dict[str, dict[str, dict[str, object]]]:
        """The form of the API and the live page.

        >>> Counts({"gate": LineCounts()}).to_json()["lines"]
        {'gate': {'in': {'total': 0}, 'out': {'total': 0}}}
        """
        return {
            "lines": {
                key: {"in": line.inward.to_json(), "out": line.outward.to_json()}
                for key, line in self.lines.items()
            },
            "zones": {
                key: {
                    "occupancy": zone.occupancy,
                    "entered": zone.entered.to_json(),
                    "left": zone.left.to_json(),
                }
                for key, zone in self.zones.items()
            },
        }
