import hashlib
import io
import threading
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DownloadFailed, ModelInvalid
from its_camera_ai.vision.download import Body, download, open_https

URL = "https://models.example/m.onnx"
DATA = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()


def serving(data: bytes) -> Callable[[str, float], Body]:
    return lambda url, timeout_s: io.BytesIO(data)


def failing(error: Exception) -> Callable[[str, float], Body]:
    def opener(url: str, timeout_s: float) -> Body:
        raise error

    return opener


def fetch(path: Path, opener: Callable[[str, float], Body], **options: object) -> None:
    arguments: dict[str, object] = {
        "size_bytes": len(DATA),
        "sha256": SHA256,
        "timeout_s": 20.0,
        "opener": opener,
    }
    download(URL, path, **(arguments | options))  # type: ignore[arg-type]  # a table of keywords


def test_the_right_file_is_kept_and_progress_told(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    fetch(tmp_path / "m", serving(DATA), progress=lambda done, total: steps.append((done, total)))
    assert (tmp_path / "m").read_bytes() == DATA
    assert steps == sorted(steps)
    assert steps[-1] == (len(DATA), len(DATA))


@pytest.mark.parametrize(
    ("opener", "error", "says"),
    [
        pytest.param(serving(DATA[:-1] + b"x"), ModelInvalid, "SHA-256", id="altered"),
        pytest.param(serving(DATA + b"x"), ModelInvalid, "more than 256000", id="too long"),
        pytest.param(serving(DATA[:1000]), DownloadFailed, "after 1000 of 256000", id="cut off"),
        pytest.param(serving(b""), DownloadFailed, "after 0 of", id="empty"),
        pytest.param(
            failing(urllib.error.URLError("no route")), DownloadFailed, "no route", id="offline"
        ),
        pytest.param(failing(TimeoutError("timed out")), DownloadFailed, "timed out", id="slow"),
    ],
)
def test_nothing_is_kept_of_a_bad_download(
    tmp_path: Path,
    opener: Callable[[str, float], Body],
    error: type[Exception],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        fetch(tmp_path / "m", opener)
    assert list(tmp_path.iterdir()) == []


def test_an_endless_answer_is_ended_by_its_size(tmp_path: Path) -> None:
    class Endless:
        def read(self, size: int, /) -> bytes:
            return b"x" * size

        def close(self) -> None:
            pass

    with pytest.raises(ModelInvalid, match="more than"):
        fetch(tmp_path / "m", lambda url, timeout_s: Endless())


def test_a_name_lookup_that_hangs_ends_with_the_timeout(tmp_path: Path) -> None:
    release = threading.Event()

    def hanging(url: str, timeout_s: float) -> Body:
        release.wait(30)
        raise OSError("late")

    with pytest.raises(DownloadFailed, match=r"models\.example did not deliver within 0\.05 s"):
        fetch(tmp_path / "m", hanging, timeout_s=0.05)
    release.set()


@pytest.mark.parametrize("url", ["http://models.example/m", "file:///etc/passwd", "m.onnx"])
def test_only_https_is_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelInvalid, match="HTTPS only"):
        download(
            url,
            tmp_path / "m",
            size_bytes=1,
            sha256=SHA256,
            timeout_s=1,
            opener=failing(AssertionError("must not be called")),
        )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/m", "file:///etc/hostname"])
def test_the_real_opener_knows_no_other_scheme(url: str) -> None:
    with pytest.raises(urllib.error.URLError, match="unknown url type"):
        open_https(url, 1.0)
