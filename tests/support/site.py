"""A whole site as processes, for tests that use it as its users do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from tests.support.waiting import wait_until

START_TIMEOUT_S = 90.0
DRAIN_TIMEOUT_S = 90.0
_POLL_S = 0.1
CLI = (sys.executable, "-m", "its_camera_ai.cli.main")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Site:
    """``itscam up`` in a folder of its own.

    Args:
        folder: becomes the data folder.
        site_yaml: the site file's text, or None to start with what is there.
        settings: further ``ITSCAM_`` settings, by their lower-case names.
    """

    def __init__(self, folder: Path, site_yaml: str | None, **settings: object) -> None:
        self.folder = folder
        self.port = int(str(settings.pop("http_port", 0))) or free_port()
        self.run_dir = folder / "r"
        self.username, self.password = "admin", ""
        options = {
            "data_dir": folder,
            "run_dir": self.run_dir,
            "http_port": self.port,
            "model": "moving-objects",
            "segment_s": 5,
            **settings,
        }
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ITSCAM_")}
        self.environment |= {f"ITSCAM_{k.upper()}": str(v) for k, v in options.items()}
        self._site_file = folder.with_name(folder.name + ".yaml")
        if site_yaml is not None:
            self._site_file.write_text(site_yaml)
        self._given = site_yaml is not None
        self._process: subprocess.Popen[str] | None = None
        self._heard: dict[tuple[str, int], tuple[float, RoleStatus]] = {}
        self._stopped = threading.Event()
        self._listener: threading.Thread | None = None
        self.log: list[str] = []
        self.output: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def start(self) -> Self:
        """Start and wait until every process has given its heartbeat."""
        self.launch()
        wait_until(self._announced, "the site to be up", START_TIMEOUT_S)
        return self

    def launch(self) -> subprocess.Popen[str]:
        """Start without waiting."""
        extra = ("-c", str(self._site_file)) if self._given else ()
        self._process = subprocess.Popen(
            [*CLI, "up", *extra],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for stream, lines in (
            (self._process.stdout, self.output),
            (self._process.stderr, self.log),
        ):
            threading.Thread(target=_collect, args=(stream, lines), daemon=True).start()
        self._stopped.clear()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self._process

    def _listen(self) -> None:
        """Keeps the newest heartbeat of each process."""
        while not (self.run_dir / "status-out.sock").exists():
            if self._stopped.wait(_POLL_S):
                return
        bus = LocalBus(self.run_dir)
        receiver = bus.status_receiver()
        while not self._stopped.is_set():
            status = receiver.receive(_POLL_S)
            if status is not None:
                self._heard[status.role, status.index] = (time.monotonic(), status)
        receiver.close()
        bus.close()

    def _announced(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError("the site ended at its start:\n" + "".join(self.log))
        lines = list(self.output)  # the log-in comes before the address: both are in one look
        for line in lines:
            if line.startswith("first log-in:"):
                self.password = line.split(" / ")[1].split()[0]
        return any(line.startswith("dashboard:") for line in lines)

    def run(self, *arguments: str, timeout_s: float = 60.0) -> Done:
        """A command against this site."""
        done = subprocess.run(
            [*CLI, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def pid(self) -> int:
        """The supervisor's."""
        assert self._process is not None, "the site was not launched"
        return self._process.pid

    def heartbeats(self) -> list[RoleStatus]:
        """The newest heartbeat of each process, of the last two seconds."""
        since = time.monotonic() - 2.0
        return [status for at, status in self._heard.copy().values() if at > since]

    def roles(self) -> dict[str, dict[str, Any]]:
        """The heartbeats by role name."""
        return {status.role: msgspec.to_builtins(status) for status in self.heartbeats()}

    def stream(self, camera_id: str, role: str = "main") -> dict[str, Any]:
        """What ingest says of one stream; empty if it says nothing."""
        streams = self.roles().get("ingest", {}).get("streams", [])
        found = (s for s in streams if (s["camera_id"], s["role"]) == (camera_id, role))
        return next(found, {})

    def heard_role(self, name: str) -> dict[str, Any]:
        """What a process says, as soon as it is heard: on a busy machine two seconds may pass
        without a word."""
        return wait_until(lambda: self.roles().get(name), f"a word of {name}")

    def heard_stream(self, camera_id: str) -> dict[str, Any]:
        """What ingest says of a camera's main stream, as soon as it is heard."""
        return wait_until(lambda: self.stream(camera_id), f"a word of camera {camera_id}")

    def signal(self, role: str, number: int) -> int:
        """Send a signal to the process of a role; returns its pid."""
        pid = int(self.heard_role(role)["pid"])
        os.kill(pid, number)
        return pid

    def stop(self) -> int:
        """SIGTERM, wait for the drain; the exit code."""
        self._stopped.set()
        if self._listener is not None:
            self._listener.join()
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(DRAIN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _collect(stream: Any, lines: list[str]) -> None:
    lines.extend(iter(stream.readline, ""))
    stream.close()
