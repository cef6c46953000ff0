"""Names in labels → our classes; a name may stand for several."""

from collections.abc import Iterable

from its_camera_ai.core.detections import ObjectClass

GROUPS: dict[str, frozenset[ObjectClass]] = {
    "vehicle": frozenset(
        {ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK, ObjectClass.MOTORCYCLE}
    ),
    "bike": frozenset({ObjectClass.BICYCLE, ObjectClass.MOTORCYCLE}),
}
"""Names for several classes at once, each scored as one class."""

EVERY_CLASS = "*"
"""In labels: an ignore area for all classes."""

_SINGLE = {c.label: frozenset({c}) for c in ObjectClass}
LABELS = (*GROUPS, *_SINGLE)


def classes_of(label: str) -> frozenset[ObjectClass]:
    """Which of our classes a label stands for.

    >>> sorted(c.label for c in classes_of("bike"))
    ['bicycle', 'motorcycle']

    Raises:
        KeyError: there is no such label.
    """
    return GROUPS[label] if label in GROUPS else _SINGLE[label]


def scored_labels(present: Iterable[str]) -> tuple[str, ...]:
    """What to score where these labels are in the truth: each of them, and every group that
    holds two or more of them.

    >>> scored_labels(["person", "car", "truck"])
    ('vehicle', 'car', 'person', 'truck')
    """
    labels = sorted(set(present))
    groups = [
        name
        for name, members in GROUPS.items()
        if name in labels or sum(classes_of(label) <= members for label in labels) >= 2
    ]
    return (*groups, *(label for label in labels if label not in GROUPS))
