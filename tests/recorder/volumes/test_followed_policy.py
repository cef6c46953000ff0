from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid, DatabaseUnavailable
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.recorder.volumes.followed_policy import FollowedPolicy
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.storage_policy import StoragePolicyRepository

TIGHT = StoragePolicy(cameras={"gate": Quota(max_bytes=5_000_000)})


@pytest.fixture
def repository(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    yield StoragePolicyRepository(database)
    database.close()


def _away() -> StoragePolicyRepository:
    raise DatabaseUnavailable("away; wait")


def test_changes_are_followed_and_remembered(
    repository: StoragePolicyRepository, tmp_path: Path
) -> None:
    path = tmp_path / "policy.json"
    followed = FollowedPolicy(RealDisk(), path, lambda: repository)
    assert followed() == StoragePolicy()
    followed.poll()
    repository.put(TIGHT)
    followed.poll()
    assert followed() == TIGHT
    without = FollowedPolicy(RealDisk(), path, _away)
    without.poll()
    assert without() == TIGHT


@pytest.mark.parametrize("text", [b"", b"{", b'{"cameras": 5}', b"\xff"])
def test_a_damaged_copy_gives_the_defaults(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(text)
    assert FollowedPolicy(RealDisk(), path, _away)() == StoragePolicy()


def test_a_stored_policy_that_can_not_be_read_changes_nothing(
    repository: StoragePolicyRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = FollowedPolicy(RealDisk(), tmp_path / "policy.json", lambda: repository)
    repository.put(TIGHT)
    followed.poll()

    def broken() -> StoragePolicy:
        raise ConfigInvalid("of a later version; set it anew")

    repository.put(StoragePolicy())
    monkeypatch.setattr(repository, "get", broken)
    followed.poll()
    assert followed() == TIGHT
