from pathlib import Path

import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.footage import FootageByAge, named_start_ns
from its_camera_ai.store.disk import RealDisk
from tests.recorder.footage_support import START_NS, STEP_NS, plant

GOOD = "22-13-20-123_00000000abcd.mp4"


@pytest.mark.parametrize(
    ("day", "name", "known"),
    [
        pytest.param("2023-11-14", GOOD, True, id="ours"),
        pytest.param("2023-11-14", GOOD.replace(".mp4", ".av1.mp4"), True, id="compressed"),
        pytest.param("2023-02-30", GOOD, False, id="no such day"),
        pytest.param("2023-11-14", GOOD.replace("22-13", "25-13"), False, id="no such hour"),
        pytest.param(".open", GOOD, False, id="in the making"),
        pytest.param("2023-11-14", GOOD + ".part", False, id="a part"),
        pytest.param("2023-11-14", "letter.mp4", False, id="not ours"),
        pytest.param("2023-11-14", "." + GOOD, False, id="a draft"),
        pytest.param("2023-11-1４", GOOD, False, id="other digits"),
    ],
)
def test_names(day: str, name: str, known: bool) -> None:
    assert (named_start_ns(day, name) is not None) is known


def test_oldest_first_over_all_cameras_and_days(tmp_path: Path) -> None:
    day_ns = 86_400 * NS_PER_S
    wanted = [
        (START_NS - day_ns, "b"),
        (START_NS, "a"),
        (START_NS + STEP_NS, "b"),
        (START_NS + 2 * STEP_NS, "a"),
        (START_NS + day_ns, "b"),
    ]
    for start_ns, camera in reversed(wanted):
        plant(tmp_path, camera, start_ns)
    footage, got = FootageByAge(RealDisk(), tmp_path), []
    while (oldest := footage.oldest()) is not None:
        footage.pass_by(oldest)
        got.append((oldest.start_wall_ns, oldest.camera_id))
        assert (tmp_path / oldest.path).is_file()
    assert got == wanted


def test_of_some_cameras(tmp_path: Path) -> None:
    plant(tmp_path, "a", START_NS)
    plant(tmp_path, "b", START_NS + STEP_NS)
    footage = FootageByAge(RealDisk(), tmp_path)
    found = footage.oldest({"b"})
    assert found is not None
    assert found.camera_id == "b"
    assert footage.oldest({"c"}) is None


def test_what_is_not_ours_never_comes(tmp_path: Path) -> None:
    real = plant(tmp_path, "a", START_NS)
    beside = real.parent / "holiday.mp4"
    beside.write_bytes(b"x")
    link = real.parent / GOOD
    link.symlink_to(real)
    parts = real.parents[1] / ".open"
    parts.mkdir()
    (parts / (GOOD + ".part")).write_bytes(b"x")
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    (tmp_path / ".quarantine").mkdir()
    (tmp_path / ".quarantine" / GOOD).write_bytes(b"x")
    footage, got = FootageByAge(RealDisk(), tmp_path), []
    while (oldest := footage.oldest()) is not None:
        footage.pass_by(oldest)
        got.append(tmp_path / oldest.path)
    assert got == [real]


def test_what_was_recorded_since_comes_in_its_place(tmp_path: Path) -> None:
    for i in range(2):
        plant(tmp_path, "a", START_NS + i * STEP_NS)
    late = plant(tmp_path, "b", START_NS + 9 * STEP_NS)
    footage = FootageByAge(RealDisk(), tmp_path)
    for _ in range(2):
        oldest = footage.oldest()
        assert oldest is not None
        footage.pass_by(oldest)
    since = [plant(tmp_path, "a", START_NS + i * STEP_NS) for i in (2, 3, 86_400)]
    got = []
    for _ in range(4):
        footage.look_on()
        oldest = footage.oldest()
        assert oldest is not None
        footage.pass_by(oldest)
        got.append(tmp_path / oldest.path)
    assert got == [since[0], since[1], late, since[2]]
    footage.look_on()
    assert footage.oldest() is None


def test_an_empty_or_missing_root(tmp_path: Path) -> None:
    assert FootageByAge(RealDisk(), tmp_path).oldest() is None
    assert FootageByAge(RealDisk(), tmp_path / "none").oldest() is None
