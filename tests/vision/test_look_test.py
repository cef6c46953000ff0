"""A look on request: golden pictures, pictures of others, and what is no picture."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.bus.messages import LookTest, LookTestResult
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import InputUnreadable, ModelInvalid
from its_camera_ai.core.models import CONFIGURED, ModelRef
from its_camera_ai.core.time import SystemClock
from its_camera_ai.vision.detector import DetectorModel, ModelInfo
from its_camera_ai.vision.look_test import FINDINGS_MAX, LookTester, decoded, jpeg_size_wh
from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE
from its_camera_ai.vision.model_pool import ModelPool

NANO = ModelRef("nano", 2)


class Counter:
    """Finds as many cars as the picture is wide, up to a thousand."""

    areas = None
    info = ModelInfo("counter", "fake", "MIT", (64, 64), (), "00")
    fails = False

    def open(self, camera_id: str) -> "Counter":
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        if self.fails:
            raise RuntimeError("broken")
        n = frame_bgr.shape[1]
        return Detections.of([[0, 0, 9, 9]] * n, np.linspace(0.1, 0.9, n).tolist())

    def close(self) -> None:
        """Nothing to free."""


def asked_of(ref: ModelRef = NANO, golden: str = "", model: Counter | None = None) -> LookTester:
    made: DetectorModel = model or Counter()
    said = [NOTHING_TO_COMPARE]
    pool = ModelPool(
        [ref],
        load=lambda _ref: made,
        verify=lambda _ref, _model: said[0],
        cameras=list,
        clock=SystemClock(),
    )
    said[0] = golden
    return LookTester(pool)


def jpeg(width: int = 32, height: int = 16, **options: int) -> bytes:
    flags = [v for pair in options.items() for v in (getattr(cv2, pair[0]), pair[1])]
    coded = cv2.imencode(".jpg", np.zeros((height, width, 3), np.uint8), flags)[1]
    return bytes(coded)


def test_a_golden_look_compares_once_more() -> None:
    for golden, said in (("", "same"), ("all differ", "differs"), (NOTHING_TO_COMPARE, "none")):
        result = asked_of(golden=golden)(LookTest("champion"))
        assert isinstance(result, LookTestResult)
        assert (result.model, result.golden, result.size_wh) == ("nano:2", said, (640, 360))
        assert len(result.scores) == FINDINGS_MAX
        assert result.scores == sorted(result.scores, reverse=True)
        assert set(result.class_names) == {"car"}


def test_a_picture_of_one_s_own() -> None:
    result = asked_of(CONFIGURED)(LookTest("champion", jpeg(20, 10)))
    assert isinstance(result, LookTestResult)
    assert (result.model, result.size_wh, len(result.scores)) == ("counter", (20, 10), 20)


def test_no_model_of_that_alias() -> None:
    with pytest.raises(ModelInvalid, match="'challenger' while one is on trial"):
        asked_of()(LookTest("challenger"))


def test_a_model_that_fails_is_told() -> None:
    model = Counter()
    look = asked_of(model=model)
    model.fails = True
    with pytest.raises(ModelInvalid, match="RuntimeError"):
        look(LookTest("champion", jpeg()))


@pytest.mark.parametrize(
    "options",
    [{}, {"IMWRITE_JPEG_PROGRESSIVE": 1}, {"IMWRITE_JPEG_RST_INTERVAL": 1}],
    ids=["baseline", "progressive", "restart markers"],
)
def test_sizes_are_read_from_the_header(options: dict[str, int]) -> None:
    coded = jpeg(123, 45, **options)
    assert jpeg_size_wh(coded) == (123, 45)
    assert decoded(coded).shape == (45, 123, 3)


def bomb(width: int, height: int) -> bytes:
    """A small file whose header asks for a huge picture."""
    coded = bytearray(jpeg())
    at = coded.index(b"\xff\xc0")
    struct.pack_into(">HH", coded, at + 5, height, width)
    return bytes(coded)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "no JPEG", id="nothing"),
        pytest.param(b"GIF89a" + bytes(50), "no JPEG", id="another kind"),
        pytest.param(jpeg()[:40], "no JPEG", id="cut in the header"),
        pytest.param(b"\xff\xd8" + b"\xff" * 100, "no JPEG", id="endless fill"),
        pytest.param(bomb(65_000, 65_000), "65000×65000 pixels", id="a bomb"),
        pytest.param(bomb(0, 16), "no JPEG", id="no width"),
    ],
)
def test_what_is_no_picture(data: bytes, says: str) -> None:
    with pytest.raises(InputUnreadable, match=says):
        decoded(data)


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_do_harm(data: bytes, marked: bool) -> None:
    try:
        width, height = jpeg_size_wh(b"\xff\xd8" * marked + data)
    except InputUnreadable:
        return
    assert width > 0
    assert height > 0
