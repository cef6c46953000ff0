"""A new model beside the old one in a running site: tried, promoted, taken back, and refused."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from its_camera_ai.core.time import SystemClock
from its_camera_ai.store.database import open_database
from its_camera_ai.store.model_registry import ModelRegistry
from tests.support.site import Site
from tests.support.tiny_models import constant_model, yolox_output
from tests.support.waiting import wait_until

pytestmark = pytest.mark.system
ROLL_BACK_S = 10.0
CAMERAS = ("one", "two", "three", "four")
NEW = {"new": 0.91, "spare": 0.92, "blind": 0.01}
"""Registered models, and how sure they are."""
YAML = "cameras:\n" + "".join(
    f"  - {{id: {name}, url: 'sim://motorway?seed={i}&fps=10&size=320x180', detect_fps: 10}}\n"
    for i, name in enumerate(CAMERAS)
)


def tiny(folder: Path, name: str, score: float) -> Path:
    """A YOLOX of a few kilobytes that sees one car in every picture, so surely."""
    output = yolox_output()
    output[0, 9, :5] = (0.5, 0.5, 1.0, 1.0, score)
    output[0, 9, 5 + 2] = 1.0
    return constant_model(folder / f"{name}.onnx", {"output": output})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four cameras, looked at by ``old``; ``new`` sees the same, as ``spare`` would; ``blind``
    sees nothing."""
    folder = tmp_path_factory.mktemp("models")
    site = Site(folder / "s", YAML, model="old", full_look_s=0.2, vision_processes=2)
    for name, score in {"old": 0.9, **NEW}.items():
        added = site.run(
            "models", "add", str(tiny(folder, name, score)), "--name", name,
            "--family", "yolox", "--classes", "coco",
        )  # fmt: skip
        assert added.code == 0, added.err
    with site:
        for name in NEW:
            assert site.run("models", "register", name).code == 0
        yield site


def models(site: Site) -> list[dict[str, Any]]:
    """Every model of every vision process that is heard."""
    beats = [b for b in site.heartbeats() if b.role == "vision"]
    return [
        {"name": m.name, "alias": m.alias, "cameras": len(m.cameras), "looks": m.looks}
        for beat in beats
        for m in beat.models
    ]


def cameras_of(site: Site, name: str) -> int:
    """How many cameras this model looks at; -1 while a process is not heard."""
    if sum(b.role == "vision" for b in site.heartbeats()) < 2:
        return -1
    return sum(m["cameras"] for m in models(site) if m["name"] == name)


def test_a_share_after_the_other_and_back_within_ten_seconds(site: Site) -> None:
    wait_until(lambda: cameras_of(site, "configured") == 4, "the old model at all cameras", 60)
    for percent, cameras in ((10, 1), (50, 2), (100, 4)):
        assert site.run("models", "rollout", "new", "--percent", str(percent)).code == 0
        wait_until(lambda cameras=cameras: cameras_of(site, "new") == cameras, f"{percent} %", 30)
    wait_until(lambda: any(m["name"] == "new" and m["looks"] for m in models(site)), "looks", 60)
    assert site.run("models", "rollback").code == 0
    since_s = time.monotonic()
    wait_until(lambda: cameras_of(site, "configured") == 4, "the way back", ROLL_BACK_S)
    assert time.monotonic() - since_s < ROLL_BACK_S


def test_a_promoted_model_stays_and_its_predecessor_is_one_command_away(site: Site) -> None:
    assert site.run("models", "promote", "new").code == 0
    wait_until(lambda: cameras_of(site, "new") == 4, "the promoted model", 30)
    assert site.run("models", "rollback").code == 0
    wait_until(lambda: cameras_of(site, "configured") == 4, "the way back", ROLL_BACK_S)


def last_trial(site: Site) -> str:
    """How the newest trial ended; empty while it runs."""
    database = open_database(f"sqlite:///{site.folder}/itscam.db")
    rollout = ModelRegistry(database, SystemClock()).life().rollout
    database.close()
    return "" if rollout.is_running else f"{rollout.state}: {rollout.reason}"


def test_a_model_that_sees_nothing_is_withdrawn_by_itself(site: Site) -> None:
    wait_until(
        lambda: sum(m["looks"] for m in models(site) if m["name"] == "configured") > 400,
        "something to compare with",
        120,
    )
    assert (
        site.run("models", "rollout", "blind", "--percent", "100", "--latency-ratio", "100").code
        == 0
    )
    wait_until(lambda: "failed: " in last_trial(site), "the end of the trial", 120)
    assert "find nothing" in last_trial(site)
    wait_until(lambda: cameras_of(site, "configured") == 4, "the old model", ROLL_BACK_S)


def test_a_damaged_file_never_looks(site: Site) -> None:
    for kept in (site.folder / "models" / "registered").glob("*.onnx"):
        kept.write_bytes(kept.read_bytes()[:-100])
    assert site.run("models", "rollout", "spare", "--percent", "100").code == 0
    wait_until(lambda: "missing or altered" in last_trial(site), "the end of the trial", 60)
    wait_until(lambda: cameras_of(site, "configured") == 4, "the old model", ROLL_BACK_S)
    for name in NEW:  # registered already; the kept copies are mended by this
        assert site.run("models", "register", name).code == 2


def test_a_process_that_dies_with_a_model_on_trial_ends_the_trial(site: Site) -> None:
    assert site.run("models", "rollout", "new", "--percent", "100").code == 0
    wait_until(lambda: cameras_of(site, "new") == 4, "the model on trial", 30)
    site.signal("vision", signal.SIGKILL)
    wait_until(lambda: "ended unexpectedly" in last_trial(site), "the end of the trial", 60)
    wait_until(lambda: cameras_of(site, "configured") == 4, "the old model", 60)
