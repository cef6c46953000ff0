"""Weather and light over a picture: everything that troubles a camera without being traffic.

Seeded, and a function of the frame's number and time alone: leaving frames out changes nothing.
Truth stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.truth import TruthObject
from its_camera_ai.sim.weather_light import (
    Clouds,
    Exposure,
    Headlights,
    Infrared,
    Lightning,
    Night,
)
from its_camera_ai.sim.weather_parts import Effect, Moment
from its_camera_ai.sim.weather_veil import Compression, Noise, Rain, Trees


@dataclass(frozen=True, slots=True)
class WeatherKind:
    """One entry of the catalogue.

    Attributes:
        id: as written in ``weather=…``.
        about: one sentence for people.
        build: from picture size in pixels, frames per second and seed.
    """

    id: str
    about: str
    build: Callable[[tuple[int, int], float, int], Effect]


WEATHERS: dict[str, WeatherKind] = {
    kind.id: kind
    for kind in (
        WeatherKind("trees", "branches sway in gusts, dappled shade moves below them", Trees),
        WeatherKind("clouds", "shadows of clouds drift over the picture", Clouds),
        WeatherKind("headlights", "beams of cars outside the picture sweep across", Headlights),
        WeatherKind(
            "night", "a third of the light, sensor noise, vehicles with glaring lamps", Night
        ),
        WeatherKind("infrared", "grey infrared picture from 10 s to 30 s of every 30 s", Infrared),
        WeatherKind("lightning", "flashes of 1 to 3 frames about every 4 s", Lightning),
        WeatherKind("exposure", "the camera changes its exposure every 6 s", Exposure),
        WeatherKind("rain", "streaks, a veil, drops on the lens", Rain),
        WeatherKind("noise", "strong sensor noise", Noise),
        WeatherKind("compression", "coarse blocks that jump with every key frame", Compression),
    )
}
"""Every effect by name, in the order in which they are laid over each other."""


class Weather:
    """The weather in front of one camera.

    Args:
        names: of effects, separated by commas, such as ``"night,rain"``; empty for none. Whatever
            the order of the names, effects are applied in the order of ``WEATHERS``.
        fps: frames per second, for effects that last a number of frames.

    Raises:
        ConfigInvalid: there is no such effect.
    """

    def __init__(
        self, names: str, size_wh: tuple[int, int], *, fps: float = 15.0, seed: int = 1
    ) -> None:
        wanted = weather_names(names)
        self._effects = [kind.build(size_wh, fps, seed) for kind in wanted]

    def over(
        self,
        bgr: npt.NDArray[np.uint8],
        index: int,
        t_s: float,
        truth: tuple[TruthObject, ...] = (),
    ) -> npt.NDArray[np.uint8]:
        """The picture (H, W, 3) in this weather; the one given may be painted on.

        Args:
            t_s: seconds since the start.
            truth: who is there; without it no vehicle carries lamps at night.
        """
        moment = Moment(index, t_s, truth)
        for effect in self._effects:
            bgr = effect(bgr, moment)
        return bgr


def weather_names(names: str) -> list[WeatherKind]:
    """The effects that a text like ``"night,rain"`` asks for, each once, in order of layers.

    Raises:
        ConfigInvalid: there is no such effect.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    for name in sorted(wanted - set(WEATHERS)):
        raise ConfigInvalid(
            f"There is no weather {name!r}; use names from this list, separated by commas: "
            f"{', '.join(WEATHERS)}."
        )
    return [kind for name, kind in WEATHERS.items() if name in wanted]
