"""The example rules for buckets agree with the policy: deletion is never left to a bucket."""

import json
from pathlib import Path
from typing import Any

from its_camera_ai.core.retention_matrix import ROWS, DataClass
from its_camera_ai.core.storage_policy import TierPolicy
from its_camera_ai.store.s3_access import StorageClass

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/s3"
PLAN_DAYS = {
    StorageClass.INTELLIGENT_TIERING: 7,
    StorageClass.GLACIER_IR: 90,
    StorageClass.DEEP_ARCHIVE: 365,
}
PLAN_END_DAYS = 2555


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "lifecycle.json").read_text())["Rules"]
    return found


def test_recordings_get_cheaper_at_the_ages_of_the_plan() -> None:
    transitions = [t for rule in rules() for t in rule.get("Transitions", [])]
    assert {StorageClass(t["StorageClass"]): t["Days"] for t in transitions} == PLAN_DAYS


def test_the_ages_are_those_of_the_tiers() -> None:
    tiers = TierPolicy()
    assert tiers.warm_after_days == PLAN_DAYS[StorageClass.INTELLIGENT_TIERING]
    assert tiers.cold_after_days == PLAN_DAYS[StorageClass.GLACIER_IR]


def test_no_rule_deletes_recordings() -> None:
    for rule in rules():
        assert set(rule.get("Expiration", {})) <= {"ExpiredObjectDeleteMarker"}


def test_uploads_that_were_cut_off_are_removed() -> None:
    found = [rule.get("AbortIncompleteMultipartUpload") for rule in rules()]
    assert {"DaysAfterInitiation": 2} in found


def test_the_page_says_how_long_the_policy_must_keep_them() -> None:
    keep = ROWS[DataClass.RAW_VIDEO].default.keep_days
    assert keep is not None
    page = (ROOT / "docs/storage-tiers.md").read_text()
    assert f"`keep_days: {keep:g}` and `archive_days: {PLAN_END_DAYS - keep:g}`" in page


def test_the_rights_are_those_that_the_store_uses() -> None:
    statements = json.loads((FOLDER / "rights.json").read_text())["Statement"]
    given = [statement["Action"] for statement in statements]
    actions = {a for some in given for a in ([some] if isinstance(some, str) else some)}
    assert actions == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
    }
