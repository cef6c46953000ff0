"""The parts of a scene: from checked fields to the types of the core, and back to a document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from its_camera_ai.core.calibration import Calibration, Landmark, Lens, PointPair, WorldFrame
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import (
    Gate,
    Lane,
    LineSide,
    Movement,
    SignalHead,
    SignalSource,
    Turn,
)
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone, ZoneUse
from its_camera_ai.store.documents.fields import CameraFields
from its_camera_ai.store.documents.scene_fields import (
    CalibrationFields,
    GateFields,
    LaneFields,
    LineFields,
    MovementFields,
    SceneFields,
    SignalFields,
    ZoneFields,
)
from its_camera_ai.store.documents.section import Section

Part = Line | Zone | Lane | Gate | Movement | SignalHead


def _points(points: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in points)


def _pair(points: Sequence[Sequence[float]]) -> tuple[Point, Point]:
    (a, b), (c, d) = points
    return (float(a), float(b)), (float(c), float(d))


def line_of(fields: LineFields) -> Line:
    unit, anchor = Unit(fields.unit), Anchor(fields.anchor)
    return Line(fields.id, _pair(fields.points), unit, anchor, fields.name)


def zone_of(fields: ZoneFields) -> Zone:
    return Zone(
        fields.id,
        _points(fields.points),
        Unit(fields.unit),
        Anchor(fields.anchor),
        fields.name,
        ZoneUse(fields.use),
        fields.limit_s,
    )


def lane_of(fields: LaneFields) -> Lane:
    return Lane(
        fields.id,
        _points(fields.points),
        _pair(fields.heading),
        Unit(fields.unit),
        fields.name,
        fields.approach,
        fields.speed_limit_kmh,
        fields.stop_line,
        fields.storage_m,
    )


def gate_of(fields: GateFields) -> Gate:
    entry, leave = LineSide.parse(fields.entry), LineSide.parse(fields.exit)
    return Gate(fields.id, entry, leave, fields.distance_m, fields.name)


def movement_of(fields: MovementFields) -> Movement:
    entry, leave = LineSide.parse(fields.entry), LineSide.parse(fields.exit)
    return Movement(fields.id, entry, leave, Turn(fields.turn), fields.approach, fields.name)


def signal_of(fields: SignalFields) -> SignalHead:
    return SignalHead(
        fields.id,
        tuple(LineSide.parse(side) for side in fields.governs),
        SignalSource(fields.source),
        _points(fields.lamps),
        Unit(fields.unit),
        fields.grace_s,
        fields.name,
        tuple(fields.lanes),
    )


def calibration_of(fields: CalibrationFields) -> Calibration:
    """
    Raises:
        CalibrationInvalid, SceneInvalid: something in it can't be.
    """
    lens = fields.lens
    return Calibration(
        tuple(
            PointPair(*_pair([pair.image, pair.world]), pair.name, pair.check)
            for pair in fields.pairs
        ),
        Unit(fields.unit),
        WorldFrame(fields.frame),
        None if lens is None else Lens(lens.k1, lens.k2, lens.focal, _points([lens.centre])[0]),
        _points(fields.valid),
        tuple(Landmark(_points([mark.at])[0], mark.name) for mark in fields.landmarks),
        fields.position_sd_px,
        fields.scale_sd,
    )


PARTS: Mapping[str, tuple[type[Section], Callable[[Any], Part]]] = {
    "lines": (LineFields, line_of),
    "zones": (ZoneFields, zone_of),
    "lanes": (LaneFields, lane_of),
    "gates": (GateFields, gate_of),
    "movements": (MovementFields, movement_of),
    "signals": (SignalFields, signal_of),
}
"""The lists of a scene by their names: what may stand in them, and what becomes of it."""


def scene_of(fields: SceneFields | CameraFields) -> Scene:
    """
    Raises:
        SceneInvalid, CalibrationInvalid: something in it makes no sense.
    """
    parts: dict[str, Any] = {
        key: tuple(make(item) for item in getattr(fields, key)) for key, (_, make) in PARTS.items()
    }
    calibration = None if fields.calibration is None else calibration_of(fields.calibration)
    return Scene(**parts, calibration=calibration)


def part_document(part: Part) -> dict[str, Any]:
    """The object of a site file that describes a part; every field of it is there."""
    document: dict[str, Any] = {"id": part.id, "name": part.name}
    for key in ("points", "heading", "lamps"):
        if hasattr(part, key):
            document[key] = [list(point) for point in getattr(part, key)]
    for key in ("unit", "anchor", "use", "source", "entry", "exit", "turn"):
        if hasattr(part, key):
            document[key] = str(getattr(part, key))
    for key in _PLAIN:
        if hasattr(part, key):
            document[key] = getattr(part, key)
    if isinstance(part, SignalHead):
        document["governs"] = [str(side) for side in part.governs]
        document["lanes"] = list(part.lanes)
    return document


_PLAIN = (
    "approach",
    "limit_s",
    "speed_limit_kmh",
    "stop_line",
    "storage_m",
    "distance_m",
    "grace_s",
)


def calibration_document(calibration: Calibration) -> dict[str, Any]:
    """The object of a ``calibration:`` section."""
    lens = calibration.lens
    return {
        "frame": str(calibration.frame),
        "unit": str(calibration.unit),
        "pairs": [
            {
                "image": list(pair.image),
                "world": list(pair.world),
                "name": pair.name,
                "check": pair.check,
            }
            for pair in calibration.pairs
        ],
        "lens": None
        if lens is None
        else {"k1": lens.k1, "k2": lens.k2, "focal": lens.focal, "centre": list(lens.centre)},
        "valid": [list(point) for point in calibration.valid],
        "landmarks": [{"at": list(mark.at), "name": mark.name} for mark in calibration.landmarks],
        "position_sd_px": calibration.position_sd_px,
        "scale_sd": calibration.scale_sd,
    }


def scene_document(scene: Scene) -> dict[str, Any]:
    """The keys of a camera in a site file that describe its scene; nothing is left out."""
    document: dict[str, Any] = {
        key: [part_document(part) for part in getattr(scene, key)] for key in PARTS
    }
    calibration = scene.calibration
    document["calibration"] = None if calibration is None else calibration_document(calibration)
    return document


def without_defaults(document: Mapping[str, Any], section: type[Section]) -> dict[str, Any]:
    """What differs from a section's defaults, in the document's order."""
    fields = section.model_fields
    return {
        key: value
        for key, value in document.items()
        if fields[key].is_required() or value != fields[key].get_default(call_default_factory=True)
    }
