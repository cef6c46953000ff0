"""Measures how a model runs best on this machine: runtime, threads, batch."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil

from its_camera_ai.core.errors import ItscamError
from its_camera_ai.vision.detector import AreaDetector, AreaLook
from its_camera_ai.vision.own_models import OwnModel, own_network
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName
from its_camera_ai.vision.tuning import Measured

BATCH_GAIN_MIN = 1.05
"""A batch, or other weights, must be faster by so much: they cost latency, or accuracy."""
OTHERS_MAX = 0.15
"""Where other programs take more of the machine than this, images per second say little."""
RUNS_MIN = 3
"""Each worker runs the network at least so often, however long that takes."""

_FRAME_WH = (1280, 720)
_SEED = 20261123


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to run a model; see ``Measured``."""

    runtime: RuntimeName
    threads: int
    workers: int
    batch: int
    input_wh: tuple[int, int] | None = None

    def __str__(self) -> str:
        return f"{self.runtime}, {self.workers} × {self.threads} threads, batch {self.batch}"


def setups(
    runtimes: Iterable[RuntimeName],
    cores: int,
    batches: Iterable[int],
    sizes: Iterable[tuple[int, int] | None],
) -> list[Setup]:
    """Every combination: a worker per core with one thread each, and one worker with all."""
    shares = dict.fromkeys([(1, cores), (cores, 1)])
    batches, sizes = tuple(batches), tuple(sizes)
    return [
        Setup(runtime, threads, workers, batch, size)
        for size in sizes
        for runtime in runtimes
        for threads, workers in shares
        for batch in batches
    ]


def measure(path: Path, own: OwnModel, setup: Setup, seconds: float) -> Measured | None:
    """Run a model in one way, for so long; None if it can't take that batch.

    The whole way is measured: from a frame of 1280×720 to detections.

    Raises:
        ModelInvalid, ConfigInvalid: it can't be run like this.
    """
    choice = RuntimeChoice(
        setup.runtime, threads=setup.threads, streams=setup.workers, batch=setup.batch
    )
    model = own_network(path, own, choice, input_wh=setup.input_wh)
    try:
        if model.batch_max < setup.batch:
            return None
        input_wh = model.info.input_wh
        looks = [AreaLook(_frame(), (0, 0, *_FRAME_WH), input_wh)] * setup.batch
        took_s, wall_s, cpu_s, others = _run(model.areas, looks, setup.workers, seconds)
    finally:
        model.close()
    images = len(took_s) * setup.batch
    p50, p95 = np.percentile(took_s, [50, 95]) * 1000
    return Measured(
        runtime=setup.runtime,
        precision=model.info.runtime.precision if model.info.runtime else "",
        threads=setup.threads,
        workers=setup.workers,
        batch=setup.batch,
        input_wh=input_wh,
        images_per_s=round(images / wall_s, 2),
        p50_ms=round(float(p50), 2),
        p95_ms=round(float(p95), 2),
        cpu_ms=round(1000 * cpu_s / images, 2),
        others=round(others, 3),
    )


def best_of(measured: Sequence[Measured]) -> Measured:
    """The way that does most; one picture at a time unless a batch does at least 5 % more.

    On a calm machine, most images per second. On a busy one, most images per second of processor
    time, which is what there is too little of then.
    """
    single = max((m for m in measured if m.batch == 1), key=worth(measured), default=None)
    best = max(measured, key=worth(measured))
    if single is not None and worth(measured)(best) < BATCH_GAIN_MIN * worth(measured)(single):
        return single
    return best


def worth(measured: Sequence[Measured]) -> Callable[[Measured], float]:
    """What ways are compared by; all of them were measured in the same run."""
    if was_busy(measured):
        return lambda m: 1000 / max(m.cpu_ms, 1e-3)
    return lambda m: m.images_per_s


def was_busy(measured: Iterable[Measured]) -> bool:
    """Whether other programs took much of the machine."""
    return max((m.others for m in measured), default=0.0) > OTHERS_MAX


def _run(
    areas: AreaDetector, looks: Sequence[AreaLook], workers: int, seconds: float
) -> tuple[list[float], float, float, float]:
    """All workers at once: seconds of each run; wall and processor seconds in all; the share of
    the machine that others took."""
    areas.detect_areas(looks)  # compiles, and fills buffers
    stop = threading.Event()
    took_s: list[float] = []
    failed: list[ItscamError] = []

    def work() -> None:
        runs = 0
        try:
            while not stop.is_set() or runs < RUNS_MIN:
                began_s = time.perf_counter()
                areas.detect_areas(looks)
                took_s.append(time.perf_counter() - began_s)
                runs += 1
        except ItscamError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, name=f"bench-{i}") for i in range(workers)]
    began_s, began_cpu_s, began_all = time.perf_counter(), time.process_time(), _machine_s()
    for thread in threads:
        thread.start()
    try:
        stop.wait(seconds)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    if failed:
        raise failed[0]
    busy_s, all_s = (now - before for now, before in zip(_machine_s(), began_all, strict=True))
    others = min(1.0, max(0.0, busy_s - cpu_s) / max(all_s, 1e-3))
    return took_s, wall_s, cpu_s, others


def _machine_s() -> tuple[float, float]:
    """Processor seconds of all cores since the start of the machine: used, and in all."""
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    return sum(times[:8]) - idle_s, sum(times[:8])


def _frame() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture with coarse and fine structure, the same every time."""
    random = np.random.default_rng(_SEED)
    coarse = random.integers(0, 256, (9, 16, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, _FRAME_WH, interpolation=cv2.INTER_CUBIC), np.uint8)
