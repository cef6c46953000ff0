"""One flipped bit anywhere in a closed recording is found, a thousand times out of a thousand."""

import random

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.checking.check import Depth, read_closed
from its_camera_ai.recorder.files.segment_reading import content_hash, read_seal
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.sim.disk import SimulatedDisk
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec
from tests.support.fault_size import seeds
from tests.support.recorded_site import ROOT

FLIPS_PER_SEED = 100


def recordings() -> tuple[SimulatedDisk, list[Segment]]:
    disk, index = SimulatedDisk(ROOT), RememberingIndex()
    recorder = Recorder(Volume(disk, ROOT), index, segment_s=2)
    for packet in packets(ClipSpec(frames=150, gop=25, audio=True)):
        recorder.put(packet)
    recorder.close()
    assert len(index.segments) == 3
    return disk, index.segments


def is_as_indexed(file: ReadableFile, row: Segment) -> bool:
    """The content by the index's hash, and the hash in the file's seal by the index's."""
    sealed = read_seal(file)
    return content_hash(file) == row.content_hash and (sealed or ("", ""))[1] == row.content_hash


def test_every_flipped_bit_is_found() -> None:
    disk, rows = recordings()
    places: list[tuple[Segment, int]] = [
        (rows[0], 0),  # the first bit of a file, its last one, and both sides of the digest
        *((rows[1], rows[1].size_bytes * 8 - back) for back in (1, 255, 256, 257, 289)),
    ]
    for seed in seeds(small=10, full=10):
        rng = random.Random(seed)
        chosen = [rng.choice(rows) for _ in range(FLIPS_PER_SEED)]
        places += [(row, rng.randrange(row.size_bytes * 8)) for row in chosen]
    for row, bit in places:
        path = ROOT / row.path
        disk.flip(path, bit)
        found = not is_as_indexed(disk.open(path), row)
        disk.flip(path, bit)
        assert found, f"bit {bit} of {row.size_bytes * 8}"
        assert is_as_indexed(disk.open(path), row)


def test_the_check_finds_a_flip_without_the_index() -> None:
    disk, rows = recordings()
    for seed in seeds(small=2, full=10):
        rng = random.Random(seed)
        for _ in range(50):
            row = rng.choice(rows)
            bit = rng.randrange(row.size_bytes * 8)
            disk.flip(ROOT / row.path, bit)
            _, finding = read_closed(disk, ROOT, row.path, Depth.CONTENT)
            disk.flip(ROOT / row.path, bit)
            assert finding is not None, f"bit {bit} of {row.size_bytes * 8}"
    _, finding = read_closed(disk, ROOT, rows[0].path, Depth.CONTENT)
    assert finding is None
