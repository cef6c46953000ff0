"""The ``storage:`` section: what it takes, where it is wrong, and that it is written back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.retention_matrix import (
    DataClass,
    EndOfLife,
    RetentionRule,
    WithoutArchive,
)
from its_camera_ai.core.storage_policy import (
    CompressionCodec,
    CompressionPolicy,
    CompressionStep,
    Quota,
    StoragePolicy,
    TierPolicy,
)
from its_camera_ai.store.documents.site import export_site, load_site

FULL = """\
cameras: []
storage:
  retention:
    raw_video: {keep_days: 60, archive_first: false}
    quiet_video: {keep_days: 7}
    exports: {keep_days: null}
    detection_metadata: {keep_days: 30, then: delete}
  total: {max_bytes: 4000000000000}
  cameras:
    gate: {max_days: 3.5}
    max_days: {max_bytes: 10}
  tiers: {warm_after_days: 2}
  compression:
    steps:
      - {after_days: 7, crf: 40}
      - {after_days: 30, codec: h265, crf: 30, preset: 3, min_saving: 0.3}
    niceness: 3
  scrub_bytes_per_s: 0
"""


def test_a_full_section() -> None:
    policy = load_site(FULL).storage
    assert policy == StoragePolicy(
        {
            DataClass.RAW_VIDEO: RetentionRule(60),
            DataClass.QUIET_VIDEO: RetentionRule(7),
            DataClass.EXPORTS: RetentionRule(None),
            DataClass.DETECTION_METADATA: RetentionRule(30, then=EndOfLife.DELETE),
        },
        Quota(max_bytes=4 * 10**12),
        {"gate": Quota(max_days=3.5), "max_days": Quota(max_bytes=10)},
        TierPolicy(warm_after_days=2),
        CompressionPolicy(
            (
                CompressionStep(7, crf=40),
                CompressionStep(30, CompressionCodec.H265, 30, 3, 0.3),
            ),
            niceness=3,
        ),
        0,
    )


def test_a_file_without_the_section_says_nothing_and_an_empty_one_means_the_defaults() -> None:
    assert load_site("cameras: []").storage is None
    assert load_site("cameras: []\nstorage: {}").storage == StoragePolicy()


@pytest.mark.parametrize(
    ("section", "found"),
    [
        pytest.param("{totl: {}}", "1:25: storage.totl: unknown key 'totl', did you mean 'total'?"),
        pytest.param(
            "{retention: {raw: {keep_days: 1}}}", "storage.retention.raw: unknown key 'raw'"
        ),
        pytest.param(
            "{retention: {raw_video: {keep_day: 1}}}",
            "1:49: storage.retention.raw_video.keep_day: unknown key 'keep_day', did you mean",
        ),
        pytest.param(
            "{cameras: {gate: {max_byte: 1}}}",
            "1:42: storage.cameras.gate.max_byte: unknown key 'max_byte', did you mean 'max_bytes'",
        ),
        pytest.param(
            "{total: {max_bytes: 0}}", "storage.total.max_bytes: must be greater than 0"
        ),
        pytest.param(
            "{retention: {audit_logs: {keep_days: 9, archive_first: false}}}",
            "1:49: storage.retention.audit_logs: audit_logs: must be kept for at least 365 days",
        ),
        pytest.param("{cameras: {Gate: {}}}", "storage.cameras.Gate: Camera id 'Gate'"),
        pytest.param(
            "{compression: {steps: [{after_days: 2}, {after_days: 1}]}}",
            "1:38: storage.compression: compression: up to 8 steps, each with a greater",
        ),
        pytest.param(
            "{compression: {steps: [{after_days: 2, codec: h265, crf: 60}]}}",
            "1:47: storage.compression.steps[0]: compression: crf of h265",
        ),
        pytest.param("{tiers: {warm_after_days: 9, cold_after_days: 2}}", "1:32: storage.tiers: "),
        pytest.param(
            "{retention: {quiet_video: {keep_days: 95}}}",
            "1:24: storage: quiet_video: keep_days must not be more than that of raw_video",
        ),
        pytest.param("[]", "1:24: storage: must be a mapping of keys and values"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(section: str, found: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_site(f"{{cameras: [], storage: {section}}}")
    assert found in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_export_holds_only_what_differs() -> None:
    policy = load_site(FULL).storage
    assert policy is not None
    text = export_site([], storage=policy)
    assert load_site(text).storage == policy
    assert "alerts" not in text
    assert export_site([], storage=StoragePolicy()) == "cameras: []\n"


days = st.floats(0.1, 90).map(lambda value: round(value, 3))
rules = st.fixed_dictionaries(
    {},
    optional={
        DataClass.RAW_VIDEO: st.builds(
            RetentionRule, st.just(90.0), without_archive=st.sampled_from(WithoutArchive)
        ),
        DataClass.MOTION_VIDEO: st.builds(RetentionRule, st.none() | days),
        DataClass.DETECTION_METADATA: st.builds(
            RetentionRule,
            st.none() | days,
            then=st.sampled_from([EndOfLife.ANONYMISE, EndOfLife.DELETE]),
        ),
        DataClass.AUDIT_LOGS: st.builds(
            RetentionRule,
            st.just(365.0),
            archive_first=st.just(True),
            archive_days=days,
        ),
    },
)
quotas = st.builds(
    Quota, max_bytes=st.none() | st.integers(1, 2**60), max_days=st.none() | days
).filter(lambda quota: quota != Quota())
steps = st.lists(
    st.builds(
        CompressionStep,
        days,
        st.sampled_from(CompressionCodec),
        st.integers(0, 51),
        st.integers(0, 9),
        st.floats(0.01, 0.99),
    ),
    max_size=3,
    unique_by=lambda step: step.after_days,
).map(lambda found: tuple(sorted(found, key=lambda step: step.after_days)))
policies = st.builds(
    StoragePolicy,
    rules,
    quotas | st.just(Quota()),
    st.dictionaries(st.sampled_from(["gate", "null", "1", "yes"]), quotas),
    st.builds(TierPolicy, st.none() | st.just(1.0), st.none() | st.just(80.0)),
    st.builds(CompressionPolicy, steps, start_hour=st.integers(0, 23)),
)


@given(policies)
def test_what_is_exported_loads_to_the_same(policy: StoragePolicy) -> None:
    loaded = load_site(export_site([], storage=policy)).storage
    assert (loaded or StoragePolicy()) == policy
