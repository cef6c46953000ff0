"""A new model beside the old one in a running site: tried, promoted, taken back, and refused."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from its_camera_ai.bootstrap.models import model_registry, registered_models
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.bus.messages import ModelStatus
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.model_registry import ModelRegistry
from its_camera_ai.vision.catalogue import Catalogue
from its_camera_ai.vision.registered_models import RegisteredModels
from tests.support.site import Site
from tests.support.tiny_models import constant_model, yolox_output
from tests.support.waiting import wait_until

pytestmark = pytest.mark.system
ROLL_BACK_S = 10.0
CAMERAS = ("one", "two", "three", "four")
NEW = {"new": 0.91, "spare": 0.92, "blind": 0.01}
"""Registered models, and how sure they are."""
YAML = "cameras:\n" + "".join(
    f"  - {{id: {name}, url: 'sim://motorway?seed={i}&fps=8&size=160x90', detect_fps: 8}}\n"
    for i, name in enumerate(CAMERAS)
)


def tiny(folder: Path, name: str, score: float) -> Path:
    """A YOLOX of a few kilobytes that sees one car in every picture, so surely."""
    output = yolox_output()
    output[0, 9, :5] = (0.5, 0.5, 1.0, 1.0, score)
    output[0, 9, 5 + 2] = 1.0
    return constant_model(folder / f"{name}.onnx", {"output": output})


@dataclass
class Rig:
    """A running site, and its registry as a command would use it."""

    site: Site
    registry: ModelRegistry
    registered: RegisteredModels

    def roll_out(self, name: str, percent: int) -> None:
        version = self.registry.find(name)
        self.registry.start(version.ref, percent=percent, latency_ratio_max=100)

    def cameras_of(self, name: str) -> int:
        """How many cameras this model looks at; -1 while a process is not heard."""
        if sum(b.role == "vision" for b in self.site.heartbeats()) < 2:
            return -1
        return sum(len(m.cameras) for m in self.models() if m.name == name)

    def looks_of(self, name: str) -> int:
        return sum(m.looks for m in self.models() if m.name == name)

    def models(self) -> list[ModelStatus]:
        """Every model of every vision process that is heard."""
        return [m for b in self.site.heartbeats() if b.role == "vision" for m in b.models]

    def wait_for(self, name: str, cameras: int, timeout_s: float = 60.0) -> None:
        wait_until(
            lambda: self.cameras_of(name) == cameras, f"{name} at {cameras} cameras", timeout_s
        )

    def last_trial(self) -> str:
        """How the newest trial ended; empty while it runs."""
        rollout = self.registry.life().rollout
        return "" if rollout.is_running else f"{rollout.state}: {rollout.reason}"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Four cameras, looked at by ``old``; ``new`` sees the same, as ``spare`` would; ``blind``
    sees nothing."""
    folder = tmp_path_factory.mktemp("models")
    for name, score in {"old": 0.9, **NEW}.items():
        Catalogue.shipped().add(
            tiny(folder, name, score), folder / "s" / "models", name, "yolox", ["coco"]
        )
    site = Site(folder / "s", YAML, model="old", full_look_s=0.2, vision_processes=2)
    with site:
        opened = open_site(load_settings(data_dir=folder / "s"))
        rig = Rig(site, model_registry(opened), registered_models(opened))
        for name in NEW:
            rig.registered.register(name)
        yield rig
        opened.close()


def test_a_share_after_the_other_and_back_within_ten_seconds(rig: Rig) -> None:
    rig.wait_for("configured", 4, 60)
    for percent, cameras in ((10, 1), (50, 2), (100, 4)):
        rig.roll_out("new", percent)
        rig.wait_for("new", cameras)
    wait_until(lambda: rig.looks_of("new"), "looks of the new model", 60)
    rig.registry.roll_back("enough")
    rig.wait_for("configured", 4, ROLL_BACK_S)


def test_a_promoted_model_stays_and_its_predecessor_is_one_command_away(rig: Rig) -> None:
    assert rig.site.run("models", "promote", "new").code == 0
    rig.wait_for("new", 4)
    assert rig.site.run("models", "rollback").code == 0
    rig.wait_for("configured", 4, ROLL_BACK_S)


def test_a_model_that_sees_nothing_is_withdrawn_by_itself(rig: Rig) -> None:
    wait_until(lambda: rig.looks_of("configured") > 200, "something to compare with", 120)
    rig.roll_out("blind", 100)
    wait_until(lambda: "find nothing" in rig.last_trial(), "the end of the trial", 120)
    rig.wait_for("configured", 4, ROLL_BACK_S)


def test_a_damaged_file_never_looks(rig: Rig) -> None:
    for kept in (rig.site.folder / "models" / "registered").glob("*.onnx"):
        kept.write_bytes(kept.read_bytes()[:-100])
    rig.roll_out("spare", 100)
    wait_until(lambda: "missing or altered" in rig.last_trial(), "the end of the trial", 60)
    rig.wait_for("configured", 4, ROLL_BACK_S)
    for name in NEW:
        with pytest.raises(ConfigInvalid, match="registered already"):
            rig.registered.register(name)  # and the kept copies are mended by this


def test_a_process_that_dies_with_a_model_on_trial_ends_the_trial(rig: Rig) -> None:
    rig.roll_out("new", 100)
    rig.wait_for("new", 4)
    rig.site.signal("vision", signal.SIGKILL)
    wait_until(lambda: "ended unexpectedly" in rig.last_trial(), "the end of the trial", 60)
    rig.wait_for("configured", 4, 60)
