"""One look on request: does the model that serves see what it should?"""

import struct
import time

import cv2
import numpy as np

from its_camera_ai.bus.messages import CallReply, CallRequest, LookTestResult
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import InputUnreadable, ModelInvalid
from its_camera_ai.vision.detector import ByteArray
from its_camera_ai.vision.golden import PICTURES, golden_picture, looked_at
from its_camera_ai.vision.model_pool import ModelPool

PIXELS_MAX = 40_000_000
"""8K and a little: a small file may ask for gigabytes when it is decoded."""
FINDINGS_MAX = 300

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


class LookTester:
    """Answers ``LookTest`` with the models of a pool; the looks of the cameras go on beside it."""

    def __init__(self, pool: ModelPool) -> None:
        self._pool = pool

    def __call__(self, request: CallRequest) -> CallReply:
        """Look once.

        Raises:
            ModelInvalid: no model has that alias now, or it fails.
            InputUnreadable: the picture is no JPEG, or too large.
        """
        named = self._pool.model_named(request.alias)
        if named is None:
            raise ModelInvalid(
                f"No model serves as {request.alias!r} now; use 'champion', or 'challenger' while "
                "one is on trial."
            )
        model, ref, golden = named
        if request.jpeg is None:
            picture, golden = golden_picture(PICTURES[0]), self._pool.golden_now(model, ref)
        else:
            picture = decoded(request.jpeg)
        began_s = time.perf_counter()
        found = looked_at(model, picture)
        seconds = time.perf_counter() - began_s
        order = np.argsort(-found.score)[:FINDINGS_MAX]
        found = found.take(order)
        height, width = picture.shape[:2]
        return LookTestResult(
            model=str(ref) if ref.version else model.info.name,
            golden=golden,
            size_wh=(width, height),
            seconds=seconds,
            class_names=[ObjectClass(c).label for c in found.class_id.tolist()],
            scores=found.score.tolist(),
            xyxy=[(float(a), float(b), float(c), float(d)) for a, b, c, d in found.xyxy],
        )


def decoded(jpeg: bytes) -> ByteArray:
    """A JPEG as (H, W, 3) uint8 BGR.

    Raises:
        InputUnreadable: no JPEG, damaged, or of more than ``PIXELS_MAX`` pixels.
    """
    width, height = jpeg_size_wh(jpeg)
    if width * height > PIXELS_MAX:
        raise InputUnreadable(
            f"The picture has {width}×{height} pixels; send one of at most "
            f"{PIXELS_MAX // 1_000_000} million."
        )
    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise InputUnreadable("The picture is damaged; send another JPEG.")
    return np.asarray(picture, np.uint8)


def jpeg_size_wh(jpeg: bytes) -> tuple[int, int]:
    """Width and height as the frame header says (ITU-T T.81, B.2.2), without decoding.

    Raises:
        InputUnreadable: there is no such header.
    """
    at = 2
    while jpeg[:2] == b"\xff\xd8" and at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            if width and height:
                return width, height
            break
        at += 2 + struct.unpack_from(">H", jpeg, at + 2)[0]
    raise InputUnreadable("That is no JPEG picture; send one with Content-Type image/jpeg.")
