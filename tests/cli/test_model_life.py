"""``itscam models register`` to ``rollback`` as an operator uses them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from its_camera_ai.bootstrap import open_site
from its_camera_ai.cli.model_life import app
from its_camera_ai.core.errors import UserError
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.audit import AuditLog
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
def site(tmp_path: Path) -> Path:
    """A prepared data folder, with a small model of the user's own added."""
    folder = tmp_path / "data"
    open_site(load_settings(data_dir=folder), prepare=True).close()
    added = itscam(
        folder, "models", "add", str(tiny(tmp_path / "new")), "--name", "tiny",
        "--family", "yolox", "--classes", "coco",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    return folder


def test_a_model_s_life(site: Path, tmp_path: Path) -> None:
    registered = itscam(site, "models", "register", "tiny", "--notes", "smaller")
    assert registered.stdout == "registered tiny:1: yolox, 3 golden pictures\n", registered.stderr
    assert itscam(site, "models", "register", "tiny").returncode == 2
    started = itscam(site, "models", "rollout", "tiny", "--percent", "50")
    assert "on trial: tiny:1 at 50 %, by hand" in started.stdout
    promoted = itscam(site, "models", "promote")
    assert "champion: tiny:1; previous: configured" in promoted.stdout
    listed = itscam(site, "models", "versions").stdout
    assert "champion" in listed
    assert "smaller" in listed
    back = itscam(site, "models", "rollback", "--reason", "misses [bikes]")
    assert "champion: configured" in back.stdout
    assert "last trial: rolled_back: misses [bikes]" in back.stdout
    opened = open_site(load_settings(data_dir=site))
    actions = [entry.action for entry in AuditLog(opened.database).find(limit=4)]
    opened.close()
    assert actions == ["model_rolled_back", "model_promoted", "model_trial", "model_registered"]


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
def test_what_can_t_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], says: str
) -> None:
    open_site(load_settings(data_dir=tmp_path), prepare=True).close()
    monkeypatch.setenv("ITSCAM_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, UserError)
    assert says in str(done.exception)
