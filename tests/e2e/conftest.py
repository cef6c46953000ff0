"""A small real site for the browser: two simulated cameras, the embedded detector."""

from collections.abc import Iterator

import pytest

from its_camera_ai.cli.demo import with_suggested_scene
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.store.documents.site import export_site
from tests.support.site import Site

CAMERAS = {
    "motorway": "sim://motorway?seed=5&fps=12&size=480x270",
    "intersection": "sim://intersection?seed=6&fps=12&size=480x270",
}

SEGMENT_S = 5


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Up, with its one-time password not used yet."""
    cameras = [
        with_suggested_scene(Camera(i, CameraUrl.parse(url), name=i.title()))
        for i, url in CAMERAS.items()
    ]
    with Site(
        tmp_path_factory.mktemp("site") / "s", export_site(cameras), segment_s=SEGMENT_S
    ) as site:
        yield site
