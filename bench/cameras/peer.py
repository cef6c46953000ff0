"""The peer: ffmpeg copying the same streams into segment files, one process per camera."""

import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.support.waiting import wait_until

_SEGMENT_S = 20


class FfmpegRecorders:
    """Records each address into a folder of its own, as recorders built on ffmpeg do."""

    def __init__(self, urls: dict[str, str], folder: Path) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise RuntimeError("ffmpeg is not installed; run tools/provision.sh.")
        self._program = program
        self._urls = urls
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> Self:
        """Start all and wait until each writes."""
        for name, url in self._urls.items():
            folder = self._folder / name
            folder.mkdir(parents=True)
            command = [self._program, "-nostdin", "-v", "fatal", "-rtsp_transport", "tcp"]
            command += ["-i", url, "-c", "copy", "-f", "segment"]
            command += ["-segment_time", str(_SEGMENT_S), "-segment_format", "mp4"]
            command += ["-segment_format_options", "movflags=+frag_keyframe+empty_moov"]
            self._running.append(subprocess.Popen([*command, str(folder / "%05d.mp4")]))
        wait_until(self._all_write, "ffmpeg's first files", 60)
        return self

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._running]

    def stop(self) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _all_write(self) -> bool:
        if any(process.poll() is not None for process in self._running):
            raise RuntimeError("an ffmpeg ended early; its message stands above.")
        return all(
            any(f.stat().st_size for f in (self._folder / name).iterdir()) for name in self._urls
        )


def version() -> str:
    """The first line that ``ffmpeg -version`` prints, shortened to the version."""
    done = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split()[:3])
