"""Every incident rule on a small stage: what fires, when, and what must not."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.road import SignalSource
from its_camera_ai.core.road_users import Passage
from its_camera_ai.core.scene import Scene, ZoneUse
from its_camera_ai.core.signals import SignalReading, SignalState
from its_camera_ai.core.tracks import Unknown
from tests.analytics.incidents.stage import (
    ROAD,
    SIGNALLED,
    WALL_NS,
    Actor,
    Stage,
    box,
    lane,
    passage,
    zone,
)

STOPS_AT_10_S = [(0.0, 20.0, 2.0), (10.0, 120.0, 2.0), (200.0, 120.0, 2.0)]


def reading(state: SignalState, since_s: float, head: str = "light") -> dict[str, SignalReading]:
    return {head: SignalReading(head, state, WALL_NS + round(since_s * 1e9))}


def one(incidents: list[Incident]) -> Incident:
    assert len(incidents) == 1, [i.explanation for i in incidents]
    return incidents[0]


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
@pytest.mark.parametrize("step_s", [0.1, 0.5, 1.0])
def test_a_vehicle_that_stands_on_free_road(calibrated: bool, step_s: float) -> None:
    stage = Stage(calibrated=calibrated)
    stage.play([Actor(1, STOPS_AT_10_S)], 30.0, step_s=step_s)
    incident = one(stage.opened())
    assert incident.kind is IncidentKind.STOPPED_VEHICLE
    assert (incident.place, incident.track_ids) == ("east", (1,))
    began_s = (incident.opened_wall_ns - WALL_NS) / 1e9
    assert began_s == pytest.approx(10.0, abs=1.0 + step_s)
    assert incident.decided_after_s <= 1.0
    assert "stood on east" in incident.explanation
    assert (incident.xy_m is not None) is calibrated
    assert incident.clip_since_wall_ns < incident.opened_wall_ns < incident.clip_until_wall_ns


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
def test_it_drives_on_and_the_incident_closes(calibrated: bool) -> None:
    stage = Stage(calibrated=calibrated)
    path = [*STOPS_AT_10_S[:2], (40.0, 120.0, 2.0), (46.0, 180.0, 2.0)]
    stage.play([Actor(1, path)], 50.0)
    last = stage.told[-1]
    assert [i.step for i in stage.told if i.step is not IncidentStep.UPDATED] == [
        IncidentStep.OPENED,
        IncidentStep.CLOSED,
    ]
    assert last.closed_wall_ns is not None
    assert (last.closed_wall_ns - WALL_NS) / 1e9 == pytest.approx(40.0, abs=1.5)
    assert last.revision > stage.told[0].revision
    assert last.id == stage.told[0].id
    assert stage.watch.open == []


def test_a_long_stay_is_told_again_and_grows_worse() -> None:
    stage = Stage()
    stage.play([Actor(1, STOPS_AT_10_S)], 150.0, step_s=0.5)
    steps = [(i.step, i.severity) for i in stage.told]
    assert steps == [
        (IncidentStep.OPENED, Severity.MEDIUM),
        (IncidentStep.UPDATED, Severity.HIGH),
    ]
    assert [i.revision for i in stage.told] == [1, 2]


def test_a_queue_and_its_head_are_one_incident() -> None:
    behind = [
        Actor(k, [(0.0, 20.0 - 8 * k, 2.0), (10.0, 120.0 - 8 * k, 2.0), (99.0, 120.0 - 8 * k, 2.0)])
        for k in (2, 3)
    ]
    stage = Stage()
    stage.play([Actor(1, [(0, 12, 2), (10, 112, 2), (99, 112, 2)]), *behind], 40.0, step_s=0.2)
    assert one(stage.opened()).track_ids == (1,)


@pytest.mark.parametrize(
    ("state", "since_s", "fires"),
    [
        pytest.param(SignalState.RED, 0.0, False, id="red"),
        pytest.param(SignalState.YELLOW, 0.0, False, id="yellow"),
        pytest.param(SignalState.UNKNOWN, 0.0, False, id="unknown"),
        pytest.param(SignalState.DARK, 0.0, False, id="dark"),
        pytest.param(SignalState.GREEN, 0.0, True, id="long green"),
        pytest.param(SignalState.GREEN, 55.0, False, id="green since just now"),
    ],
)
def test_waiting_at_a_stop_line(state: SignalState, since_s: float, fires: bool) -> None:
    stage = Stage(SIGNALLED)
    path = [(0.0, 46.0, 2.0), (10.0, 146.0, 2.0), (99.0, 146.0, 2.0)]
    stage.play([Actor(1, path)], 60.0, step_s=0.5, signals=lambda _: reading(state, since_s))
    assert bool(stage.opened()) is fires


def test_standing_for_people_on_the_road_is_no_incident() -> None:
    stage = Stage()
    person = Actor(2, [(0, 128.0, -3.0), (9, 128.0, 1.0), (40, 128.0, 1.0)], ObjectClass.PERSON)
    stage.play([Actor(1, STOPS_AT_10_S), person], 35.0)
    assert not stage.opened(IncidentKind.STOPPED_VEHICLE)


def test_parking_places_are_for_standing() -> None:
    scene = replace(ROAD, zones=(zone("bays", ZoneUse.PARKING, box(100, 0, 140, 4)),))
    stage = Stage(scene)
    stage.play([Actor(1, STOPS_AT_10_S)], 60.0, step_s=0.5)
    assert not stage.opened()


def test_a_track_that_is_lost_and_found_under_another_id_stays_one_incident() -> None:
    stage = Stage()
    stage.play([Actor(1, STOPS_AT_10_S, gone=(25.0, 35.0), renamed=(30.0, 7))], 60.0, step_s=0.2)
    incident = one(stage.opened())
    assert not any(i.step is IncidentStep.CLOSED for i in stage.told)
    assert stage.watch.open[0].track_ids == (7, 1)
    assert stage.watch.open[0].id == incident.id


def test_an_id_that_changes_before_the_limit_keeps_its_time() -> None:
    stage = Stage()
    stage.play([Actor(1, STOPS_AT_10_S, gone=(14.0, 15.0), renamed=(14.5, 7))], 30.0)
    incident = one(stage.opened())
    assert (incident.defined_wall_ns - WALL_NS) / 1e9 == pytest.approx(20.0, abs=1.0)


def test_a_track_lost_for_good_closes_after_a_while() -> None:
    stage = Stage()
    stage.play([Actor(1, [*STOPS_AT_10_S[:2], (30.0, 120.0, 2.0)])], 60.0, step_s=0.2)
    last = stage.told[-1]
    assert last.step is IncidentStep.CLOSED
    assert "no longer seen" in last.explanation
    assert (last.updated_wall_ns - WALL_NS) / 1e9 == pytest.approx(50.0, abs=0.5)


def test_frames_that_were_not_looked_at_end_nothing() -> None:
    stage = Stage()
    dark = lambda t: Unknown.OVERLOAD if 25.0 < t < 325.0 else None  # noqa: E731 # short and local
    stage.play(
        [Actor(1, [*STOPS_AT_10_S[:2], (25.0, 120.0, 2.0)])], 324.0, step_s=0.5, unknown=dark
    )
    assert [i.step for i in stage.told] == [IncidentStep.OPENED]
    stage.play([], 360.0, step_s=0.5, unknown=dark)
    assert stage.told[-1].step is IncidentStep.CLOSED


def test_nothing_ends_or_begins_while_the_camera_may_have_moved() -> None:
    stage = Stage()
    stage.play([Actor(1, STOPS_AT_10_S)], 25.0)
    stage.watch.doubt()
    stage.play([], 100.0, step_s=0.5)
    assert [i.step for i in stage.told] == [IncidentStep.OPENED]
    stage.watch.trust()
    stage.play([], 140.0, step_s=0.5)
    assert stage.told[-1].step is IncidentStep.CLOSED


def test_an_earlier_frame_is_left_out() -> None:
    stage = Stage()
    stage.play([Actor(1, STOPS_AT_10_S)], 25.0)
    stage.t_s = 5.0
    assert stage.watch.update(stage.frame([Actor(1, STOPS_AT_10_S)])) == []


NO_STOPPING = replace(ROAD, zones=(zone("bay", ZoneUse.NO_STOPPING, box(100, 0, 140, 4), 15.0),))


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
def test_illegal_parking(calibrated: bool) -> None:
    stage = Stage(NO_STOPPING, calibrated=calibrated)
    stage.play([Actor(1, STOPS_AT_10_S)], 40.0)
    incident = one(stage.opened())
    assert (incident.kind, incident.place) == (IncidentKind.ILLEGAL_PARKING, "bay")
    assert (incident.defined_wall_ns - WALL_NS) / 1e9 == pytest.approx(25.0, abs=1.0)
    assert incident.decided_after_s <= 0.2
    assert incident.facts["limit_s"] == 15.0


def test_a_queue_in_a_zone_without_stopping_is_allowed() -> None:
    """They wait behind one that waits for a red light."""
    bay = zone("bay", ZoneUse.NO_STOPPING, box(100, 0, 150, 4), 15.0)
    stage = Stage(replace(SIGNALLED, zones=(bay,)))
    queue = [
        Actor(k, [(0, 46 - 7 * k, 2), (10, 146 - 7 * k, 2), (99, 146 - 7 * k, 2)]) for k in range(4)
    ]
    stage.play(queue, 60.0, step_s=0.5, signals=lambda _: reading(SignalState.RED, 0.0))
    assert not stage.opened()


def test_two_parked_behind_one_another_are_two() -> None:
    scene = replace(NO_STOPPING, lanes=())
    stage = Stage(scene)
    actors = [
        Actor(k, [(0, 20 - 7 * k, 2), (10, 120 - 7 * k, 2), (99, 120 - 7 * k, 2)]) for k in (1, 2)
    ]
    stage.play(actors, 40.0)
    assert {i.track_ids for i in stage.opened(IncidentKind.ILLEGAL_PARKING)} == {(1,), (2,)}


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
def test_wrong_way(calibrated: bool) -> None:
    stage = Stage(calibrated=calibrated)
    stage.play([Actor(1, [(0.0, 180.0, 2.0), (12.0, 60.0, 2.0)])], 12.0)
    incident = one(stage.opened())
    assert (incident.kind, incident.place) == (IncidentKind.WRONG_WAY, "east")
    assert incident.severity is Severity.CRITICAL
    assert incident.decided_after_s <= 1.0
    assert (incident.updated_wall_ns - WALL_NS) / 1e9 < (2.0 if calibrated else 4.0)
    if calibrated:
        assert incident.facts["speed_kmh"] == pytest.approx(-36.0, abs=0.2)


@pytest.mark.parametrize(
    "actor",
    [
        pytest.param(Actor(1, [(0, 20, 2), (12, 140, 2)]), id="right way"),
        pytest.param(Actor(1, [(0, 140, 6), (12, 20, 6)]), id="right way in the other lane"),
        pytest.param(Actor(1, [(0, 60, 2), (5, 52, 2)]), id="reverses 8 m"),
        pytest.param(
            Actor(1, [(0, 20, 2), (5, 70, 2), (5.1, 55, 2), (10, 105, 2)]), id="a track jumps back"
        ),
        pytest.param(
            Actor(1, [(0, 180, 2), (12, 60, 2)], ObjectClass.BICYCLE), id="a bicycle"
        ),
        pytest.param(Actor(1, [(0, 180, 2), (12, 60, 2)], share=0.3), id="class in doubt"),
        pytest.param(Actor(1, [(0, 120, -5), (12, 20, -5)]), id="outside the lanes"),
    ],
)  # fmt: skip
def test_not_the_wrong_way(actor: Actor) -> None:
    stage = Stage()
    stage.play([actor], 12.0)
    assert not stage.opened(IncidentKind.WRONG_WAY)


def test_a_wrong_way_driver_under_a_new_id_is_the_same() -> None:
    stage = Stage()
    path = [(0.0, 185.0, 2.0), (16.0, 25.0, 2.0)]
    stage.play([Actor(1, path, gone=(5.0, 6.5), renamed=(6.0, 9))], 16.0)
    assert one(stage.opened()).track_ids == (1,)
    assert stage.watch.open[0].track_ids == (9, 1)


CARRIAGEWAY = replace(
    ROAD,
    zones=(
        zone("road", ZoneUse.CARRIAGEWAY, box(10, 0, 190, 8)),
        zone("zebra", ZoneUse.CROSSING, box(95, -1, 99, 9)),
    ),
)


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
@pytest.mark.parametrize(
    ("actor", "kind"),
    [
        pytest.param(
            Actor(1, [(0, 60, -4), (12, 60, 12)], ObjectClass.PERSON),
            IncidentKind.PEDESTRIAN_ON_ROAD,
            id="walks across",
        ),
        pytest.param(
            Actor(1, [(0, 60, -4), (5, 60, 12)], ObjectClass.BICYCLE),
            IncidentKind.CYCLIST_ON_ROAD,
            id="cycles across",
        ),
        pytest.param(Actor(1, [(0, 97, -4), (12, 97, 12)], ObjectClass.PERSON), None, id="zebra"),
        pytest.param(
            Actor(1, [(0, 94.6, -4), (12, 94.6, 12)], ObjectClass.PERSON), None, id="zebra's edge"
        ),
        pytest.param(Actor(1, [(0, 20, -1), (60, 90, -1)], ObjectClass.PERSON), None, id="kerb"),
        pytest.param(Actor(1, [(0, 20, 2), (12, 140, 2)]), None, id="a car"),
        pytest.param(
            Actor(1, [(0, 60, 4), (60, 60, 4)], ObjectClass.BICYCLE), None, id="a bicycle lies"
        ),
    ],
)
def test_people_on_the_road(calibrated: bool, actor: Actor, kind: IncidentKind | None) -> None:
    stage = Stage(CARRIAGEWAY, calibrated=calibrated)
    stage.play([actor], 12.0)
    if kind is None:
        assert not stage.opened()
        return
    incident = one(stage.opened())
    assert incident.kind is kind
    assert incident.place == "road"
    assert incident.decided_after_s <= 1.0


def test_a_rider_is_no_pedestrian() -> None:
    path = [(0.0, 20.0, 2.0), (12.0, 120.0, 2.0)]
    rider = Actor(1, path, ObjectClass.PERSON)
    motorcycle = Actor(2, path, ObjectClass.CAR, size_m=(2.2, 0.8, 1.2))
    motorcycle.kind = ObjectClass.MOTORCYCLE
    stage = Stage(CARRIAGEWAY)
    stage.play([rider, motorcycle], 12.0)
    assert not stage.opened()


def test_a_group_is_one_incident() -> None:
    people = [
        Actor(k, [(0, 60 + k, -4), (12, 60 + k, 12)], ObjectClass.PERSON) for k in range(1, 5)
    ]
    far = Actor(9, [(0, 160, -4), (12, 160, 12)], ObjectClass.PERSON)
    stage = Stage(CARRIAGEWAY)
    stage.play([*people, far], 9.0)
    assert len(stage.opened()) == 2
    assert set(stage.watch.open[0].track_ids) == {1, 2, 3, 4}


@pytest.mark.parametrize("calibrated", [True, False], ids=["metres", "picture"])
def test_debris_and_where_it_came_from(calibrated: bool) -> None:
    stage = Stage(calibrated=calibrated)
    truck = Actor(1, [(0, 20, 2), (12, 140, 2)], ObjectClass.TRUCK)
    thing = Actor(5, [(5.0, 66.0, 2.5), (99, 66.0, 2.5)], ObjectClass.OTHER)
    stage.play([truck, thing], 20.0)
    incident = one(stage.opened())
    assert (incident.kind, incident.place) == (IncidentKind.DEBRIS, "east")
    assert incident.facts["left_by"] == 1
    assert (incident.defined_wall_ns - WALL_NS) / 1e9 == pytest.approx(10.0, abs=1.0)


def test_a_thing_beside_the_road_or_moving_is_no_debris() -> None:
    stage = Stage()
    stage.play(
        [
            Actor(1, [(0, 66, -4), (60, 66, -4)], ObjectClass.OTHER),
            Actor(2, [(0, 20, 2), (60, 140, 2)], ObjectClass.OTHER),
        ],
        30.0,
    )
    assert not stage.opened()


def with_limit(limit_kmh: float, scene: Scene = ROAD) -> Scene:
    lanes = tuple(replace(lane, speed_limit_kmh=limit_kmh) for lane in scene.lanes)
    return replace(scene, lanes=lanes)


def test_a_slow_vehicle_with_free_road_ahead() -> None:
    stage = Stage(with_limit(80.0))
    stage.play([Actor(1, [(0, 12, 2), (20, 172, 2)])], 20.0)  # 28.8 km/h
    incident = one(stage.opened())
    assert incident.kind is IncidentKind.SLOW_VEHICLE
    assert incident.facts["limit_kmh"] == 40.0
    assert incident.decided_after_s <= 0.2


def test_a_track_that_seems_to_stand_at_first_is_not_starting_up() -> None:
    """A new track's motion is only being measured; standing for longer excuses slowness."""
    for rest_s, fires in ((0.8, True), (4.0, False)):
        stage = Stage(with_limit(80.0))
        path = [(0.0, 12.0, 2.0), (rest_s, 12.0, 2.0), (rest_s + 14.0, 124.0, 2.0)]
        stage.play([Actor(1, path)], rest_s + 14.0, step_s=0.2)
        assert bool(stage.opened(IncidentKind.SLOW_VEHICLE)) is fires


def test_what_is_usual_is_learnt_from_the_others() -> None:
    """Without a limit: after ten vehicles at 72 km/h one at 29 km/h is slow, before them not."""
    others = [Actor(k, [(40 + 10 * k, 12, 2), (48.5 + 10 * k, 182, 2)]) for k in range(10)]
    first = Actor(50, [(0, 12, 2), (20, 172, 2)])
    stage = Stage()
    stage.play([first, *others], 190.0, step_s=0.5)
    assert not stage.opened()
    stage.play([Actor(51, [(190, 12, 2), (210, 172, 2)])], 210.0, step_s=0.5)
    assert one(stage.opened()).track_ids == (51,)


def test_slow_behind_another_is_only_the_one_in_front() -> None:
    front = Actor(1, [(0, 32, 2), (18, 176, 2)])
    behind = Actor(2, [(0, 12, 2), (18, 156, 2)])
    stage = Stage(with_limit(80.0))
    stage.play([front, behind], 18.0)
    assert one(stage.opened()).track_ids == (1,)


@pytest.mark.parametrize(
    ("kmh", "half_kmh", "fires"),
    [
        pytest.param(61.0, 5.0, True, id="the whole interval is above"),
        pytest.param(56.0, 5.0, False, id="perhaps"),
        pytest.param(45.0, 1.0, False, id="below"),
        pytest.param(None, 0.0, False, id="no speed"),
    ],
)
def test_speeding(kmh: float | None, half_kmh: float, fires: bool) -> None:
    stage = Stage(with_limit(55.0, SIGNALLED))
    gone_by = [passage(1, 5.04, kmh=kmh, half_kmh=half_kmh)]
    stage.play([], 15.0, passages=lambda t: gone_by if t == 5.1 else [])
    assert bool(stage.opened(IncidentKind.SPEEDING)) is fires
    if fires:
        opened, closed = stage.told
        assert opened.decided_after_s == pytest.approx(0.06, abs=1e-6)
        assert closed.step is IncidentStep.CLOSED
        assert "56.0 km/h" in opened.explanation


RED_AT = 4.0


def red_light(
    crossed_s: float,
    states: list[tuple[float, float, SignalState]],
    *,
    source: SignalSource = SignalSource.INPUT,
    label: str = "car",
    until_s: float = 20.0,
) -> Stage:
    """States: (told at, holds since, state)."""
    head = replace(SIGNALLED.signals[0], source=source, lamps=((0.1, 0.1), (0.2, 0.1), (0.2, 0.2)))
    stage = Stage(replace(SIGNALLED, signals=(head,)))
    gone_by = passage(1, crossed_s, kmh=40.0, label=label)

    def signals(t: float) -> dict[str, SignalReading]:
        known = [entry for entry in states if entry[0] <= t]
        return reading(known[-1][2], known[-1][1]) if known else {}

    told = round(np.ceil(crossed_s * 10) / 10, 6)

    def passages(t: float) -> list[Passage]:
        return [gone_by] if t == told else []

    stage.play([], until_s, signals=signals, passages=passages)
    return stage


GREEN_THEN_RED = [(0.0, 0.0, SignalState.GREEN), (RED_AT, RED_AT, SignalState.RED)]


@pytest.mark.parametrize(
    ("crossed_s", "states", "fires"),
    [
        pytest.param(6.0, GREEN_THEN_RED, True, id="red for 2 s"),
        pytest.param(4.3, GREEN_THEN_RED, False, id="within the grace"),
        pytest.param(3.9, GREEN_THEN_RED, False, id="before red"),
        pytest.param(6.0, [(0.0, 0.0, SignalState.GREEN), (6.4, 4.5, SignalState.RED)], True,
                     id="red told 0.8 s after the front"),
        pytest.param(6.0, [*GREEN_THEN_RED, (6.4, 5.5, SignalState.GREEN)], False,
                     id="green told 0.8 s after the front"),
        pytest.param(6.0, [(0.0, 0.0, SignalState.UNKNOWN)], False, id="unknown"),
        pytest.param(6.0, [(0.0, 0.0, SignalState.DARK)], False, id="dark"),
        pytest.param(6.0, [], False, id="never told"),
        pytest.param(6.0, [*GREEN_THEN_RED, (5.0, 5.0, SignalState.RED_YELLOW)], False,
                     id="red and yellow"),
        pytest.param(6.0, [*GREEN_THEN_RED, (5.0, 5.0, SignalState.UNKNOWN)], False,
                     id="red, then unknown"),
    ],
)  # fmt: skip
def test_red_light(
    crossed_s: float, states: list[tuple[float, float, SignalState]], fires: bool
) -> None:
    stage = red_light(crossed_s, states)
    assert bool(stage.opened()) is fires
    if fires:
        incident = one(stage.opened())
        assert (incident.kind, incident.place) == (IncidentKind.RED_LIGHT, "light")
        assert incident.decided_after_s <= 1.0
        assert stage.told[-1].step is IncidentStep.CLOSED


def test_the_line_of_the_next_lane_is_passed_in_the_picture_only() -> None:
    """A tall body seen at an angle: the passage's lane has a stop line of its own."""
    other = replace(SIGNALLED.lines[0], id="other")
    lanes = (*SIGNALLED.lanes, lane("left", 6.0, 10, 150, stop_line="other"))
    stage = Stage(replace(SIGNALLED, lines=(*SIGNALLED.lines, other), lanes=lanes))
    gone_by = [passage(1, 6.0, kmh=40.0, lane="left"), passage(2, 6.0, kmh=40.0, lane="east")]
    stage.play(
        [],
        12.0,
        signals=lambda _: reading(SignalState.RED, 1.0),
        passages=lambda t: gone_by if t == 6.0 else [],
    )
    assert one(stage.opened()).track_ids == (2,)


def test_lamps_in_the_picture_are_judged_sooner() -> None:
    incident = one(red_light(6.0, GREEN_THEN_RED, source=SignalSource.PICTURE).opened())
    assert incident.decided_after_s <= 0.5


def test_people_walk_over_a_stop_line_as_they_like() -> None:
    assert not red_light(6.0, GREEN_THEN_RED, label="person").opened()


def queue_of(n: int, from_s: float, until_s: float) -> list[Actor]:
    """Cars that arrive one after another at a red light and leave together."""
    return [
        Actor(
            k + 1,
            [(from_s + k, 20.0, 2.0), (from_s + k + 10, 146.0 - 7 * k, 2.0),
             (until_s, 146.0 - 7 * k, 2.0), (until_s + 8, 190.0 - 7 * k, 2.0)],
        )
        for k in range(n)
    ]  # fmt: skip


def test_a_queue_beyond_its_storage_spills_back() -> None:
    stage = Stage(SIGNALLED)
    red = lambda _: reading(SignalState.RED, 0.0)  # noqa: E731 # short and local
    stage.play(queue_of(8, 0.0, 60.0), 40.0, step_s=0.5, signals=red)
    assert not stage.opened(IncidentKind.QUEUE_SPILLBACK)  # 8 cars: 53.5 m
    stage = Stage(SIGNALLED)
    stage.play(queue_of(11, 0.0, 60.0), 130.0, step_s=0.5, signals=red)
    incident = one(stage.opened(IncidentKind.QUEUE_SPILLBACK))
    assert incident.track_ids == ()
    assert incident.facts["limit_m"] == 60.0
    assert incident.decided_after_s <= 0.5
    assert stage.told[-1].step is IncidentStep.CLOSED


def test_congestion_on_free_road() -> None:
    """Cars every 12 m at 9 km/h: 80 veh/km."""

    def stream(lane_y: float, first: int) -> list[Actor]:
        cars = []
        for k in range(60):
            start = -15.0 + 4.8 * k  # 12 m at 2.5 m/s
            cars.append(Actor(first + k, [(start, 8, lane_y), (start + 72, 188, lane_y)]))
        return cars

    stage = Stage(Scene(lanes=(lane("east", 2.0, 10, 190, approach="in"),)))
    stage.play(stream(2.0, 1), 200.0, step_s=0.5)
    incident = one(stage.opened(IncidentKind.CONGESTION))
    assert incident.place == "in"
    assert incident.facts["speed_kmh"] == pytest.approx(9.0, abs=0.5)
    assert incident.decided_after_s <= 1.2
    stage.play([Actor(900, [(200, 12, 2), (600, 180, 2)])], 420.0, step_s=0.5)
    assert any(
        i.step is IncidentStep.CLOSED and i.kind is IncidentKind.CONGESTION for i in stage.told
    )


def test_a_few_cars_are_no_congestion_however_slow() -> None:
    stage = Stage(Scene(lanes=(lane("east", 2.0, 10, 190),)))
    stage.play([Actor(1, [(0, 12, 2), (200, 180, 2)])], 190.0, step_s=0.5)
    assert not stage.opened(IncidentKind.CONGESTION)


def crossing(late_s: float, speed: float = 8.0) -> list[Actor]:
    """One along x, one along y; their middles pass (100, 4) ``late_s`` apart, at t = 10."""
    v = speed
    return [
        Actor(1, [(0, 100 - 10 * v, 4), (20, 100 + 10 * v, 4)]),
        Actor(2, [(0, 100, 4 - (10 + late_s) * v), (20, 100, 4 + (10 - late_s) * v)]),
    ]


@pytest.mark.parametrize("speed", [6.0, 10.0, 14.0])
@pytest.mark.parametrize("wanted_pet_s", [0.15, 0.5, 0.9])
def test_post_encroachment_is_that_of_the_plan(speed: float, wanted_pet_s: float) -> None:
    reach = 0.9 + 2.25
    late_s = wanted_pet_s + 2 * reach / speed
    stage = Stage(Scene())
    stage.play(crossing(late_s, speed), 18.0)
    incident = one(stage.opened(IncidentKind.NEAR_MISS))
    final = [i for i in stage.told if i.id == incident.id][-1]
    assert final.facts["pet_s"] == pytest.approx(wanted_pet_s, abs=0.05)
    assert final.facts["conflict"] == "crossing"
    assert set(final.track_ids) == {1, 2}
    assert incident.decided_after_s <= 1.0
    assert (incident.defined_wall_ns - WALL_NS) / 1e9 == pytest.approx(
        10 + late_s - reach / speed, abs=0.05
    )


def test_a_wider_encroachment_is_none() -> None:
    stage = Stage(Scene())
    stage.play(crossing(1.3 + 6.3 / 8.0), 18.0)
    assert not stage.opened()


def test_driving_behind_another_round_a_bend_is_no_encroachment() -> None:
    way = [
        (0.0, 40.0, 4.0),
        (5.0, 90.0, 4.0),
        (6.0, 97.0, 7.0),
        (7.0, 100.0, 14.0),
        (9.0, 100.0, 34.0),
    ]
    follower = [(t + 1.0, x, y) for t, x, y in way]
    stage = Stage(Scene())
    stage.play([Actor(1, way), Actor(2, follower)], 10.0)
    assert not stage.opened()


def test_starting_behind_another_and_parting_is_no_encroachment() -> None:
    """Both stood in the same lane; the one in front turns off, the other goes straight on."""
    first = [(0, 90, 4), (4, 90, 4), (6, 96, 4), (7, 100, 6), (8, 102, 11), (12, 102, 40)]
    second = [(0, 84, 4), (4.5, 84, 4), (6, 88, 4), (7.4, 97, 4), (12, 140, 4)]
    stage = Stage(Scene())
    stage.play([Actor(1, first), Actor(2, second)], 12.0)
    assert not stage.opened()


def braking(gap_m: float, speed: float, decel: float) -> list[Actor]:
    """One stands, the other comes up and brakes to stand ``gap_m`` behind it."""
    stands_at = 150.0
    rear = stands_at - 2.25
    stop_x = rear - gap_m - 2.25
    brake_s = speed / decel
    brake_m = speed**2 / (2 * decel)
    cruise_s = (stop_x - brake_m - 20.0) / speed
    path = [(0.0, 20.0, 2.0)]
    path += [
        (cruise_s + k * brake_s / 40,
         stop_x - brake_m + speed * (k * brake_s / 40) - decel * (k * brake_s / 40) ** 2 / 2, 2.0)
        for k in range(41)
    ]  # fmt: skip
    return [Actor(1, [*path, (99.0, stop_x, 2.0)]), Actor(2, [(0, 150, 2), (99, 150, 2)])]


def test_hard_braking_behind_another_is_a_rear_end_conflict() -> None:
    stage = Stage()
    actors = braking(1.0, 16.0, 7.0)
    stage.play(actors, 15.0)
    incident = one(stage.opened(IncidentKind.NEAR_MISS))
    assert incident.facts["conflict"] == "rear_end"
    assert incident.decided_after_s <= 1.0
    # at speed v it is v²/14 + 1 m away: TTC = v/14 + 1/v, which is shortest near 2·sqrt(1/14)
    assert float(str(incident.facts["ttc_s"])) <= 1.5


def test_easy_braking_is_none() -> None:
    stage = Stage()
    stage.play(braking(2.0, 14.0, 2.0), 20.0)
    assert not stage.opened(IncidentKind.NEAR_MISS)


def test_oncoming_traffic_in_the_next_lane_is_no_conflict() -> None:
    wobble = [(t * 0.5, 20 + 8 * t, 2.0 + (0.25 if t % 2 else 0.0)) for t in range(20)]
    stage = Stage()
    stage.play([Actor(1, wobble), Actor(2, [(0, 180, 6), (9, 20, 6)])], 9.0)
    assert not stage.opened()


def test_head_on_is_told_before_they_meet() -> None:
    """30 m/s closing; at 1.5 s before contact there are 45 m between them."""
    stage = Stage(Scene())
    stage.play([Actor(1, [(0, 20, 2), (4, 80, 2)]), Actor(2, [(0, 160, 2), (4, 100, 2)])], 3.8)
    incident = one(stage.opened())
    contact_s = (140 - 4.5) / 30
    assert (incident.defined_wall_ns - WALL_NS) / 1e9 == pytest.approx(contact_s - 1.5, abs=0.1)
    assert incident.decided_after_s <= 1.0
    assert incident.facts["angle_deg"] == 180.0
    assert incident.severity is Severity.MEDIUM


def test_a_walker_before_a_car_is_worse_than_a_car() -> None:
    stage = Stage(Scene())
    walker = Actor(2, [(0, 100, 2), (9, 100, 2.5)], ObjectClass.PERSON)
    stage.play([Actor(1, [(0, 20, 2), (5, 95, 2)]), walker], 4.8)
    incident = one(stage.opened())
    assert incident.kind is IncidentKind.NEAR_MISS
    assert incident.severity in (Severity.HIGH, Severity.CRITICAL)


@pytest.mark.parametrize(("stops_at_m", "fires"), [(-0.5, False), (1.5, True)])
def test_who_comes_up_to_the_kerb_fast_is_no_conflict(stops_at_m: float, fires: bool) -> None:
    """A cyclist at 4 m/s who stops at the kerb, or only on the road."""
    ride = [(0.0, 100.0, -16.0), ((stops_at_m + 16) / 4, 100.0, stops_at_m), (9, 100, stops_at_m)]
    arrives_s = (stops_at_m + 16) / 4
    car = Actor(1, [(0, 100 - 12 * (arrives_s + 0.6), 2), (9, 100 + 12 * (8.4 - arrives_s), 2)])
    stage = Stage(CARRIAGEWAY)
    stage.play([car, Actor(2, ride, ObjectClass.BICYCLE)], arrives_s + 0.3)
    assert bool(stage.opened(IncidentKind.NEAR_MISS)) is fires


def test_the_memory_of_tracks_stays_small() -> None:
    stage = Stage()
    for k in range(30):
        stage.play(
            [Actor(1000 + k, [(10.0 * k, 20, 2), (10.0 * k + 8, 120, 2)])],
            10.0 * (k + 1),
            step_s=0.5,
        )
    assert len(stage.watch._memory) <= 6
    assert not stage.opened()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"stopped_s": 0.0}, id="zero"),
        pytest.param({"ttc_s": float("nan")}, id="no number"),
        pytest.param({"stand_kmh": 12.0}, id="hysteresis the wrong way round"),
        pytest.param({"slow_share": 1.0}, id="share of 1"),
        pytest.param({"wrong_way_deg": 80.0}, id="not against"),
        pytest.param({"speeding_over_kmh": -1.0}, id="negative"),
    ],
)
def test_limits_that_make_no_sense(values: dict[str, float]) -> None:
    with pytest.raises(ConfigInvalid, match=next(iter(values))):
        IncidentLimits(**values)  # type: ignore[arg-type] # the table holds floats only
