"""Detectors as this machine runs them."""

from collections.abc import Callable

import structlog

from its_camera_ai.bootstrap.site import Site
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.models import CONFIGURED, ModelRef
from its_camera_ai.ops.settings import Settings, parse_size
from its_camera_ai.roles.model_follower import ModelFollower
from its_camera_ai.store.model_registry import ModelRegistry
from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_files import sha256_of
from its_camera_ai.vision.model_pool import ModelPool
from its_camera_ai.vision.registered_models import RegisteredModels
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeName
from its_camera_ai.vision.tuning import kept_instead

log = structlog.get_logger(__name__)


def model_registry(site: Site) -> ModelRegistry:
    """Which models are registered, and which of them is to look at what."""
    return ModelRegistry(site.database, site.clock)


def registered_models(site: Site) -> RegisteredModels:
    """Registers models, and loads them as this machine runs them."""
    settings = site.settings

    def load(source: str, input_wh: tuple[int, int] | None) -> DetectorModel:
        return load_model(
            source,
            models_dir=settings.models,
            input_wh=input_wh,
            choice=runtime_choice(settings),
        )

    return RegisteredModels(model_registry(site), settings.models, load)


def model_pool(site: Site, follower: ModelFollower, cameras: Callable[[], list[str]]) -> ModelPool:

    settings, models = site.settings, registered_models(site)

    def load(ref: ModelRef) -> DetectorModel:
        if ref == CONFIGURED:
            model = models.load_source(chosen_model(settings), parse_size(settings.model_input))
        else:
            model = models.load(ref)
        info = model.info
        log.info("detector loaded", model=info.name, input=info.input_wh, runtime=str(info.runtime))
        return model

    def difference(ref: ModelRef, model: DetectorModel) -> str:
        return NOTHING_TO_COMPARE if ref == CONFIGURED else models.difference(ref, model)

    return ModelPool(
        follower.candidates(f"{settings.model} {settings.model_input}".strip()),
        load=load,
        verify=difference,
        cameras=cameras,
        clock=site.clock,
    )


def runtime_choice(settings: Settings) -> RuntimeChoice:
    """How networks shall run on this machine."""
    return RuntimeChoice(
        RuntimeName(settings.inference_runtime),
        Device(settings.inference_device),
        streams=settings.detector_workers,
        batch=settings.batch_max,
    )


def chosen_model(settings: Settings) -> str:
    """The model that ``auto`` stands for: the recommended one if its file is there, or its 8-bit
    one if that was measured to be faster on this machine."""
    if settings.model != "auto":
        return settings.model
    catalogue = Catalogue.shipped()
    recommended = next(entry.name for entry in catalogue.entries() if entry.recommended)
    try:
        path = catalogue.path(recommended, settings.models)
    except ModelInvalid:
        return MOVING_OBJECTS
    return kept_instead(settings.models, sha256_of(path)) or recommended
