"""Which input of a network takes the picture, and the sizes it can have."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.families import Family
from its_camera_ai.vision.runtime import TensorSpec

DYNAMIC_WH = (640, 384)
"""For networks of any size: a 16:9 picture with the least padding at an affordable cost."""

_CHANNELS = 3
_FLOATS = ("float32", "float16")
_FRAME_DTYPES = ("int64", "int32", "float32")


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """How a batch of pictures becomes the feeds of one run.

    Attributes:
        spec: of the picture's input.
        wh: sides that the file fixes, None where they are free.
        batch: that the file fixes, None where it is free.
        channels_last: the input is (N, H, W, 3).
        frame: a second input (N, 2) that asks for the size of the frame, as the exports of RT-DETR,
            D-FINE and DEIM have it.
    """

    spec: TensorSpec
    wh: tuple[int | None, int | None]
    batch: int | None
    channels_last: bool
    frame: TensorSpec | None

    def feeds(self, batch: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.generic]]:
        """(N, 3, H, W) as this network wants it.

        The frame is told to be 1×1, so that its boxes come from 0 to 1 whatever the order of
        width and height.
        """
        pixels = batch.transpose(0, 2, 3, 1) if self.channels_last else batch
        pixels = np.ascontiguousarray(pixels, dtype=self.spec.dtype)
        feeds: dict[str, npt.NDArray[np.generic]] = {self.spec.name: pixels}
        if self.frame is not None:
            feeds[self.frame.name] = np.ones((len(batch), 2), self.frame.dtype)
        return feeds

    def size(self, wanted_wh: tuple[int, int] | None, name: str, stride: int) -> tuple[int, int]:
        """The size to run at.

        Raises:
            ModelInvalid: the network can't run at the wanted size.
        """
        default_wh = wanted_wh or DYNAMIC_WH
        size_wh = (self.wh[0] or default_wh[0], self.wh[1] or default_wh[1])
        if wanted_wh is not None and size_wh != wanted_wh:
            raise ModelInvalid(
                f"The model '{name}' runs at {by(size_wh)} only, but {by(wanted_wh)} was asked "
                "for; leave the input size out or take a model of any size."
            )
        if not self.fits(size_wh, stride):
            raise ModelInvalid(
                f"The input size {by(size_wh)} does not suit the model '{name}': both sides must "
                f"be multiples of {stride} pixels."
            )
        return size_wh

    def fits(self, size_wh: tuple[int, int], stride: int) -> bool:
        """Fixed sides must be met; free ones must be multiples of the stride."""
        return all(
            side > 0 and (side == fixed if fixed is not None else side % stride == 0)
            for side, fixed in zip(size_wh, self.wh, strict=True)
        )


def network_input(inputs: tuple[TensorSpec, ...], name: str, family: Family) -> NetworkInput:
    """Find the picture's input, by shape and not by name.

    Raises:
        ModelInvalid: there is none, or there are others that we can't feed.
    """
    pictures = [i for i in inputs if len(i.shape) == 4 and i.dtype in _FLOATS]
    others = [i for i in inputs if i not in pictures]
    frames = [i for i in others if family.frame_input and _asks_for_frame(i)]
    if len(pictures) != 1 or len(frames) != len(others) or len(frames) > 1:
        raise _unfit(inputs, name)
    spec = pictures[0]
    channels_last = spec.shape[1] != _CHANNELS and spec.shape[3] == _CHANNELS
    if not channels_last and spec.shape[1] not in (_CHANNELS, None):
        raise _unfit(inputs, name)
    height, width = spec.shape[1:3] if channels_last else spec.shape[2:]
    return NetworkInput(
        spec, (width, height), spec.shape[0], channels_last, frames[0] if frames else None
    )


def _asks_for_frame(spec: TensorSpec) -> bool:
    return len(spec.shape) == 2 and spec.shape[1] in (2, None) and spec.dtype in _FRAME_DTYPES


def _unfit(inputs: tuple[TensorSpec, ...], name: str) -> ModelInvalid:
    found = ", ".join(str(spec) for spec in inputs) or "no input"
    return ModelInvalid(
        f"The model '{name}' has the input {found}; expected one float input (1, 3, height, "
        "width). Export it again with that input."
    )


def by(size_wh: tuple[int, ...]) -> str:
    """``640×384``."""
    return "×".join(str(side) for side in size_wh)
