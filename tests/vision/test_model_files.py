import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DownloadFailed, StorageUnavailable
from its_camera_ai.vision.model_files import sha256_of, write_durably


def test_writes_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "new" / "m.onnx"
    write_durably(target, [b"ab", b"", b"c"])
    assert target.read_bytes() == b"abc"
    assert [p.name for p in target.parent.iterdir()] == ["m.onnx"]
    assert sha256_of(target) == hashlib.sha256(b"abc").hexdigest()


def test_an_error_on_the_way_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "m.onnx"
    target.write_bytes(b"old")

    def broken() -> Iterator[bytes]:
        yield b"new"
        raise DownloadFailed("gone")

    with pytest.raises(DownloadFailed):
        write_durably(target, broken())
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match=r"file/m\.onnx can't be written"):
        write_durably(tmp_path / "file" / "m.onnx", [b"x"])


def test_a_missing_file_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"none\.onnx can't be read"):
        sha256_of(tmp_path / "none.onnx")
