"""The text messages of the live WebSocket, as JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec

from its_camera_ai.api.status_models import CameraStatus
from its_camera_ai.bus.messages import TracksMessage
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.media import StreamInfo
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.time import NS_PER_S

_encoder = msgspec.json.Encoder()


def _text(message: Mapping[str, Any]) -> str:
    return _encoder.encode(message).decode()


def init_message(info: StreamInfo, mime: str, base_ns: int) -> str:
    """A new stream generation: media time 0 is stream time ``base_ns``."""
    return _text(
        {
            "type": "init",
            "mime": mime,
            "generation": info.generation,
            "base_ns": str(base_ns),
            "width": info.video.width,
            "height": info.video.height,
        }
    )


def tracks_message(message: TracksMessage, base_ns: int) -> str:
    """The tracks of one frame; ``t`` is that frame's media time in seconds."""
    tracks = message.tracks()
    rows = zip(
        tracks.track_id.tolist(),
        tracks.class_id.tolist(),
        tracks.score.tolist(),
        tracks.xyxy.tolist(),
        tracks.observed.tolist(),
        strict=True,
    )
    return _text(
        {
            "type": "tracks",
            "pts_ns": str(message.pts_ns),
            "t": round((message.pts_ns - base_ns) / NS_PER_S, 6),
            "size": message.size_wh,
            "unknown": None if message.unknown is None else message.unknown.value,
            "looks_per_s": round(message.looks_per_s, 2),
            "tracks": [
                {
                    "id": track_id,
                    "class": ObjectClass(class_id).label,
                    "score": round(score, 3),
                    "xyxy": [round(edge, 1) for edge in xyxy],
                    "observed": observed,
                }
                for track_id, class_id, score, xyxy, observed in rows
            ],
        }
    )


def counts_message(counts: Mapping[str, Any]) -> str:
    return _text({"type": "counts", "counts": counts})


def state_message(status: CameraStatus) -> str:
    faults = status.vision.faults if status.vision is not None else None
    return _text(
        {"type": "state", "state": status.state, "error": status.error, "faults": faults or []}
    )


def scene_message(scene: Scene, size_wh: tuple[int, int] | None) -> str:
    """Lines and zones in fractions of the picture.

    Args:
        size_wh: of the decoded picture; while it is unknown, what is given in pixels is left out.
    """
    return _text(
        {
            "type": "scene",
            "lines": [_shape(line, size_wh) for line in scene.lines if _is_known(line, size_wh)],
            "zones": [_shape(zone, size_wh) for zone in scene.zones if _is_known(zone, size_wh)],
        }
    )


def needs_size(scene: Scene) -> bool:
    """Something in it is given in pixels."""
    shapes: tuple[Line | Zone, ...] = (*scene.lines, *scene.zones)
    return any(shape.unit is Unit.PX for shape in shapes)


def _is_known(shape: Line | Zone, size_wh: tuple[int, int] | None) -> bool:
    return shape.unit is Unit.NORMALISED or size_wh is not None


def _shape(shape: Line | Zone, size_wh: tuple[int, int] | None) -> dict[str, Any]:
    width, height = (1, 1) if shape.unit is Unit.NORMALISED or size_wh is None else size_wh
    points: tuple[Point, ...] = shape.points
    return {
        "id": shape.id,
        "name": shape.name,
        "points": [[round(x / width, 6), round(y / height, 6)] for x, y in points],
    }
