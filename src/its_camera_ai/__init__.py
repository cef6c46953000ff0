"""ITS Camera AI: video from streets and sites, recorded, understood, counted and proved."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("its-camera-ai")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0.0.0+unknown"

__all__ = ["__version__"]
