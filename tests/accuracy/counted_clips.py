"""Real clips whose crossings were counted by eye; the truth and its certainty are described in
``labels/counts.json`` of the data folder."""

from dataclasses import dataclass

from its_camera_ai.core.scene import Anchor, Line, Scene, Unit


@dataclass(frozen=True, slots=True)
class CountedClip:
    """One clip, one line, and what crossed it.

    Attributes:
        name: for tables. file: in ``videos/``.
        line: px of the clip.
        inward, outward: vehicles or persons by eye.
        end_s: end of the counted window; None for the whole clip.
        what: who crosses.
    """

    name: str
    file: str
    line: Line
    inward: int
    outward: int
    what: str
    end_s: float | None = None

    @property
    def scene(self) -> Scene:
        return Scene((self.line,))


def _line(
    start: tuple[float, float], end: tuple[float, float], anchor: Anchor = Anchor.BOTTOM_CENTRE
) -> Line:
    return Line("gate", (start, end), Unit.PX, anchor)


_MOTORWAY = _line((150, 430), (1150, 430))

MOTORWAY_WINDOW = CountedClip(
    "motorway, to picture 495", "motorway_dvrscan.mp4", _MOTORWAY, 19, 23, "vehicles", 19.82
)
MOTORWAY = CountedClip("motorway", "motorway_dvrscan.mp4", _MOTORWAY, 23, 28, "vehicles")
MOTORWAY_VFR = CountedClip(
    "motorway, VFR twin", "motorway_dvrscan_vfr.mp4", _MOTORWAY, 23, 28, "vehicles"
)
ROAD = CountedClip("road", "road_ozlu.mp4", _line((200, 240), (640, 240)), 8, 0, "vehicles")
ROOM = CountedClip(
    "room", "room_one_by_one_intel.mp4", _line((500, 250), (500, 432)), 0, 6, "persons"
)
WALKWAY = CountedClip(
    "walkway, hand-held",
    "walkway_handheld_ozlu.mp4",
    _line((313, 60), (313, 340), Anchor.CENTRE),
    4,
    0,
    "persons",
)
OVERHEAD = CountedClip(
    "cars from above",
    "overhead_cars_intel.mp4",
    _line((0, 216), (768, 216), Anchor.CENTRE),
    2,
    2,
    "vehicles",
)

COUNTED_CLIPS = (MOTORWAY_WINDOW, MOTORWAY, MOTORWAY_VFR, ROAD, ROOM, WALKWAY, OVERHEAD)
