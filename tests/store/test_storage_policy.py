import pytest
from sqlalchemy import insert

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.storage_policy import (
    CompressionPolicy,
    CompressionStep,
    Quota,
    StoragePolicy,
)
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import storage_policy
from its_camera_ai.store.storage_policy import StoragePolicyRepository, policy_from

POLICY = StoragePolicy(
    {DataClass.RAW_VIDEO: RetentionRule(30)},
    total=Quota(max_bytes=10**12),
    cameras={"gate": Quota(max_days=2.5)},
    compression=CompressionPolicy((CompressionStep(7),)),
)


def test_a_site_that_says_nothing_has_the_defaults(database: Database) -> None:
    repository = StoragePolicyRepository(database)
    assert repository.get() == StoragePolicy()
    assert repository.revision() == 0


def test_a_policy_comes_back_as_it_was_and_raises_the_revision(database: Database) -> None:
    clock = SimulatedClock(5_000)
    repository = StoragePolicyRepository(database, clock)
    assert repository.put(POLICY)
    assert StoragePolicyRepository(database).get() == POLICY
    first = repository.revision()
    assert not repository.put(POLICY)
    assert repository.revision() == first
    assert repository.put(StoragePolicy())  # the clock stands still, the revision does not
    assert repository.revision() > first


@pytest.mark.parametrize(
    "document",
    [{"total": {"max_bytes": "much"}}, {"retention": {"raw_video": {"keep_days": -1}}}, []],
    ids=["type", "value", "no mapping"],
)
def test_a_document_that_makes_no_sense_is_refused(database: Database, document: object) -> None:
    with database.write(True) as connection:
        connection.execute(
            insert(storage_policy), [{"id": 1, "document": document, "updated_ns": 1}]
        )
    with pytest.raises(ConfigInvalid):
        StoragePolicyRepository(database).get()


def test_what_a_document_leaves_out_has_its_default() -> None:
    assert policy_from({"cameras": {"gate": {"max_days": 2}}}) == StoragePolicy(
        cameras={"gate": Quota(max_days=2)}
    )
