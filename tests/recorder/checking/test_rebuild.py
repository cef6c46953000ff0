"""The index is made anew from the files alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.recorder.checking.rebuild import rebuild
from its_camera_ai.recorder.checking.repair import Repaired
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.schema import segments
from tests.recorder.recorded import Recorded


def emptied(site: Recorded) -> None:
    with site.database.write(durable=True) as connection:
        connection.execute(delete(segments))


def nonsense(site: Recorded) -> None:
    with site.database.write(durable=True) as connection:
        connection.execute(
            update(segments).values(start_wall_ns=5, frames=0, codec="", content_hash="x")
        )


def ids_mixed_up(site: Recorded) -> None:
    first, second = site.segments[:2]
    site.forget(1)
    site.repository.put(replace(first, path=second.path))


def wrong_paths(site: Recorded) -> None:
    for segment in site.segments:
        site.repository.put(replace(segment, path=f"cam/main/2001-01-01/{segment.id}.mp4"))


@pytest.mark.parametrize("spoil", [emptied, nonsense, ids_mixed_up, wrong_paths])
def test_the_listing_is_the_same_afterwards(
    recorded: Recorded, spoil: Callable[[Recorded], None]
) -> None:
    before = recorded.listing()
    assert len(before) == 4
    spoil(recorded)
    assert recorded.listing() != before
    rebuild(recorded.volume, recorded.repository)
    assert recorded.listing() == before


def test_progress_is_told(recorded: Recorded) -> None:
    emptied(recorded)
    told: list[tuple[int, int]] = []
    done = rebuild(recorded.volume, recorded.repository, progress=lambda *now: told.append(now))
    size_bytes = sum(s.size_bytes for s in recorded.segments)
    assert told[-1] == (done.files, done.size_bytes) == (4, size_bytes)
    assert done.repaired == Repaired()


def test_what_is_known_of_the_content_stays_known(recorded: Recorded) -> None:
    damaged, sound = recorded.segments[:2]
    recorded.repository.judge([(sound, SegmentState.GOOD)], 77)
    recorded.repository.mark([damaged.id], SegmentState.DAMAGED)
    rebuild(recorded.volume, recorded.repository)
    assert recorded.listing()[:2] == [
        replace(damaged, state=SegmentState.DAMAGED),
        replace(sound, verified_wall_ns=77),
    ]


def test_rows_without_files_say_so_and_other_files_are_put_aside(recorded: Recorded) -> None:
    recorded.file(1).unlink()
    recorded.file(2).write_bytes(b"not a video")
    (recorded.root / "cam" / "notes.txt").write_text("hello")
    emptied(recorded)
    recorded.repository.put(recorded.segments[1])
    done = rebuild(recorded.volume, recorded.repository)
    assert [recorded.state(n) for n in range(4)] == ["good", "missing", "", "good"]
    assert len(recorded.quarantined()) == 2
    assert done.repaired == Repaired(quarantined=2, marked_missing=1)


def test_it_can_be_broken_off_and_begun_again(recorded: Recorded) -> None:
    before = recorded.listing()
    emptied(recorded)
    asked = iter([False, False, True])
    rebuild(recorded.volume, recorded.repository, stopped=lambda: next(asked, True))
    assert 0 < len(recorded.listing()) < 4
    rebuild(recorded.volume, recorded.repository)
    assert recorded.listing() == before


def test_nothing_is_done_on_another_volume(recorded: Recorded) -> None:
    class Wrong:
        takes = 0

        def check(self) -> None:
            raise StorageUnavailable("another disk")

    emptied(recorded)
    with pytest.raises(StorageUnavailable, match="another disk"):
        rebuild(Volume(RealDisk(), recorded.root, identity=Wrong()), recorded.repository)
    assert recorded.listing() == []


def with_warm(site: Recorded) -> tuple[Media, Path]:
    """The first recording lies in the warm tier."""
    folder = site.root.parent / "warm"
    target = folder / site.segments[0].path
    target.parent.mkdir(parents=True)
    site.file(0).rename(target)
    site.repository.put(replace(site.segments[0], tier=Tier.WARM))
    disk = RealDisk()
    stores = {Tier.HOT: FolderStore(disk, site.root), Tier.WARM: FolderStore(disk, folder)}
    return Media(stores), folder


def test_other_tiers_are_read_too(recorded: Recorded) -> None:
    media, warm = with_warm(recorded)
    (warm / "cam" / "notes.txt").write_text("hello")
    before = recorded.listing()
    emptied(recorded)
    done = rebuild(recorded.volume, recorded.repository, media)
    assert recorded.listing() == before
    assert (done.files, done.unread) == (4, 1)


def test_a_copy_in_another_tier_changes_no_row(recorded: Recorded) -> None:
    media, warm = with_warm(recorded)
    copy = warm / recorded.segments[1].path
    copy.write_bytes(recorded.file(1).read_bytes())
    before = recorded.listing()
    rebuild(recorded.volume, recorded.repository, media)
    assert recorded.listing() == before


def test_after_a_loss_the_disk_that_is_recorded_to_wins(recorded: Recorded) -> None:
    media, warm = with_warm(recorded)
    recorded.file(0).write_bytes((warm / recorded.segments[0].path).read_bytes())
    emptied(recorded)
    rebuild(recorded.volume, recorded.repository, media)
    assert [s.tier for s in recorded.listing()] == [Tier.HOT] * 4


def test_a_tier_that_is_away_is_told_and_its_rows_stay(recorded: Recorded) -> None:
    media, warm = with_warm(recorded)
    warm.rename(warm.with_name("away"))
    done = rebuild(recorded.volume, recorded.repository, media)
    assert len(done.problems) == 1
    assert [s.state for s in recorded.listing()] == [SegmentState.GOOD] * 4
