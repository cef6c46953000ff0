"""A tracker's state as bytes, so that a restarted process goes on with the same tracks."""

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.tracking.table import CLASS, CLASSES, FLOATS, ID, INTS, Floats, TrackTable

_MAGIC = b"ITSTRK01"
"""Names the layout of the table's columns; another layout gets another number."""
_CHECK_BYTES = 4
_ROWS_MAX = 100_000
_FEATURE_MAX = 4096


@dataclass(frozen=True, slots=True, eq=False)
class TrackerState:
    """What a tracker must know to go on.

    Attributes:
        next_id: as of ``Tracker``. last_ns: stream time of the last frame, None before any.
        table: all tracks.
        flow: (cells, K) sums of the flow field. flow_size_wh: the picture's size it is for.
    """

    next_id: int
    last_ns: int | None
    table: TrackTable
    flow: Floats
    flow_size_wh: tuple[int, int]


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    next_id: int
    last_ns: int | None
    real: bytes
    whole: bytes
    looks_like: bytes
    feature_length: int
    flow: bytes
    flow_columns: int
    flow_size_wh: tuple[int, int]


def pack(state: TrackerState) -> bytes:
    table = state.table
    body = msgspec.msgpack.encode(
        _Packed(
            state.next_id,
            state.last_ns,
            table.real.astype("<f8").tobytes(),
            table.whole.astype("<i8").tobytes(),
            table.looks_like.astype("<f4").tobytes(),
            table.looks_like.shape[1],
            state.flow.astype("<f8").tobytes(),
            state.flow.shape[1],
            state.flow_size_wh,
        )
    )
    return _MAGIC + zlib.crc32(body).to_bytes(_CHECK_BYTES, "little") + body


def unpack(data: bytes) -> TrackerState:
    """
    Raises:
        StateInvalid: damaged, cut short, of another version, or not a tracker's state at all.
    """
    head = len(_MAGIC) + _CHECK_BYTES
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateInvalid(
            "This is not a tracker's state of this version; leave it out and start afresh."
        )
    body = data[head:]
    if zlib.crc32(body).to_bytes(_CHECK_BYTES, "little") != data[len(_MAGIC) : head]:
        raise StateInvalid("The tracker's state is damaged; leave it out and start afresh.")
    try:
        packed = msgspec.msgpack.decode(body, type=_Packed)
        return _opened(packed)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StateInvalid(
            f"The tracker's state makes no sense ({error}); leave it out and start afresh."
        ) from error


def _opened(packed: _Packed) -> TrackerState:
    if not 0 <= packed.feature_length <= _FEATURE_MAX:
        raise ValueError(f"features of length {packed.feature_length}")
    real = np.frombuffer(packed.real, "<f8").reshape(-1, FLOATS).astype(np.float64)
    whole = np.frombuffer(packed.whole, "<i8").reshape(-1, INTS).astype(np.int64)
    looks_like = np.frombuffer(packed.looks_like, "<f4").astype(np.float32)
    looks_like = looks_like.reshape(len(real), packed.feature_length)
    flow = np.frombuffer(packed.flow, "<f8").reshape(-1, packed.flow_columns).astype(np.float64)
    if len(whole) != len(real) or len(real) > _ROWS_MAX:
        raise ValueError(f"{len(real)} and {len(whole)} rows")
    if not (np.isfinite(real).all() and np.isfinite(looks_like).all() and np.isfinite(flow).all()):
        raise ValueError("a number is not finite")
    named = whole[whole[:, ID] > 0, ID]
    if len(set(named.tolist())) != len(named) or (named >= packed.next_id).any():
        raise ValueError("ids that were given twice")
    if ((whole[:, CLASS] < 0) | (whole[:, CLASS] >= CLASSES)).any():
        raise ValueError("an unknown class")
    table = TrackTable(real, whole, looks_like)
    return TrackerState(packed.next_id, packed.last_ns, table, flow, packed.flow_size_wh)
