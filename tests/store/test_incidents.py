"""Incidents in the database: their newest state, what people said, and pages that miss none."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.incident_store import Handling, IncidentFilter, KeptIncident
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.store.database import Database
from its_camera_ai.store.incidents import IncidentRepository

STOPPED = Incident(
    "0001",
    IncidentKind.STOPPED_VEHICLE,
    Severity.HIGH,
    "bridge",
    "east",
    IncidentStep.OPENED,
    opened_wall_ns=100,
    defined_wall_ns=110,
    updated_wall_ns=111,
    explanation="A car has stood on lane 'east' for 12 s; the limit is 10 s.",
    decided_after_s=0.4,
    track_ids=(7, 8),
    xyxy=(1.0, 2.0, 3.5, 4.0),
    xy_m=(12.5, -3.25),
    facts={"stood_s": 12.0, "limit_s": 10, "lane": "east"},
    clip_since_wall_ns=90,
    clip_until_wall_ns=140,
)
WRONG_WAY = replace(
    STOPPED,
    id="0002",
    kind=IncidentKind.WRONG_WAY,
    severity=Severity.CRITICAL,
    camera_id="tunnel",
    opened_wall_ns=200,
    xyxy=None,
    xy_m=None,
    track_ids=(),
)
UNTOUCHED = Handling()


def updated(incident: Incident, revision: int) -> Incident:
    return replace(
        incident,
        step=IncidentStep.UPDATED,
        revision=revision,
        severity=Severity.CRITICAL,
        explanation=f"state {revision}",
    )


def closed(incident: Incident, revision: int, wall_ns: int) -> Incident:
    return replace(incident, step=IncidentStep.CLOSED, revision=revision, closed_wall_ns=wall_ns)


@pytest.fixture
def kept(database: Database) -> IncidentRepository:
    repository = IncidentRepository(database)
    repository.put([STOPPED, WRONG_WAY])
    return repository


def ids(repository: IncidentRepository, wanted: IncidentFilter) -> list[str]:
    return [item.incident.id for item in repository.find(wanted).items]


def test_given_back_as_they_were(kept: IncidentRepository) -> None:
    assert kept.get("0001") == KeptIncident(STOPPED, UNTOUCHED)
    assert kept.get("0002") == KeptIncident(WRONG_WAY, UNTOUCHED)
    assert kept.get("0003") is None


def test_facts_may_hold_numbers_of_numpy(kept: IncidentRepository) -> None:
    kept.put(
        [replace(STOPPED, id="0009", facts={"speed_kmh": np.float64(-31.5), "n": np.int64(2)})]
    )
    found = kept.get("0009")
    assert found is not None
    assert found.incident.facts == {"speed_kmh": -31.5, "n": 2}


def test_a_higher_revision_overwrites_and_a_lower_one_never(kept: IncidentRepository) -> None:
    third = updated(STOPPED, 3)
    assert kept.put([third]) == 1
    assert kept.put([updated(STOPPED, 2), STOPPED]) == 0
    assert kept.put([third]) == 0
    found = kept.get("0001")
    assert found is not None
    assert found.incident == third


def test_of_several_states_in_one_batch_the_newest_counts(kept: IncidentRepository) -> None:
    assert kept.put([closed(STOPPED, 4, 500), updated(STOPPED, 2), updated(STOPPED, 3)]) == 1
    found = kept.get("0001")
    assert found is not None
    assert found.incident.revision == 4
    assert not found.incident.is_open


def test_nothing_to_put(kept: IncidentRepository) -> None:
    assert kept.put([]) == 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(IncidentFilter(), ["0002", "0001"], id="all, newest first"),
        pytest.param(IncidentFilter(camera_id="bridge"), ["0001"], id="camera"),
        pytest.param(IncidentFilter(kinds=(IncidentKind.WRONG_WAY,)), ["0002"], id="kind"),
        pytest.param(IncidentFilter(kinds=()), [], id="no kind"),
        pytest.param(IncidentFilter(severities=(Severity.HIGH,)), ["0001"], id="severity"),
        pytest.param(IncidentFilter(since_wall_ns=101), ["0002"], id="since"),
        pytest.param(IncidentFilter(until_wall_ns=200), ["0001"], id="until"),
        pytest.param(IncidentFilter(until_wall_ns=10**30), ["0002", "0001"], id="year 9999"),
        pytest.param(IncidentFilter(open=True), ["0001"], id="open"),
        pytest.param(IncidentFilter(open=False), ["0002"], id="closed"),
        pytest.param(IncidentFilter(acknowledged=True), ["0002"], id="acknowledged"),
        pytest.param(IncidentFilter(acknowledged=False), ["0001"], id="not yet"),
        pytest.param(IncidentFilter(false_alarm=True), ["0002"], id="false alarm"),
        pytest.param(IncidentFilter(false_alarm=False), ["0001"], id="true alarm"),
    ],
)
def test_lists(kept: IncidentRepository, wanted: IncidentFilter, found: list[str]) -> None:
    kept.put([closed(WRONG_WAY, 2, 300)])
    kept.acknowledge("0002", "ann", 400, false_alarm=True)
    assert ids(kept, wanted) == found


def test_pages_miss_none_and_repeat_none(kept: IncidentRepository) -> None:
    """Several begin at the same moment, and others open while somebody reads."""
    more = [replace(STOPPED, id=f"1{k:03}", opened_wall_ns=150 + k // 3) for k in range(9)]
    kept.put(more)
    seen: list[str] = []
    cursor = None
    for number in range(20):
        page = kept.find(IncidentFilter(), limit=2, cursor=cursor)
        seen += [item.incident.id for item in page.items]
        kept.put([replace(STOPPED, id=f"9{number:03}", opened_wall_ns=1000 + number)])
        cursor = page.next_cursor
        if cursor is None:
            break
    expected = ["0002", *(i.id for i in sorted(more, key=lambda i: (-i.opened_wall_ns, i.id)))]
    assert sorted(seen) == sorted([*expected, "0001"])
    assert seen[0] == "0002"
    assert seen[-1] == "0001"


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_outside_reason(kept: IncidentRepository, limit: int) -> None:
    with pytest.raises(ConfigInvalid, match="ask for 1 to 1000"):
        kept.find(IncidentFilter(), limit=limit)


def test_a_cursor_that_no_page_gave(kept: IncidentRepository) -> None:
    with pytest.raises(ConfigInvalid, match="a page of incidents"):
        kept.find(IncidentFilter(), cursor="x")


def test_who_acknowledges_first_stays_and_notes_can_change(kept: IncidentRepository) -> None:
    kept.acknowledge("0001", "ann", 500)
    kept.acknowledge("0001", "bob", 600, note="tow truck called")
    found = kept.acknowledge("0001", "bob", 700, false_alarm=True)
    assert found == KeptIncident(STOPPED, Handling("ann", 500, "tow truck called", True))
    again = kept.acknowledge("0001", "bob", 800, false_alarm=False, note="")
    assert again == KeptIncident(STOPPED, Handling("ann", 500, "", False))
    assert kept.acknowledge("none", "ann", 500) is None


def test_a_later_state_keeps_what_people_said(kept: IncidentRepository) -> None:
    kept.acknowledge("0001", "ann", 500, note="seen")
    kept.put([closed(STOPPED, 2, 600)])
    found = kept.get("0001")
    assert found is not None
    assert found.handling == Handling("ann", 500, "seen", False)
    assert found.incident.closed_wall_ns == 600


def test_counts_by_kind_and_severity(kept: IncidentRepository) -> None:
    kept.put([replace(STOPPED, id="0009")])
    assert kept.counts(IncidentFilter()) == {
        (IncidentKind.STOPPED_VEHICLE, Severity.HIGH): 2,
        (IncidentKind.WRONG_WAY, Severity.CRITICAL): 1,
    }
    assert kept.counts(IncidentFilter(camera_id="nowhere")) == {}


def test_what_a_dead_run_left_open_is_closed_with_an_unknown_end(
    kept: IncidentRepository,
) -> None:
    kept.put([closed(WRONG_WAY, 2, 300)])
    (left,) = kept.close_left_open(900)
    found = kept.get("0001")
    assert found is not None
    assert found.incident == left
    assert (left.revision, left.closed_wall_ns, left.is_open) == (2, 900, False)
    assert left.facts == {**STOPPED.facts, "end_unknown": True}
    assert left.explanation.startswith(STOPPED.explanation)
    assert "end is unknown" in left.explanation
    assert kept.close_left_open(900) == []


def test_only_one_cameras_are_closed(kept: IncidentRepository) -> None:
    assert [item.id for item in kept.close_left_open(900, "tunnel")] == ["0002"]
    assert ids(kept, IncidentFilter(open=True)) == ["0001"]
