"""Whether the disk will hold what the policy promises, from what is known without a database."""

from dataclasses import dataclass

from its_camera_ai.core.time import NS_PER_S

DAY_S = 86_400.0
SHORT_BELOW = 0.95


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes if all goes on as it is.

    Attributes:
        full_in_s: until old recordings must go to make room; None if that is not known or never.
        keeps_days: how far back recordings will reach then; None if that is not known.
        is_short: that is less than the policy wants.
    """

    full_in_s: float | None = None
    keeps_days: float | None = None
    is_short: bool = False


def outlook(
    *,
    room_bytes: int,
    bytes_per_s: float,
    oldest_wall_ns: int,
    now_wall_ns: int,
    policy_days: float | None,
    was_short: bool,
) -> Outlook:
    """Look ahead.

    Args:
        room_bytes: free, without the reserve.
        bytes_per_s: at which recordings grow; 0 if that is not known.
        oldest_wall_ns: begin of the oldest recording; 0 without any.
        policy_days: how long recordings are to be kept here; None is for ever.
        was_short: what was said before; it changes only with a margin of 5 %.

    >>> outlook(room_bytes=86_400, bytes_per_s=1.0, oldest_wall_ns=1, now_wall_ns=1,
    ...         policy_days=2.0, was_short=False)
    Outlook(full_in_s=86400.0, keeps_days=1.0, is_short=True)
    """
    if bytes_per_s <= 0 or oldest_wall_ns == 0:
        return Outlook(is_short=was_short)
    full_in_s = max(room_bytes, 0) / bytes_per_s
    reach_s = max(now_wall_ns - oldest_wall_ns, 0) / NS_PER_S + full_in_s
    keeps_days = reach_s / DAY_S
    limit = 1.0 if was_short else SHORT_BELOW
    is_short = policy_days is not None and keeps_days < limit * policy_days
    return Outlook(full_in_s, keeps_days, is_short)
