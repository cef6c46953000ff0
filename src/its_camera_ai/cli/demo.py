"""``itscam demo``: four simulated cameras, ready to look at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from its_camera_ai.bootstrap.models import chosen_model
from its_camera_ai.bootstrap.site import make_folder
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ItscamError
from its_camera_ai.ops.settings import Settings
from its_camera_ai.sim.source import parse_sim_url
from its_camera_ai.store.documents.site import load_site
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue

PULL_TIMEOUT_S = 5.0
SITE_FILE = Path(__file__).parent / "assets" / "demo.yaml"


def demo_cameras() -> list[Camera]:
    """The demo's cameras, each with the lines and zones that its simulated scene suggests."""
    return [with_suggested_scene(camera) for camera in load_site(SITE_FILE).cameras]


def with_suggested_scene(camera: Camera) -> Camera:
    """A simulated camera that measures what its scene is made for."""
    _, _, rest = camera.main.bare.partition("://")
    return replace(camera, scene=parse_sim_url(rest).open().scene)


def fetch_model(settings: Settings) -> Iterator[str]:
    """Fetch the recommended detector if that is quick; tells what will be used."""
    make_folder(settings.models)
    chosen = chosen_model(settings)
    if settings.model != "auto" or chosen != MOVING_OBJECTS:
        yield f"detector: {chosen}"
        return
    catalogue = Catalogue.shipped()
    name = next(entry.name for entry in catalogue.entries() if entry.recommended)
    try:
        catalogue.pull(name, settings.models, timeout_s=PULL_TIMEOUT_S)
        yield f"detector: {name} (fetched)"
    except ItscamError as error:
        yield f"The recommended detector {name} could not be fetched: {error}"
        yield f"detector: {MOVING_OBJECTS}, the embedded one (sees what moves, guesses its class)"
