"""Trajectories as bytes: whole milliseconds, centimetres and centimetres per second, each as the
difference to the point before, packed as MessagePack and deflated."""

import zlib
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.core.road_users import LengthClass, Trajectory, VehicleFacts
from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.store.parameters import plain

LAYOUT = 1
BODY_BYTES_MAX = 16 * 1024 * 1024
"""Far more than a day's path needs; a body that grows beyond it is damaged."""
_PER_M = 100
_UNKNOWN = np.iinfo(np.int64).min
_decoder = msgspec.msgpack.Decoder(list)


def packed(trajectory: Trajectory) -> bytes:
    """Exact to half a millisecond, 5 mm and 5 mm/s; values that are not finite stay unknown."""
    vehicle = trajectory.vehicle
    xy_m = trajectory.xy_m
    columns = [
        _differences(np.asarray(trajectory.wall_ns, np.int64) // NS_PER_MS),
        _differences(_whole(xy_m[:, 0])),
        _differences(_whole(xy_m[:, 1])),
        _differences(_whole(trajectory.speed_mps)),
    ]
    facts = (
        vehicle.label,
        vehicle.share,
        vehicle.length_m,
        vehicle.length_sd_m,
        vehicle.length_class,
        dict(vehicle.fhwa),
    )
    whole = (LAYOUT, facts, trajectory.lanes, *columns)
    return zlib.compress(msgspec.msgpack.encode(whole, enc_hook=plain), 6)


def unpacked(camera_id: str, track_id: int, body: bytes) -> Trajectory:
    """
    Raises:
        StateInvalid: the bytes are damaged, or of a newer program.
    """
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(body, BODY_BYTES_MAX)
        layout, facts, lanes, wall_ms, x, y, speed = _decoder.decode(text)
        if layout != LAYOUT:
            raise StateInvalid(
                f"A trajectory has the layout {layout} of a newer version of this program, which "
                f"knows up to {LAYOUT}. Install that version again."
            )
        return Trajectory(
            camera_id,
            track_id,
            _vehicle(facts),
            np.asarray(wall_ms, np.int64).cumsum() * NS_PER_MS,
            np.stack([_metres(x), _metres(y)], axis=1),
            _metres(speed),
            tuple(lanes),
        )
    except (zlib.error, msgspec.DecodeError, ValueError, TypeError) as error:
        raise StateInvalid(
            "A trajectory in the database is damaged. Check the file with: "
            "sqlite3 site.db 'PRAGMA integrity_check'; a backup has the row."
        ) from error


def _vehicle(facts: list[Any]) -> VehicleFacts:
    label, share, length_m, length_sd_m, length_class, fhwa = facts
    named = None if length_class is None else LengthClass(length_class)
    return VehicleFacts(label, share, length_m, length_sd_m, named, fhwa)


def _whole(metres: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(K,) metres → whole centimetres; what is not finite or beyond reason is unknown."""
    known = np.abs(metres) < 1e9  # False for NaN
    rounded = np.rint(np.where(known, metres, 0.0) * _PER_M).astype(np.int64)
    return np.where(known, rounded, _UNKNOWN)


def _differences(values: npt.NDArray[np.int64]) -> list[int | None]:
    """The first value, then each minus the known one before it; None stands for unknown."""
    known = values != _UNKNOWN
    steps = np.diff(values[known], prepend=0)
    told: list[int | None] = [None] * len(values)
    for place, step in zip(np.flatnonzero(known).tolist(), steps.tolist(), strict=True):
        told[place] = step
    return told


def _metres(differences: list[int | None]) -> npt.NDArray[np.float64]:
    known = np.array([step is not None for step in differences], np.bool_)
    sums = np.cumsum([0 if step is None else step for step in differences])
    metres: npt.NDArray[np.float64] = np.where(known, sums / _PER_M, np.nan)
    return metres
