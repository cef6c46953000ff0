import re
from html.parser import HTMLParser

import numpy as np
import pytest

from its_camera_ai.analytics.counting.counts import Counts, LineCounts, ZoneCounts
from its_camera_ai.analytics.offline.report import ReportFacts, report_html
from its_camera_ai.analytics.offline.report_plots import ticks
from its_camera_ai.analytics.offline.track_memory import TrackMemory
from its_camera_ai.analytics.offline.window import Window
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.vision.detector import ModelInfo

NS = 1_000_000_000
HOSTILE = "<script>alert('x')</script>\"onload=\"x&amp;"


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def memory_of(seconds: int = 20, unknown_at: int | None = None) -> TrackMemory:
    memory = TrackMemory()
    for k in range(seconds * 5):
        now = k * NS // 5
        if k == unknown_at:
            memory.note(FrameTracks.nothing(now, now, (640, 360), Unknown.DECODE_ERROR))
            continue
        memory.note(
            FrameTracks(
                now,
                now,
                (640, 360),
                np.array([1, 2 + k // 20], np.int64),
                np.array([[k, 10, k + 40, 50], [300, k, 340, k + 40]], np.float32),
                np.array([0.9, 0.8], np.float32),
                np.array([ObjectClass.CAR, ObjectClass.PERSON], np.int8),
                np.array([True, k % 3 != 0]),
            )
        )
    return memory


def facts(name: str = "road.mp4", item: str = "gate", **changes: object) -> ReportFacts:
    counts = Counts({item: LineCounts()}, {f"{item} zone": ZoneCounts()})
    counts.lines[item].inward.add("car")
    event = Event(
        "", EventKind.LINE_CROSSED, "file", 3 * NS, 3 * NS, 1, {"line": item, "direction": "in"}
    )
    left = Event(
        "", EventKind.ZONE_LEFT, "file", 4 * NS, 4 * NS, 1, {"zone": f"{item} zone", "dwell_s": 2.0}
    )
    scene = Scene(
        (Line(item, ((0, 0.5), (1, 0.5)), name=item),),
        (Zone(f"{item} zone", ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4))),),
    )
    given: dict[str, object] = {
        "file": name,
        "size_wh": (640, 360),
        "codec": "h264",
        "model": ModelInfo(name, "yolox", "Apache-2.0", (640, 384), (), "ab" * 32),
        "window": Window(),
        "frames": {"read": 100, "analysed": 100, "unknown": 0},
        "scene": scene,
        "counts": counts,
        "events": [event, left],
        "memory": memory_of(),
        "still_jpeg": b"\xff\xd8jpeg",
        "unfinished": (),
        "warnings": (),
        "made": "",
    }
    return ReportFacts(**(given | changes))  # type: ignore[arg-type]  # a table of keywords


def test_the_page_needs_nothing_from_outside_and_runs_nothing() -> None:
    text = report_html(facts())
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    addresses = [v for name, v in page.attributes if name in ("href", "src", "xlink:href")]
    assert len(addresses) == 1
    assert addresses[0].startswith("data:image/jpeg;base64,")
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in text


def test_hostile_names_stay_text() -> None:
    text = report_html(
        facts(HOSTILE, HOSTILE, warnings=(HOSTILE,), unfinished=(HOSTILE,), made=HOSTILE)
    )
    page = Page(text)
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert sum(HOSTILE in words for words in page.words) >= 8


def test_the_page_tells_counts_stay_model_licence_and_what_is_missing() -> None:
    text = report_html(
        facts(
            memory=memory_of(unknown_at=30),
            unfinished=("the file is cut off at 3.00 s",),
            warnings=("Line 'gate' reaches out of the picture",),
        )
    )
    words = " ".join(Page(text).words)
    for wanted in (
        "gate (gate)",
        "car 1",
        "2.0 s",
        "Apache-2.0",
        "640×384",
        "cut off at 3.00 s",
        "reaches out of the picture",
        "How to read this",
    ):
        assert wanted in words
    assert 'class="unknown"' in text


def test_a_page_without_scene_tracks_or_still_is_whole() -> None:
    memory = TrackMemory()
    memory.note(FrameTracks.nothing(0, 0, (640, 360)))
    page = report_html(
        facts(scene=Scene(), counts=Counts(), events=[], memory=memory, still_jpeg=b"")
    )
    assert "No line was given" in page
    assert "No track" in page
    assert page.endswith("</body></html>\n")


def test_svg_is_well_formed() -> None:
    page = Page(report_html(facts()))
    numbers = [
        v for name, v in page.attributes if name in ("x", "y", "x1", "y1", "width", "height")
    ]
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", v) for v in numbers)
    assert "nan" not in " ".join(v for name, v in page.attributes if name == "points")


@pytest.mark.parametrize(
    ("start", "end"), [(0.0, 1.0), (0.0, 3.7), (12.3, 12.9), (0, 86_400), (5, 5), (0, 0.001)]
)
def test_ticks_are_few_and_within(start: float, end: float) -> None:
    found = ticks(start, end)
    assert len(found) <= 9
    assert all(start - 1e-6 <= t <= end + 1e-6 for t in found)


def test_a_long_path_is_thinned_but_keeps_its_ends() -> None:
    memory = memory_of(seconds=600)
    life = memory.lives[1]
    points = np.asarray(life.path).reshape(-1, 2)
    assert 32 <= len(points) <= 64
    assert points[0][0] == pytest.approx(20 / 640, abs=0.001)
    assert life.length_s == pytest.approx(599.8)
