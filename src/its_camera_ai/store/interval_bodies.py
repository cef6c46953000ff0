"""Interval rows as bytes: all sums of a tally in a MessagePack list, short where nothing was.

The first value is the layout's number; later layouts only append values, so that rows of an older
program stay readable.
"""

from collections import Counter
from typing import TypeVar

import msgspec

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.core.intervals import Moments, Tally

K = TypeVar("K", str, int)

LAYOUT = 1
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list)


def packed(tally: Tally, length_m: float) -> bytes:
    """The body of a row; equal tallies give equal bytes."""
    return _encoder.encode(
        (
            LAYOUT,
            _short(length_m),
            _sorted(tally.volume),
            _sorted(tally.length_classes),
            {group: tally.fhwa[group] for group in sorted(tally.fhwa)} or None,
            _sorted(tally.speed_bins),
            _moments(tally.speed),
            _moments(tally.headway),
            _moments(tally.gap),
            _moments(tally.dwell),
            _moments(tally.travel),
            _moments(tally.delay),
            tally.speed_invalid,
            _short(tally.present_s),
            _short(tally.vehicle_s),
            _short(tally.vehicle_m),
            _short(tally.queue_m_s),
            _short(tally.queue_max_m),
            _short(tally.queued_s),
            _short(tally.looked_s),
            _short(tally.rate_s),
            _short(tally.wanted_s),
            tally.late,
        )
    )


def unpacked(body: bytes) -> tuple[Tally, float]:
    """The tally and ``length_m`` of a body.

    Raises:
        StateInvalid: the bytes are damaged, or of a newer program.
    """
    try:
        values = _decoder.decode(body)
        layout = values[0]
        if layout != LAYOUT:
            raise StateInvalid(
                f"An interval row has the layout {layout} of a newer version of this program, "
                f"which knows up to {LAYOUT}. Install that version again."
            )
        # Written out, without the constructor: a table of a day is read 1,440 of these.
        tally = _new(Tally)
        tally.volume = _counter(values[2])
        tally.length_classes = _counter(values[3])
        tally.fhwa = values[4] or {}
        tally.speed_bins = _counter(values[5])
        tally.speed = Moments(*values[6] or ())
        tally.headway = Moments(*values[7] or ())
        tally.gap = Moments(*values[8] or ())
        tally.dwell = Moments(*values[9] or ())
        tally.travel = Moments(*values[10] or ())
        tally.delay = Moments(*values[11] or ())
        (
            tally.speed_invalid,
            tally.present_s,
            tally.vehicle_s,
            tally.vehicle_m,
            tally.queue_m_s,
            tally.queue_max_m,
            tally.queued_s,
            tally.looked_s,
            tally.rate_s,
            tally.wanted_s,
            tally.late,
        ) = values[12:23]
        return tally, values[1]
    except (msgspec.DecodeError, IndexError, ValueError, TypeError) as error:
        raise StateInvalid(
            "An interval row in the database is damaged. Check the file with: "
            "sqlite3 site.db 'PRAGMA integrity_check'; a backup has the row."
        ) from error


_new = Tally.__new__


def _counter(numbers: dict[K, int] | None) -> Counter[K]:
    # Counter(numbers) counts one by one in Python; this copies in C.
    counter: Counter[K] = Counter.__new__(Counter)
    if numbers:
        dict.update(counter, numbers)
    return counter


def _sorted(numbers: Counter[K]) -> dict[K, int] | None:
    """None where all are zero, as where there is none."""
    return {key: numbers[key] for key in sorted(numbers) if numbers[key]} or None


def _moments(moments: Moments) -> tuple[int | float, ...] | None:
    if not moments.n:
        return None
    return (moments.n, moments.total, moments.squares, moments.inverses, moments.inverse_n)


def _short(number: float) -> int | float:
    """A whole number takes 1–5 bytes instead of 9."""
    whole = int(number)
    return whole if whole == number and abs(whole) < 2**31 else number
