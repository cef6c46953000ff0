"""What is known of how an 8-bit model was made; stands in the description beside its file."""

import msgspec


class Quantization(msgspec.Struct, frozen=True, omit_defaults=True):
    """From what, with what, and how good.

    Attributes:
        made_from: SHA-256 of the 32-bit file.
        source: its name.
        made_for: the runtime for which the parts in 8 bits were chosen.
        date: UTC, ``2026-11-23``.
        frames, judged: pictures that it was calibrated and judged with.
        cameras: whose pictures they were.
        input_wh: the input size, in pixels, at which that was done.
        leading: so many of the first convolutions stay in 32 bits.
        reduced: weights have 7 bits, for CPUs whose 8-bit sums would overflow.
        measure: what ``ap50`` is: ``agreement`` with the 32-bit model, or ``labels``.
        ap50: by class; the 32-bit and the 8-bit model's.
    """

    made_from: str
    source: str
    made_for: str
    date: str
    frames: int
    judged: int
    cameras: list[str]
    input_wh: tuple[int, int]
    leading: int
    reduced: bool
    measure: str
    ap50: dict[str, tuple[float, float]]
