"""Looks of several cameras through one model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from its_camera_ai.core.detections import Detections
from its_camera_ai.vision.area_findings import combine
from its_camera_ai.vision.detector import (
    AreaDetector,
    AreaLook,
    ByteArray,
    Detector,
    DetectorModel,
    FloatArray,
)
from its_camera_ai.vision.look_costs import Input
from its_camera_ai.vision.regions import LookPlan

log = structlog.get_logger(__name__)

AREAS_MAX = 64
"""Areas in one batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One camera's frame, ready to be looked at.

    Attributes:
        model: that looks; ``detector`` is what it opened for this camera.
        frame_bgr: (H, W, 3) uint8.
        plan: which parts.
        known_xyxy: (K, 4) pixels, where the camera's tracks are in this frame.
        generation: of the stream that the frame is from.
    """

    camera_id: str
    model: DetectorModel
    detector: Detector
    frame_bgr: ByteArray
    pts_ns: int
    wall_ns: int
    plan: LookPlan
    known_xyxy: FloatArray
    generation: int

    @property
    def frame_wh(self) -> tuple[int, int]:
        height, width = self.frame_bgr.shape[:2]
        return width, height

    def inputs(self) -> dict[Input, float]:
        """How many areas of each input, for the scheduler's costs."""
        counted: dict[Input, float] = {}
        for area in self.plan.areas:
            key = (self.model.info.name, area.input_wh)
            counted[key] = counted.get(key, 0.0) + 1
        return counted


@dataclass(frozen=True, slots=True, eq=False)
class LookResult:
    """``found`` is None if the detector failed; ``seconds`` are this look's share of the call's
    wall time, by pixels."""

    found: Detections | None
    seconds: float


def share_a_batch(one: Look, other: Look) -> bool:
    """Whether both can go through the network together."""
    return one.model is other.model and one.model.areas is not None


def run_looks(looks: Sequence[Look], now_s: Callable[[], float]) -> list[LookResult]:
    """Look at all of them in one call; they must share a batch (``share_a_batch``).

    Where that call fails, each is tried alone: one bad picture takes no other along.

    Args:
        now_s: a clock that never steps.
    """
    began_s = now_s()
    try:
        found = _look(looks)
    except Exception:  # whatever a runtime raises, the other cameras go on
        seconds = now_s() - began_s
        if len(looks) > 1:
            log.warning("a batch failed and is tried one by one", looks=len(looks))
            return [result for look in looks for result in run_looks([look], now_s)]
        log.exception("the detector failed", camera=looks[0].camera_id)
        return [LookResult(None, seconds)]
    seconds_per_px = (now_s() - began_s) / sum(look.plan.cost_px for look in looks)
    return [
        LookResult(seen, look.plan.cost_px * seconds_per_px)
        for look, seen in zip(looks, found, strict=True)
    ]


def _look(looks: Sequence[Look]) -> list[Detections]:
    network = looks[0].model.areas
    if network is None:
        return [look.detector.detect(look.frame_bgr, look.pts_ns) for look in looks]
    seen = _detect(network, looks)
    findings = []
    for look in looks:
        own = [next(seen) for _ in look.plan.areas]
        if look.plan.is_full:
            findings.append(own[0])
            continue
        areas = [planned.area for planned in look.plan.areas]
        findings.append(combine(own, areas, look.frame_wh, look.known_xyxy))
    return findings


def _detect(network: AreaDetector, looks: Sequence[Look]) -> Iterator[Detections]:
    return iter(
        network.detect_areas(
            [
                AreaLook(look.frame_bgr, planned.area, planned.input_wh)
                for look in looks
                for planned in look.plan.areas
            ]
        )
    )
