"""Renders the golden pictures into src/its_camera_ai/vision/assets.

Run it only to replace the set: what registered models found in the old pictures is void then, so
bump ``SET_NAME`` in vision/golden.py, and every registered model has to be registered again.
"""

from pathlib import Path

import cv2

from its_camera_ai.sim.street import open_street
from its_camera_ai.vision.golden import PICTURES

ASSETS = Path(__file__).parent.parent / "src" / "its_camera_ai" / "vision" / "assets"
JPEG_QUALITY = 80


def main() -> None:
    """One picture of a busy moment of each street."""
    for name in PICTURES:
        scene = name.removeprefix("golden-").removesuffix(".jpg")
        street = open_street(scene, seed=1, size_wh=(640, 360), fps=4, start_s=60)
        picture = street.frame(15).bgr
        cv2.imwrite(str(ASSETS / name), picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        print(name, (ASSETS / name).stat().st_size, "bytes")


if __name__ == "__main__":
    main()
