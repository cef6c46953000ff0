"""What is kept, for how long, where and how small: the one policy of a site.

Everything that deletes, moves, compresses or forecasts reads its limits from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.retention_matrix import DAYS_MAX, ROWS, DataClass, RetentionRule

CAMERAS_MAX = 1000
STEPS_MAX = 8
BYTES_MAX = 2**60


@dataclass(frozen=True, slots=True)
class Quota:
    """How much may be recorded. What goes beyond goes, the oldest first; holds are kept.

    Attributes:
        max_bytes: of recordings on all tiers; None is no limit.
        max_days: age of the oldest; None is no limit.
    """

    max_bytes: int | None = None
    max_days: float | None = None

    def __post_init__(self) -> None:
        if self.max_bytes is not None and not 0 < self.max_bytes <= BYTES_MAX:
            raise ConfigInvalid("max_bytes must be greater than 0 and at most 1 EiB.")
        if self.max_days is not None and not 0 < self.max_days <= DAYS_MAX:
            raise ConfigInvalid(f"max_days must be greater than 0 and at most {DAYS_MAX}.")


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """When recordings go to slower storage, where the site has any.

    Attributes:
        warm_after_days: None leaves them on the hot tier.
        cold_after_days: None never sends them to the archive.
        hot_max_bytes: beyond this the oldest go to warm earlier; None is no limit.
        move_bytes_per_s: the mover reads no faster.
        move_held: also what is held, but never to where it would have to be restored first.
    """

    warm_after_days: float | None = 7.0
    cold_after_days: float | None = 90.0
    hot_max_bytes: int | None = None
    move_bytes_per_s: int = 50_000_000
    move_held: bool = False

    def __post_init__(self) -> None:
        for name in ("warm_after_days", "cold_after_days"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= DAYS_MAX:
                raise ConfigInvalid(f"tiers: {name} must be from 0 to {DAYS_MAX}.")
        if (
            self.warm_after_days is not None
            and self.cold_after_days is not None
            and self.cold_after_days < self.warm_after_days
        ):
            raise ConfigInvalid("tiers: cold_after_days must not be less than warm_after_days.")
        if self.hot_max_bytes is not None and not 0 < self.hot_max_bytes <= BYTES_MAX:
            raise ConfigInvalid("tiers: hot_max_bytes must be greater than 0 and at most 1 EiB.")
        _check_rate("tiers: move_bytes_per_s", self.move_bytes_per_s)


class CompressionCodec(StrEnum):
    """What recordings may be made smaller with. AV1 plays in every browser, H.265 does not."""

    AV1 = "av1"
    H265 = "h265"


@dataclass(frozen=True, slots=True)
class CompressionStep:
    """One age at which recordings are encoded anew.

    Attributes:
        after_days: age of a recording.
        codec: what it becomes.
        crf: constant rate factor of the encoder, 0–63 (AV1) or 0–51 (H.265); more is smaller.
        preset: speed of the encoder: 0–13 for AV1 (SVT-AV1), 0–9 for H.265 (x265's names from
            ``placebo`` to ``ultrafast``); more is faster.
        min_saving: the new file is kept only if it is smaller by this share, 0–1.
    """

    after_days: float
    codec: CompressionCodec = CompressionCodec.AV1
    crf: int = 38
    preset: int = 10
    min_saving: float = 0.2

    def __post_init__(self) -> None:
        crf_max, preset_max = (63, 13) if self.codec is CompressionCodec.AV1 else (51, 9)
        if not 0 < self.after_days <= DAYS_MAX:
            raise ConfigInvalid("compression: after_days must be greater than 0.")
        if not 0 <= self.crf <= crf_max:
            raise ConfigInvalid(f"compression: crf of {self.codec} must be from 0 to {crf_max}.")
        if not 0 <= self.preset <= preset_max:
            raise ConfigInvalid(
                f"compression: preset of {self.codec} must be from 0 to {preset_max}."
            )
        if not 0 < self.min_saving < 1:
            raise ConfigInvalid("compression: min_saving must lie between 0 and 1, such as 0.2.")


@dataclass(frozen=True, slots=True)
class CompressionPolicy:
    """Compression by age; off without steps.

    Attributes:
        steps: by age; of those that a recording is old enough for the last one counts.
        start_hour: local hour at which the nightly work begins.
        window_h: hours that it may take.
        parallelism: recordings that are encoded at a time.
        niceness: of the encoding threads, 0–19.
        ssim_min: a sample of pictures must be at least so similar to the original's, 0–1.
    """

    steps: tuple[CompressionStep, ...] = ()
    start_hour: int = 1
    window_h: float = 4.0
    parallelism: int = 1
    niceness: int = 19
    ssim_min: float = 0.9

    def __post_init__(self) -> None:
        ages = [step.after_days for step in self.steps]
        if len(ages) > STEPS_MAX or ages != sorted(set(ages)):
            raise ConfigInvalid(
                f"compression: up to {STEPS_MAX} steps, each with a greater after_days."
            )
        if not (0 <= self.start_hour <= 23 and 0 < self.window_h <= 24):
            raise ConfigInvalid("compression: start_hour must be 0-23, window_h up to 24.")
        if not (1 <= self.parallelism <= 64 and 0 <= self.niceness <= 19):
            raise ConfigInvalid("compression: parallelism must be 1-64, niceness 0-19.")
        if not 0 <= self.ssim_min < 1:
            raise ConfigInvalid("compression: ssim_min must be from 0 to below 1.")


@dataclass(frozen=True, slots=True)
class StoragePolicy:
    """The policy of a site.

    Attributes:
        retention: rules by class of data; a class that is left out has its default.
        total: quota of all cameras together.
        cameras: quotas of single cameras by id.
        tiers: never later than ``raw_video`` is to be in the archive.
        scrub_bytes_per_s: the search for bit rot reads no faster; 0 switches it off.
    """

    retention: Mapping[DataClass, RetentionRule] = field(default_factory=dict)
    total: Quota = field(default_factory=Quota)
    cameras: Mapping[str, Quota] = field(default_factory=dict)
    tiers: TierPolicy = field(default_factory=TierPolicy)
    compression: CompressionPolicy = field(default_factory=CompressionPolicy)
    scrub_bytes_per_s: int = 8_000_000

    def __post_init__(self) -> None:
        whole = {name: self.retention.get(name, row.default) for name, row in ROWS.items()}
        for name, rule in whole.items():
            ROWS[name].check(rule)
        object.__setattr__(self, "retention", whole)
        self._check_activity()
        object.__setattr__(self, "tiers", _reaching(self.tiers, whole[DataClass.RAW_VIDEO]))
        if len(self.cameras) > CAMERAS_MAX:
            raise ConfigInvalid(f"cameras: quotas for at most {CAMERAS_MAX} cameras.")
        if self.scrub_bytes_per_s:
            _check_rate("scrub_bytes_per_s", self.scrub_bytes_per_s)

    def _check_activity(self) -> None:
        raw = self.retention[DataClass.RAW_VIDEO].keep_days
        for name in (DataClass.OBJECT_VIDEO, DataClass.MOTION_VIDEO, DataClass.QUIET_VIDEO):
            days = self.retention[name].keep_days
            if days is not None and raw is not None and days > raw:
                raise ConfigInvalid(
                    f"{name}: keep_days must not be more than that of raw_video; raise that one."
                )

    def rule(self, data_class: DataClass) -> RetentionRule:
        return self.retention[data_class]

    def quota(self, camera_id: str) -> Quota:
        """The quota of one camera, without the one of all together."""
        return self.cameras.get(camera_id, Quota())


def _reaching(tiers: TierPolicy, raw: RetentionRule) -> TierPolicy:
    """The tiers' ages such that what is to be archived first gets there in time."""
    cold, warm = tiers.cold_after_days, tiers.warm_after_days
    if not raw.archive_first or raw.keep_days is None or cold is None or cold <= raw.keep_days:
        return tiers
    warm = None if warm is None else min(warm, raw.keep_days)
    return replace(tiers, cold_after_days=raw.keep_days, warm_after_days=warm)


def _check_rate(name: str, value: int) -> None:
    if not 10_000 <= value <= 100_000_000_000:
        raise ConfigInvalid(f"{name} must be from 10000 to 100000000000.")
