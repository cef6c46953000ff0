"""``itscam models quantize``: an 8-bit model made with pictures of the site's own cameras."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from its_camera_ai.cli.console import err, out
from its_camera_ai.cli.int8_judge import agreement_judge, labels_judge
from its_camera_ai.cli.site_pictures import collect, recordings, videos
from its_camera_ai.cli.sizes import size_option
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import SystemClock, iso_utc
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.quantization import load_extra, quantize
from its_camera_ai.vision.quantization_facts import Quantization
from its_camera_ai.vision.quantized_files import check_name, keep, network_file
from its_camera_ai.vision.runtime import RuntimeName

AP_DROP_MAX = 0.02


def quantize_command(
    name: Annotated[str, typer.Argument(help="The 32-bit model: a name of 'itscam models list'.")],
    models_dir: Annotated[
        Path | None,
        typer.Option("--models-dir", help="Folder of the model files.", show_default=False),
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option(
            "--recordings", help="Folder of the recordings, if not the site's.", show_default=False
        ),
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(help="Only this camera's recordings; may be repeated.", show_default=False),
    ] = None,
    video: Annotated[
        list[Path] | None,
        typer.Option(
            help="A video, or a folder of them, instead of recordings; may be repeated.",
            show_default=False,
        ),
    ] = None,
    frames: Annotated[
        int, typer.Option(min=24, max=1000, help="Pictures; a quarter of them is kept to judge.")
    ] = 96,
    ap_drop_max: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Refuse what loses more AP50 than this.")
    ] = AP_DROP_MAX,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Folder with labelled pictures to judge by (docs/evaluation.md).",
            show_default=False,
        ),
    ] = None,
    runtime: Annotated[
        str, typer.Option(help="Made for openvino or onnxruntime; auto is what is installed.")
    ] = "auto",
    input_size: Annotated[
        str, typer.Option("--input", help="Input size as WxH, if not the model's own.")
    ] = "",
    new_name: Annotated[
        str, typer.Option("--name", help="What to call it; NAME-int8 if not given.")
    ] = "",
) -> None:
    """Make an 8-bit model with pictures of your own cameras; refuse it if it sees worse."""
    for package in ("onnx", "faster_coco_eval"):
        load_extra(package)
    settings = load_settings(models_dir=models_dir, media_dir=recorded)
    catalogue = Catalogue.shipped()
    path, source = network_file(name, settings.models, catalogue)
    target_name = new_name or f"{name}-int8"
    check_name(target_name, settings.models, catalogue)
    made_for, input_wh = _made_for(runtime), size_option(input_size)
    by_labels = labels_judge(labels) if labels is not None else None
    sources = videos(video, frames) if video else recordings(settings.media, camera or ())
    err.print(f"collecting {frames} different pictures …", style="dim")
    pictures = collect(sources, frames, _note)
    calibrate, held_out = pictures.split()
    made = quantize(
        path,
        source,
        calibrate,
        by_labels or agreement_judge(held_out),
        ap_drop_max=ap_drop_max,
        made_for=made_for,
        input_wh=input_wh,
        progress=lambda text: err.print(f"{text} …", style="dim"),
    )
    facts = Quantization(
        made_from=source.sha256,
        source=name,
        made_for=made_for,
        date=iso_utc(SystemClock().wall_ns())[:10],
        frames=len(calibrate),
        judged=len(held_out),
        cameras=list(pictures.cameras),
        input_wh=made.input_wh,
        leading=made.attempt.leading,
        reduced=made.attempt.reduced,
        measure=made.verdict.measure,
        ap50=dict(made.verdict.ap50),
    )
    target = keep(made.model, target_name, source, facts, settings.models)
    out.print(
        f"{target_name} is ready: {target}\nAP50 ({made.verdict.measure}) {made.verdict}; "
        f"loss {made.verdict.drop:.3f} of {ap_drop_max:g} allowed",
        soft_wrap=True,
    )
    err.print(f"Measure whether it is faster here: itscam models bench {name}", style="dim")


def _made_for(runtime: str) -> RuntimeName:
    names = (RuntimeName.AUTO, *(n for n in RuntimeName if n is not RuntimeName.AUTO))
    if runtime not in names:
        raise ConfigInvalid(f"There is no runtime '{runtime}'; use one of {', '.join(names)}.")
    if runtime == RuntimeName.AUTO:
        installed = find_spec("openvino") is not None
        return RuntimeName.OPENVINO if installed else RuntimeName.ONNXRUNTIME
    return RuntimeName(runtime)


def _note(text: str) -> None:
    err.print(f"passed over: {escape(text)}", style="yellow", soft_wrap=True)
