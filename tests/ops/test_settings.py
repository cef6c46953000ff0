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


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"WARM_STORE": "nas/footage"}, "WARM_STORE", id="a relative folder"),
        pytest.param({"WARM_STORE": "/"}, "WARM_STORE", id="the root"),
        pytest.param({"WARM_STORE": "/mnt/../etc"}, "WARM_STORE", id="a way up"),
        pytest.param({"WARM_STORE": "s3://x"}, "WARM_STORE", id="too short a bucket"),
        pytest.param({"WARM_STORE": "s3://Footage"}, "WARM_STORE", id="capitals"),
        pytest.param({"WARM_STORE": "s3://footage/a//b"}, "WARM_STORE", id="an empty part"),
        pytest.param({"WARM_STORE": "s3://footage/../b"}, "WARM_STORE", id="dots"),
        pytest.param({"WARM_STORE": "https://host/x"}, "WARM_STORE", id="another scheme"),
        pytest.param(
            {"WARM_STORE": "/site/media/warm", "MEDIA_DIR": "/site/media"},
            "WARM_STORE",
            id="in the recordings",
        ),
        pytest.param(
            {"COLD_STORE": "/site", "MEDIA_DIR": "/site/media"}, "COLD_STORE", id="around them"
        ),
        pytest.param(
            {"WARM_STORE": "s3://footage/x", "COLD_STORE": "s3://footage/x"},
            "COLD_STORE",
            id="both the same",
        ),
        pytest.param({"COLD_CLASS": "GLACIER"}, "COLD_CLASS", id="a class without a bucket"),
        pytest.param(
            {"COLD_STORE": "s3://footage", "COLD_CLASS": "FROZEN"}, "COLD_CLASS", id="no class"
        ),
        pytest.param({"S3_ENDPOINT": "ftp://host"}, "S3_ENDPOINT", id="scheme"),
        pytest.param({"S3_ENDPOINT": "https://canary@host"}, "S3_ENDPOINT", id="a user in it"),
        pytest.param({"S3_ENDPOINT": "https://host/path"}, "S3_ENDPOINT", id="a path in it"),
        pytest.param({"S3_REGION": "eu west"}, "S3_REGION", id="region"),
        pytest.param({"S3_ACCESS_KEY": "canary"}, "S3_SECRET_KEY", id="no secret key"),
        pytest.param({"S3_SECRET_KEY": "canary"}, "S3_SECRET_KEY", id="no access key"),
    ],
)
def test_tiers_that_can_not_be(
    given: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"ITSCAM_{name}", value)
    with pytest.raises(ConfigInvalid, match=f"ITSCAM_{named}") as caught:
        load_settings()
    assert "canary" not in str(caught.value)


def test_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "WARM_STORE": "/mnt/nas/footage",
        "COLD_STORE": "s3://footage/site-1/",
        "COLD_CLASS": "DEEP_ARCHIVE",
        "S3_ENDPOINT": "https://s3.example:9000/",
        "S3_ACCESS_KEY": "canary-key",
        "S3_SECRET_KEY": "canary-secret",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"ITSCAM_{name}", value)
    settings = load_settings()
    assert settings.s3_endpoint == "https://s3.example:9000"
    assert settings.cold_class.needs_restore
    assert "canary" not in repr(settings)
    assert "canary" not in settings.model_dump_json()
