"""Records four numbered cameras in a process of its own, to be killed at any moment.

``Recording`` starts a launcher that has imported everything; for each ``start`` it forks a child,
which says on a pipe what each camera sent and what the recorder has acknowledged. Streams follow
from a seed, so only counts go through the pipe.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from its_camera_ai.core.media import Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.recovery import reconcile
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.index import BackgroundIndex
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.segments import SegmentRepository
from tests.support.numbered_packets import WALL_NS, NumberedStream, tracks
from tests.support.recorded_site import CAMERAS, LOSS_NS_MAX

_UNACKNOWLEDGED_NS_MAX = LOSS_NS_MAX - NS_PER_S // 25
_STUCK_S = 20.0
_REPORTS = 9  # the descriptor of the reports, in the launcher and its children
_BOOT_NS = 600 * NS_PER_S


def streams(boot: int) -> dict[str, NumberedStream]:
    """The cameras as a start number ``boot`` finds them."""
    rng = random.Random(boot)
    return {
        camera_id: NumberedStream(
            camera_id,
            rng,
            generation=boot,
            first_seq=boot * 1_000_000,
            start_ns=WALL_NS + boot * _BOOT_NS + number * 7_000_000,
        )
        for number, camera_id in enumerate(CAMERAS)
    }


class Recording:
    """The parent's end."""

    def __init__(self) -> None:
        self._launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.support.recording_child"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._pid = 0

    def start(self, media: Path, database: Path, boot: int) -> None:
        """Begin to recover and to record."""
        assert self._launcher.stdin is not None
        order = {"media": str(media), "database": str(database), "boot": boot}
        self._launcher.stdin.write(json.dumps(order) + "\n")
        self._launcher.stdin.flush()
        self._pid = int(self._line()["pid"])

    def kill_after(self, reports: int) -> dict[str, tuple[int, int]]:
        """Kill it with SIGKILL after so many reports. How many packets each camera had sent by
        then, and how many were acknowledged."""
        found = dict.fromkeys(CAMERAS, (0, 0))
        for _ in range(reports):
            _book(found, self._line())
        os.kill(self._pid, signal.SIGKILL)
        while "dead" not in (line := self._line()):
            _book(found, line)
        self._pid = 0
        assert line["dead"] == signal.SIGKILL, "it ended before it was killed"
        return found

    def _line(self) -> dict[str, Any]:
        assert self._launcher.stdout is not None
        line = self._launcher.stdout.readline()
        assert line, "the launcher has died"
        answer: dict[str, Any] = json.loads(line)
        assert "stuck" not in answer, f"the recorder gets nowhere: {answer}"
        return answer

    def close(self) -> None:
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
        self._launcher.stdin.close()
        self._launcher.wait()
        self._launcher.stdout.close()


def _book(found: dict[str, tuple[int, int]], line: dict[str, Any]) -> None:
    sent, acknowledged = found[line["camera"]]
    found[line["camera"]] = max(sent, line["sent"]), max(acknowledged, line["acknowledged"])


def _say(**words: object) -> None:
    os.write(_REPORTS, json.dumps(words).encode() + b"\n")  # whole lines: shorter than PIPE_BUF


def _record(media: Path, database: str, boot: int) -> None:
    """As ingest does it: recovery beside recording. Feeds as fast as the disk takes it, but never
    further ahead than a camera in real time would be with one fragment in the making."""
    volume = Volume(RealDisk(), media)
    repository = SegmentRepository(open_database(f"sqlite:///{database}"))
    index = BackgroundIndex(lambda: repository)
    threading.Thread(target=reconcile, args=(volume, repository), daemon=True).start()
    feeds = {
        camera_id: (stream.packets(), Recorder(volume, index, segment_s=5), list[Packet]())
        for camera_id, stream in streams(boot).items()
    }
    while True:
        for camera_id, (packets, recorder, sent) in feeds.items():
            packet = next(packets)
            asked_s = time.monotonic()
            while True:
                acknowledged = recorder.figures.recorded_packets
                first = sent[acknowledged] if acknowledged < len(sent) else packet
                if packet.dts_ns - first.dts_ns <= _UNACKNOWLEDGED_NS_MAX:
                    break
                time.sleep(0.0005)
                if time.monotonic() > asked_s + _STUCK_S:
                    _say(stuck=str(recorder.figures), alive=recorder.alive, camera=camera_id)
                    return
            sent.append(packet)
            _say(camera=camera_id, sent=len(sent), acknowledged=acknowledged)
            recorder.put(packet)


def _launch() -> None:
    os.dup2(1, _REPORTS)
    os.dup2(2, 1)  # the log writes to standard output
    tracks()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                _record(Path(order["media"]), order["database"], order["boot"])
            finally:
                os._exit(3)
        _say(pid=pid)
        _, status = os.waitpid(pid, 0)
        _say(dead=os.WTERMSIG(status) if os.WIFSIGNALED(status) else -status)


if __name__ == "__main__":
    _launch()
