from dataclasses import replace

import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.database import Database
from its_camera_ai.store.documents.site import export_site, load_site
from its_camera_ai.store.plan import FieldChange, apply, plan
from its_camera_ai.store.storage_policy import StoragePolicyRepository
from its_camera_ai.store.vault import Vault

url = CameraUrl.parse

GATE = Line("gate", ((150, 430), (1150, 430)), Unit.PX)
NORTH = Camera(
    id="north",
    main=url("rtsp://bob:CANARY@192.0.2.1/main?pwd=CANARY"),
    name="North",
    scene=Scene(lines=(GATE,)),
)
SOUTH = Camera(id="south", main=url("rtsp://bob:CANARY@192.0.2.2/main"))
EAST = Camera(id="east", main=url("/srv/east.mp4"))
WEST = Camera(id="west", main=url("/srv/west.mp4"))


@pytest.fixture
def repository(database: Database, vault: Vault) -> CameraRepository:
    made = CameraRepository(database, vault)
    made.change(put=[NORTH, SOUTH, EAST])
    return made


def test_what_is_added_changed_removed_and_the_same(repository: CameraRepository) -> None:
    renamed = replace(SOUTH, name="South")
    made = plan(repository.all(), [WEST, NORTH, renamed])
    assert made.added == (WEST,)
    assert [(change.before, change.after) for change in made.changed] == [(SOUTH, renamed)]
    assert made.removed == (EAST,)
    assert made.unchanged == (NORTH,)
    assert not made.is_empty


@pytest.mark.parametrize(
    ("after", "fields"),
    [
        pytest.param(
            replace(NORTH, detect_fps=8.0),
            [FieldChange("detect_fps", "5.0", "8.0")],
            id="an option",
        ),
        pytest.param(replace(NORTH, name=""), [FieldChange("name", '"North"', None)], id="no name"),
        pytest.param(
            replace(NORTH, main=url("rtsp://bob:CANARY@192.0.2.9/main?pwd=CANARY")),
            [
                FieldChange(
                    "url", "rtsp://bob:***@192.0.2.1/main?…", "rtsp://bob:***@192.0.2.9/main?…"
                )
            ],
            id="an address",
        ),
        pytest.param(
            replace(NORTH, main=replace(NORTH.main, password="CANARY-2")),
            [FieldChange("url", "***", "*** (changed)")],
            id="only the password",
        ),
        pytest.param(
            replace(NORTH, sub=url("rtsp://bob:CANARY@192.0.2.1/sub")),
            [FieldChange("sub_url", None, "rtsp://bob:***@192.0.2.1/sub")],
            id="a new sub-stream",
        ),
        pytest.param(
            replace(
                NORTH,
                scene=Scene(lines=(replace(GATE, points=((150, 400), (1150, 430))),)),
            ),
            [
                FieldChange(
                    "lines.gate.points", "[[150, 430], [1150, 430]]", "[[150, 400], [1150, 430]]"
                )
            ],
            id="a moved line",
        ),
        pytest.param(
            replace(
                NORTH, scene=Scene(lines=(GATE,), zones=(Zone("z", ((0, 0), (1, 0), (0, 1))),))
            ),
            [
                FieldChange("zones.z.points", None, "[[0, 0], [1, 0], [0, 1]]"),
                FieldChange("zones.z.unit", None, "normalised"),
                FieldChange("zones.z.anchor", None, "bottom_centre"),
            ],
            id="a new zone",
        ),
    ],
)
def test_which_fields_change(after: Camera, fields: list[FieldChange]) -> None:
    (change,) = plan([NORTH], [after]).changed
    assert list(change.fields) == fields


def test_the_order_of_lines_is_a_change(database: Database) -> None:
    other = Line("exit", ((0, 0), (1, 1)))
    before = replace(NORTH, scene=Scene(lines=(GATE, other)))
    after = replace(NORTH, scene=Scene(lines=(other, GATE)))
    assert [c.fields for c in plan([before], [after]).changed] == [
        (FieldChange("lines and zones", "gate, exit", "exit, gate"),)
    ]


def test_the_text_of_a_plan(repository: CameraRepository) -> None:
    wanted = [
        WEST,
        replace(NORTH, name="Nörth\x1b[31m", main=replace(NORTH.main, password="CANARY-2")),
        SOUTH,
    ]
    text = plan(repository.all(), wanted).render()
    assert text == (
        "+ west\n"
        "    url: file:///srv/west.mp4\n"
        "    enabled: true\n"
        "    record: true\n"
        "    detect: true\n"
        '    rtsp_transport: "tcp"\n'
        "    loop: false\n"
        "    paced: true\n"
        "    detect_fps: 5.0\n"
        "~ north\n"
        '    name: "North" → "Nörth\\u001b[31m"\n'
        "    url: *** → *** (changed)\n"
        "- east\n"
        "1 to add, 1 to change, 1 to remove, 1 unchanged.\n"
    )


def test_no_secret_is_in_a_plan(repository: CameraRepository) -> None:
    wanted = [
        replace(NORTH, name="x"),
        replace(SOUTH, main=url("rtsp://bob:CANARY-5@h/y?p=CANARY")),
    ]
    made = plan(repository.all(), [*wanted, replace(SOUTH, id="new")])
    assert "CANARY" not in made.render()
    assert "CANARY" not in repr([change.fields for change in made.changed])


def test_applying_makes_it_so_and_again_changes_nothing(repository: CameraRepository) -> None:
    wanted = [replace(NORTH, detect=False), WEST]
    made = plan(repository.all(), wanted)
    assert apply(made, repository) == 4
    assert repository.all() == wanted
    revision = repository.revision()
    assert apply(made, repository) == 0
    assert plan(repository.all(), wanted).is_empty
    assert repository.revision() == revision


def test_one_apply_is_one_revision(repository: CameraRepository) -> None:
    before = repository.revision()
    apply(plan(repository.all(), [WEST]), repository)
    assert repository.revision() == before + 1


def test_an_export_applied_again_changes_nothing(repository: CameraRepository) -> None:
    text = export_site(repository.all())
    assert "bob:CANARY" not in text
    assert plan(repository.all(), load_site(text).cameras).is_empty


def test_masks_without_a_password_are_all_named() -> None:
    masked = url("rtsp://bob:***@h/x")
    with pytest.raises(ConfigInvalid) as caught:
        plan([], [Camera(id="a", main=masked), EAST, Camera(id="b", main=masked)])
    assert [line[:11] for line in str(caught.value).splitlines()] == ["Camera 'a':", "Camera 'b':"]


def test_an_id_that_is_wanted_twice() -> None:
    with pytest.raises(ConfigInvalid, match="'east' is wanted twice"):
        plan([], [EAST, EAST])


def test_a_storage_policy_is_compared_and_applied_once(
    repository: CameraRepository, database: Database
) -> None:
    policies = StoragePolicyRepository(database)
    wanted = StoragePolicy(
        {DataClass.RAW_VIDEO: RetentionRule(60)}, cameras={"gate": Quota(max_days=3)}
    )
    made = plan(repository.all(), repository.all(), storage=(policies.get(), wanted))
    assert not made.is_empty
    assert "~ storage.retention.raw_video.keep_days: 90 → 60\n" in made.render()
    assert "~ storage.cameras.gate.max_days: added 3\n" in made.render()
    apply(made, repository, policies)
    assert policies.get() == wanted
    again = plan(repository.all(), repository.all(), storage=(policies.get(), wanted))
    assert again.is_empty
    unsaid = plan(repository.all(), repository.all())
    apply(unsaid, repository, policies)
    assert policies.get() == wanted
