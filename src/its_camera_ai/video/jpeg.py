"""Pictures as JPEG."""

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import CameraUnsupported

QUALITY = 85
SIDE_PX_MAX = 65_500
"""What JPEG can hold."""


def jpeg(picture: npt.NDArray[np.uint8], quality: int = QUALITY) -> bytes:
    """A (H, W, 3) BGR picture as JPEG.

    Raises:
        CameraUnsupported: it is larger than JPEG can hold.
    """
    height, width = picture.shape[:2]
    if max(height, width) > SIDE_PX_MAX:
        raise CameraUnsupported(
            f"A picture of {width} × {height} can't be written as JPEG; ask for a smaller width."
        )
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise CameraUnsupported("The picture can't be written as JPEG; ask for another width.")
    return data.tobytes()
