"""The built-in street: a seeded world, its pictures, and everything that is true about them."""

from collections import deque
from random import Random

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.agents import TICK_S
from its_camera_ai.sim.crossings import CrossingWatch
from its_camera_ai.sim.renderer import Finish, Renderer
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.suggested import scene_of
from its_camera_ai.sim.truth import SimFrame, TrueCrossing
from its_camera_ai.sim.weather import Weather
from its_camera_ai.sim.world import SceneDescription

__all__ = ["SCENES", "Street", "open_street"]

TICK_NS = round(TICK_S * NS_PER_S)
WARM_UP_S = 60.0
"""The world has run so long before time 0, so that no street begins empty."""
CROSSINGS_MAX = 10_000


class Street:
    """One running street. Not for use from several threads at once.

    Attributes:
        description: the catalogue entry.
        scene: recommended lines and zones, as fractions of the picture.
        homography: (3, 3) float64, street metres ``(x, y, 1)`` → pixels ``(u·w, v·w, w)``.
    """

    def __init__(
        self,
        description: SceneDescription,
        *,
        seed: int,
        size_wh: tuple[int, int],
        fps: float,
        demand: float,
        start_s: float,
        finish: Finish,
        weather: str,
    ) -> None:
        self.description = description
        self.seed, self.size_wh, self.fps = seed, size_wh, fps
        self._start_ns = round(start_s * NS_PER_S)
        self._renderer = Renderer(description, size_wh, finish)
        self._weather = Weather(weather, size_wh, fps=fps, seed=seed)
        camera = self._renderer.camera
        self.homography: npt.NDArray[np.float64] = camera.homography
        self.scene = scene_of(description, camera)
        self._watch = CrossingWatch(camera, self.scene.lines)
        self._crossings: deque[TrueCrossing] = deque(maxlen=CROSSINGS_MAX)
        self._ahead: list[TrueCrossing] = []
        self._world = description.build(Random(f"{description.id}/{seed}"), demand)  # noqa: S311 (a simulation, not a secret)
        self._tick = -1
        self._index = -1
        for _ in range(round((WARM_UP_S + start_s) / TICK_S)):
            self._world.step()
        self._watch.observe(self._world.agents, -TICK_NS, TICK_NS)  # learns where all begin
        self._step()

    @property
    def backdrop(self) -> npt.NDArray[np.uint8]:
        """The empty street, (H, W, 3) uint8, without lamps, light, noise and caption."""
        return self._renderer.backdrop.copy()

    @property
    def crossings(self) -> tuple[TrueCrossing, ...]:
        """The true crossings up to the last frame, in order of time, since the street opened or
        since ``drain_crossings``; at most the last ``CROSSINGS_MAX``.
        """
        return tuple(self._crossings)

    def drain_crossings(self) -> tuple[TrueCrossing, ...]:
        """Hand over the crossings so far and forget them."""
        taken = tuple(self._crossings)
        self._crossings.clear()
        return taken

    def frame(self, index: int) -> SimFrame:
        """The picture ``index`` / fps seconds after the start.

        Skipping ahead costs the world's steps only; the result is the same as without skipping.

        Raises:
            ValueError: ``index`` is below the last one asked for.
        """
        if index < max(self._index, 0):
            raise ValueError(
                f"Frame {index} lies before frame {max(self._index, 0)}; frames come in rising "
                "order. Open the street again to start over."
            )
        self._index = index
        pts_ns = round(index * NS_PER_S / self.fps)
        wanted, part_ns = divmod(pts_ns, TICK_NS)
        while self._tick < wanted:
            self._step()
        while self._ahead and self._ahead[0].pts_ns <= pts_ns:
            self._crossings.append(self._ahead.pop(0))
        bgr, truth = self._renderer.render(
            self._world.agents,
            part_ns / TICK_NS,
            self._world.lamps(),
            index,
            self._start_ns + pts_ns,
            self.seed,
        )
        seen = self._weather.over(bgr, index, pts_ns / NS_PER_S, truth)
        return SimFrame(index, pts_ns, seen, truth)

    def _step(self) -> None:
        """One tick; afterwards the world stands at the end of tick ``_tick``."""
        self._world.step()
        self._tick += 1
        self._ahead += self._watch.observe(self._world.agents, self._tick * TICK_NS, TICK_NS)


def open_street(
    scene: str,
    *,
    seed: int = 1,
    size_wh: tuple[int, int] = (640, 360),
    fps: float = 15.0,
    demand: float = 1.0,
    start_s: float = 0.0,
    finish: Finish = Finish(),  # noqa: B008 (frozen)
    weather: str = "",
) -> Street:
    """Open a street of the catalogue. The same arguments always give the same frames, byte for
    byte; the same ``scene``, ``seed`` and ``demand`` the same traffic at any size and rate.

    Args:
        demand: factor on all flows; 0 is an empty street.
        start_s: simulated seconds to skip before frame 0; they are computed, so hours take time.
        weather: names of ``sim.weather.WEATHERS``, separated by commas; it lies over the caption
            too, and changes neither traffic nor truth.

    Raises:
        ConfigInvalid: there is no such scene or weather.
    """
    description = SCENES.get(scene)
    if description is None:
        raise ConfigInvalid(f"There is no scene {scene!r}; choose one of {', '.join(SCENES)}.")
    return Street(
        description,
        seed=seed,
        size_wh=size_wh,
        fps=fps,
        demand=demand,
        start_s=start_s,
        finish=finish,
        weather=weather,
    )
