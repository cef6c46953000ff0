"""Classes of vehicles by their length on the ground."""

from dataclasses import dataclass

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.road_users import LengthClass

WITHOUT_LENGTH_CLASS = frozenset(
    {ObjectClass.PERSON, ObjectClass.BICYCLE, ObjectClass.ANIMAL, ObjectClass.OTHER}
)


@dataclass(frozen=True, slots=True)
class LengthBounds:
    """Upper ends of the classes in metres; agencies differ, so they can be set.

    The defaults are 6.5, 21.5, 49 and 79 ft, near those of length-based classification by loop
    detectors (MnDOT 2012-33; TRR 2339).
    """

    motorcycle_m: float = 1.98
    short_m: float = 6.55
    medium_m: float = 14.94
    long_m: float = 24.08

    def __post_init__(self) -> None:
        if not 0 < self.motorcycle_m < self.short_m < self.medium_m < self.long_m:
            raise ConfigInvalid("Length classes: the bounds must rise from class to class.")


def length_class(
    kind: ObjectClass, length_m: float | None, bounds: LengthBounds
) -> LengthClass | None:
    """The class of a vehicle; None for people, bicycles and the like, and without a length.

    What was voted a motorcycle is one whatever its length: with 2.0–2.3 m most are longer than
    the bound, which is one for loops.

    >>> length_class(ObjectClass.CAR, 4.5, LengthBounds()).value
    'short'
    """
    if length_m is None or kind in WITHOUT_LENGTH_CLASS:
        return None
    if kind is ObjectClass.MOTORCYCLE or length_m <= bounds.motorcycle_m:
        return LengthClass.MOTORCYCLE
    if length_m <= bounds.short_m:
        return LengthClass.SHORT
    if length_m <= bounds.medium_m:
        return LengthClass.MEDIUM
    return LengthClass.LONG if length_m <= bounds.long_m else LengthClass.VERY_LONG
