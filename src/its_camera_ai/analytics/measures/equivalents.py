"""Passenger-car equivalents: what a bus or truck takes of a road's capacity, in cars."""

from collections.abc import Mapping
from dataclasses import dataclass

from its_camera_ai.analytics.measures.plausible import checked_one


@dataclass(frozen=True, slots=True)
class EquivalentTable:
    """Passenger cars per road user of a class.

    Attributes:
        source: where the values come from; goes with every figure that is made with them.
        by_class: label → equivalent; a class that is not in it takes no part in motor traffic.
    """

    name: str
    source: str
    by_class: Mapping[str, float]

    def __post_init__(self) -> None:
        for value in self.by_class.values():
            checked_one(value, "passenger-car equivalent", high=20.0)

    def volume_pc(self, by_class: Mapping[str, float]) -> float:
        """``Σ nᵢ·Eᵢ``, passenger cars. People, animals and what has no equivalent count nothing."""
        return sum(
            checked_one(n, "count") * self.by_class.get(label, 0.0) for label, n in by_class.items()
        )

    def factor(self, by_class: Mapping[str, float]) -> float | None:
        """Passenger cars per vehicle of this mix, ``1/f_HV`` of HCM; None without a vehicle."""
        vehicles = sum(n for label, n in by_class.items() if label in self.by_class)
        return self.volume_pc(by_class) / vehicles if vehicles > 0 else None


HCM_LEVEL = EquivalentTable(
    "hcm-level",
    "HCM, 6th edition, general terrain, level: 2.0 for each heavy vehicle",
    {"car": 1.0, "motorcycle": 1.0, "bus": 2.0, "truck": 2.0},
)
"""The default. HCM counts motorcycles as passenger cars."""

HCM_ROLLING = EquivalentTable(
    "hcm-rolling",
    "HCM, 6th edition, general terrain, rolling: 3.0 for each heavy vehicle",
    {"car": 1.0, "motorcycle": 1.0, "bus": 3.0, "truck": 3.0},
)

UK_URBAN = EquivalentTable(
    "uk-urban",
    "passenger-car units as used in British transport modelling",
    {"car": 1.0, "motorcycle": 0.4, "bicycle": 0.2, "bus": 2.0, "truck": 2.0},
)
"""Bicycles on the carriageway take part."""

TABLES = {table.name: table for table in (HCM_LEVEL, HCM_ROLLING, UK_URBAN)}
"""By name, for a site's settings."""
