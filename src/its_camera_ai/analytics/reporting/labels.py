"""Names of places as a report writes them."""

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.core.intervals import Place, PlaceKind


def place_label(camera: PublishedCamera, place: Place) -> str:
    """The name, else the id; with direction and lane of a line."""
    name = camera.place_name(place) or place.id
    if place.kind is not PlaceKind.LINE:
        return name
    lane = f", {place.lane}" if place.lane else ""
    return f"{name}, {place.direction}{lane}"


def line_label(camera: PublishedCamera, line: str) -> str:
    """A line without its direction."""
    return next((item.name for item in camera.scene.lines if item.id == line and item.name), line)
