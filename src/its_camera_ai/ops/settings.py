"""Process settings from the environment. The state of the site is in the database, not here."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.s3_access import StorageClass
from its_camera_ai.store.tier_place import check_endpoint, parse_place


class Settings(BaseSettings):
    """Read from ``ITSCAM_…`` variables; anything unknown or out of bounds is refused."""

    model_config = SettingsConfigDict(env_prefix="ITSCAM_", extra="forbid", frozen=True)

    data_dir: Path = Field(
        Path("itscam-data"), description="Folder of the database, recordings, keys and sockets."
    )
    run_dir: Path | None = Field(
        None, description="Folder of the local sockets; `run` in the data folder if not set."
    )
    media_dir: Path | None = Field(
        None, description="Folder of the recordings; `media` in the data folder if not set."
    )
    exports_dir: Path | None = Field(
        None,
        description="Folder of exports; `exports` in the data folder if not set. On a disk that "
        "recordings fill, exports wait for room.",
    )
    site_name: str = Field(
        "",
        max_length=100,
        description="Name of the site in the manifests of exports; the machine's name if not set.",
    )
    models_dir: Path | None = Field(
        None, description="Folder of detector models; `models` in the data folder if not set."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; SQLite in the data folder if not set."
    )
    http_host: str = Field("127.0.0.1", description="Address that the dashboard listens on.")
    http_port: int = Field(8080, ge=1, le=65535, description="Port of the dashboard and the API.")
    cookie_secure: bool = Field(
        False, description="Set behind HTTPS: session cookies are then sent over HTTPS only."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Further origins that may open WebSockets, as a JSON list."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token with which Prometheus may read /metrics; ≥ 16 characters."
    )
    model: str = Field(
        "auto",
        description="Detector: a catalogue name, a path, or `auto` (the recommended model if its "
        "file is there, else the embedded moving-object detector).",
    )
    model_input: str = Field("", description="Input size of the detector as WxH, if not its own.")
    inference_runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        "auto",
        description="What runs the detector's network; `auto` is what was measured to be best on "
        "this machine, else ONNX Runtime. OpenVINO needs the extra `openvino`.",
    )
    inference_device: Literal["auto", "cpu", "cuda", "tensorrt"] = Field(
        "auto",
        description="Where it runs; `auto` is a CUDA GPU if ONNX Runtime can use one, else the "
        "CPU. TensorRT is taken only by name, as it builds an engine for minutes.",
    )
    vision_processes: int = Field(
        0, ge=0, le=64, description="Vision processes; 0 = one for every four cores."
    )
    detector_threads: int = Field(
        0, ge=0, le=64, description="Detector threads in each; 0 = the cores of its share."
    )
    batch_max: int = Field(
        0,
        ge=0,
        le=64,
        description="Areas of several cameras that go through the network together; 0 = as many as "
        "was measured to be fastest, 1 = one at a time.",
    )
    batch_wait_ms: float = Field(
        5.0, ge=0, le=100, description="Milliseconds that a look waits for company at the most."
    )
    full_look_s: float = Field(
        2.0,
        ge=0,
        le=60,
        description="Whole pictures are looked at this often at the least, in between the parts "
        "where something moves; 0 = always whole pictures.",
    )
    object_min_px: float = Field(
        16.0,
        ge=4,
        le=1000,
        description="Height of the smallest wanted object in pixels of the picture looked at; "
        "parts of pictures are looked at finely enough for it.",
    )
    segment_s: float = Field(
        20.0, ge=2, le=600, description="A new recording file begins after so many seconds."
    )
    storage_reserve: str = Field(
        "",
        description="Free space that recording keeps on its disk by removing the oldest recordings "
        "that nothing protects: `5%`, `800M`, `20G`. If not set: 2 % of the disk or what all "
        "cameras write in a minute, whichever is more, and never more than a fifth of the disk.",
    )
    warm_store: str = Field(
        "",
        description="Where older recordings go: a folder on another disk or share, or "
        "`s3://bucket/prefix`; nowhere if not set.",
    )
    cold_store: str = Field(
        "", description="Where the oldest go, written likewise; nowhere if not set."
    )
    cold_class: StorageClass = Field(
        StorageClass.STANDARD,
        description="Storage class of objects in a bucket of the cold tier. GLACIER and "
        "DEEP_ARCHIVE must be restored, for hours, before they can be played.",
    )
    s3_endpoint: str = Field(
        "", description="`https://host[:port]` of an S3 service that is not Amazon's."
    )
    s3_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for a service with a CA of its own."
    )
    s3_region: str = Field(
        "", pattern=r"^[a-z0-9-]{0,64}$", description="Region of the buckets, as `eu-central-1`."
    )
    s3_access_key: SecretStr | None = Field(
        None,
        description="Access key; without it the usual AWS environment is used (variables, web "
        "identity, container or instance role).",
    )
    s3_secret_key: SecretStr | None = Field(
        None, validate_default=True, description="Secret key that belongs to it."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto` is console on a terminal, else JSON."
    )

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters, e.g. from 'openssl rand -hex 16'")
        return token

    @field_validator("warm_store", "cold_store")
    @classmethod
    def _place(cls, text: str, info: ValidationInfo) -> str:
        if not text:
            return text
        place = parse_place(text)
        if text == info.data.get("warm_store"):
            raise ValueError("must be another place than that of the warm tier")
        data = Path(info.data.get("data_dir", ".")).absolute()
        media = Path(info.data.get("media_dir") or data / "media").absolute()
        if isinstance(place, Path) and (place.is_relative_to(media) or media.is_relative_to(place)):
            raise ValueError("must not lie in the folder of the recordings, nor that one in it")
        return text

    @field_validator("cold_class")
    @classmethod
    def _only_buckets_have_classes(cls, wanted: StorageClass, info: ValidationInfo) -> StorageClass:
        in_bucket = str(info.data.get("cold_store", "")).startswith("s3://")
        if wanted is not StorageClass.STANDARD and not in_bucket:
            raise ValueError("needs a cold tier in a bucket; set ITSCAM_COLD_STORE to s3://…")
        return wanted

    @field_validator("s3_endpoint")
    @classmethod
    def _endpoint(cls, text: str) -> str:
        check_endpoint(text)
        return text.rstrip("/")

    @field_validator("s3_secret_key")
    @classmethod
    def _both_keys_or_none(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (secret is None) != (info.data.get("s3_access_key") is None):
            raise ValueError("must be set together with ITSCAM_S3_ACCESS_KEY, or neither of them")
        return secret

    @field_validator("model_input")
    @classmethod
    def _size(cls, text: str) -> str:
        parse_size(text)
        return text

    @property
    def run(self) -> Path:
        return (self.run_dir or self.data_dir / "run").absolute()

    @property
    def media(self) -> Path:
        return (self.media_dir or self.data_dir / "media").absolute()

    @property
    def exports(self) -> Path:
        return (self.exports_dir or self.data_dir / "exports").absolute()

    @property
    def models(self) -> Path:
        return (self.models_dir or self.data_dir / "models").absolute()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'itscam.db').absolute()}"

    @property
    def key_file(self) -> Path:
        return (self.data_dir / "vault.key").absolute()

    @property
    def vision_workers(self) -> int:
        return self.vision_processes or max(1, (os.cpu_count() or 1) // 4)

    @property
    def detector_workers(self) -> int:
        return self.detector_threads or max(1, (os.cpu_count() or 1) // self.vision_workers)


def parse_size(text: str) -> tuple[int, int] | None:
    """``640x384`` → (640, 384); None for an empty text.

    Raises:
        ValueError: not of that form.
    """
    if not text:
        return None
    width, cross, height = text.lower().partition("x")
    if not cross or not width.isdigit() or not height.isdigit() or "0" in (width, height):
        raise ValueError("must look like 640x384 (width x height in pixels)")
    return int(width), int(height)


def quiet_encoders() -> None:
    """Keep SVT-AV1 from printing a banner for each file; its environment variable is the only way,
    and it is read when the first encoder is made."""
    os.environ.setdefault("SVT_LOG", "1")  # errors


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with command-line options on top.

    Raises:
        ConfigInvalid: naming each variable that is wrong, never its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    known = {f"ITSCAM_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith("ITSCAM_")
        and name not in known
        and not name.startswith(("ITSCAM_TEST_", "ITSCAM_REQUIRE_"))
    )
    if unknown:
        raise ConfigInvalid(
            f"Unknown setting {', '.join(unknown)}; the settings are listed in "
            "docs/reference/settings.md. Unset it or correct its name."
        )
    try:
        return Settings(**given)  # type: ignore[arg-type]  # checked by pydantic at run time
    except ValidationError as error:
        lines = [
            f"ITSCAM_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigInvalid("Settings can't be used. " + "; ".join(lines)) from None
