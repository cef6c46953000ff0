from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import cameras
from its_camera_ai.store.vault import Vault

url = CameraUrl.parse

NORTH = Camera(
    id="north",
    main=url("rtsp://bob:CANARY-1%40%3A@192.0.2.1:8554/main?pwd=CANARY-2"),
    sub=url("rtsp://bob:CANARY-3@192.0.2.1/sub"),
    name="Nordtor – ½",
    record=False,
    rtsp_transport="udp",
    detect_fps=7.5,
    scene=Scene(
        lines=(Line("gate", ((150, 430.5), (1150, 430)), Unit.PX, Anchor.CENTRE, "Gate"),),
        zones=(Zone("plaza", ((0, 0), (1, 0), (0.5, 1 / 3))),),
    ),
)
SOUTH = Camera(id="south", main=url("/srv/a b.mp4"), loop=True)


@pytest.fixture
def repository(database: Database, vault: Vault) -> CameraRepository:
    return CameraRepository(database, vault)


def test_cameras_come_back_as_they_were(repository: CameraRepository) -> None:
    repository.put(SOUTH)
    repository.put(NORTH)
    assert repository.all() == [NORTH, SOUTH]
    assert repository.get("north") == NORTH
    assert repository.get("east") is None


def test_the_revision_rises_with_every_change_and_only_then(repository: CameraRepository) -> None:
    revisions = [repository.revision()]
    for act in (
        lambda: repository.put(NORTH),
        lambda: repository.put(NORTH),
        lambda: repository.put(replace(NORTH, name="")),
        lambda: repository.put(replace(NORTH, name="", main=replace(NORTH.main, password="new"))),
        lambda: repository.delete("east"),
        lambda: repository.delete("north"),
        lambda: repository.delete("north"),
    ):
        act()
        revisions.append(repository.revision())
    assert revisions == [0, 1, 1, 2, 3, 3, 4, 4]


def test_delete_says_whether_there_was_one(repository: CameraRepository) -> None:
    repository.put(NORTH)
    assert repository.delete("north") is True
    assert repository.delete("north") is False
    assert repository.all() == []


def test_no_secret_is_in_the_files_or_the_text(
    repository: CameraRepository, database: Database, tmp_path: Path
) -> None:
    repository.put(NORTH)
    repository.put(replace(NORTH, main=replace(NORTH.main, password="CANARY-4")))
    live = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database.close()
    closed = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (b"CANARY", b"bob"):
        assert secret not in live
        assert secret not in closed
    assert b"192.0.2.1:8554/main" in closed
    assert "CANARY-1" not in repr(NORTH)


def test_a_camera_without_secrets_needs_no_key(
    repository: CameraRepository, database: Database
) -> None:
    repository.put(SOUTH)
    assert CameraRepository(database, Vault(bytes(32))).all() == [SOUTH]


def test_another_key_says_what_to_do(repository: CameraRepository, database: Database) -> None:
    repository.put(NORTH)
    with pytest.raises(ConfigInvalid, match=r"'cameras/north/addresses'.*key file") as caught:
        CameraRepository(database, Vault(bytes(32))).all()
    assert "CANARY" not in str(caught.value)


def test_sealed_addresses_can_not_be_moved_to_another_camera(
    repository: CameraRepository, database: Database
) -> None:
    repository.put(NORTH)
    repository.put(SOUTH)
    sealed = sa.select(cameras.c.credentials).where(cameras.c.id == "north").scalar_subquery()
    with database.write(True) as connection:
        connection.execute(
            sa.update(cameras).where(cameras.c.id == "south").values(credentials=sealed)
        )
    with pytest.raises(ConfigInvalid, match="does not open"):
        repository.get("south")


def test_a_masked_password_keeps_the_stored_one(repository: CameraRepository) -> None:
    repository.put(NORTH)
    masked = replace(
        NORTH,
        name="New",
        main=url("rtsp://bob:***@192.0.2.1:8555/other"),
        sub=url("rtsp://bob:***@192.0.2.1/sub"),
    )
    repository.put(masked)
    stored = repository.get("north")
    assert stored is not None
    assert stored.main.password == "CANARY-1@:"
    assert stored.main.bare == "rtsp://192.0.2.1:8555/other"
    assert stored.sub == NORTH.sub
    assert stored.name == "New"


def test_a_new_sub_stream_takes_the_main_password(repository: CameraRepository) -> None:
    repository.put(replace(NORTH, sub=None))
    repository.put(replace(NORTH, sub=url("rtsp://bob:***@192.0.2.1/sub")))
    stored = repository.get("north")
    assert stored is not None
    assert stored.sub is not None
    assert stored.sub.password == "CANARY-1@:"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("rtsp://bob:***@evil.example/main", id="another host"),
        pytest.param("rtsp://eve:***@192.0.2.1/main", id="another user"),
        pytest.param("rtsp://:***@192.0.2.1/main", id="no user"),
    ],
)
def test_a_stored_password_goes_nowhere_else(repository: CameraRepository, address: str) -> None:
    repository.put(NORTH)
    with pytest.raises(ConfigInvalid, match="same host and user"):
        repository.put(replace(NORTH, main=url(address)))
    assert repository.get("north") == NORTH


@pytest.mark.parametrize("stored", [None, SOUTH], ids=["new camera", "stored without"])
def test_a_mask_without_a_stored_password(
    repository: CameraRepository, stored: Camera | None
) -> None:
    if stored is not None:
        repository.put(stored)
    with pytest.raises(ConfigInvalid, match=r"Camera 'south'.*write the password itself"):
        repository.put(Camera(id="south", main=url("rtsp://bob:***@h/x")))


def test_a_change_is_all_or_none(repository: CameraRepository) -> None:
    repository.put(SOUTH)
    bad = Camera(id="bad", main=url("rtsp://bob:***@h/x"))
    with pytest.raises(ConfigInvalid):
        repository.change(put=[NORTH, bad], delete_ids=["south"])
    assert repository.all() == [SOUTH]
    assert repository.revision() == 1


def test_replacing_with_the_mask_after_deleting_needs_the_password(
    repository: CameraRepository,
) -> None:
    repository.put(NORTH)
    repository.delete("north")
    with pytest.raises(ConfigInvalid, match="none is stored"):
        repository.put(replace(NORTH, main=url("rtsp://bob:***@192.0.2.1/main"), sub=None))
