"""``itscam up``, ``demo``, ``status`` and ``role``: running the site."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from its_camera_ai.api.one_time_passwords import ensure_admin
from its_camera_ai.bootstrap.site import STATIC_DIR, Site, camera_cache, make_folder, open_site
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.cli import role as role_module
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.time import SystemClock
from its_camera_ai.ops.listening import listening_socket
from its_camera_ai.ops.logs import configure_logs
from its_camera_ai.ops.settings import Settings, load_settings
from its_camera_ai.ops.supervisor import Child, Supervisor
from its_camera_ai.store import plan as plans
from its_camera_ai.store.documents.site import SiteDocument, load_site
from its_camera_ai.store.lock import InstanceLock

log = structlog.get_logger(__name__)

STATUS_WAIT_S = 2.5

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the site (ITSCAM_DATA_DIR).", show_default=False),
]
Port = Annotated[
    int | None, typer.Option("--port", help="Port of the dashboard.", show_default=False)
]


def up(
    config: Annotated[
        Path | None,
        typer.Option("-c", "--config", help="Site file to apply first.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    port: Port = None,
) -> None:
    """Run the whole site under one supervisor, until Ctrl-C."""
    settings = load_settings(data_dir=data_dir, http_port=port)
    _export(settings, data_dir=data_dir, http_port=port)
    wanted = load_site(config) if config is not None else None
    _up(settings, wanted, announce=_announce_short)


def demo(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Folder of the demo site.")] = Path(
        ".demo"
    ),
    port: Port = None,
) -> None:
    """Run four simulated cameras: recorded, understood, counted, shown in the browser."""
    settings = load_settings(data_dir=data_dir.absolute(), http_port=port)
    _export(settings, data_dir=data_dir.absolute(), http_port=port)
    from its_camera_ai.cli.demo import demo_cameras, fetch_model  # noqa: PLC0415  weight

    err.print("preparing the demo …", style="dim")
    for line in fetch_model(settings):
        err.print(line, style="dim", soft_wrap=True)
    _up(settings, SiteDocument(demo_cameras()), announce=_announce_demo)


def _export(settings: Settings, **options: object) -> None:
    """Children read the same settings from the environment."""
    for name, value in options.items():
        if value is not None:
            os.environ[f"ITSCAM_{name.upper()}"] = str(getattr(settings, name))


def _up(
    settings: Settings,
    wanted: SiteDocument | None,
    announce: Callable[[Settings, str | None], None],
) -> None:
    configure_logs(settings.log_level, settings.log_format, role="supervisor")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    listening_socket(settings.http_host, settings.http_port).close()  # tell a taken port at once
    make_folder(settings.data_dir)
    with InstanceLock(settings.data_dir):
        password = _prepare(settings, wanted)
        log.info("site starts", data_dir=str(settings.data_dir.absolute()))
        bus = LocalBus(settings.run)
        hub = _Announcing(bus, lambda: announce(settings, password))
        Supervisor(_children(settings), hub, clock=SystemClock()).run(stop)
        hub.close()
        bus.close()


def _prepare(settings: Settings, wanted: SiteDocument | None) -> str | None:
    """Bring the stores up to date and apply the site file; the one-time password, if one is new.

    A database that can't be used stops neither a site that ran before nor its recorders.
    """
    try:
        site = open_site(settings, prepare=True)
    except DatabaseUnavailable as error:
        if camera_cache(settings).load() is None:
            raise
        log.error("recording only, with the cameras as last known", problem=str(error))
        return None
    try:
        password = ensure_admin(site.database, site.clock)
        if wanted is not None:
            _apply(site, wanted)
    finally:
        site.close()
    return password


def _apply(site: Site, wanted: SiteDocument) -> None:
    facts = site.cameras.site(), wanted.facts
    plan = plans.plan(site.cameras.all(), wanted.cameras, facts=facts)
    plans.apply(plan, site.cameras)
    log.info(
        "site file applied",
        added=len(plan.added),
        changed=len(plan.changed),
        removed=len(plan.removed),
    )


def _children(settings: Settings) -> list[Child]:
    """In the order of their start; intake is drained first, the server last."""

    vision = [
        Child("vision", i, role_module.argv("vision", i), drain=1)
        for i in range(settings.vision_workers)
    ]
    return [
        Child("server", 0, role_module.argv("server", 0), drain=2),
        Child("ingest", 0, role_module.argv("ingest", 0), drain=0),
        *vision,
        Child("jobs", 0, role_module.argv("jobs", 0), drain=1),
    ]


class _Announcing:
    """The status hub, which tells once that every role has given its first heartbeat."""

    def __init__(self, bus: LocalBus, ready: Callable[[], None]) -> None:
        self._hub = bus.status_hub()
        self._ready: Callable[[], None] | None = ready
        self._heard: set[str] = set()

    def receive(self, timeout_s: float) -> RoleStatus | None:
        status = self._hub.receive(timeout_s)
        if status is not None:
            self._heard.add(status.role)
        if self._ready is not None and self._heard >= {"server", "ingest", "vision"}:
            self._ready()
            self._ready = None
        return status

    def close(self) -> None:
        self._hub.close()


def _address(settings: Settings) -> str:
    everywhere = ("0.0.0.0", "::", "127.0.0.1")  # noqa: S104  compared, not bound
    host = "localhost" if settings.http_host in everywhere else settings.http_host
    return f"http://{host}:{settings.http_port}/"


def _announce_short(settings: Settings, password: str | None) -> None:
    """The address comes last: who waits for it has been told the password."""
    if password is not None:
        out.print(f"first log-in: admin / {password} (one-time, to be changed)", markup=False)
    out.print(f"dashboard: {_address(settings)}")


def _announce_demo(settings: Settings, password: str | None) -> None:
    out.print()
    out.print(f"[bold]The demo runs:[/] {_address(settings)}")
    if password is None:
        out.print("Sign in as admin with the password that you chose.")
        out.print("Forgotten? ITSCAM_DATA_DIR=.demo itscam users reset-password admin", style="dim")
    else:
        out.print(f"Sign in as admin with the one-time password {password}", markup=False)
    if not (STATIC_DIR / "index.html").is_file():
        out.print("The dashboard is not built; run 'make build' first.", style="bold red")
    out.print("Ctrl-C ends it.", style="dim")
