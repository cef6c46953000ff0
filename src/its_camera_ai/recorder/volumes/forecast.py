"""When the disk will be full, and whether it will hold what the storage policy promises.

A camera's growth is the mean over the whole days of the last week, its range their least and most.
What lies on the disk later is ``Σ min(now + growth · t, what the policy lets stay)``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from its_camera_ai.core.disk import Space
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.store.daily_bytes import DAY_NS, CameraHistory, DailyBytes

DAYS = 7
WHOLE_DAYS_MIN = 2
"""With fewer, the range is a guess: half and twice the mean."""
HOURS_MIN = 1.0
FAR_DAYS = 36_500.0
_BREACH_LEAST_BYTES = 1.0


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes a day: the mean, and the range in which single days lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CameraForecast:
    """One camera.

    Attributes:
        size_bytes: on the volume now.
        growth: of what it records.
        measured_days: what the growth was told from; below 2 its range is a guess.
        policy_days: how long its recordings are to stay on the volume; None is for ever.
        policy_bytes: what that will take; None without an end.
    """

    camera_id: str
    size_bytes: int
    growth: Growth
    measured_days: float
    policy_days: float | None
    policy_bytes: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The site. Days from now; None where it never happens, or nothing is recorded.

    Attributes:
        usable_bytes: what recordings may take: theirs now and what is free, without the reserve.
        full_in_days: until the disk is full if nothing were deleted: mean, at worst, at best.
        holds_days: how many days of recordings fit: mean, at worst, at best.
        policy_bytes: what the policy wants to keep in the end; None without an end.
        keeps_policy: whether that fits; None before anything was measured.
        breach_in_days: until recordings must go that the policy would keep.
        is_rough: some growth was told from less than two whole days.
    """

    cameras: tuple[CameraForecast, ...]
    total_bytes: int
    free_bytes: int
    reserve_bytes: int
    usable_bytes: int
    growth: Growth
    full_in_days: tuple[float, float, float] | None
    holds_days: tuple[float, float, float] | None
    policy_bytes: float | None
    keeps_policy: bool | None
    breach_in_days: float | None
    is_rough: bool


def growth_of(camera: CameraHistory, now_wall_ns: int) -> tuple[Growth, float]:
    """A camera's growth, and how many days it was told from. A day counts as whole if it is over
    and the camera had begun before it; what was recorded less on it, is meant so."""
    today = now_wall_ns // DAY_NS
    first_whole = -(-camera.first_wall_ns // DAY_NS)
    since = max(today - DAYS, first_whole)
    whole = [camera.days.get(day, 0) for day in range(since, today)] if camera.days else []
    if len(whole) >= WHOLE_DAYS_MIN:
        return Growth(sum(whole) / len(whole), min(whole), max(whole)), float(len(whole))
    span_days = (now_wall_ns - camera.first_wall_ns) / DAY_NS
    if not camera.days or span_days < HOURS_MIN / 24:
        return Growth(0.0, 0.0, 0.0), 0.0
    mean = sum(camera.days.values()) / span_days
    return Growth(mean, mean / 2, mean * 2), span_days


def forecast(
    histories: Sequence[CameraHistory],
    policy: StoragePolicy,
    space: Space,
    reserve_bytes: int,
    *,
    has_warm: bool,
    now_wall_ns: int,
) -> Forecast:
    """Look ahead.

    Args:
        has_warm: recordings leave the volume for a slower one by age.
    """
    cameras = tuple(_camera(history, policy, has_warm, now_wall_ns) for history in histories)
    room = max(space.free_bytes - reserve_bytes, 0)
    used = sum(camera.size_bytes for camera in cameras)
    most = policy.total.max_bytes
    usable = used + room if most is None else min(used + room, most)
    growth = Growth(
        sum(camera.growth.mean for camera in cameras),
        sum(camera.growth.low for camera in cameras),
        sum(camera.growth.high for camera in cameras),
    )
    wanted = [camera.policy_bytes for camera in cameras]
    policy_bytes = None if None in wanted else sum(size for size in wanted if size is not None)
    breach = _breach(cameras, usable)
    return Forecast(
        cameras=cameras,
        total_bytes=space.total_bytes,
        free_bytes=space.free_bytes,
        reserve_bytes=reserve_bytes,
        usable_bytes=usable,
        growth=growth,
        full_in_days=_days(room, growth),
        holds_days=_days(usable, growth),
        policy_bytes=policy_bytes,
        keeps_policy=None if growth.mean <= 0 else breach is None,
        breach_in_days=breach,
        is_rough=any(camera.measured_days < WHOLE_DAYS_MIN for camera in cameras),
    )


def _camera(
    history: CameraHistory, policy: StoragePolicy, has_warm: bool, now_wall_ns: int
) -> CameraForecast:
    growth, measured_days = growth_of(history, now_wall_ns)
    quota = policy.quota(history.camera_id)
    limits = [
        policy.rule(DataClass.RAW_VIDEO).keep_days,
        policy.total.max_days,
        quota.max_days,
        policy.tiers.warm_after_days if has_warm else None,
    ]
    days = min((limit for limit in limits if limit is not None), default=None)
    wanted = None if days is None else growth.mean * days
    if quota.max_bytes is not None:
        wanted = min(quota.max_bytes, wanted if wanted is not None else quota.max_bytes)
    return CameraForecast(history.camera_id, history.hot_bytes, growth, measured_days, days, wanted)


def _days(room_bytes: float, growth: Growth) -> tuple[float, float, float] | None:
    if growth.mean <= 0:
        return None
    return (
        min(room_bytes / growth.mean, FAR_DAYS),
        min(room_bytes / growth.high, FAR_DAYS),
        min(room_bytes / growth.low, FAR_DAYS) if growth.low > 0 else FAR_DAYS,
    )


def _breach(cameras: Sequence[CameraForecast], usable_bytes: float) -> float | None:
    """Days until what the policy keeps no longer fits: the sum grows in straight pieces, one camera
    after the other coming to its end."""
    lies = sum(_now(camera) for camera in cameras)
    if lies > usable_bytes + _BREACH_LEAST_BYTES:
        return 0.0
    growing = sorted(
        ((_ends(camera), camera.growth.mean) for camera in cameras if camera.growth.mean > 0),
    )
    rate, at = sum(mean for _, mean in growing), 0.0
    for end, mean in growing:
        step = end - at
        if rate > 0 and lies + rate * step > usable_bytes + _BREACH_LEAST_BYTES:
            return at + max(usable_bytes - lies, 0.0) / rate
        lies, at, rate = lies + rate * step, end, rate - mean
    return None


def _now(camera: CameraForecast) -> float:
    """What the policy keeps of what lies there."""
    wanted = camera.policy_bytes
    return camera.size_bytes if wanted is None else min(camera.size_bytes, wanted)


def _ends(camera: CameraForecast) -> float:
    """Days until the camera's recordings take what the policy lets them take."""
    if camera.policy_bytes is None:
        return FAR_DAYS * 1000
    return max(camera.policy_bytes - camera.size_bytes, 0.0) / camera.growth.mean


class Forecaster:
    """Gathers what a forecast needs."""

    def __init__(
        self,
        daily: DailyBytes,
        policy: Callable[[], StoragePolicy],
        *,
        has_warm: bool,
        clock: Clock,
    ) -> None:
        self._daily, self._policy = daily, policy
        self._has_warm = has_warm
        self._clock = clock

    def forecast(self, space: Space, reserve_bytes: int) -> Forecast:
        """
        Raises:
            StorageUnavailable: nothing is known of the volume yet.
        """
        if space.total_bytes <= 0:
            raise StorageUnavailable(
                "Nothing is known of the recordings' disk yet; try again in some seconds, or look "
                "at 'itscam status'."
            )
        now_ns = self._clock.wall_ns()
        since_ns = (now_ns // DAY_NS - DAYS) * DAY_NS
        return forecast(
            self._daily.since(since_ns),
            self._policy(),
            space,
            reserve_bytes,
            has_warm=self._has_warm,
            now_wall_ns=now_ns,
        )


def in_days_ns(now_wall_ns: int, days: float) -> int:
    """The wall time so many days ahead."""
    return now_wall_ns + int(days * 86_400) * NS_PER_S
