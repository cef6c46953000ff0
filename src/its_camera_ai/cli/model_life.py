"""``itscam models register``, ``versions``, ``rollout``, ``promote`` and ``rollback``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from its_camera_ai.bootstrap.models import model_registry, registered_models
from its_camera_ai.bootstrap.site import Site, open_site
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import iso_utc
from its_camera_ai.ops.settings import load_settings, parse_size
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.model_registry import CHALLENGER, CHAMPION, PREVIOUS, ModelLife

app = typer.Typer()

ACTOR = "itscam models"

Model = Annotated[
    str, typer.Argument(help="NAME, NAME:NUMBER or an alias, see 'itscam models versions'.")
]


@app.command()
def register(
    source: Annotated[str, typer.Argument(help="A name of 'itscam models list', or a file.")],
    name: Annotated[str, typer.Option(help="What to register it as; else its own name.")] = "",
    input_size: Annotated[
        str, typer.Option("--input", help="Input size as WxH, if not its own.")
    ] = "",
    notes: Annotated[str, typer.Option(help="What is to be known about it.")] = "",
) -> None:
    """Give a model a number: run it over the golden pictures and keep a copy of its file."""
    try:
        input_wh = parse_size(input_size)
    except ValueError as error:
        raise ConfigInvalid(f"--input {error}") from None
    with _site() as site:
        version = registered_models(site).register(
            source, name=name, input_wh=input_wh, notes=notes
        )
        _note(site, "model_registered", str(version.ref), {"sha256": version.sha256})
    pictures = f"{len(version.golden)} golden pictures" if version.golden else "nothing to compare"
    out.print(f"registered {version.ref}: {version.family}, {pictures}", soft_wrap=True)


@app.command()
def versions() -> None:
    """List the registered models, who serves, and how the trial goes."""
    with _site() as site:
        registry = model_registry(site)
        known, life = registry.versions(), registry.life()
    given = {CHAMPION: life.champion, CHALLENGER: life.challenger, PREVIOUS: life.previous}
    table = Table("model", "alias", "family", "input", "registered", "SHA-256", "notes")
    for version in known:
        table.add_row(
            str(version.ref),
            ", ".join(alias for alias, ref in given.items() if ref == version.ref) or "–",
            version.family,
            "x".join(map(str, version.input_wh)),
            iso_utc(version.registered_ns)[:19].replace("T", " "),
            version.sha256[:12] or "–",
            version.notes or "–",
        )
    out.print(table)
    _tell(life)


@app.command()
def rollout(
    model: Model,
    percent: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Share of the cameras that it looks at; 10 at first."),
    ] = None,
    auto: Annotated[
        bool | None,
        typer.Option(
            "--auto/--by-hand", help="Go on by itself through 10, 50 and 100 % to be champion."
        ),
    ] = None,
    hold_s: Annotated[
        float | None,
        typer.Option("--hold", help="Each stage must go well for so many seconds; 300 at first."),
    ] = None,
    latency_ratio_max: Annotated[
        float | None,
        typer.Option("--latency-ratio", help="Its p95 over the champion's at most; 2 at first."),
    ] = None,
) -> None:
    """Try a registered model at a share of the cameras, or change the trial that runs."""
    with _site() as site:
        registry = model_registry(site)
        ref = registry.find(model).ref
        life = registry.start(
            ref, percent=percent, auto=auto, hold_s=hold_s, latency_ratio_max=latency_ratio_max
        )
        trial = {"percent": life.rollout.percent, "auto": life.rollout.auto}
        _note(site, "model_trial", str(ref), trial)
    _tell(life)


@app.command()
def promote(
    model: Annotated[
        str | None, typer.Argument(help="As above; the one on trial if none is named.")
    ] = None,
) -> None:
    """Make the model on trial champion now, or a registered one without a trial."""
    with _site() as site:
        registry = model_registry(site)
        life = registry.promote(None if model is None else registry.find(model).ref)
        _note(site, "model_promoted", str(life.champion), {})
    _tell(life)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why, for the log.")] = "rolled back by hand",
) -> None:
    """End the trial; without one, make the previous champion champion again."""
    with _site() as site:
        registry = model_registry(site)
        before = registry.life()
        life = registry.roll_back(reason)
        given_up = before.challenger or before.champion
        _note(site, "model_rolled_back", str(given_up), {"reason": reason})
    _tell(life)


@contextmanager
def _site() -> Iterator[Site]:
    site = open_site(load_settings())
    try:
        yield site
    finally:
        site.close()


def _note(site: Site, action: str, model: str, detail: Mapping[str, object]) -> None:
    AuditLog(site.database).append(
        actor=ACTOR,
        action=action,
        object=f"model/{model}",
        detail=detail,
        wall_ns=site.clock.wall_ns(),
    )


def _tell(life: ModelLife) -> None:
    trial = life.rollout
    out.print(f"champion: {life.champion}; previous: {life.previous or '–'}", soft_wrap=True)
    if trial.is_running:
        how = f"by itself, {trial.hold_s:g} s a stage" if trial.auto else "by hand"
        out.print(f"on trial: {life.challenger} at {trial.percent} %, {how}", soft_wrap=True)
    elif trial.reason:
        out.print(f"last trial: {trial.state}: {trial.reason}", soft_wrap=True, markup=False)
    err.print("The vision processes follow within two seconds: itscam status", style="dim")
