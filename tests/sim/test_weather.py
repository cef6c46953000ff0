import hashlib
import subprocess
import sys

import numpy as np
import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.source import parse_sim_url
from its_camera_ai.sim.street import open_street
from its_camera_ai.sim.weather import WEATHERS, Weather, weather_names

SMALL_WH = (320, 180)
SHOWN_S = {"infrared": 12.0, "headlights": 4.0, "lightning": 2.0, "exposure": 8.0}
"""When an effect that is not always there can first be expected; the others at once."""


def grey_picture(size_wh: tuple[int, int] = SMALL_WH) -> np.ndarray:
    picture = np.full((size_wh[1], size_wh[0], 3), 120, np.uint8)
    picture[:, ::16] = (60, 140, 90)
    return picture


def shown(name: str, size_wh: tuple[int, int] = SMALL_WH, seed: int = 1) -> list[np.ndarray]:
    """Five seconds at ten frames per second, from when the effect is there."""
    weather = Weather(name, size_wh, fps=10.0, seed=seed)
    first = round(SHOWN_S.get(name, 0.0) * 10)
    return [weather.over(grey_picture(size_wh), k, k / 10) for k in range(first, first + 50)]


@pytest.mark.parametrize("name", WEATHERS)
def test_an_effect_changes_the_picture(name: str) -> None:
    frames = shown(name)
    still = grey_picture()
    assert all(f.shape == still.shape and f.dtype == np.uint8 for f in frames)
    assert any(np.mean(np.abs(f.astype(int) - still)) > 0.5 for f in frames)


MOVING = sorted(set(WEATHERS) - {"infrared", "exposure"})


@pytest.mark.parametrize("name", MOVING)
def test_an_effect_is_not_the_same_in_every_frame(name: str) -> None:
    assert len({f.tobytes() for f in shown(name)}) > 1


@pytest.mark.parametrize("name", WEATHERS)
def test_the_same_seed_gives_the_same_bytes_and_frames_may_be_left_out(name: str) -> None:
    frames = shown(name)
    weather = Weather(name, SMALL_WH, fps=10.0)
    last = round(SHOWN_S.get(name, 0.0) * 10) + 49
    assert np.array_equal(weather.over(grey_picture(), last, last / 10), frames[-1])


@pytest.mark.parametrize("name", sorted(set(WEATHERS) - {"infrared", "compression", "exposure"}))
def test_another_seed_gives_another_weather(name: str) -> None:
    differ = zip(shown(name, seed=1), shown(name, seed=2), strict=True)
    assert any(not np.array_equal(a, b) for a, b in differ)


@pytest.mark.parametrize("name", WEATHERS)
@pytest.mark.parametrize("size_wh", [(64, 64), (66, 200)])
def test_any_size(name: str, size_wh: tuple[int, int]) -> None:
    assert shown(name, size_wh)[-1].shape == (size_wh[1], size_wh[0], 3)


def test_another_process_gives_the_same_bytes() -> None:
    everything = ",".join(WEATHERS)
    program = (
        "import hashlib\n"
        "from its_camera_ai.sim.street import open_street\n"
        f"street = open_street('carpark', size_wh=(160, 90), weather={everything!r})\n"
        "total = hashlib.sha256()\n"
        "for k in range(0, 150, 10): total.update(street.frame(k).bgr.tobytes())\n"
        "print(total.hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    street = open_street("carpark", size_wh=(160, 90), weather=everything)
    total = hashlib.sha256()
    for k in range(0, 150, 10):
        total.update(street.frame(k).bgr.tobytes())
    assert done.stdout.strip() == total.hexdigest(), done.stderr


@pytest.mark.parametrize("name", WEATHERS)
def test_truth_and_crossings_do_not_know_the_weather(name: str) -> None:
    plain = open_street("motorway", size_wh=(160, 90), fps=5.0)
    street = open_street("motorway", size_wh=(160, 90), fps=5.0, weather=name)
    for k in range(25):
        assert street.frame(k).truth == plain.frame(k).truth
    assert street.crossings == plain.crossings
    assert street.crossings


def test_vehicles_carry_lamps_at_night_where_the_truth_is_known() -> None:
    frame = open_street("motorway", size_wh=SMALL_WH, fps=5.0).frame(0)
    unlit = Weather("night", SMALL_WH).over(frame.bgr.copy(), 0, 0.0)
    lit = Weather("night", SMALL_WH).over(frame.bgr.copy(), 0, 0.0, frame.truth)
    assert lit.max() > 200
    assert np.mean(lit) > np.mean(unlit)
    car = max(frame.truth, key=lambda o: o.xyxy[2] - o.xyxy[0])
    x0, y0, x1, y1 = (round(v) for v in car.xyxy)
    assert lit[y0:y1, x0:x1].max() > 200


def test_infrared_is_grey_and_colour_returns() -> None:
    weather = Weather("infrared", SMALL_WH, fps=10.0)

    def colour(t_s: float) -> float:
        seen = weather.over(grey_picture(), round(t_s * 10), t_s).astype(float)
        return float(np.abs(seen[..., 1].mean() - seen[..., 0].mean()))

    assert colour(5) > 2
    assert colour(15) < 0.2
    assert 0.2 < colour(29.5) < colour(31)


def test_a_flash_lasts_one_to_three_frames() -> None:
    weather = Weather("lightning", SMALL_WH, fps=10.0)
    lit = [weather.over(grey_picture(), k, k / 10).mean() > 130 for k in range(400)]
    runs = "".join("x" if on else " " for on in lit).split()
    assert 5 <= len(runs) <= 10
    assert {len(run) for run in runs} <= {1, 2, 3}


def test_names_are_put_in_the_order_of_the_layers_once_each() -> None:
    assert [kind.id for kind in weather_names("rain, night,rain,")] == ["night", "rain"]
    spec = parse_sim_url("sim://motorway?weather=rain,night")
    assert spec.weather == "night,rain"
    assert spec == parse_sim_url("sim://motorway?weather=night,rain")


def test_an_unknown_weather_is_named_with_what_there_is() -> None:
    with pytest.raises(ConfigInvalid, match=r"no weather 'fog'.*trees, clouds, headlights, night"):
        Weather("night,fog", SMALL_WH)
    with pytest.raises(ConfigInvalid, match="weather=fog can't be used; use names from trees"):
        parse_sim_url("motorway?weather=fog")
