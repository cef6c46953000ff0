"""The ``recording:`` and ``site:`` sections: read, refused with their lines, written back."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.events import EventKind
from its_camera_ai.core.recording import (
    DayMoment,
    Holidays,
    RecordingMode,
    RecordingPlan,
    RecordingRule,
    Sun,
    Weekday,
)
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.database import Database
from its_camera_ai.store.documents.fields import RecordedEvent, RecordingFields
from its_camera_ai.store.documents.recording import recording_document, recording_plan
from its_camera_ai.store.documents.site import export_site, load_site
from its_camera_ai.store.plan import FieldChange, apply, plan
from its_camera_ai.store.vault import Vault

FULL = """\
site: {time_zone: Europe/Berlin, latitude: 52.5, longitude: 13.4, holidays: DE-BE}
cameras:
  - id: gate
    url: rtsp://h/x
    recording:
      mode: events
      pre_roll_s: 8
      post_roll_s: 20.5
      objects: [person]
      events: [line_crossed, zone_entered]
      lines: [in]
      zones: [yard]
      schedule:
        - {mode: continuous, weekdays: [mon, fri], holidays: except, start: "08:00", end: 18:00}
        - {mode: motion, start: sunset-30, end: sunrise}
        - {mode: off, holidays: only}
    lines:
      - {id: in, points: [[0, 0.5], [1, 0.5]]}
    zones:
      - {id: yard, points: [[0, 0], [1, 0], [1, 1]]}
"""
PLAN = RecordingPlan(
    RecordingMode.EVENTS,
    (
        RecordingRule(
            RecordingMode.CONTINUOUS,
            (Weekday.MON, Weekday.FRI),
            Holidays.EXCEPT,
            DayMoment(480),
            DayMoment(1080),
        ),
        RecordingRule(
            RecordingMode.MOTION,
            start=DayMoment(-30, Sun.SUNSET),
            end=DayMoment(0, Sun.SUNRISE),
        ),
        RecordingRule(RecordingMode.OFF, holidays=Holidays.ONLY),
    ),
    8.0,
    20.5,
    ("person",),
    ("line_crossed", "zone_entered"),
    ("in",),
    ("yard",),
)
FACTS = SiteFacts("Europe/Berlin", 52.5, 13.4, "DE-BE")


def test_a_full_section() -> None:
    site = load_site(FULL)
    assert site.facts == FACTS
    assert site.cameras[0].recording == PLAN


def test_without_one_everything_is_recorded() -> None:
    site = load_site("cameras: [{id: a, url: /a}]")
    assert site.cameras[0].recording == RecordingPlan()
    assert site.facts == SiteFacts()


def test_the_export_loads_to_the_same() -> None:
    site = load_site(FULL)
    again = load_site(export_site(site.cameras, site.facts))
    assert again == site
    plain = export_site([Camera("a", CameraUrl.parse("/a"))])
    assert "recording" not in plain
    assert "site:" not in plain


@pytest.mark.parametrize(
    ("section", "found"),
    [
        pytest.param(
            "{mode: always}", "4:23: cameras[0].recording.mode: must be 'continuous'", id="mode"
        ),
        pytest.param("motion", "4:16: cameras[0].recording: must be a mapping", id="a word"),
        pytest.param(
            "{pre_roll_s: 61}", "4:29: cameras[0].recording.pre_roll_s: must be at most 60",
            id="too long a pre-roll",
        ),
        pytest.param(
            "{pre_roll: 6}", "4:17: cameras[0].recording.pre_roll: unknown key 'pre_roll', did you "
            "mean 'pre_roll_s'?", id="misspelt",
        ),
        pytest.param(
            "{mode: objects, objects: [dog]}", "4:42: cameras[0].recording.objects[0]: must be",
            id="no such class",
        ),
        pytest.param(
            "{events: [recording_failed]}", "4:26: cameras[0].recording.events[0]: must be",
            id="an event of the recording itself",
        ),
        pytest.param(
            "{lines: [nowhere]}", "4:24: cameras[0].recording.lines: the camera has no line "
            "'nowhere'", id="no such line",
        ),
        pytest.param(
            "{schedule: [{mode: off, start: 25:00, end: 26:00}]}",
            "4:47: cameras[0].recording.schedule[0].start: must be a time such as 22:00",
            id="no such time",
        ),
        pytest.param(
            "{schedule: [{mode: off, start: noon, end: 13:00}]}",
            "4:47: cameras[0].recording.schedule[0].start: must be a time such as 22:00",
            id="no such sun",
        ),
        pytest.param(
            '{schedule: [{mode: off, start: "08:00"}]}',
            "4:28: cameras[0].recording.schedule[0]: has only one of 'start' and 'end'",
            id="no end",
        ),
        pytest.param(
            '{schedule: [{mode: off, start: "08:00", end: "08:00"}]}',
            "4:28: cameras[0].recording.schedule[0]: begins when it ends", id="nothing between",
        ),
        pytest.param(
            '{schedule: [{mode: off, start: "08:00", end: "09:00"}]}',
            "4:28: cameras[0].recording.schedule[0]: needs to know where the site is, for days and "
            "times: write 'site: {time_zone:", id="no time zone",
        ),
        pytest.param(
            "{schedule: [{mode: off, start: dusk, end: dawn}]}",
            "4:28: cameras[0].recording.schedule[0]: needs to know where the site is, for the sun",
            id="no place",
        ),
        pytest.param(
            "{schedule: [{mode: off, holidays: only}]}",
            "4:28: cameras[0].recording.schedule[0]: needs to know where the site is, for holidays",
            id="no holidays",
        ),
        pytest.param(
            "{mode: motion}\n    detect: false",
            "4:23: cameras[0].recording.mode: 'motion' needs 'detect: true'", id="nobody looks",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(section: str, found: str) -> None:
    text = f"cameras:\n  - id: north\n    url: rtsp://h/x\n    recording: {section}\n"
    with pytest.raises(ConfigInvalid) as caught:
        load_site(text)
    lines = str(caught.value).splitlines()
    assert any(line.startswith(f"site.yaml:{found}") for line in lines), lines


@pytest.mark.parametrize(
    ("section", "found"),
    [
        pytest.param("{time_zone: Mars/Base}", "time_zone: there is no time zone", id="no zone"),
        pytest.param("{time_zone: ../passwd}", "time_zone: there is no time zone", id="a path"),
        pytest.param("{time_zone: Europe}", "time_zone: there is no time zone", id="a folder"),
        pytest.param("{latitude: 5}", "latitude: latitude and longitude go", id="half a place"),
        pytest.param("{latitude: 95, longitude: 1}", "latitude: ", id="beyond the pole"),
        pytest.param("{holidays: XX}", "holidays: no public holidays", id="no country"),
        pytest.param("{holidays: DE-XX}", "holidays: no public holidays", id="no such part"),
    ],
)
def test_what_is_wrong_about_the_site(section: str, found: str) -> None:
    with pytest.raises(ConfigInvalid, match=f"site.yaml:1:.*site.{found}"):
        load_site(f"site: {section}\ncameras: []\n")


def test_a_change_of_plan_and_place_is_shown_and_applied(database: Database, vault: Vault) -> None:
    repository = CameraRepository(database, vault)
    before = Camera("gate", CameraUrl.parse("/a"))
    repository.put(before)
    wanted = load_site(
        "site: {time_zone: Europe/Berlin}\n"
        "cameras: [{id: gate, url: /a, recording: {mode: motion, pre_roll_s: 3}}]"
    )
    made = plan(repository.all(), wanted.cameras, facts=(repository.site(), wanted.facts))
    assert made.fact_changes == (FieldChange("site.time_zone", None, '"Europe/Berlin"'),)
    assert made.changed[0].fields == (
        FieldChange("recording.mode", None, '"motion"'),
        FieldChange("recording.pre_roll_s", None, "3"),
    )
    assert "~ site.time_zone: added" in made.render()
    revision = repository.revision()
    assert apply(made, repository) == 2
    assert repository.revision() == revision + 1
    assert repository.all() == wanted.cameras
    assert repository.site() == wanted.facts
    again = plan(repository.all(), wanted.cameras, facts=(repository.site(), wanted.facts))
    assert again.is_empty
    assert apply(again, repository) == 0
    assert repository.revision() == revision + 1


def test_only_a_change_of_place_is_a_change_too(database: Database, vault: Vault) -> None:
    repository = CameraRepository(database, vault)
    revision = repository.revision()
    assert repository.change(site=FACTS) == 1
    assert repository.revision() == revision + 1
    assert repository.change(site=FACTS) == 0


moments = st.integers(0, 1440).map(DayMoment) | st.builds(
    DayMoment, st.integers(-720, 720), st.sampled_from(Sun)
)


@st.composite
def rules(draw: st.DrawFn) -> RecordingRule:
    start, end = draw(moments), draw(moments)
    whole = start == end or draw(st.booleans())
    return RecordingRule(
        draw(st.sampled_from(RecordingMode)),
        tuple(draw(st.lists(st.sampled_from(Weekday), max_size=3))),
        draw(st.sampled_from(Holidays)),
        None if whole else start,
        None if whole else end,
    )


plans = st.builds(
    RecordingPlan,
    st.sampled_from(RecordingMode),
    st.lists(rules(), max_size=3).map(tuple),
    st.floats(0, 60),
    st.floats(0, 600),
    st.sampled_from([(), ("person",), ("car", "bus")]),
    st.sampled_from([(), ("line_crossed",)]),
    st.sampled_from([(), ("in",)]),
    st.sampled_from([(), ("yard",)]),
)
SCENE = Scene(
    (Line("in", ((0.0, 0.5), (1.0, 0.5))),), (Zone("yard", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),)
)


@given(plans)
def test_every_plan_comes_back_from_the_file_and_from_the_api(made: RecordingPlan) -> None:
    camera = Camera("gate", CameraUrl.parse("/a"), scene=SCENE, recording=made)
    assert load_site(export_site([camera], FACTS)).cameras == [camera]
    assert recording_plan(RecordingFields.model_validate(recording_document(made))) == made


def test_the_events_that_may_be_recorded_are_events() -> None:

    assert set(get_args(RecordedEvent)) <= {str(kind) for kind in EventKind}
