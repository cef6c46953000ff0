"""When a model on trial is healthy, when it is not, and which cameras it gets. Pure.

The challenger is compared with the champion: its time per look with the champion's, what it finds
with what the champion found **on the same cameras** before. Nobody knows the truth there, so these
are proxies: they tell a broken model, not a slightly worse one (docs/model-life.md).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from math import ceil

from its_camera_ai.core.models import LATENCY_RATIO_MAX


@dataclass(frozen=True, slots=True)
class Limits:
    """What a challenger may do; each verdict names the limit that decided.

    Attributes:
        looks_min: fewer looks prove nothing about what it finds, of either side.
        failures_min, failure_share_max: so many failures, if they are that share of its looks.
        latency_samples_min: fewer prove nothing about time.
        latency_tail_samples_min: with fewer, the median must be too long as well: one busy moment
            of the machine makes a tail.
        latency_ratio_max: its 95th percentile (and median) over the champion's,
        latency_slack_s: a difference of less is never too much.
        found_min: the champion must have found so many on these cameras for the ratio to count.
        found_ratio_min, found_ratio_max: findings per look over the champion's.
        empty_share_rise_max: rise of the share of looks that found nothing.
        score_drop_max: fall of the mean score.
        mix_distance_max: total variation distance between the shares of the kinds found, 0–1.
    """

    looks_min: int = 50
    failures_min: int = 3
    failure_share_max: float = 0.02
    latency_samples_min: int = 30
    latency_tail_samples_min: int = 200
    latency_ratio_max: float = LATENCY_RATIO_MAX
    latency_slack_s: float = 0.01
    found_min: int = 30
    found_ratio_min: float = 0.5
    found_ratio_max: float = 3.0
    empty_share_rise_max: float = 0.4
    score_drop_max: float = 0.25
    mix_distance_max: float = 0.5

    def across_families(self) -> "Limits":
        """For models of two families: their scores mean different things, and one may see what
        the other is blind to by design, such as what stands still, or persons far away."""
        return replace(self, found_ratio_max=10.0, score_drop_max=1.0, mix_distance_max=1.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model did in its last looks, at some cameras.

    Attributes:
        looks: that it answered; ``empty`` of them found nothing, ``failures`` were not answered.
        found: findings in all; ``score_sum`` of their scores; ``kinds`` how many of each kind.
        latency_p50_s, latency_p95_s: per look, over ``latency_samples`` looks.
    """

    looks: int = 0
    failures: int = 0
    empty: int = 0
    found: int = 0
    score_sum: float = 0.0
    kinds: Mapping[str, int] | None = None
    latency_samples: int = 0
    latency_p50_s: float = 0.0
    latency_p95_s: float = 0.0

    @property
    def found_per_look(self) -> float:
        return self.found / self.looks if self.looks else 0.0

    @property
    def score_mean(self) -> float:
        return self.score_sum / self.found if self.found else 0.0

    @property
    def empty_share(self) -> float:
        return self.empty / self.looks if self.looks else 0.0


class Health(StrEnum):
    WAITING = "waiting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` says what is waited for, or what is wrong; empty if all is well."""

    health: Health
    reason: str = ""


def judge(challenger: Figures, champion: Figures, before: Figures, limits: Limits) -> Verdict:
    """Compare.

    Args:
        challenger: its last looks at its cameras.
        champion: its last looks at any camera, for their time.
        before: the champion's last looks at the challenger's cameras.
    """
    wrong = (
        _failures(challenger, limits)
        or _latency(challenger, champion, limits)
        or _found(challenger, before, limits)
    )
    if wrong:
        return Verdict(Health.UNHEALTHY, wrong)
    if challenger.looks < limits.looks_min:
        missing = f"{challenger.looks} of {limits.looks_min} looks so far"
        return Verdict(Health.WAITING, missing)
    if before.looks < limits.looks_min:
        return Verdict(Health.WAITING, "too few looks of the champion at these cameras lately")
    return Verdict(Health.HEALTHY)


def _failures(challenger: Figures, limits: Limits) -> str:
    tried = challenger.looks + challenger.failures
    if challenger.failures < limits.failures_min:
        return ""
    share = challenger.failures / tried
    if share <= limits.failure_share_max:
        return ""
    return f"it failed at {challenger.failures} of {tried} looks"


def _latency(challenger: Figures, champion: Figures, limits: Limits) -> str:
    samples = min(challenger.latency_samples, champion.latency_samples)
    if samples < limits.latency_samples_min:
        return ""
    tail_s, median_s = (
        of_champion * limits.latency_ratio_max + limits.latency_slack_s
        for of_champion in (champion.latency_p95_s, champion.latency_p50_s)
    )
    if challenger.latency_p95_s <= tail_s:
        return ""
    if challenger.latency_p50_s <= median_s and samples < limits.latency_tail_samples_min:
        return ""
    return (
        f"a look takes {challenger.latency_p95_s * 1000:.0f} ms (p95), the champion's "
        f"{champion.latency_p95_s * 1000:.0f} ms; {limits.latency_ratio_max:g} times is allowed"
    )


def _found(challenger: Figures, before: Figures, limits: Limits) -> str:
    """The proxies of accuracy, where both sides looked often enough."""
    if min(challenger.looks, before.looks) < limits.looks_min or before.found < limits.found_min:
        return ""
    empty = challenger.empty_share - before.empty_share
    if empty > limits.empty_share_rise_max:
        return (
            f"{challenger.empty_share:.0%} of its looks find nothing, {before.empty_share:.0%} of "
            "the champion's on the same cameras"
        )
    ratio = challenger.found_per_look / before.found_per_look
    if not limits.found_ratio_min <= ratio <= limits.found_ratio_max:
        return (
            f"it finds {challenger.found_per_look:.2f} things per look, the champion found "
            f"{before.found_per_look:.2f} on the same cameras"
        )
    if challenger.score_mean < before.score_mean - limits.score_drop_max:
        return (
            f"its mean score is {challenger.score_mean:.2f}, the champion's {before.score_mean:.2f}"
        )
    distance = _mix_distance(challenger.kinds or {}, before.kinds or {})
    if challenger.found >= limits.found_min and distance > limits.mix_distance_max:
        return f"it sees other kinds of things than the champion ({distance:.0%} of the mix differ)"
    return ""


def _mix_distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Half the sum of the differences between the shares (total variation distance), 0–1."""
    total, total_other = sum(one.values()) or 1, sum(other.values()) or 1
    kinds = one.keys() | other.keys()
    differences = (abs(one.get(k, 0) / total - other.get(k, 0) / total_other) for k in kinds)
    return sum(differences) / 2


def share_of(camera_ids: Collection[str], percent: int) -> frozenset[str]:
    """The cameras that a challenger gets: at least one, always the same, more of them later.

    >>> few = share_of(["a", "b", "c", "d"], 10)
    >>> len(few), few < share_of(["d", "c", "b", "a"], 50), len(share_of("abcd", 100))
    (1, True, 4)
    """
    if percent <= 0:
        return frozenset()
    ranked = sorted(camera_ids, key=lambda camera_id: sha256(camera_id.encode()).digest())
    return frozenset(ranked[: ceil(len(ranked) * min(percent, 100) / 100)])


@dataclass(frozen=True, slots=True)
class Report:
    """What one vision process says of a trial.

    Attributes:
        cameras: how many of its cameras the challenger looks at.
    """

    attempt: int
    cameras: int
    health: Health


class StageWatch:
    """Decides when a stage went well for long enough. One per site; not thread-safe."""

    def __init__(self) -> None:
        self._stage: tuple[int, int] | None = None
        self._well_since_s: float | None = None

    def is_over(
        self, stage: tuple[int, int], hold_s: float, reports: Iterable[Report], now_s: float
    ) -> bool:
        """True once every process that carries the challenger said *healthy* for ``hold_s``.

        Args:
            stage: number of the trial, and its share.
            reports: of all vision processes that are heard; one that has none of the cameras has
                no say.
            now_s: monotonic time.
        """
        if stage != self._stage:
            self._stage, self._well_since_s = stage, None
        voices = [r.health for r in reports if r.attempt == stage[0] and r.cameras > 0]
        if not voices or any(health is not Health.HEALTHY for health in voices):
            self._well_since_s = None
            return False
        if self._well_since_s is None:
            self._well_since_s = now_s
        return now_s - self._well_since_s >= hold_s
