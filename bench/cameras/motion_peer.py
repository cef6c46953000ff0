"""A second peer: Debian's ``motion``, writing the packets of the same streams as they come."""

import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.support.waiting import wait_until


class MotionRecorder:
    """One process for all cameras, told to record always and to copy.

    It decodes as well: that is how it works, also when nothing is to be detected.
    """

    def __init__(self, urls: dict[str, str], folder: Path) -> None:
        self._urls = urls
        self._folder = folder
        self._running: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_there() -> bool:
        return shutil.which("motion") is not None

    def start(self) -> Self:
        """Start it and wait until every camera's file grows."""
        self._folder.mkdir(parents=True)
        main = self._folder / "motion.conf"
        lines = ["daemon off", "setup_mode off", "webcontrol_port 0", "log_level 3"]
        lines += [f"log_file {self._folder / 'motion.log'}", "emulate_motion on", "framerate 30"]
        lines += ["movie_output on", "movie_passthrough on", "picture_output off"]
        lines += ["movie_codec mp4", "movie_max_time 20", "event_gap 60"]
        for number, (name, url) in enumerate(self._urls.items(), 1):
            camera = self._folder / f"{name}.conf"
            (self._folder / name).mkdir()
            camera.write_text(
                f"camera_id {number}\nnetcam_url {url}\nnetcam_params rtsp_transport=tcp\n"
                f"width 1920\nheight 1080\ntarget_dir {self._folder / name}\n"
            )
            lines.append(f"camera {camera}")
        main.write_text("\n".join(lines) + "\n")
        program = shutil.which("motion") or "motion"
        self._running = subprocess.Popen(
            [program, "-c", str(main)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._all_write, "motion's first files", 60)
        return self

    @property
    def pids(self) -> list[int]:
        return [self._running.pid] if self._running is not None else []

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            try:
                self._running.wait(20)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _all_write(self) -> bool:
        if self._running is not None and self._running.poll() is not None:
            raise RuntimeError("motion ended early; its log lies in its folder.")
        return all(
            any(f.stat().st_size for f in (self._folder / name).iterdir()) for name in self._urls
        )
