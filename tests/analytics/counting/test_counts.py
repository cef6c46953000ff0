"""The form of the totals, as the API gives them."""

import pytest

from its_camera_ai.analytics.counting.config import AnalyticsConfig
from its_camera_ai.analytics.counting.counts import Counts, LineCounts, ZoneCounts
from its_camera_ai.core.errors import ConfigInvalid


def test_json_holds_total_and_classes_in_order() -> None:
    counts = Counts({"gate": LineCounts()}, {"plaza": ZoneCounts(occupancy=2)})
    for label in ("truck", "car", "car"):
        counts.lines["gate"].of("in").add(label)
    counts.lines["gate"].of("out").add("bus")
    counts.zones["plaza"].entered.add("person")
    assert counts.to_json() == {
        "lines": {
            "gate": {"in": {"total": 3, "car": 2, "truck": 1}, "out": {"total": 1, "bus": 1}}
        },
        "zones": {
            "plaza": {"occupancy": 2, "entered": {"total": 1, "person": 1}, "left": {"total": 0}}
        },
    }
    assert list(counts.to_json()["lines"]["gate"]["in"]) == ["total", "car", "truck"]


def test_senseless_parameters_are_refused() -> None:
    with pytest.raises(ConfigInvalid, match="margin_h"):
        AnalyticsConfig(margin_h=0)
