"""What may be exported."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.exports import ExportRequest, ExportState, MaskZone, Sought, checked
from its_camera_ai.core.time import NS_PER_S

SINCE = 1_700_000_000 * NS_PER_S
CORNERS = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4))


def request(span_s: float = 60, **fields: Any) -> ExportRequest:
    plain: dict[str, Any] = {
        "cameras": ("gate",),
        "since_wall_ns": SINCE,
        "until_wall_ns": SINCE + round(span_s * NS_PER_S),
    }
    return ExportRequest(**(plain | fields))


@dataclass(frozen=True)
class Bad:
    fields: dict[str, Any]
    named: str
    span_s: float = 60


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(Bad({}, "until", span_s=-1), id="ends before it begins"),
        pytest.param(Bad({}, "until", span_s=0), id="empty span"),
        pytest.param(Bad({}, "until", span_s=32 * 86_400), id="a month and a day"),
        pytest.param(Bad({"burn_in": True}, "until", span_s=86_401), id="coded for too long"),
        pytest.param(Bad({"cameras": ()}, "cameras"), id="no camera"),
        pytest.param(Bad({"cameras": ("a", "a")}, "cameras"), id="camera twice"),
        pytest.param(
            Bad({"cameras": tuple(f"c{n}" for n in range(65))}, "cameras"), id="65 cameras"
        ),
        pytest.param(Bad({"cameras": ("../x",)}, "Camera id"), id="camera that leads out"),
        pytest.param(Bad({"speed": 1}, "speed"), id="speed 1"),
        pytest.param(Bad({"speed": 10_001}, "speed"), id="too fast"),
        pytest.param(Bad({"speed": 10, "keep_sound": True}, "keep_sound"), id="fast with sound"),
        pytest.param(Bad({"width": 8}, "width"), id="tiny"),
        pytest.param(Bad({"time_zone": "Mars/Olympus"}, "time_zone"), id="no such zone"),
        pytest.param(Bad({"time_zone": "../../etc/passwd"}, "time_zone"), id="zone that leads out"),
        pytest.param(Bad({"zones": (MaskZone(CORNERS[:2]),)}, "zones.0"), id="two corners"),
        pytest.param(
            Bad({"zones": (MaskZone(((0, 0), (1, 0), (1.1, 1))),)}, "zones.0"), id="outside"
        ),
        pytest.param(
            Bad({"zones": (MaskZone(((0, 0), (0.5, 0), (1, 0))),)}, "zones.0"), id="a line"
        ),
        pytest.param(
            Bad({"zones": (MaskZone(CORNERS, camera="other"),)}, "zones.0"), id="other camera"
        ),
        pytest.param(
            Bad({"zones": (MaskZone(CORNERS, None, SINCE + 9, SINCE + 8),)}, "zones.0"),
            id="zone ends before it begins",
        ),
        pytest.param(Bad({"reason": "x" * 501}, "reason"), id="long reason"),
        pytest.param(Bad({"case_number": "a\x00b"}, "case_number"), id="control character"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(bad: Bad) -> None:
    with pytest.raises(ConfigInvalid, match=f"^{bad.named}"):
        checked(request(bad.span_s, **bad.fields))


@pytest.mark.parametrize(
    ("fields", "span_s"),
    [
        pytest.param({}, 31 * 86_400, id="a month of copies"),
        pytest.param({"speed": 10_000, "burn_in": True}, 31 * 86_400, id="a month at speed"),
        pytest.param(
            {"zones": (MaskZone(CORNERS),), "sought": (Sought.FACES,)}, 86_400, id="masks"
        ),
    ],
)
def test_bounds_belong_to_what_is_allowed(fields: dict[str, Any], span_s: float) -> None:
    wanted = request(span_s, **fields)
    assert checked(wanted) is wanted


@pytest.mark.parametrize(
    ("fields", "sound"),
    [
        pytest.param({}, True, id="a copy has it"),
        pytest.param({"zones": (MaskZone(CORNERS),)}, False, id="masks drop it"),
        pytest.param({"zones": (MaskZone(CORNERS),), "keep_sound": True}, True, id="unless asked"),
        pytest.param({"speed": 5}, False, id="a time-lapse has none"),
        pytest.param({"keep_sound": False}, False, id="not wanted"),
    ],
)
def test_sound(fields: dict[str, Any], sound: bool) -> None:
    assert request(**fields).with_sound is sound


def test_a_request_is_stored_and_read_again_as_it_was() -> None:
    wanted = request(zones=(MaskZone(CORNERS, "gate", SINCE, SINCE + 5),), sought=(Sought.PERSONS,))
    assert msgspec.convert(msgspec.to_builtins(wanted), ExportRequest) == wanted


def test_states_that_are_over() -> None:
    over = {state for state in ExportState if state.is_over}
    assert over == {"done", "failed", "cancelled", "expired"}
