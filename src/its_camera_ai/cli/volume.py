"""``itscam storage adopt`` and ``predict``: which disk is recorded to, and how long it lasts."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from its_camera_ai.bootstrap.recordings import forecaster_of
from its_camera_ai.bootstrap.site import make_folder, open_site
from its_camera_ai.bootstrap.volume import expected_volume, volume_of
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.time import SystemClock, iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.volumes.adoption import Adoptable, inspect
from its_camera_ai.recorder.volumes.adoption import adopt as adopt_volume
from its_camera_ai.recorder.volumes.forecast import Forecast, in_days_ns
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.store.disk import RealDisk

NAMES_SHOWN = 8


def adopt(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make what is mounted in the recordings' folder the volume of this site: a new disk, a copy,
    or recordings of another site. No recording is touched. A running site goes on at once."""
    settings, clock = load_settings(), SystemClock()
    make_folder(settings.data_dir)
    disk, expected = RealDisk(), expected_volume(settings)
    disk.make_folder(settings.media)
    found = inspect(disk, settings.media, expected)
    if found.is_own:
        out.print(f"{settings.media} is this site's volume already; nothing is changed")
        return
    out.print(_described(found, str(settings.media)), markup=False, soft_wrap=True)
    if not yes and not typer.confirm("Record to it from now on?"):
        raise typer.Exit(1)
    marker = adopt_volume(
        disk, settings.media, expected, new_id=lambda: new_id(clock.wall_ns()), clock=clock
    )
    out.print(f"volume {marker.volume_id[:8]} is this site's now")
    if found.names:
        out.print(
            "recordings on it that the index lacks are found by: itscam storage rebuild-index"
        )


def _described(found: Adoptable, root: str) -> str:
    if found.marker is None:
        mark = "has no mark of a site"
    else:
        made = iso_utc(found.marker.created_wall_ns)
        mark = f"is volume {found.marker.volume_id[:8]}, made {made}"
    shown = ", ".join(found.names[:NAMES_SHOWN]) + (" …" if len(found.names) > NAMES_SHOWN else "")
    return f"{root} {mark}; it holds {shown or 'nothing'}"


def predict(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """When the disk will be full, how many days it holds, and whether the storage policy can be
    kept. From what was recorded in the last seven days."""
    settings = load_settings()
    site = open_site(settings)
    try:
        volume, forecaster = volume_of(settings), forecaster_of(site)
        volume.check()
        try:
            space = volume.disk.space(volume.root)
        except OSError as error:
            raise StorageUnavailable(
                f"The disk of {volume.root} can't be asked ({error.strerror}): mount and check it."
            ) from error
        reserve = Reserve.parse(settings.storage_reserve).of(space.total_bytes, 0.0)
        ahead, now_ns = forecaster.forecast(space, reserve), site.clock.wall_ns()
    finally:
        site.close()
    if as_json:
        out.print_json(json.dumps(asdict(ahead)))
    else:
        _print(ahead, now_ns)


def _print(ahead: Forecast, now_ns: int) -> None:
    table = Table("camera", box=None)
    for name in ("size", "a day", "least", "most", "to keep", "needs"):
        table.add_column(name, justify="right")
    for camera in ahead.cameras:
        growth = camera.growth
        table.add_row(
            camera.camera_id,
            decimal(camera.size_bytes),
            decimal(int(growth.mean)),
            decimal(int(growth.low)),
            decimal(int(growth.high)),
            "for ever" if camera.policy_days is None else f"{camera.policy_days:g} days",
            "no end" if camera.policy_bytes is None else decimal(int(camera.policy_bytes)),
        )
    out.print(table)
    out.print(
        f"{decimal(ahead.free_bytes)} of {decimal(ahead.total_bytes)} are free, "
        f"{decimal(ahead.reserve_bytes)} of it kept as reserve"
    )
    if ahead.full_in_days is None or ahead.holds_days is None:
        out.print("nothing was recorded in the last days, so nothing can be foreseen")
        return
    out.print(f"full without deletion in {_days(ahead.full_in_days)}")
    out.print(f"room for {_days(ahead.holds_days)} of recordings")
    if ahead.breach_in_days is None:
        out.print("the storage policy can be kept")
    else:
        at = iso_utc(in_days_ns(now_ns, ahead.breach_in_days))
        out.print(
            f"the storage policy can't be kept: from about {at} recordings go that it would keep",
            style="bold",
            soft_wrap=True,
        )
    if ahead.is_rough:
        err.print("rough: some cameras were recorded for less than two whole days", style="dim")


def _days(days: tuple[float, float, float]) -> str:
    mean, worst, best = days
    return f"{mean:.1f} days ({worst:.1f} to {best:.1f})"
