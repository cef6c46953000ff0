"""Tells a process which cameras it is to run, and when that changes."""

import threading
from collections.abc import Callable

import structlog

from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.camera_cache import CameraCache
from its_camera_ai.store.cameras import CameraRepository

log = structlog.get_logger(__name__)

CONFIG_POLL_S = 1.0


class CameraFollower:
    """Calls ``want`` with the site's cameras at the first poll and after every change.

    A database that goes away changes nothing: what runs goes on as it is; what starts without one
    takes the cameras as they were last known.

    Args:
        be_at: told where the site is, before the cameras.
    """

    def __init__(
        self,
        cameras: Callable[[], CameraRepository],
        want: Callable[[list[Camera]], None],
        *,
        cache: CameraCache | None = None,
        be_at: Callable[[SiteFacts], None] = lambda _: None,
    ) -> None:
        self._cameras = cameras
        self._want = want
        self._cache = cache
        self._be_at = be_at
        self._seen = -1
        self._problem = ""

    def poll(self) -> None:
        try:
            repository = self._cameras()
            revision = repository.revision()
            if revision != self._seen:
                cameras, facts = repository.all(), repository.site()
                self._be_at(facts)
                self._want(cameras)
                self._seen = revision
                self._remember(cameras, facts)
            self._problem = ""
        except RetryableError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.warning("the site's configuration can't be read", problem=self._problem)
            if self._seen == -1:
                self._fall_back()

    def _remember(self, cameras: list[Camera], facts: SiteFacts) -> None:
        if self._cache is None:
            return
        try:
            self._cache.store(cameras, facts)
        except OSError as error:
            log.warning("the cameras could not be remembered", problem=error.strerror)

    def _fall_back(self) -> None:
        known = self._cache.load() if self._cache is not None else None
        if known is not None:
            log.warning("going on with the cameras as last known", cameras=len(known.cameras))
            self._be_at(known.facts)
            self._want(known.cameras)
            self._seen = -2


def follow_cameras(
    follower: CameraFollower, stop: threading.Event, *, tick: Callable[[], None] = lambda: None
) -> None:
    """Poll until ``stop``; ``tick`` is called as often."""
    while True:
        follower.poll()
        tick()
        if stop.wait(CONFIG_POLL_S):
            return
