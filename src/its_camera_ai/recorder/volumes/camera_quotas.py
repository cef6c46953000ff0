"""Which cameras' recordings go first, and whether all together are too much."""

from collections.abc import Callable, Collection, Mapping

from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.footage import FootageByAge
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage
from its_camera_ai.recorder.volumes.eviction import Evicted

DAY_NS = 86_400 * NS_PER_S


class CameraQuotas:
    """The limits of the policy as far as they decide what goes first in an emergency.

    Args:
        policy: as it was last known.
    """

    def __init__(
        self, usage: CameraUsage, policy: Callable[[], StoragePolicy], clock: Clock
    ) -> None:
        self._usage, self._policy, self._clock = usage, policy, clock

    def losing_first(self, footage: FootageByAge, done: Evicted) -> Collection[str]:
        """Cameras beyond their own quota in bytes or days."""
        quotas = self._policy().cameras
        taken = (self._usage.by_camera() or {}) if quotas else {}
        return {
            camera
            for camera, quota in quotas.items()
            if self._has_too_much(taken, done, camera, quota.max_bytes)
            or self._is_too_old(footage, camera, quota.max_days)
        }

    def over_total_bytes(self) -> int:
        """By how much all recordings together are beyond the site's quota; 0 if they are not, or
        were not counted yet."""
        most, taken = self._policy().total.max_bytes, self._usage.by_camera()
        return 0 if most is None or taken is None else max(0, sum(taken.values()) - most)

    @property
    def needs_count(self) -> bool:
        """Whether any limit in bytes is set."""
        policy = self._policy()
        quotas = (policy.total, *policy.cameras.values())
        return any(quota.max_bytes is not None for quota in quotas)

    @staticmethod
    def _has_too_much(
        taken: Mapping[str, int], done: Evicted, camera: str, most: int | None
    ) -> bool:
        return most is not None and taken.get(camera, 0) - done.by_camera.get(camera, 0) > most

    def _is_too_old(self, footage: FootageByAge, camera: str, most_days: float | None) -> bool:
        if most_days is None:
            return False
        oldest = footage.oldest({camera})
        limit_ns = self._clock.wall_ns() - int(most_days * DAY_NS)
        return oldest is not None and oldest.start_wall_ns < limit_ns
