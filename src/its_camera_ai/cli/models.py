"""``itscam models``: detector models on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import DownloadColumn, Progress, TransferSpeedColumn
from rich.table import Table

from its_camera_ai.cli import model_life
from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.models_bench import bench_command
from its_camera_ai.cli.models_quantize import quantize_command
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.ops.settings import Settings, load_settings
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue, FileState

app = typer.Typer(no_args_is_help=True, help="Detector models: list, fetch, check, add your own.")
app.add_typer(model_life.app)
app.command("quantize")(quantize_command)
app.command("bench")(bench_command)

ModelsDir = Annotated[
    Path | None, typer.Option("--models-dir", help="Folder of the model files.", show_default=False)
]


@app.command("list")
def list_command(models_dir: ModelsDir = None) -> None:
    """List the models of the catalogue and your own, and which are here."""
    folder = _folder(models_dir)
    catalogue = Catalogue.shipped()
    states = {state.name: state.state for state in catalogue.verify(folder)}
    table = Table("name", "what", "licence", "input", "state")
    table.add_row(MOVING_OBJECTS, "embedded, needs no download", "Apache-2.0", "–", "here")
    for entry in catalogue.entries():
        width, height = entry.files[0].input_wh
        state = states.get(entry.name, FileState.MISSING)
        name = f"{entry.name} (recommended)" if entry.recommended else entry.name
        table.add_row(name, entry.what, entry.licence, f"{width}x{height}", str(state))
    for own in catalogue.own(folder):
        made = own.quantization
        what = f"your own, {own.family}" if made is None else f"8 bits of {made.source}"
        table.add_row(own.name, what, own.licence or "–", "–", str(states[own.name]))
    out.print(table)
    err.print(f"folder: {folder}", style="dim")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name that 'itscam models list' shows.")],
    models_dir: ModelsDir = None,
    timeout_s: Annotated[float, typer.Option(help="Give up after so many seconds.")] = 60.0,
) -> None:
    """Fetch a model, check its size and SHA-256, and make it ready."""
    with Progress(
        *Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn(), console=err
    ) as bar:
        task = bar.add_task(name, total=None)

        def progress(done_bytes: int, total_bytes: int) -> None:
            bar.update(task, completed=done_bytes, total=total_bytes)

        path = Catalogue.shipped().pull(name, _folder(models_dir), progress, timeout_s)
    out.print(f"{name} is ready: {path}", soft_wrap=True)


@app.command()
def verify(models_dir: ModelsDir = None) -> None:
    """Hash every model file here and compare."""
    bad = 0
    for state in Catalogue.shipped().verify(_folder(models_dir)):
        out.print(f"{state.name}: {state.state}", soft_wrap=True)
        bad += state.state is FileState.ALTERED
    if bad:
        raise ModelInvalid(
            f"{bad} model files were altered; fetch them again with itscam models pull."
        )


@app.command()
def add(
    path: Annotated[Path, typer.Argument(help="An ONNX file.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    family: Annotated[str, typer.Option(help="How its output is read: yolox, nanodet, …")],
    classes: Annotated[
        str,
        typer.Option(help="Our class names in the network's order, commas between; - for none."),
    ],
    licence: Annotated[str, typer.Option(help="The licence of its weights.")] = "",
    models_dir: ModelsDir = None,
) -> None:
    """Take your own model file into the models folder, after running it once."""
    names = [part.strip() for part in classes.split(",")]
    target = Catalogue.shipped().add(path, _folder(models_dir), name, family, names, licence)
    out.print(f"{name} is ready: {target}", soft_wrap=True)


def _folder(models_dir: Path | None) -> Path:
    settings: Settings = load_settings(models_dir=models_dir)
    return settings.models
