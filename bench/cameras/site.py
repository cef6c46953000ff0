"""The product under test: a site as processes, and what its processes report on the bus."""

import threading
from pathlib import Path
from typing import Any, Self

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from tests.support.site import Site
from tests.support.site_files import yaml_text
from tests.support.waiting import wait_until

_START_TIMEOUT_S = 120.0
_ROLES = frozenset({"ingest", "vision", "server"})


class SiteUnderTest:
    """A running site that begins without a camera.

    Args:
        folder: of data folder and site file; short, since sockets lie in it.
        settings: further ``ITSCAM_`` settings, by their lower-case names.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.data_dir = folder / "data"
        self._site_file = folder / "wanted.yaml"
        self._site = Site(self.data_dir, "cameras: []\n", segment_s=20, **settings)
        self._latest: dict[str, RoleStatus] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self.bus: LocalBus

    def apply(self, cameras: list[dict[str, Any]]) -> None:
        """Make the site exactly these cameras.

        Raises:
            RuntimeError: the site refused, with its words.
        """
        self._site_file.write_text(yaml_text({"cameras": cameras}))
        done = self._site.run("apply", str(self._site_file))
        if done.code:
            raise RuntimeError(done.err)

    def status(self, role: str) -> list[RoleStatus]:
        """The latest heartbeat of each process of a role."""
        with self._lock:
            return [status for status in self._latest.values() if status.role == role]

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role, the supervisor among them."""
        roles: dict[str, list[int]] = {"supervisor": [self._supervisor.pid]}
        with self._lock:
            for status in self._latest.values():
                roles.setdefault(status.role, []).append(status.pid)
        return roles

    def stop(self) -> None:
        """Ask the site to stop, and wait for its orderly end."""
        self._site.stop()
        if self._listener.is_alive():
            self._done.set()
            self._listener.join()
            self.bus.close()

    def __enter__(self) -> Self:
        self._supervisor = self._site.launch()
        try:
            wait_until(self._has_sockets, "the site", _START_TIMEOUT_S)
            self.bus = LocalBus(self.data_dir / "r")
            self._listener.start()
            wait_until(self._all_ready, "a heartbeat of every role", _START_TIMEOUT_S)
        except (TimeoutError, RuntimeError):
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _has_sockets(self) -> bool:
        self._check_alive()
        return (self.data_dir / "r").is_dir()

    def _all_ready(self) -> bool:
        self._check_alive()
        with self._lock:
            return {s.role for s in self._latest.values() if s.ready} >= _ROLES

    def _check_alive(self) -> None:
        if self._supervisor.poll() is not None:
            raise RuntimeError("itscam up ended:\n" + "".join(self._site.log[-30:]))

    def _listen(self) -> None:
        receiver = self.bus.status_receiver()
        while not self._done.is_set():
            status = receiver.receive(0.2)
            if status is not None:
                with self._lock:
                    self._latest[f"{status.role}-{status.index}"] = status
        receiver.close()
