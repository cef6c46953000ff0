"""Interval rows as bytes: all sums of a tally in a MessagePack list, short where nothing was.

The first value is the layout's number, the second ``looked_s``.
"""

from collections import Counter
from typing import TypeVar

import msgspec

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.core.intervals import Moments, Tally
from its_camera_ai.store.parameters import plain

LAYOUT = 1
_LOOKED_BYTE = 4
"""Where ``looked_s`` begins: behind the list's head of three bytes and the layout."""

Named = dict[str, int] | None
Sums = tuple[
    int,  # layout
    float,  # looked_s
    float,  # length_m
    Named,  # volume
    Named,  # length_classes
    dict[int, float] | None,  # fhwa
    dict[int, int] | None,  # speed_bins
    Moments | None,  # speed
    Moments | None,  # headway
    Moments | None,  # gap
    Moments | None,  # dwell
    Moments | None,  # travel
    Moments | None,  # delay
    int,  # speed_invalid
    float,  # present_s
    float,  # vehicle_s
    float,  # vehicle_m
    float,  # queue_m_s
    float,  # queue_max_m
    float,  # queued_s
    float,  # rate_s
    float,  # wanted_s
    int,  # late
]
_encoder = msgspec.msgpack.Encoder(enc_hook=plain)
_decoder = msgspec.msgpack.Decoder(Sums)
_layout = msgspec.msgpack.Decoder(list)

K = TypeVar("K", str, int)


def packed(tally: Tally, length_m: float) -> bytes:
    """The body of a row; equal tallies give equal bytes."""
    return _encoder.encode(
        (
            LAYOUT,
            _short(tally.looked_s),
            _short(length_m),
            _sorted(tally.volume),
            _sorted(tally.length_classes),
            {group: tally.fhwa[group] for group in sorted(tally.fhwa)} or None,
            _sorted(tally.speed_bins),
            tally.speed if tally.speed.n else None,
            tally.headway if tally.headway.n else None,
            tally.gap if tally.gap.n else None,
            tally.dwell if tally.dwell.n else None,
            tally.travel if tally.travel.n else None,
            tally.delay if tally.delay.n else None,
            tally.speed_invalid,
            _short(tally.present_s),
            _short(tally.vehicle_s),
            _short(tally.vehicle_m),
            _short(tally.queue_m_s),
            _short(tally.queue_max_m),
            _short(tally.queued_s),
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
        sums = _decoder.decode(body)
    except (msgspec.DecodeError, ValueError) as error:
        raise _unreadable(body) from error
    if sums[0] != LAYOUT:
        raise _unreadable(body)
    # Written out, without the constructor: a table of a day is read 1,440 of these.
    tally = _new(Tally)
    tally.looked_s = sums[1]
    tally.volume = _counter(sums[3])
    tally.length_classes = _counter(sums[4])
    tally.fhwa = sums[5] or {}
    tally.speed_bins = _counter(sums[6])
    tally.speed = sums[7] or Moments()
    tally.headway = sums[8] or Moments()
    tally.gap = sums[9] or Moments()
    tally.dwell = sums[10] or Moments()
    tally.travel = sums[11] or Moments()
    tally.delay = sums[12] or Moments()
    (
        tally.speed_invalid,
        tally.present_s,
        tally.vehicle_s,
        tally.vehicle_m,
        tally.queue_m_s,
        tally.queue_max_m,
        tally.queued_s,
        tally.rate_s,
        tally.wanted_s,
        tally.late,
    ) = sums[13:]
    return tally, sums[2]


def was_looked_at(body: bytes) -> bool:
    """Whether ``looked_s`` is above 0, without unpacking the rest."""
    return body[_LOOKED_BYTE : _LOOKED_BYTE + 1] != b"\x00"


_new = Tally.__new__


def _unreadable(body: bytes) -> StateInvalid:
    try:
        layout = _layout.decode(body)[0]
    except (msgspec.DecodeError, IndexError):
        layout = None
    if isinstance(layout, int) and layout > LAYOUT:
        return StateInvalid(
            f"An interval row has the layout {layout} of a newer version of this program, which "
            f"knows up to {LAYOUT}. Install that version again."
        )
    return StateInvalid(
        "An interval row in the database is damaged. Check the file with: "
        "sqlite3 site.db 'PRAGMA integrity_check'; a backup has the row."
    )


def _counter(numbers: dict[K, int] | None) -> Counter[K]:
    # Counter(numbers) counts one by one in Python; this copies in C.
    counter: Counter[K] = Counter.__new__(Counter)
    if numbers:
        dict.update(counter, numbers)
    return counter


def _sorted(numbers: Counter[K]) -> dict[K, int] | None:
    """None where all are zero, as where there is none."""
    return {key: numbers[key] for key in sorted(numbers) if numbers[key]} or None


def _short(number: float) -> int | float:
    """A whole number takes 1–5 bytes instead of 9."""
    whole = int(number)
    return whole if whole == number and abs(whole) < 2**31 else number
