"""What each model did lately, camera by camera: the figures by which a trial is judged."""

import threading
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.models import ModelRef
from its_camera_ai.vision.rollout import Figures

LOOKS_KEPT = 400
"""Looks kept of one model at one camera: minutes of a busy one, the last hour of a quiet one."""
LATENCIES_KEPT = 400
PAIRS_MAX = 2_048
"""Pairs of model and camera that are kept; the longest unused go first."""
RATE_WINDOW_S = 10.0

_KINDS = ("person", "two-wheeler", "vehicle", "animal", "other")
# Car, bus and truck are easily taken for each other; models name two-wheelers variously.
_KIND_OF = {
    ObjectClass.PERSON: 0,
    ObjectClass.BICYCLE: 1,
    ObjectClass.MOTORCYCLE: 1,
    ObjectClass.CAR: 2,
    ObjectClass.BUS: 2,
    ObjectClass.TRUCK: 2,
    ObjectClass.ANIMAL: 3,
    ObjectClass.OTHER: 4,
}
_KIND_OF_CLASS = np.array([_KIND_OF[c] for c in ObjectClass])
_FAILED, _SCORE_SUM, _FIRST_KIND = 0, 1, 2


class _Ring:
    """The last ``LOOKS_KEPT`` looks, one row each: failed, sum of scores, how many of each kind."""

    def __init__(self) -> None:
        self._rows = np.zeros((LOOKS_KEPT, _FIRST_KIND + len(_KINDS)), np.float32)
        self._added = 0
        self.newest_s = 0.0

    def add(self, found: Detections | None, now_s: float) -> None:
        self.newest_s = now_s
        row = self._rows[self._added % LOOKS_KEPT]
        row[:] = 0
        if found is None:
            row[_FAILED] = 1
        elif len(found):
            row[_SCORE_SUM] = found.score.sum()
            kinds = _KIND_OF_CLASS[found.class_id]
            row[_FIRST_KIND:] = np.bincount(kinds, minlength=len(_KINDS))
        self._added += 1

    @property
    def rows(self) -> npt.NDArray[np.float32]:
        return self._rows[: self._added].copy()


@dataclass(slots=True)
class _Totals:
    """Of one model, since it was loaded."""

    looks: int = 0
    failures: int = 0
    inference_s: float = 0.0
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))
    moments_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))


class ModelWatch:
    """Takes note of looks from any thread; memory is bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: dict[ModelRef, _Totals] = {}
        self._looks: OrderedDict[tuple[ModelRef, str], _Ring] = OrderedDict()

    def add(
        self,
        model: ModelRef,
        camera_id: str,
        seconds: float,
        found: Detections | None,
        now_s: float,
    ) -> None:
        """One look. ``found`` is None if the detector failed; ``now_s`` is monotonic."""
        with self._lock:
            totals = self._totals.setdefault(model, _Totals())
            if found is None:
                totals.failures += 1
            else:
                totals.looks += 1
                totals.inference_s += seconds
                totals.latencies_s.append(seconds)
                totals.moments_s.append(now_s)
            self._looks.setdefault((model, camera_id), _Ring()).add(found, now_s)
            self._looks.move_to_end((model, camera_id))
            while len(self._looks) > PAIRS_MAX:
                self._looks.popitem(last=False)

    def forget(self, model: ModelRef) -> None:
        """A new trial of the same version begins with a clean sheet."""
        with self._lock:
            self._totals.pop(model, None)
            for key in [key for key in self._looks if key[0] == model]:
                del self._looks[key]

    def figures(
        self,
        model: ModelRef,
        cameras: Collection[str] | None = None,
        *,
        newer_than_s: float = -inf,
    ) -> Figures:
        """A model's last looks at these cameras, or at all; its time is always that of all.

        Args:
            newer_than_s: cameras that it looked at last before this moment are left out.
        """
        with self._lock:
            totals = self._totals.get(model, _Totals())
            latencies = np.array(totals.latencies_s)
            rings = [
                ring.rows
                for (ref, camera_id), ring in self._looks.items()
                if ref == model
                and (cameras is None or camera_id in cameras)
                and ring.newest_s > newer_than_s
            ]
        rows = np.concatenate(rings) if rings else np.empty((0, _FIRST_KIND + len(_KINDS)))
        answered = rows[rows[:, _FAILED] == 0]
        kinds = answered[:, _FIRST_KIND:]
        p50, p95 = np.percentile(latencies, (50, 95)) if len(latencies) else (0.0, 0.0)
        return Figures(
            looks=len(answered),
            failures=len(rows) - len(answered),
            empty=int((kinds.sum(axis=1) == 0).sum()),
            found=int(kinds.sum()),
            score_sum=float(answered[:, _SCORE_SUM].sum()),
            kinds=dict(zip(_KINDS, kinds.sum(axis=0).astype(int).tolist(), strict=True)),
            latency_samples=len(latencies),
            latency_p50_s=float(p50),
            latency_p95_s=float(p95),
        )

    def totals(self, model: ModelRef, now_s: float) -> tuple[int, int, float, float]:
        """Looks, failures and seconds of inference since it was loaded; looks per second now."""
        with self._lock:
            totals = self._totals.get(model, _Totals())
            moments = totals.moments_s
            recent = sum(now_s - moment < RATE_WINDOW_S for moment in moments)
            window_s = RATE_WINDOW_S
            if recent == LATENCIES_KEPT:  # more than are kept: over the time that they span
                window_s = max(now_s - moments[0], 1e-3)
            return totals.looks, totals.failures, totals.inference_s, recent / window_s
