"""The product under test: a site as processes, and what its processes report."""

from pathlib import Path
from typing import Any, Self

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from tests.support.site import Site
from tests.support.site_files import yaml_text
from tests.support.waiting import wait_until

_HEARTBEAT_TIMEOUT_S = 30.0


class SiteUnderTest:
    """A running site that begins without a camera.

    Args:
        folder: of data folder and site file; short, since sockets lie in it.
        settings: further ``ITSCAM_`` settings, by their lower-case names.

    Attributes:
        bus: the site's bus, to listen in; there while the site runs.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.data_dir = folder / "data"
        self._site_file = folder / "wanted.yaml"
        self._site = Site(self.data_dir, "cameras: []\n", segment_s=20, **settings)
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
        """The latest heartbeat of each process of a role; waits for one."""
        return wait_until(
            lambda: [s for s in self._site.heartbeats() if s.role == role],
            f"a heartbeat of {role}",
            _HEARTBEAT_TIMEOUT_S,
        )

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role, the supervisor among them."""
        roles = {
            role: [s.pid for s in self.status(role)]
            for role in ("ingest", "vision", "server", "jobs")
        }
        return {"supervisor": [self._site.pid], **roles}

    def stop(self) -> None:
        """Ask the site to stop, and wait for its orderly end."""
        self._site.stop()

    def __enter__(self) -> Self:
        self._site.start()
        self.bus = LocalBus(self._site.run_dir)
        return self

    def __exit__(self, *_: object) -> None:
        self.bus.close()
        self.stop()
