"""``itscam evidence``: check what was exported, on any computer, without the site."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from its_camera_ai.cli.console import out
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.recorder.exporting.evidence_check import Findings, check_chain, check_export
from its_camera_ai.recorder.exporting.evidence_key import EvidenceKey, PublicKey

app = typer.Typer(no_args_is_help=True, help="Check exports, show the site's key.")

NOT_GENUINE = 1


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="Folder or ZIP of an export.")],
    public_key: Annotated[
        Path | None, typer.Option(help="The site's evidence.pub, got from the site itself.")
    ] = None,
    chain: Annotated[
        list[Path] | None,
        typer.Option(help="Another export of the same cameras; may be given several times."),
    ] = None,
) -> None:
    """Say whether an export is exactly as it was made. Works offline.

    Exit codes: 0 it is, 1 it is not, 2 wrong use, 3 there is no export that can be read.
    """
    key = None if public_key is None else PublicKey.from_file(public_key)
    checked = [(place, check_export(place, key)) for place in (path, *(chain or []))]
    for place, findings in checked:
        _tell(place, findings)
    bad = [place for place, findings in checked if not findings.sound]
    if len(checked) > 1:
        order = check_chain([findings for _, findings in checked])
        for problem in order.problems:
            out.print(f"[red]chain:[/] {escape(problem)}", soft_wrap=True)
        for note in order.notes:
            out.print(f"chain: {escape(note)}", soft_wrap=True)
        bad += [path] if order.problems else []
    if bad:
        out.print("[bold red]NOT GENUINE[/]: do not rely on it.")
        raise typer.Exit(NOT_GENUINE)
    whose = "signed by the given key" if key else "signed by the key that it holds itself"
    out.print(f"[bold green]GENUINE[/]: nothing was changed, added or removed; {whose}.")


def _tell(place: Path, findings: Findings) -> None:
    manifest = findings.manifest
    out.print(f"{escape(str(place))}", soft_wrap=True)
    if manifest is not None:
        out.print(
            f"  export {manifest.export} of {escape(manifest.site)}, made {manifest.created} by "
            f"{escape(manifest.author)}, {len(manifest.files)} files",
            soft_wrap=True,
        )
        for camera in manifest.cameras:
            out.print(f"  {camera.camera}: number {camera.number} of its chain")
    out.print(f"  manifest {findings.manifest_hash}")
    for problem in findings.problems:
        out.print(f"  [red]problem:[/] {escape(problem)}", soft_wrap=True)
    for note in findings.notes:
        out.print(f"  note: {escape(note)}", soft_wrap=True)


@app.command("public-key")
def public_key_command() -> None:
    """Print this site's public key and its fingerprint, to be handed to whoever will check."""
    settings = load_settings()
    if not settings.data_dir.is_dir():
        raise ConfigInvalid(
            f"There is no site in {settings.data_dir.absolute()}; set ITSCAM_DATA_DIR to the "
            "folder of the running one."
        )
    key = EvidenceKey.open(settings.data_dir.absolute()).public
    out.print(key.pem.decode().strip())
    out.print(f"fingerprint: {key.fingerprint}", soft_wrap=True)
