import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.source import PARAMETERS, SimSpec, parse_sim_url

GOOD = [
    ("intersection", SimSpec("intersection")),
    ("sim://motorway", SimSpec("motorway")),
    ("sim:///courtyard/", SimSpec("courtyard")),
    (
        "sim://carpark?seed=7&fps=29.97&size=1280x720&demand=0.5&start_s=30",
        SimSpec("carpark", 7, 29.97, (1280, 720), 0.5, 30.0),
    ),
    ("motorway?fps=1&size=64x64&demand=0&seed=0", SimSpec("motorway", 0, 1.0, (64, 64), 0.0)),
    ("motorway?fps=60&size=3840x2160&demand=3", SimSpec("motorway", 1, 60.0, (3840, 2160), 3.0)),
]


@pytest.mark.parametrize(("text", "spec"), GOOD, ids=[text for text, _ in GOOD])
def test_good_addresses(text: str, spec: SimSpec) -> None:
    assert parse_sim_url(text) == spec


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_has_an_address_that_camera_urls_keep(scene: str) -> None:
    url = CameraUrl.parse(f"sim://{scene}?seed=2&size=320x180")
    assert parse_sim_url(url.bare) == SimSpec(scene, seed=2, size_wh=(320, 180))


BAD = [
    ("", "needs a scene"),
    ("sim://", "intersection, motorway, carpark, courtyard"),
    ("sim://intersecton", "did you mean 'intersection'"),
    ("sim://Motorway", "did you mean 'motorway'"),
    ("sim://harbour", "choose one of intersection"),
    ("motorway?sed=1", "did you mean 'seed'"),
    ("motorway?resolution=640x360", "allowed are seed, fps, size, demand, start_s"),
    ("motorway?seed=1&seed=2", "given twice"),
    ("motorway?seed=one", "whole number"),
    ("motorway?seed=-1", "whole number"),
    ("motorway?seed=1.5", "whole number"),
    ("motorway?seed=", "whole number"),
    ("motorway?fps=0", "from 1 to 60"),
    ("motorway?fps=61", "from 1 to 60"),
    ("motorway?fps=nan", "from 1 to 60"),
    ("motorway?fps=inf", "from 1 to 60"),
    ("motorway?size=640", "WIDTHxHEIGHT"),
    ("motorway?size=640x", "WIDTHxHEIGHT"),
    ("motorway?size=641x360", "even numbers"),
    ("motorway?size=62x64", "from 64x64"),
    ("motorway?size=3842x2160", "to 3840x2160"),
    ("motorway?size=1e3x500", "WIDTHxHEIGHT"),
    ("motorway?size=-640x360", "WIDTHxHEIGHT"),
    ("motorway?size=²40x360", "WIDTHxHEIGHT"),
    ("motorway?demand=-0.1", "from 0 to 3"),
    ("motorway?demand=3.1", "from 0 to 3"),
    ("motorway?start_s=86401", "from 0 to 86400"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[text or "empty" for text, _ in BAD])
def test_bad_addresses_name_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_sim_url(text)
    assert message in str(caught.value)


def test_parameters_are_the_fields_of_the_spec() -> None:
    fields = {"size" if name == "size_wh" else name for name in SimSpec.__slots__}
    assert {parameter.name for parameter in PARAMETERS} == fields - {"scene"}


def test_a_spec_opens_its_street() -> None:
    street = SimSpec("courtyard", fps=5.0, size_wh=(160, 90)).open()
    assert street.frame(0).bgr.shape == (90, 160, 3)
