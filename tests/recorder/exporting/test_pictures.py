"""Exports that change pictures: masks that hide for good, burned-in time, time-lapse, scaling."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from msgspec import structs

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.core.exports import ExportState, MaskStyle, MaskZone, Sought
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.caption import Caption, time_lines
from its_camera_ai.recorder.exporting.finders import FaceFinder, PersonFinder, check_available
from its_camera_ai.recorder.exporting.masks import CELL_MIN_PX, CELLS_MAX, Masker
from its_camera_ai.vision.catalogue import MOVING_OBJECTS
from its_camera_ai.vision.detector import ModelInfo
from tests.recorder.export_support import ExportSite, Made
from tests.recorder.support import WALL_NS, packets, packets_of
from tests.support.clips import ClipSpec, luma, make_clip, numbers_in

SPEC = ClipSpec(frames=100, gop=25, noise=0, audio=True)  # 4 s
ZONE = ((0.25, 0.5), (0.75, 0.5), (0.75, 0.9), (0.25, 0.9))
INSIDE = (slice(122, 214), slice(82, 238))
Luma = npt.NDArray[np.uint8]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExportSite]:
    made = ExportSite(tmp_path)
    made.record(packets(SPEC))
    yield made
    made.close()


def lumas(path: Path) -> list[Luma]:
    with av.open(str(path)) as container:
        return [luma(frame).copy() for frame in container.decode(video=0)]


def video_of(made: Made) -> Path:
    assert made.export.state is ExportState.DONE, made.export.problem
    assert len(made.videos) == 1
    return made.videos[0]


def differences(made: Made, where: npt.NDArray[np.bool_]) -> list[float]:
    """The mean difference of each picture from what was recorded, where asked."""
    recorded = lumas(make_clip(SPEC))
    shown = lumas(video_of(made))
    return [
        float(np.abs(a[where].astype(int) - b[where]).mean())
        for a, b in zip(recorded, shown, strict=True)
    ]


def zone_pixels() -> npt.NDArray[np.bool_]:
    inside = np.zeros((240, 320), bool)
    inside[INSIDE] = True
    return inside


def far_outside() -> npt.NDArray[np.bool_]:
    outside = np.ones((240, 320), bool)
    outside[104:232, 64:256] = False
    return outside


@pytest.mark.parametrize("style", list(MaskStyle))
def test_every_picture_is_masked_inside_and_kept_outside(
    style: MaskStyle, site: ExportSite
) -> None:
    made = site.make(0, 4, zones=(MaskZone(ZONE),), mask_style=style)
    assert min(differences(made, zone_pixels())) > 3
    assert max(differences(made, far_outside())) < 2.5
    assert numbers_in(video_of(made)) == list(range(100))


@pytest.mark.parametrize(
    "polygon",
    [
        pytest.param(ZONE, id="large"),
        pytest.param(((0.5, 0.5), (0.56, 0.5), (0.56, 0.58), (0.5, 0.58)), id="small"),
    ],
)
def test_a_mosaic_keeps_a_handful_of_means(polygon: tuple[tuple[float, float], ...]) -> None:
    """What differs within a cell is gone: all its pixels are one value, whatever they were."""
    planes = np.random.default_rng(3).integers(0, 255, (360, 320), dtype=np.uint8)
    before = planes.copy()
    Masker([MaskZone(polygon)], MaskStyle.MOSAIC, (320, 240)).apply(
        planes, 0, np.zeros((0, 4), np.float32)
    )
    changed = np.argwhere(planes[:240] != before[:240])
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0) + 1
    inside = planes[top + 4 : bottom - 4, left + 4 : right - 4]  # without the rounded corners
    for axis, length in ((0, bottom - top), (1, right - left)):
        distinct = np.unique(inside, axis=axis).shape[axis]
        assert distinct <= min(CELLS_MAX, max(1, length // CELL_MIN_PX))


def test_a_zone_holds_in_its_time_alone(site: ExportSite) -> None:
    zone = MaskZone(ZONE, "cam", WALL_NS + NS_PER_S, WALL_NS + 2 * NS_PER_S)
    made = site.make(0, 4, zones=(zone,), mask_style=MaskStyle.BLACK)
    masked = [d > 20 for d in differences(made, zone_pixels())]
    assert masked == [25 <= n < 50 for n in range(100)]


def test_masking_comes_before_scaling_and_drops_the_sound(site: ExportSite) -> None:
    made = site.make(0, 4, zones=(MaskZone(ZONE),), mask_style=MaskStyle.BLACK, width=160)
    picture = lumas(video_of(made))[50]
    assert picture.shape == (120, 160)
    assert picture[63:105, 43:117].max() < 40
    entry = next(f for f in made.manifest.files if f.camera)
    assert (entry.sound, entry.width) == (False, 160)
    assert "Sound was left out" in entry.remarks[0]
    kept = site.make(0, 4, zones=(MaskZone(ZONE),), keep_sound=True)
    assert next(f for f in kept.manifest.files if f.camera).sound


@pytest.mark.parametrize(
    "size_wh", [(320, 240), (64, 48), (1920, 1080), (2, 2)], ids=lambda wh: f"{wh[0]}x{wh[1]}"
)
def test_masks_fit_any_size(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    rng = np.random.default_rng(1)
    planes = rng.integers(0, 255, (height * 3 // 2, width), dtype=np.uint8)
    zones = [MaskZone(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)))]
    boxes = np.array([[-50, -50, 5, 5], [0, 0, width, height], [width + 9, 0, width + 20, 9]])
    Masker(zones, MaskStyle.BLACK, size_wh).apply(planes, 0, boxes.astype(np.float32))
    assert planes[:height].max() == 16
    assert planes[height:].min() == planes[height:].max() == 128


def test_the_time_is_burned_in_readable_on_any_ground(site: ExportSite) -> None:
    made = site.make(0, 4, burn_in=True, time_zone="Europe/Berlin")
    pictures = lumas(video_of(made))
    box = [p[:50, :240] for p in pictures]
    for one in box:
        assert (one < 40).mean() > 0.5  # black ground
        assert (one > 180).mean() > 0.03  # white letters
    changed = [np.abs(a.astype(int) - b).max() for a, b in pairwise(box)]
    assert min(changed) > 60  # milliseconds count on in each picture
    below = np.zeros((240, 320), bool)
    below[80:] = True
    assert max(differences(made, below)) < 2.5
    entry = next(f for f in made.manifest.files if f.camera)
    assert (entry.treatment, entry.sound) == ("coded anew: name and time burned in", True)


@pytest.mark.parametrize(
    ("utc_s", "zone", "local"),
    [
        pytest.param(
            1_792_888_200,
            "Europe/Berlin",
            "2026-10-25 02:30:00.000 CEST (UTC+02:00, DST)",
            id="the hour that comes twice, first",
        ),
        pytest.param(
            1_792_891_800,
            "Europe/Berlin",
            "2026-10-25 02:30:00.000 CET (UTC+01:00)",
            id="and second",
        ),
        pytest.param(
            1_792_888_200,
            "Asia/Kathmandu",
            "2026-10-25 06:15:00.000 (UTC+05:45)",
            id="a quarter of an hour, no name",
        ),
        pytest.param(
            1_792_888_200,
            "America/New_York",
            "2026-10-24 20:30:00.000 EDT (UTC-04:00, DST)",
            id="west",
        ),
    ],
)
def test_local_times_are_never_ambiguous(utc_s: int, zone: str, local: str) -> None:
    assert time_lines(utc_s * NS_PER_S, ZoneInfo(zone))[1] == local


def test_a_caption_fits_small_pictures() -> None:
    planes = np.full((48 * 3 // 2, 64), 200, np.uint8)
    Caption("A camera with quite a long name, Überwachung 1", "Europe/Berlin", (64, 48)).draw(
        planes, WALL_NS
    )
    assert (planes[:48] == 16).any()


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        pytest.param(2, list(range(0, 100, 2)), id="every second picture"),
        pytest.param(10, list(range(0, 100, 10)), id="every tenth"),
        pytest.param(25, [0, 25, 50, 75], id="key frames alone"),
        pytest.param(50, [0, 50], id="every second key frame"),
        pytest.param(10_000, [0], id="one picture"),
    ],
)
def test_time_lapse(speed: int, expected: list[int], site: ExportSite) -> None:
    made = site.make(0, 4, speed=speed)
    assert numbers_in(video_of(made)) == expected
    with av.open(str(video_of(made))) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == pytest.approx(len(expected) / 25)
    assert video_of(made).name.endswith(f"_x{speed}.mp4")


def test_a_time_lapse_reads_only_what_it_shows(tmp_path: Path) -> None:
    site = ExportSite(tmp_path)
    items = [
        structs.replace(p, wall_offset_ns=n // 50 * 60 * NS_PER_S)
        for n, p in enumerate(packets(ClipSpec(frames=150, gop=25)))
    ]
    segments = site.record(items)
    made = site.make(0, 300, speed=25 * 120)  # a picture each 120 s
    sources = made.manifest.cameras[0].sources
    assert [(s.used, s.verification) for s in sources] == [
        (True, "sound"),
        (False, "not read"),
        (True, "sound"),
    ]
    assert len(segments) == 3
    assert numbers_in(video_of(made)) == [0, 100]
    assert len(made.manifest.cameras[0].gaps) == 3
    site.close()


class Blinking:
    """Finds a box in some pictures only."""

    def __init__(self) -> None:
        self.looked = 0

    def find(self, picture_bgr: npt.NDArray[np.uint8], pts_ns: int) -> npt.NDArray[np.float32]:
        assert picture_bgr.shape == (240, 320, 3)
        self.looked += 1
        found = [[100, 130, 200, 200]] if self.looked % 20 == 10 else []
        return np.array(found, np.float32).reshape(-1, 4)


def test_what_is_found_stays_masked_between_two_finds(site: ExportSite) -> None:
    finder = Blinking()
    site.finders = {Sought.FACES: finder}
    made = site.make(0, 4, sought=(Sought.FACES,), mask_style=MaskStyle.BLACK)
    assert finder.looked == 100
    inside = np.zeros((240, 320), bool)
    inside[130:200, 100:200] = True
    assert min(differences(made, inside)) > 20
    entry = next(f for f in made.manifest.files if f.camera)
    assert entry.treatment == "coded anew: faces masked (black)"
    assert entry.remarks[0].startswith("5 places were found")
    assert "may have missed some" in entry.remarks[0]


def test_without_a_model_faces_are_refused_with_its_name(tmp_path: Path) -> None:
    for attempt in (
        lambda: FaceFinder(tmp_path),
        lambda: check_available(Sought.FACES, tmp_path, MOVING_OBJECTS),
    ):
        with pytest.raises(ModelInvalid, match=r"yunet_n_dynamic\.onnx.*libfacedetection"):
            attempt()
    (tmp_path / "yunet_n_dynamic.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelInvalid, match="no YuNet model"):
        FaceFinder(tmp_path)


def test_persons_need_a_detector_that_sees_those_who_stand() -> None:
    with pytest.raises(ModelInvalid, match="stand still"):
        check_available(Sought.PERSONS, Path(), MOVING_OBJECTS)


class Room:
    """A detector that sees a person and a car, wherever it looks."""

    info = ModelInfo("room", "yolox", "", (640, 384), (ObjectClass.PERSON, ObjectClass.CAR))
    areas = None

    def open(self, camera_id: str) -> "Room":
        return self

    def detect(self, frame_bgr: npt.NDArray[np.uint8], pts_ns: int) -> Detections:
        boxes = [[1, 2, 3, 4], [5, 6, 7, 8]]
        return Detections.of(boxes, class_id=[ObjectClass.CAR, ObjectClass.PERSON])

    def close(self) -> None:
        pass


def test_persons_are_what_the_detector_calls_so() -> None:
    boxes = PersonFinder(Room(), "cam").find(np.zeros((9, 9, 3), np.uint8), 0)
    assert boxes.tolist() == [[5, 6, 7, 8]]


@pytest.mark.data
def test_no_face_is_found_any_more_in_what_was_masked(data_dir: Path, tmp_path: Path) -> None:
    """The finder itself looks at the export: what it found before is gone."""
    clip = data_dir / "videos" / "faces_pause_intel.mp4"
    site = ExportSite(tmp_path)
    site.record(packets_of(str(clip)))
    finder = FaceFinder(data_dir / "models")
    site.finders = {Sought.FACES: finder}
    made = site.make(0, 60, sought=(Sought.FACES,))
    before = [finder.find(p, 0) for p in pictures_of(clip)][::5]
    after = [finder.find(p, 0) for p in pictures_of(video_of(made))][::5]
    assert sum(map(len, before)) >= len(before)
    assert sum(map(len, after)) == 0
    site.close()


def pictures_of(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [f.to_ndarray(format="bgr24").astype(np.uint8, copy=False) for f in frames]


@pytest.mark.data
def test_faces_of_a_real_clip_are_found(data_dir: Path) -> None:
    finder = FaceFinder(data_dir / "models")
    with av.open(str(data_dir / "videos" / "faces_pause_intel.mp4")) as container:
        frame = next(iter(container.decode(video=0)))
    picture = frame.to_ndarray(format="bgr24")
    boxes = finder.find(picture, 0)
    assert len(boxes) >= 1
    large = cv2.resize(picture, None, fx=4, fy=4)
    again = finder.find(large, 0)
    assert len(again) >= len(boxes)
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert boxes.max() <= max(picture.shape) * 1.1
