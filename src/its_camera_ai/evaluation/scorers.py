"""The scorers that come with the extra ``eval``, and what is said where it is missing."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from its_camera_ai.core.errors import ConfigInvalid


def load_scorer(module: str) -> Any:
    """Import one of the scorers' modules; nothing that it prints or warns of gets out.

    Raises:
        ConfigInvalid: the extra is not installed.
    """
    try:
        with quiet():
            return import_module(module)
    except ImportError as error:
        raise ConfigInvalid(
            f"Scoring needs the package {module.partition('.')[0]} ({error}); install it with: "
            "pip install 'its-camera-ai[eval]'"
        ) from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep a library's prints and warnings from the user; its errors go on."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
