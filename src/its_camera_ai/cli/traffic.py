"""What the commands on measured traffic have in common: the site's cameras and their sources."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

import typer

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.api.times import wall_time
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.local_days import Span, time_zone
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import UTC_NAME
from its_camera_ai.core.time import Clock
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.trajectories import TrajectoryRepository

CameraOption = Annotated[str, typer.Option("--camera", help="Id of the camera.")]
SinceOption = Annotated[str, typer.Option(help="RFC 3339, e.g. 2026-03-01T12:00:00Z; included.")]
UntilOption = Annotated[str, typer.Option(help="RFC 3339; not included.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="The file to write.")]


@dataclass(frozen=True, slots=True)
class MeasuredSite:
    """A site's traffic, to be read."""

    cameras: CameraRepository
    sources: TrafficSources
    clock: Clock

    @property
    def zone(self) -> ZoneInfo:
        return time_zone(self.cameras.site().time_zone or UTC_NAME)

    def camera(self, camera_id: str) -> PublishedCamera:
        """One that is there, or was there and measured something.

        Raises:
            ConfigInvalid: neither.
        """
        known = self.cameras.get(camera_id)
        if known is not None:
            return PublishedCamera.of(camera_id, known.scene, self.zone, name=known.name)
        if not self.sources.intervals.places(camera_id):
            names = ", ".join(camera.id for camera in self.cameras.all()) or "none"
            raise ConfigInvalid(f"There is no camera '{camera_id}'; there are: {names}.")
        return PublishedCamera.of(camera_id, Scene(), self.zone)


@contextmanager
def measured_site() -> Iterator[MeasuredSite]:
    """The site of the settings; it may run meanwhile."""
    site = open_site(load_settings())
    try:
        sources = TrafficSources(
            IntervalRepository(site.database),
            EventRepository(site.database),
            IncidentRepository(site.database),
            TrajectoryRepository(site.database),
        )
        yield MeasuredSite(site.cameras, sources, site.clock)
    finally:
        site.close()


def span_of(since: str, until: str) -> Span:
    """
    Raises:
        ConfigInvalid: not RFC 3339, or an end that is not after the beginning.
    """
    since_ns, until_ns = wall_time("since", since) or 0, wall_time("until", until) or 0
    if until_ns <= since_ns:
        raise ConfigInvalid("until: must lie after since; exchange the two.")
    return Span(since_ns, until_ns)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that is there as a whole or not at all.

    Raises:
        StorageUnavailable: it can't be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise StorageUnavailable(
            f"{path} can't be written ({(error.strerror or 'error').lower()}): free space, correct "
            "its rights, or name another file."
        ) from None
    finally:
        part.unlink(missing_ok=True)
