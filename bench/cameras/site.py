"""The product under test: ``itscam up`` on a folder of its own, and what its processes report."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from tests.support.waiting import wait_until

_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 60.0
_ROLES = frozenset({"ingest", "vision", "server"})


class SiteUnderTest:
    """A running site.

    Args:
        folder: data folder, log and site files; short, since sockets lie in it.
        environment: further ``ITSCAM_…`` settings.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self.data_dir = folder / "data"
        self.log = folder / "itscam.log"
        given = {k: v for k, v in os.environ.items() if not k.startswith("ITSCAM_")}
        self._environment = {**given, **environment, "ITSCAM_DATA_DIR": str(self.data_dir)}
        self._process: subprocess.Popen[bytes] | None = None
        self._latest: dict[str, RoleStatus] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._bus: LocalBus | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> Self:
        """Start with no camera and wait until every role is ready."""
        nothing = self._site_file([])
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*_itscam(), "up", "--config", str(nothing), "--port", str(_free_port())],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(self._has_sockets, "the site", _START_TIMEOUT_S)
            self._bus = LocalBus(self.data_dir / "run")
            self._listener = threading.Thread(target=self._listen, daemon=True)
            self._listener.start()
            wait_until(self._all_ready, "a heartbeat of every role", _START_TIMEOUT_S)
        except (TimeoutError, RuntimeError):
            self.stop()
            raise
        return self

    def apply(self, cameras: list[dict[str, Any]]) -> None:
        """Make the site exactly these cameras."""
        subprocess.run(
            [*_itscam(), "apply", str(self._site_file(cameras))],
            env=self._environment,
            check=True,
            capture_output=True,
        )

    @property
    def bus(self) -> LocalBus:
        assert self._bus is not None
        return self._bus

    def status(self, role: str) -> list[RoleStatus]:
        """The latest heartbeat of each process of a role."""
        with self._lock:
            return [status for status in self._latest.values() if status.role == role]

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role, the supervisor among them."""
        assert self._process is not None
        with self._lock:
            roles: dict[str, list[int]] = {"supervisor": [self._process.pid]}
            for status in self._latest.values():
                roles.setdefault(status.role, []).append(status.pid)
        return roles

    def stop(self) -> None:
        """SIGTERM, and wait for the orderly end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._done.set()
        if self._listener is not None:
            self._listener.join()
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _has_sockets(self) -> bool:
        self._check_alive()
        return (self.data_dir / "run").is_dir()

    def _check_alive(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"itscam up ended:\n{self.log.read_text()[-3000:]}")

    def _all_ready(self) -> bool:
        self._check_alive()
        with self._lock:
            return {s.role for s in self._latest.values() if s.ready} >= _ROLES

    def _listen(self) -> None:
        receiver = self.bus.status_receiver()
        while not self._done.is_set():
            status = receiver.receive(0.2)
            if status is not None:
                with self._lock:
                    self._latest[f"{status.role}-{status.index}"] = status
        receiver.close()

    def _site_file(self, cameras: list[dict[str, Any]]) -> Path:
        path = self._folder / "site.yaml"
        with path.open("w") as file:
            YAML(typ="safe").dump({"cameras": cameras}, file)
        return path


def _itscam() -> list[str]:
    return [str(Path(sys.executable).with_name("itscam"))]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
