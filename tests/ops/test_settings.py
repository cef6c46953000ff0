"""Settings: typed, bounded, and clear about what is wrong without repeating it."""

from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.settings import Settings, load_settings, parse_size


def test_defaults_live_in_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert settings.run == tmp_path / "run"
    assert settings.media == tmp_path / "media"
    assert settings.database == f"sqlite:///{tmp_path / 'itscam.db'}"
    assert settings.http_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "0"),
        ("HTTP_PORT", "eighty"),
        ("SEGMENT_S", "1"),
        ("MODEL_INPUT", "640"),
        ("MODEL_INPUT", "0x0"),
        ("METRICS_TOKEN", "canary"),
        ("LOG_LEVEL", "loud"),
        ("VISION_PROCESSES", "-1"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ITSCAM_{name}", value)
    with pytest.raises(ConfigInvalid) as caught:
        load_settings()
    assert f"ITSCAM_{name}" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSCAM_HTPT_PORT", "81")
    with pytest.raises(ConfigInvalid, match="ITSCAM_HTPT_PORT"):
        load_settings()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_token_does_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSCAM_METRICS_TOKEN", "canary-0123456789abcdef")
    assert "canary" not in repr(load_settings())


def test_sizes() -> None:
    assert parse_size("640x384") == (640, 384)
    assert parse_size("") is None
