import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from its_camera_ai.core.errors import InstanceRunning, StorageUnavailable
from its_camera_ai.store.lock import FILE_NAME, InstanceLock

HOLD = """
import sys
from pathlib import Path
from its_camera_ai.store.lock import InstanceLock
with InstanceLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_instance_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        InstanceLock(tmp_path),
        pytest.raises(InstanceRunning, match=rf"pid {os.getpid()}\).*{tmp_path}"),
    ):
        InstanceLock(tmp_path).acquire()


def test_it_can_be_taken_again_after_release(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path)
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()
    with InstanceLock(tmp_path):
        pass


def test_two_folders_are_two_locks(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with InstanceLock(tmp_path), InstanceLock(tmp_path / "other"):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with pytest.raises(InstanceRunning, match=rf"pid {child.pid}\)"):
        InstanceLock(tmp_path).acquire()
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert (tmp_path / FILE_NAME).read_text() == f"{child.pid}\n"
    with InstanceLock(tmp_path):
        assert (tmp_path / FILE_NAME).read_text() == f"{os.getpid()}\n"


def test_a_stale_or_empty_file_means_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("99999999999\nrubbish")
    with InstanceLock(tmp_path):
        assert (tmp_path / FILE_NAME).read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_folder_that_is_none(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "data"
    if kind == "file":
        folder.write_text("")
    with pytest.raises(StorageUnavailable, match=str(folder)):
        InstanceLock(folder).acquire()
