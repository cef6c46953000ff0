"""The motion JPEG camera serves numbered pictures, asks for its password, and can stall."""

from collections.abc import Callable

import av
import pytest
from av.error import ExitError, HTTPUnauthorizedError

from tests.support.clips import luma
from tests.support.http_mjpeg import MjpegServer
from tests.support.pattern import read_number

Start = Callable[..., MjpegServer]


def numbers(url: str, count: int) -> list[int | None]:
    with av.open(url, format="mpjpeg", timeout=(3.0, 1.0)) as container:
        frames = zip(range(count), container.decode(video=0), strict=False)
        return [read_number(luma(frame)) for _, frame in frames]


def test_serves_numbered_pictures_in_a_loop(mjpeg_server: Start) -> None:
    camera = mjpeg_server(fps=100, pictures=6)
    assert numbers(camera.url(), 12) == [0, 1, 2, 3, 4, 5] * 2


def test_asks_for_its_password(mjpeg_server: Start) -> None:
    camera = mjpeg_server(fps=100, login="viewer:secret")
    assert numbers(camera.url(), 3) == [0, 1, 2]
    for login in ("", "viewer:wrong"):
        with pytest.raises(HTTPUnauthorizedError):
            numbers(camera.url(login), 1)


def test_stall_is_seen_as_silence(mjpeg_server: Start) -> None:
    camera = mjpeg_server(fps=100)
    with av.open(camera.url(), format="mpjpeg", timeout=(3.0, 0.5)) as container:
        frames = container.decode(video=0)
        next(frames)
        camera.stall()
        with pytest.raises(ExitError):
            for _ in frames:
                pass
