"""``itscam models register`` to ``rollback`` as an operator uses them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.model_life import app
from its_camera_ai.core.errors import UserError
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.vision.catalogue import Catalogue
from tests.cli.test_commands import itscam
from tests.support.tiny_models import constant_model, yolox_output


def tiny(folder: Path, *, score: float = 0.9) -> Path:
    """A YOLOX of a few kilobytes that sees one car in every picture."""
    output = yolox_output()
    output[0, 9, :5] = (0.5, 0.5, 1.0, 1.0, score)
    output[0, 9, 5 + 2] = 1.0
    folder.mkdir(exist_ok=True)
    return constant_model(folder / "tiny.onnx", {"output": output})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared data folder, which the commands find."""
    folder = tmp_path / "data"
    open_site(load_settings(data_dir=folder), prepare=True).close()
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(folder))
    return folder


def said(*command: str) -> str:
    """What a command of ``itscam models`` prints."""
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.exception
    return " ".join(done.stdout.split())


def test_a_model_s_life(site: Path, tmp_path: Path) -> None:
    Catalogue.shipped().add(tiny(tmp_path / "new"), site / "models", "tiny", "yolox", ["coco"])
    registered = said("register", "tiny", "--notes", "smaller")
    assert registered == "registered tiny:1: yolox, 3 golden pictures"
    assert "on trial: tiny:1 at 50 %, by hand" in said("rollout", "tiny", "--percent", "50")
    assert "tiny:1 at 50 %, by itself, 60 s a stage" in said(
        "rollout", "tiny:1", "--auto", "--hold", "60"
    )
    assert "champion: tiny:1; previous: configured" in said("promote")
    assert "smaller" in said("versions")
    back = said("rollback", "--reason", "misses [bikes]")
    assert "champion: configured" in back
    assert "last trial: rolled_back: misses [bikes]" in back
    opened = open_site(load_settings(data_dir=site))
    actions = [entry.action for entry in AuditLog(opened.database).find(limit=5)]
    opened.close()
    assert actions == [
        "model_rolled_back",
        "model_promoted",
        "model_trial",
        "model_trial",
        "model_registered",
    ]


def test_the_commands_are_there(tmp_path: Path) -> None:
    done = itscam(tmp_path / "nothing", "models", "versions")
    assert done.returncode == 2
    assert "itscam up" in done.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param(["register", "no-such-model"], "no model 'no-such-model'", id="unknown"),
        pytest.param(["register", "tiny", "--input", "huge"], "640x384", id="no size"),
        pytest.param(["rollout", "tiny"], "No registered model", id="not registered"),
        pytest.param(["promote"], "No model is on trial", id="nothing on trial"),
        pytest.param(["rollback"], "nothing to roll back", id="nothing to take back"),
    ],
)
def test_what_can_t_be_done(site: Path, command: list[str], says: str) -> None:
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, UserError)
    assert says in str(done.exception)
