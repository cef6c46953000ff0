"""The last sightings of each track, kept for fits."""

import numpy as np

from its_camera_ai.analytics.road_users.path_fit import Sightings
from its_camera_ai.analytics.road_users.roster import SAMPLES, Bools, Floats, Ints, Roster, Slots
from its_camera_ai.core.time import NS_PER_S

_NEVER = np.iinfo(np.int64).max


def record(
    roster: Roster, slots: Slots, pts_ns: int, xyxy: Floats, cut: Bools, ok: Bools, every_s: float
) -> None:
    """Keep a sighting of each slot, unless the one before is less than ``every_s`` old.

    Args:
        xyxy: (N, 4) pixels. cut: (N, 4) edges on the picture's border. ok: (N,) may be measured on.
    """
    n = roster.sample_n[slots]
    last_ns = roster.sample_ns[slots, (n - 1) % SAMPLES]
    due = (n == 0) | (pts_ns - last_ns >= every_s * NS_PER_S)
    slots, at = slots[due], n[due] % SAMPLES
    roster.sample_ns[slots, at] = pts_ns
    roster.sample_xyxy[slots, at] = xyxy[due]
    roster.sample_cut[slots, at] = cut[due]
    roster.sample_ok[slots, at] = ok[due]
    roster.sample_lane[slots, at] = roster.lane[slots]
    roster.sample_n[slots] += 1


def note_lanes(roster: Roster, slots: Slots, pts_ns: int) -> None:
    """Write the lane found in this frame beside its sighting, where that was kept."""
    at = (roster.sample_n[slots] - 1) % SAMPLES
    now = (roster.sample_n[slots] > 0) & (roster.sample_ns[slots, at] == pts_ns)
    roster.sample_lane[slots[now], at[now]] = roster.lane[slots[now]]


def gather(
    roster: Roster, slots: Slots, since_ns: int, until_ns: int, at_ns: int, most: int
) -> tuple[Sightings, Ints, Ints]:
    """The usable sightings of each slot within a span.

    Args:
        since_ns, until_ns: both included. at_ns: the fit's moment.
        most: where there are more, they are thinned out evenly.

    Returns:
        The sightings, and (T,) stream time of the first and of the last, 0 where there is none.
    """
    ns = roster.sample_ns[slots]
    held = np.arange(SAMPLES) < roster.sample_n[slots][:, None]
    mask = held & roster.sample_ok[slots] & (ns >= since_ns) & (ns <= until_ns)
    count = mask.sum(axis=1)
    order = np.argsort(np.where(mask, ns, _NEVER), axis=1)
    size = max(int(min(count.max(initial=1), most)), 1)
    k = np.arange(size)
    thin = k * (np.maximum(count, 1) - 1)[:, None] // max(size - 1, 1)
    pick = np.where(count[:, None] > size, thin, k)
    used = pick < count[:, None]
    rows = np.arange(len(slots))[:, None]
    at = order[rows, pick]
    chosen = ns[rows, at]
    weight = used[..., None] & ~roster.sample_cut[slots[:, None], at]
    sightings = Sightings(
        np.where(used, (chosen - at_ns) / NS_PER_S, 0.0),
        roster.sample_xyxy[slots[:, None], at],
        weight.astype(np.float64),
    )
    some = count > 0
    first = np.where(some, np.where(used, chosen, _NEVER).min(axis=1), 0)
    last = np.where(some, np.where(used, chosen, 0).max(axis=1), 0)
    return sightings, first, last


def lane_at(roster: Roster, slot: int, pts_ns: int) -> int:
    """Index of the lane in which the track was at its sighting next to this time, −1 for none."""
    held = min(int(roster.sample_n[slot]), SAMPLES)
    if not held:
        return int(roster.lane[slot])
    nearest = np.abs(roster.sample_ns[slot, :held] - pts_ns).argmin()
    return int(roster.sample_lane[slot, nearest])


def way_px(roster: Roster, slots: Slots, pts_ns: int, back_s: float) -> Floats:
    """(N, 2) unit vector of each track's way in the picture over the last ``back_s``; NaN where it
    moved less than a tenth of its height, or less than 4 px."""
    ns = roster.sample_ns[slots]
    held = np.arange(SAMPLES) < roster.sample_n[slots][:, None]
    old = held & (ns <= pts_ns - back_s * NS_PER_S)
    age = np.where(old, pts_ns - ns, np.where(held, 2 * _NEVER // 3 - (pts_ns - ns), _NEVER))
    then = roster.sample_xyxy[slots, age.argmin(axis=1)]
    now = roster.xyxy[slots]
    moved = np.stack(
        [(now[:, 0] + now[:, 2] - then[:, 0] - then[:, 2]) / 2, now[:, 3] - then[:, 3]]
    )
    length = np.hypot(*moved)
    enough = length >= np.maximum(4.0, 0.1 * (now[:, 3] - now[:, 1]))
    unit: Floats = np.where(enough, moved / np.maximum(length, 1e-9), np.nan).T
    return unit


def join(roster: Roster, before: int, now: int) -> None:
    """Put the sightings of slot ``before`` in front of those of slot ``now``."""
    parts = []
    for slot in (before, now):
        held = min(int(roster.sample_n[slot]), SAMPLES)
        order = np.argsort(roster.sample_ns[slot, :held])
        parts.append((slot, order))
    n = sum(len(order) for _, order in parts)
    kept = min(n, SAMPLES)
    for name in ("sample_ns", "sample_xyxy", "sample_cut", "sample_ok", "sample_lane"):
        column = getattr(roster, name)
        joined = np.concatenate([column[slot, order] for slot, order in parts])
        column[now, :kept] = joined[n - kept :]
    # the next sighting goes to n % SAMPLES, which is the oldest
    roster.sample_n[now] = kept
