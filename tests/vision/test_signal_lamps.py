"""Lamps of traffic lights, drawn and rendered."""

import numpy as np
import pytest

from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.intersection import BOX_M, INNER_M, INTERSECTION, LAMP_BGR, ROAD_M
from its_camera_ai.sim.street import open_street
from its_camera_ai.vision.signal_lamps import LampWatch, lamp_state

HOUSING, OFF = (30, 32, 30), (45, 45, 45)
RED, YELLOW, GREEN = (60, 60, 255), (50, 200, 255), (140, 255, 90)
WHITE = (250, 250, 252)
S = SignalState
STATE_OF = {bgr: SignalState(aspect.value) for aspect, bgr in LAMP_BGR.items()}


def head(
    red: tuple[int, int, int] = OFF,
    yellow: tuple[int, int, int] = OFF,
    green: tuple[int, int, int] = OFF,
    *,
    height: int = 36,
    housing: tuple[int, int, int] = HOUSING,
) -> np.ndarray:
    """A housing with three round lamps."""
    width = height // 3
    picture = np.full((height, width, 3), housing, np.uint8)
    y, x = np.mgrid[:height, :width] + 0.5
    for k, colour in enumerate((red, yellow, green)):
        lamp = np.hypot(x - width / 2, y - (k + 0.5) * height / 3) < 0.36 * width
        picture[lamp] = colour
    return picture


@pytest.mark.parametrize("height", [12, 18, 36, 90])
@pytest.mark.parametrize(
    ("lamps", "state"),
    [
        pytest.param((RED, OFF, OFF), S.RED, id="red"),
        pytest.param((RED, YELLOW, OFF), S.RED_YELLOW, id="red and yellow"),
        pytest.param((OFF, YELLOW, OFF), S.YELLOW, id="yellow"),
        pytest.param((OFF, OFF, GREEN), S.GREEN, id="green"),
        pytest.param((OFF, OFF, OFF), S.DARK, id="dark"),
        pytest.param((WHITE, OFF, OFF), S.RED, id="burnt out at the top"),
        pytest.param((OFF, OFF, WHITE), S.GREEN, id="burnt out at the bottom"),
        pytest.param((RED, OFF, GREEN), S.UNKNOWN, id="red and green"),
        pytest.param((GREEN, OFF, OFF), S.UNKNOWN, id="green at the top"),
        pytest.param((OFF, OFF, RED), S.UNKNOWN, id="red at the bottom"),
        pytest.param((OFF, (200, 90, 40), OFF), S.UNKNOWN, id="blue in the middle"),
        pytest.param((WHITE, WHITE, WHITE), S.UNKNOWN, id="the sun on all lenses"),
        pytest.param(((70, 70, 110), OFF, OFF), S.UNKNOWN, id="a faint glow"),
    ],
)
def test_drawn_heads(
    lamps: tuple[tuple[int, int, int], ...], state: SignalState, height: int
) -> None:
    assert lamp_state(head(*lamps, height=height)) is state


@pytest.mark.parametrize("light", [0.6, 1.0, 1.3])
@pytest.mark.parametrize("noise", [0.0, 12.0])
def test_in_other_light_and_with_noise(light: float, noise: float) -> None:
    rng = np.random.default_rng(5)
    for lamps, state in (
        ((RED, OFF, OFF), S.RED),
        ((OFF, YELLOW, OFF), S.YELLOW),
        ((OFF, OFF, GREEN), S.GREEN),
    ):
        picture = head(*lamps) * light + rng.normal(0, noise, (36, 12, 3))
        assert lamp_state(np.clip(picture, 0, 255).astype(np.uint8)) is state


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((5, 10, 3), np.uint8), id="too low"),
        pytest.param(np.zeros((30, 2, 3), np.uint8), id="too narrow"),
        pytest.param(np.full((30, 10, 3), 255, np.uint8), id="all white"),
    ],
)
def test_what_can_not_be_read_is_never_red_or_green(picture: np.ndarray) -> None:
    assert lamp_state(picture) in (S.UNKNOWN, S.DARK)


def test_rendered_lights_of_the_intersection() -> None:
    """The two heads that face the camera of the simulated junction, 5 by 15 pixels each."""
    size_wh = (640, 360)
    street = open_street("intersection", seed=3, size_wh=size_wh, fps=1 / 3)
    camera = PinholeCamera(INTERSECTION.viewpoint, size_wh)
    heads = ((ROAD_M + 0.9, 3.3), (INNER_M, 4.9))
    y = BOX_M + 0.4 - 0.12
    found = []
    for k in range(22):
        frame = street.frame(k)
        lit = {
            (round(lamp.xyz_m[0], 1), STATE_OF[lamp.bgr])
            for lamp in street._world.lamps()
            if lamp.facing == (0.0, -1.0)
        }
        for x, z in heads:
            corners = camera.project(np.array([(x - 0.22, y, z + 1.02), (x + 0.22, y, z - 0.1)]))
            (x0, y0), (x1, y1) = np.rint(corners[:, :2]).astype(int)
            state = lamp_state(frame.bgr[y0:y1, x0:x1])
            assert (round(x, 1), state) in lit
            found.append(state)
    assert set(found) == {S.RED, S.YELLOW, S.GREEN}


def test_a_state_counts_once_it_has_held_and_since_it_began() -> None:
    watch = LampWatch("light")
    told = []
    for k, state in enumerate([S.RED] * 6 + [S.GREEN] + [S.RED] * 3 + [S.GREEN] * 6):
        reading = watch.update(state, k * 100_000_000, 7_000 + k * 100_000_000)
        told.append((reading.state, reading.wall_ns))
    assert [state for state, _ in told] == [S.UNKNOWN] * 3 + [S.RED] * 10 + [S.GREEN] * 3
    assert told[3] == (S.RED, 7_000)
    assert told[-1] == (S.GREEN, 7_000 + 10 * 100_000_000)


def test_a_blinking_light_is_unknown() -> None:
    watch = LampWatch("light")
    for k in range(40):
        on = (k // 2) % 2 == 0  # 0.2 s on, 0.2 s off
        reading = watch.update(S.YELLOW if on else S.DARK, k * 100_000_000, k)
        assert reading.state is S.UNKNOWN


def test_a_head_that_can_not_be_read_for_long_is_unknown() -> None:
    watch = LampWatch("light")
    states = [S.RED] * 10 + [S.UNKNOWN] * 15
    told = [watch.update(s, k * 100_000_000, k).state for k, s in enumerate(states)]
    assert told[9] is S.RED
    assert told[17] is S.RED  # a van before it for less than a second
    assert told[20] is S.UNKNOWN
