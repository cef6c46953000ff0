"""How much of a volume is kept free, and when it counts as nearly full."""

from dataclasses import dataclass

from its_camera_ai.core.errors import ConfigInvalid

RESERVE_SHARE = 0.02
RESERVE_S = 60.0
RESERVE_SHARE_MAX = 0.2
LEVELS = (95, 85, 70)
HYSTERESIS = 3


@dataclass(frozen=True, slots=True)
class Reserve:
    """What is kept free: a size, a share of the volume, or what is reasonable.

    Attributes:
        size_bytes, share: at most one of them is set.
    """

    size_bytes: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Reserve":
        """
        Raises:
            ConfigInvalid: neither empty, nor like ``5%``, ``800M``, ``20G`` or ``1T``.

        >>> Reserve.parse("20G").size_bytes
        20000000000
        """
        units = {"M": 10**6, "G": 10**9, "T": 10**12}
        number, unit = text.strip()[:-1], text.strip()[-1:].upper()
        if not text.strip():
            return cls()
        try:
            value = float(number)
            if unit == "%" and 0 < value <= 50:
                return cls(share=value / 100)
            if unit in units and 0 < value * units[unit] <= 10**15:
                return cls(size_bytes=round(value * units[unit]))
        except ValueError:
            pass
        raise ConfigInvalid(
            "The reserve of free space must look like 5% (up to 50%), 800M, 20G or 1T."
        )

    def of(self, total_bytes: int, bytes_per_s: float) -> int:
        """Bytes to keep free: if nothing was set, 2 % of the volume or a minute of all cameras,
        whichever is more; never more than a fifth of the volume, unless set so."""
        if self.share is not None:
            return round(self.share * total_bytes)
        if self.size_bytes is not None:
            return min(self.size_bytes, total_bytes // 2)
        wanted = max(RESERVE_SHARE * total_bytes, RESERVE_S * bytes_per_s)
        return round(min(wanted, RESERVE_SHARE_MAX * total_bytes))


def level_of(total_bytes: int, free_bytes: int, reserve_bytes: int, before: int) -> int:
    """The level that is reached, in percent of what may be used; falls only 3 % below it.

    >>> level_of(1000, 290, 0, 0), level_of(1000, 320, 0, 70), level_of(1000, 340, 0, 70)
    (70, 70, 0)
    """
    usable = total_bytes - reserve_bytes
    if usable <= 0:
        return before
    percent = 100 * (total_bytes - free_bytes) / usable
    for level in LEVELS:
        if percent >= level - (HYSTERESIS if level <= before else 0):
            return level
    return 0
