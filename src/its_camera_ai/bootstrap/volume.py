"""The volume that is recorded to, as the settings name it."""

from its_camera_ai.core.ids import new_id
from its_camera_ai.core.time import SystemClock
from its_camera_ai.ops.settings import Settings
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolumeFile
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.volumes.volume_identity import VolumeIdentity, prepare_volume
from its_camera_ai.store.disk import RealDisk


def prepare_volume_of(settings: Settings, *, ran_before: bool) -> None:
    """Mark the empty folder of a new site. Where a site has its volume, nothing is touched: it may
    not be mounted, or hang; the recording process tells."""
    clock = SystemClock()
    prepare_volume(
        RealDisk(),
        settings.media,
        expected_volume(settings),
        new_id=lambda: new_id(clock.wall_ns()),
        clock=clock,
        ran_before=ran_before,
    )


def expected_volume(settings: Settings) -> ExpectedVolumeFile:
    """Which volume this site records to."""
    return ExpectedVolumeFile(RealDisk(), settings.data_dir.absolute())


def volume_of(settings: Settings) -> Volume:
    """The volume of the recordings, for processes that do not record: refuses any other one."""
    disk, root = RealDisk(), settings.media
    identity = VolumeIdentity(disk, root, expected_volume(settings), clock=SystemClock())
    return Volume(disk, root, identity=identity)
