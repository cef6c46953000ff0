"""How soon each fault of a camera is told, and how often a good camera is accused.

    python -m bench.camera_health [--hours 1] [--write]

Every fault is laid over every simulated scene for 35 s, at one picture a second; then each scene
runs undisturbed. The limits: told within 30 s, no accusation in an hour. Beside the CPU time
of one judgement stands that of one motion gate pass over the same picture.
"""

import argparse
import sys
import time
from typing import Any

import cv2
import numpy as np

from bench.cameras.report import machine, save, update_document
from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.camera_faults import FaultyCamera, drifted_ns
from its_camera_ai.sim.street import SCENES, open_street
from its_camera_ai.vision.camera_health import CameraHealth
from its_camera_ai.vision.motion import MotionGate

SIZE_WH = (640, 360)
BEGINS_S, ENDS_S = 40, 75
LIMIT_S = 30
SEED = 3


def pictures(scene: str, seconds: int, seed: int) -> list[np.ndarray]:
    street = open_street(scene, seed=seed, size_wh=SIZE_WH, fps=1)
    return [street.frame(k).bgr for k in range(seconds)]


def luma(bgr: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)


def found_after_s(fault: PictureFault, shown: list[np.ndarray]) -> int | None:
    """Seconds from the fault's beginning until exactly it is told; None if it never is."""
    health, camera = CameraHealth(), FaultyCamera(fault)
    for second, good in enumerate(shown):
        faulty = second >= BEGINS_S
        now_ns = second * NS_PER_S
        drifts = faulty and fault is PictureFault.CLOCK_DRIFT
        stamp_ns = drifted_ns(now_ns, BEGINS_S * NS_PER_S, 0.01) if drifts else now_ns
        health.update(luma(camera.show(good) if faulty else good), stamp_ns, now_ns)
        if faulty and health.faults() == (fault,):
            return second - BEGINS_S
    return None


def accused_s(scene: str, seconds: int) -> dict[str, int]:
    """Seconds for which a good camera was accused, by fault."""
    street = open_street(scene, seed=SEED + 2, size_wh=SIZE_WH, fps=1)
    health = CameraHealth()
    told: dict[str, int] = {}
    for k in range(seconds):
        frame = street.frame(k)
        health.update(luma(frame.bgr), frame.pts_ns, frame.pts_ns)
        for fault in health.faults() or ():
            told[fault.value] = told.get(fault.value, 0) + 1
    return told


def cpu_ms(shown: list[np.ndarray]) -> tuple[float, float]:
    """Median CPU time of one judgement and of one motion gate pass."""
    health, gate = CameraHealth(), MotionGate(SIZE_WH)
    judged, gated = [], []
    for second, bgr in enumerate(shown):
        grey = luma(bgr)
        start = time.process_time()
        health.update(grey, second * NS_PER_S, second * NS_PER_S)
        middle = time.process_time()
        gate.update(grey, second * NS_PER_S)
        gated.append((time.process_time() - middle) * 1e3)
        judged.append((middle - start) * 1e3)
    return float(np.median(judged)), float(np.median(gated))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0, help="of good pictures per scene")
    parser.add_argument("--write", action="store_true", help="renew the figures in the project")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    lines = [
        "| scene | " + " | ".join(PictureFault) + " | accused when good |",
        "|---|" + "---|" * (len(PictureFault) + 1),
    ]
    bad = 0
    result: dict[str, Any] = {"machine": machine(), "hours": options.hours, "scenes": {}}
    for scene in SCENES:
        shown = pictures(scene, ENDS_S, SEED)
        found = {str(f): found_after_s(f, shown) for f in PictureFault}
        accused = accused_s(scene, round(options.hours * 3600))
        judged_ms, gated_ms = cpu_ms(shown)
        bad += sum(s is None or s > LIMIT_S for s in found.values()) + len(accused)
        cells = " | ".join("missed" if s is None else f"{s} s" for s in found.values())
        lines.append(f"| {scene} | {cells} | {accused or 'never'} |")
        result["scenes"][scene] = {
            "found_after_s": found,
            "accused_s": accused,
            "judgement_ms": round(judged_ms, 3),
            "ratio_to_motion_gate": round(judged_ms / gated_ms, 1),
        }
        print(lines[-1], flush=True)
    costs = [scene["judgement_ms"] for scene in result["scenes"].values()]
    lines += ["", f"One judgement takes {max(costs):.1f} ms of CPU, once a second and camera."]
    text = "\n".join(lines)
    print(text)
    if options.write:
        save("camera-health", result)
        update_document("camera-health", f"## Faults of the picture\n\n{text}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
