"""The cameras as last known: whole or not at all, sealed."""

from pathlib import Path

import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.recording import DayMoment, RecordingMode, RecordingPlan, RecordingRule
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.camera_cache import CameraCache, KnownSite
from its_camera_ai.store.vault import Vault

CAMERAS = [
    Camera(
        "north",
        CameraUrl.parse("rtsp://bob:CANARY@192.0.2.1/main?pwd=CANARY"),
        sub=CameraUrl.parse("rtsp://192.0.2.1/sub"),
        detect_fps=7.5,
        scene=Scene(
            (Line("gate", ((150, 430), (1150, 430)), Unit.PX),),
            (Zone("plaza", ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))),),
        ),
    ),
    Camera(
        "south",
        CameraUrl.parse("/srv/clip.mp4"),
        loop=True,
        enabled=False,
        recording=RecordingPlan(
            RecordingMode.MOTION,
            (
                RecordingRule(
                    RecordingMode.OFF,
                    start=DayMoment.parse("22:00"),
                    end=DayMoment.parse("sunrise-30"),
                ),
            ),
        ),
    ),
]
FACTS = SiteFacts("Europe/Berlin", 52.5, 13.4, "DE-BE")


@pytest.fixture
def cache(tmp_path: Path) -> CameraCache:
    return CameraCache(tmp_path / "cameras.sealed", Vault.open(tmp_path / "key"))


def test_comes_back_as_it_was(cache: CameraCache, tmp_path: Path) -> None:
    cache.store(CAMERAS, FACTS)
    assert cache.load() == KnownSite(CAMERAS, FACTS)
    cache.store(CAMERAS[:1], SiteFacts())
    assert cache.load() == KnownSite(CAMERAS[:1])
    assert b"CANARY" not in (tmp_path / "cameras.sealed").read_bytes()
    assert (tmp_path / "cameras.sealed").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"x" * 100], ids=["empty", "garbage"])
def test_what_is_damaged_is_not_used(damage: bytes, cache: CameraCache, tmp_path: Path) -> None:
    assert cache.load() is None
    (tmp_path / "cameras.sealed").write_bytes(damage)
    assert cache.load() is None


def test_another_key_opens_nothing(cache: CameraCache, tmp_path: Path) -> None:
    cache.store(CAMERAS, FACTS)
    assert CameraCache(tmp_path / "cameras.sealed", Vault.open(tmp_path / "other")).load() is None
