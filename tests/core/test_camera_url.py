"""Addresses are read strictly and never show a credential."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.camera_url import SCHEMES, CameraUrl
from its_camera_ai.core.errors import ConfigInvalid


@pytest.mark.parametrize(
    ("text", "bare", "username", "password"),
    [
        pytest.param("rtsp://cam/1", "rtsp://cam/1", None, None, id="plain"),
        pytest.param("RTSP://cam/1", "rtsp://cam/1", None, None, id="scheme in capitals"),
        pytest.param("rtsp://u:p@cam:8554/1?x=1", "rtsp://cam:8554/1?x=1", "u", "p", id="full"),
        pytest.param("rtsp://u:p%40ss@cam/1", "rtsp://cam/1", "u", "p@ss", id="escaped password"),
        pytest.param("rtsp://u:@cam/1", "rtsp://cam/1", "u", "", id="empty password"),
        pytest.param("rtsp://u@cam/1", "rtsp://cam/1", "u", None, id="user only"),
        pytest.param(
            "rtsp://[2001:db8::1]:554/1", "rtsp://[2001:db8::1]:554/1", None, None, id="v6"
        ),
        pytest.param("/a b/c.mp4", "file:///a%20b/c.mp4", None, None, id="path"),
        pytest.param("/dev/video0", "v4l2:///dev/video0", None, None, id="device"),
        pytest.param("sim://motorway?seed=3", "sim://motorway?seed=3", None, None, id="simulator"),
    ],
)
def test_reads(text: str, bare: str, username: str | None, password: str | None) -> None:
    url = CameraUrl.parse(text)
    assert (url.bare, url.username, url.password) == (bare, username, password)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "cam/1",
        "exec:rm -rf /",
        "exec://x",
        "concat:/etc/passwd",
        "pipe:0",
        "ftp://cam/1",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "rtsp:///1",
        "rtsp://cam:99999/1",
        "rtsp://cam:port/1",
        "rtsp://cam/1\r\nX: y",
        "rtsp://[::1/1",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ConfigInvalid):
        CameraUrl.parse(text)


_SECRET = st.text(min_size=4, max_size=24).filter(lambda s: s.strip() == s and "***" not in s)


@given(
    user=st.text(st.characters(codec="utf-8", min_codepoint=33), min_size=1, max_size=12),
    secret=_SECRET,
)
def test_credentials_survive_and_stay_hidden(user: str, secret: str) -> None:
    url = CameraUrl("rtsp://camera.example/stream", user, "canary-" + secret)
    again = CameraUrl.parse(url.reveal())
    assert again == url
    for shown in (str(url), repr(url), f"{url}", url.masked(), repr([url])):
        assert "canary-" not in shown


@pytest.mark.parametrize(
    "text", ["rtsp://u:canary@", "rtsp://u:canary@cam:x/", "nope://u:canary@cam/"]
)
def test_errors_hold_no_credentials(text: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        CameraUrl.parse(text)
    assert "canary" not in str(caught.value)


def test_only_files_have_their_own_time() -> None:
    assert {s for s in SCHEMES if not CameraUrl(f"{s}://x").is_live} == {"file"}


@pytest.mark.parametrize("key", ["pwd", "password", "Token", "auth"])
def test_secrets_in_the_query_are_hidden_too(key: str) -> None:
    url = CameraUrl.parse(f"http://cam/video?channel=2&{key}=canary&x=1")
    assert str(url) == f"http://cam/video?channel=2&{key}=***&x=1"
    assert "canary" in url.reveal()


def test_masked_secrets_are_filled_in_by_name() -> None:
    stored = CameraUrl.parse("rtsp://u:one@cam/1?channel=2&pwd=two")
    masked = CameraUrl.parse(stored.masked())
    assert masked.is_masked
    assert not stored.is_masked
    assert masked.with_secrets_of(stored) == stored
