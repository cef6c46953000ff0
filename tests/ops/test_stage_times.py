"""CPU time by stage."""

import time

import pytest

from its_camera_ai.ops.stage_times import StageTimes


def _work(cpu_s: float) -> None:
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


def _work_then_fail() -> None:
    _work(0.003)
    raise ValueError("torn")


def test_a_stage_is_booked_also_when_it_raises() -> None:
    stages = StageTimes()
    with stages.stage("decode"):
        _work(0.002)
    with pytest.raises(ValueError, match="torn"), stages.stage("decode"):
        _work_then_fail()
    assert stages.snapshot()["decode"] >= 0.005


def test_stages_that_follow_each_other_share_no_time() -> None:
    stages = StageTimes()
    since_s = time.thread_time()
    _work(0.002)
    since_s = stages.add("convert", since_s)
    stages.add("plan", since_s)
    assert stages.snapshot()["plan"] < stages.snapshot()["convert"]
