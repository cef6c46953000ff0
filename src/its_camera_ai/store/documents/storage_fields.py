"""What may stand in the ``storage:`` section of the site file, and in the API's storage policy."""

from typing import Annotated, Literal

from pydantic import Field, create_model

from its_camera_ai.core.retention_matrix import DAYS_MAX, MATRIX
from its_camera_ai.core.storage_policy import BYTES_MAX, CAMERAS_MAX, STEPS_MAX
from its_camera_ai.store.documents.section import Section

Days = Annotated[float, Field(ge=0, le=DAYS_MAX, allow_inf_nan=False)]
Bytes = Annotated[int, Field(gt=0, le=BYTES_MAX)]
BytesPerSecond = Annotated[int, Field(ge=0, le=100_000_000_000)]


class KeepFields(Section):
    """How long one class of data is kept. What is left out is as in the matrix of
    `docs/retention.md`."""

    keep_days: Days | None = Field(
        default=None,
        description="Days; `null` keeps it until somebody deletes it. For `object_video`, "
        "`motion_video` and `quiet_video`, `null` means as `raw_video`.",
    )
    archive_first: bool | None = Field(
        default=None,
        description="After `keep_days` it is not deleted yet, but lies in the archive for "
        "`archive_days` more: recordings in the cold tier, the audit log in the archive folder.",
    )
    archive_days: Days | None = Field(default=None, description="Days in the archive.")
    then: Literal["delete", "anonymise", "aggregate"] | None = Field(
        default=None,
        description="What ends it. `anonymise` and `aggregate` (only the numbers of each hour "
        "stay) are for `detection_metadata`.",
    )
    without_archive: Literal["delete", "keep"] | None = Field(
        default=None,
        description="What happens to recordings after `keep_days` on a site without a cold tier: "
        "`delete`, or `keep` them where they are for `archive_days`.",
    )


RetentionFields = create_model(
    "RetentionFields",
    __base__=Section,
    __doc__="Rules by class of data; a class that is left out has its default.",
    **{  # type: ignore[call-overload]  # the names are those of the matrix
        row.data_class.value: (
            KeepFields,
            Field(default_factory=KeepFields, description=f"{row.title}."),
        )
        for row in MATRIX
    },
)


class QuotaFields(Section):
    """How much may be recorded. What is beyond goes, the oldest first; what is held stays."""

    max_bytes: Bytes | None = Field(
        default=None, description="Bytes on all tiers; without it there is no limit."
    )
    max_days: Annotated[float, Field(gt=0, le=DAYS_MAX, allow_inf_nan=False)] | None = Field(
        default=None, description="Age of the oldest; without it there is no limit."
    )


class TierFields(Section):
    """When recordings go to slower storage, where the site has any."""

    warm_after_days: Days | None = Field(
        default=7.0, description="Age at which they go to the warm tier; `null` is never."
    )
    cold_after_days: Days | None = Field(
        default=90.0,
        description="Age at which they go to the cold tier; `null` is never. Recordings that are "
        "archived first go there after their `keep_days` at the latest.",
    )
    hot_max_bytes: Bytes | None = Field(
        default=None, description="Beyond this the oldest go to the warm tier earlier."
    )
    move_bytes_per_s: BytesPerSecond = Field(
        default=50_000_000, description="The mover reads no faster."
    )
    move_held: bool = Field(
        default=False,
        description="Whether held recordings move too; never to an archive that must be restored.",
    )


class StepFields(Section):
    """An age at which recordings are encoded anew. Nothing that is held, exported, bookmarked with
    a note, or part of an incident is ever touched."""

    after_days: Annotated[float, Field(gt=0, le=DAYS_MAX, allow_inf_nan=False)] = Field(
        description="Age of a recording, in days."
    )
    codec: Literal["av1", "h265"] = Field(default="av1", description="What it becomes.")
    crf: int = Field(
        default=38,
        ge=0,
        le=63,
        description="Constant rate factor, 0–63 for AV1, 0–51 for H.265; more is smaller.",
    )
    preset: int = Field(
        default=10,
        ge=0,
        le=13,
        description="Speed of the encoder: 0–13 for AV1, 0–9 for H.265; more is faster and larger.",
    )
    min_saving: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = Field(
        default=0.2, description="The new file is kept only if it is smaller by this share, 0–1."
    )


class CompressionFields(Section):
    """Compression by age; off without steps."""

    steps: list[StepFields] = Field(
        default_factory=list,
        max_length=STEPS_MAX,
        description="By rising age; the last one that a recording is old enough for counts.",
    )
    start_hour: int = Field(
        default=1, ge=0, le=23, description="Local hour at which the nightly work begins."
    )
    window_h: Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)] = Field(
        default=4.0, description="Hours that it may take."
    )
    parallelism: int = Field(default=1, ge=1, le=64, description="Recordings at a time.")
    niceness: int = Field(
        default=19, ge=0, le=19, description="How much its threads step back for all others."
    )
    ssim_min: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = Field(
        default=0.9,
        description="How similar sampled pictures must be to the original's (SSIM), 0–1.",
    )


class StorageFields(Section):
    """How long data is kept, how much of it, where and how small. Without this section in the site
    file the policy stays as it is; `storage: {}` brings the defaults back."""

    retention: RetentionFields = Field(  # type: ignore[valid-type]  # made from the matrix
        default_factory=RetentionFields, description="How long each class of data is kept."
    )
    total: QuotaFields = Field(
        default_factory=QuotaFields, description="Quota of all cameras together."
    )
    cameras: dict[str, QuotaFields] = Field(
        default_factory=dict,
        max_length=CAMERAS_MAX,
        description="Quotas of single cameras, by id.",
    )
    tiers: TierFields = Field(
        default_factory=TierFields, description="When recordings go to slower storage."
    )
    compression: CompressionFields = Field(
        default_factory=CompressionFields, description="Compression of old recordings."
    )
    scrub_bytes_per_s: BytesPerSecond = Field(
        default=8_000_000,
        description="The search for damaged recordings reads no faster; 0 switches it off.",
    )
