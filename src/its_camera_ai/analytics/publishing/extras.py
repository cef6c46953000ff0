"""Packages that only exports and reports need."""

from importlib import import_module
from types import ModuleType

from its_camera_ai.core.errors import ConfigInvalid


def needed(module: str, what: str) -> ModuleType:
    """Import a module of the extra ``reports``.

    Args:
        what: is made with it, for the message: ``Parquet files``.

    Raises:
        ConfigInvalid: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ConfigInvalid(
            f"{what} need the package '{module.partition('.')[0]}', which is not installed; get it "
            "with: pip install 'its-camera-ai[reports]'"
        ) from None
