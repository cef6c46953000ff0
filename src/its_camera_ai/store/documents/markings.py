"""Files in which somebody wrote where a marking of known size lies in the picture."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from its_camera_ai.store.documents.checked import check_shape
from its_camera_ai.store.documents.scene_fields import (
    CORNERS_MAX,
    Coordinate,
    PointField,
    Positive,
    UnitField,
)
from its_camera_ai.store.documents.section import Section
from its_camera_ai.store.documents.words import Name
from its_camera_ai.store.documents.yaml_text import parse_yaml, read_text

S = TypeVar("S", bound=Section)

LINES_MAX = 10

Corners = Annotated[list[PointField | None], Field(min_length=2, max_length=CORNERS_MAX)]
"""Points in the picture in order; null where one is hidden or worn off."""


class CrosswalkFields(Section):
    """A crossing of bars; see ``analytics.calibration.patterns.Crosswalk``."""

    stripe_m: Positive
    gap_m: Positive
    length_m: Positive
    near: Corners
    far: Corners
    unit: UnitField = "px"
    scale_sd: Annotated[float, Field(ge=0, lt=1)] = 0.0


class LaneLineFields(Section):
    """One broken line; see ``analytics.calibration.patterns.MarkedLine``."""

    across_m: Coordinate
    ends: Corners
    ahead_m: Coordinate = 0.0


class LaneLinesFields(Section):
    """Broken lines between lanes: a rule's name in ``marking``, or both sizes."""

    lines: Annotated[list[LaneLineFields], Field(min_length=2, max_length=LINES_MAX)]
    marking: Name = ""
    mark_m: Positive | None = None
    gap_m: Positive | None = None
    unit: UnitField = "px"
    scale_sd: Annotated[float, Field(ge=0, lt=1)] = 0.0


def load_marking(path: Path, section: type[S]) -> S:
    """
    Args:
        section: what the file must hold.

    Raises:
        ConfigInvalid: with every problem, one line each, ``file:line:column: path: message``.
    """
    text = parse_yaml(read_text(path), str(path))
    check_shape(text, section)
    text.raise_problems()
    return section.model_validate(text.data)
