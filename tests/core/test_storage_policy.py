"""The storage policy: what it takes and refuses, and the matrix that its defaults come from."""

from collections.abc import Callable

import pytest

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.retention_matrix import (
    MATRIX,
    DataClass,
    EndOfLife,
    RetentionRule,
    video_class,
)
from its_camera_ai.core.storage_policy import (
    CompressionCodec,
    CompressionPolicy,
    CompressionStep,
    Quota,
    StoragePolicy,
    TierPolicy,
)

RAW = DataClass.RAW_VIDEO


def test_every_class_has_one_row_and_its_default_is_allowed() -> None:
    assert [row.data_class for row in MATRIX] == list(DataClass)
    for row in MATRIX:
        row.check(row.default)


@pytest.mark.parametrize(
    ("data_class", "keep_days", "total_days", "then"),
    [
        (RAW, 90, 270, EndOfLife.DELETE),
        (DataClass.EVENT_CLIPS, 365, 365 + 730, EndOfLife.DELETE),
        (DataClass.DETECTION_METADATA, 365, 365, EndOfLife.ANONYMISE),
        (DataClass.AUDIT_LOGS, 365, 365 + 2190, EndOfLife.DELETE),
        (DataClass.SYSTEM_LOGS, 90, 90, EndOfLife.DELETE),
        (DataClass.ACCESS_LOGS, 90, 90, EndOfLife.DELETE),
        (DataClass.ALERTS, 730, 730, EndOfLife.DELETE),
        (DataClass.CONFIG_HISTORY, 730, 730, EndOfLife.DELETE),
        (DataClass.TEMP_FILES, 1, 1, EndOfLife.DELETE),
        (DataClass.BACKUPS, 7 * 365, 7 * 365, EndOfLife.DELETE),
        (DataClass.ENROLLED_EMBEDDINGS, None, None, EndOfLife.DELETE),
        (DataClass.DETECTED_EMBEDDINGS, 0, 0, EndOfLife.DELETE),
        (DataClass.TRAINING_DATA, None, None, EndOfLife.DELETE),
    ],
)
def test_the_defaults_are_those_of_the_required_matrix(
    data_class: DataClass, keep_days: float | None, total_days: float | None, then: EndOfLife
) -> None:
    rule = StoragePolicy().rule(data_class)
    assert (rule.keep_days, rule.total_days, rule.then) == (keep_days, total_days, then)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        pytest.param(lambda: RetentionRule(-1), "keep_days", id="negative days"),
        pytest.param(lambda: RetentionRule(1, archive_days=2), "archive_first", id="no archive"),
        pytest.param(
            lambda: StoragePolicy({DataClass.AUDIT_LOGS: RetentionRule(30)}),
            "at least 365 days",
            id="audit log too short",
        ),
        pytest.param(
            lambda: StoragePolicy({RAW: RetentionRule(30, then=EndOfLife.ANONYMISE)}),
            "'then' must be delete",
            id="video can't be anonymised",
        ),
        pytest.param(
            lambda: StoragePolicy({DataClass.EXPORTS: RetentionRule(3, archive_first=True)}),
            "archived first",
            id="no archive for this class",
        ),
        pytest.param(
            lambda: StoragePolicy({DataClass.QUIET_VIDEO: RetentionRule(91)}),
            "not be more than that of raw_video",
            id="quiet longer than any",
        ),
        pytest.param(lambda: Quota(max_bytes=0), "max_bytes", id="no bytes"),
        pytest.param(lambda: Quota(max_days=0), "max_days", id="no days"),
        pytest.param(lambda: TierPolicy(10, 5), "cold_after_days", id="cold before warm"),
        pytest.param(lambda: TierPolicy(move_bytes_per_s=1), "from 10000", id="no move"),
        pytest.param(
            lambda: CompressionPolicy((CompressionStep(7), CompressionStep(7))),
            "greater after_days",
            id="steps out of order",
        ),
        pytest.param(
            lambda: CompressionStep(7, CompressionCodec.H265, crf=60), "0 to 51", id="crf of x265"
        ),
        pytest.param(lambda: CompressionStep(7, min_saving=1), "min_saving", id="saves it all"),
        pytest.param(lambda: CompressionPolicy(window_h=0), "window_h", id="no window"),
        pytest.param(lambda: StoragePolicy(scrub_bytes_per_s=1), "scrub", id="endless scrub"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], object], found: str) -> None:
    with pytest.raises(ConfigInvalid, match=found):
        make()


def test_what_is_archived_first_reaches_the_archive_in_time() -> None:
    archived = StoragePolicy({RAW: RetentionRule(5, archive_first=True, archive_days=9)})
    assert (archived.tiers.warm_after_days, archived.tiers.cold_after_days) == (5, 5)
    plain = StoragePolicy({RAW: RetentionRule(5)})
    assert (plain.tiers.warm_after_days, plain.tiers.cold_after_days) == (7, 90)


@pytest.mark.parametrize(
    ("activity", "found"),
    [
        pytest.param(None, RAW, id="nobody saw it"),
        pytest.param(SegmentActivity(0, 9, 8, 0, {}, b""), RAW, id="a second was not seen"),
        pytest.param(
            SegmentActivity(0, 9, 9, 2, {}, b"", unlooked_s=1),
            RAW,
            id="nobody looked at the motion",
        ),
        pytest.param(
            SegmentActivity(0, 9, 9, 2, {"car": 1}, b""), DataClass.OBJECT_VIDEO, id="a car"
        ),
        pytest.param(SegmentActivity(0, 9, 9, 2, {}, b""), DataClass.MOTION_VIDEO, id="motion"),
        pytest.param(SegmentActivity(0, 9, 9, 0, {}, b""), DataClass.QUIET_VIDEO, id="quiet"),
    ],
)
def test_a_recording_is_of_the_class_of_what_was_seen(
    activity: SegmentActivity | None, found: DataClass
) -> None:
    assert video_class(activity) is found
