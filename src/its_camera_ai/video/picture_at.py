"""One picture out of coded ones."""

from collections.abc import Iterable

from its_camera_ai.core.errors import CameraUnsupported, InputUnreadable
from its_camera_ai.core.media import StreamInfo
from its_camera_ai.video.decoder import Frame, VideoDecoder

Coded = tuple[bytes, int, int]
"""Bytes, presentation time and decoding time in ns."""


def picture_at(info: StreamInfo, coded: Iterable[Coded], pts_ns: int) -> Frame:
    """The picture that is shown at exactly this time.

    Args:
        coded: in decoding order from a key frame on; read only as far as is needed.

    Raises:
        CameraUnsupported: there is no decoder for it.
        InputUnreadable: it is not among them, or can't be decoded.
    """
    try:
        decoder = VideoDecoder(info)
    except ValueError as error:
        raise CameraUnsupported(
            f"Pictures of the codec '{info.video.codec}' can't be decoded here; play the recording "
            "in a program that can, or set the camera to H.264 or H.265."
        ) from error
    for data, its_pts_ns, dts_ns in coded:
        for frame in decoder.decode_raw(data, its_pts_ns, dts_ns):
            if frame.pts_ns == pts_ns:
                return frame
    for frame in decoder.flush():
        if frame.pts_ns == pts_ns:
            return frame
    raise InputUnreadable(
        "This picture of the recording can't be decoded; take one a little before or after it."
    )
