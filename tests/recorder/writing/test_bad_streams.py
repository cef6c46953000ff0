"""Streams as bad cameras send them, through the camera's stream and the recorder: nothing is lost,
nothing grows without bound, and what is recorded is shown in order."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import msgspec
import pytest
from av.bitstream import BitStreamFilterContext

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.media import MediaKind, StreamRole, TrackInfo
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.fragments import FragmentCutter
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.video import stream as stream_module
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.raw import RawPacket
from its_camera_ai.video.stamps import with_stamps
from its_camera_ai.video.stream import CameraStream
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec, make_clip, numbers_in

TICK_NS = NS_PER_S // 25
PTS_WRAP_NS = (1 << 33) * NS_PER_S // 90_000
DAY_NS = 86_400 * NS_PER_S
Step = RawPacket | Callable[[SimulatedClock], None]


def raws_of(spec: ClipSpec) -> tuple[TrackInfo, TrackInfo | None, list[RawPacket]]:
    """A clip's packets, the first picture decoded at 0."""
    with Demuxer(CameraUrl.parse(str(make_clip(spec)))) as demuxer:
        found = list(with_stamps(demuxer.packets()))
        first_ns = min(raw.dts_ns or 0 for raw in found)
        return demuxer.video, demuxer.audio, [shifted(raw, -first_ns) for raw in found]


def shifted(raw: RawPacket, by_ns: int) -> RawPacket:
    return msgspec.structs.replace(
        raw, pts_ns=(raw.pts_ns or 0) + by_ns, dts_ns=(raw.dts_ns or 0) + by_ns
    )


def in_two_halves(raws: list[RawPacket], at_picture: int) -> tuple[list[RawPacket], ...]:
    pictures = [i for i, raw in enumerate(raws) if raw.kind is MediaKind.VIDEO]
    cut = pictures[at_picture]
    return raws[:cut], raws[cut:]


class FakeSource:
    """A connection on which a prepared sequence of packets comes in real time."""

    def __init__(
        self,
        video: TrackInfo,
        audio: TrackInfo | None,
        steps: Iterable[Step],
        clock: SimulatedClock,
    ) -> None:
        self.video, self.audio = video, audio
        self._steps = steps
        self._clock = clock

    def packets(self) -> Iterator[RawPacket]:
        for step in self._steps:
            if not isinstance(step, RawPacket):
                step(self._clock)
                continue
            if step.kind is MediaKind.VIDEO:
                self._clock.advance(1 / 25)
            yield step

    def close(self) -> None:
        """Nothing is held."""


class Recorded:
    """What came of it."""

    def __init__(self, root: Path, segments: list[Segment], recorder: Recorder) -> None:
        self.root = root
        self.segments = segments
        self.figures = recorder.figures

    def numbers(self) -> list[int | None]:
        """As they were written, file after file."""
        return [n for s in self.segments for n in numbers_in(self.root / s.path)]

    def sound_packets(self) -> int:
        found = 0
        for segment in self.segments:
            with av.open(str(self.root / segment.path)) as container:
                if container.streams.audio:
                    found += sum(1 for p in container.demux(audio=0) if p.size)
        return found


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recorded]:
    def record(
        video: TrackInfo,
        audio: TrackInfo | None,
        steps: Iterable[Step],
        *,
        segment_s: float = 2.0,
    ) -> Recorded:
        clock = SimulatedClock()
        source = FakeSource(video, audio, steps, clock)
        monkeypatch.setattr(stream_module, "open_source", lambda *_, **__: source)
        camera = Camera("cam", CameraUrl.parse("/no/such/file"))
        stop = threading.Event()
        stream = CameraStream(camera, StreamRole.MAIN, camera.main, clock=clock, wait=stop.wait)
        index = RememberingIndex()
        recorder = Recorder(Volume(RealDisk(), tmp_path), index, segment_s=segment_s)
        for packet in stream.connect(stop):
            recorder.put(packet)
        recorder.close()
        assert recorder.figures.problem == ""
        assert recorder.figures.unrecorded_packets == 0
        return Recorded(tmp_path, index.segments, recorder)

    return record


@pytest.mark.parametrize("seconds", [3600, -3600, 0.5, -0.5], ids=lambda s: f"by {s} s")
def test_the_wall_clock_is_set(recorded: Callable[..., Recorded], seconds: float) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=25))
    before, after = in_two_halves(raws, 60)
    done = recorded(video, audio, [*before, lambda clock: clock.step(seconds), *after])
    assert done.numbers() == list(range(150))
    first, last = done.segments[0], done.segments[-1]
    moved_ns = (last.start_wall_ns - last.start_pts_ns) - (first.start_wall_ns - first.start_pts_ns)
    # back at once; forward only after half a minute, for until then it may be a late packet
    assert moved_ns == pytest.approx(min(seconds, 0) * NS_PER_S, abs=NS_PER_S // 20)


@pytest.mark.parametrize(
    "by_ns",
    [
        pytest.param(-PTS_WRAP_NS, id="33 bits wrap"),
        pytest.param(-(1 << 32) * NS_PER_S // 90_000, id="32 bits wrap"),
        pytest.param(DAY_NS, id="a day forward"),
        pytest.param(-DAY_NS, id="a day back"),
        pytest.param(3 * NS_PER_S, id="3 s forward"),
        pytest.param(-3 * NS_PER_S, id="3 s back"),
    ],
)
def test_the_camera_s_time_stamps_jump(recorded: Callable[..., Recorded], by_ns: int) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=25))
    before, after = in_two_halves([shifted(raw, 2 * DAY_NS) for raw in raws], 60)
    done = recorded(video, audio, [*before, *(shifted(raw, by_ns) for raw in after)])
    assert done.numbers() == list(range(150))


def test_time_stamps_that_stand_still(recorded: Callable[..., Recorded]) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=25))
    stuck = [
        msgspec.structs.replace(raw, pts_ns=raws[30].pts_ns, dts_ns=raws[30].dts_ns)
        if 30 <= i < 110
        else raw
        for i, raw in enumerate(raws)
    ]
    done = recorded(video, audio, stuck)
    assert done.numbers() == list(range(150))


def test_a_time_stamp_beyond_what_the_format_can_say(recorded: Callable[..., Recorded]) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=100, gop=25))
    far = msgspec.structs.replace(raws[40], pts_ns=(raws[40].pts_ns or 0) + 30 * DAY_NS)
    done = recorded(video, audio, [*raws[:40], far, *raws[41:]])
    assert sorted(n for n in done.numbers() if n is not None) == list(range(100))


def test_no_key_frame_for_a_minute(recorded: Callable[..., Recorded]) -> None:
    """Files grow longer, fragments do not: what is in memory is bounded."""
    video, audio, raws = raws_of(ClipSpec(frames=1600, gop=1550, size_wh=(160, 120)))
    done = recorded(video, audio, raws)
    assert done.numbers() == list(range(1600))
    assert [s.frames for s in done.segments] == [1550, 50]


def test_a_fragment_never_holds_more_than_two_seconds() -> None:
    endless = packets(ClipSpec(frames=1600, gop=1550, size_wh=(160, 120)))
    stuck = [
        msgspec.structs.replace(p, dts_ns=endless[0].dts_ns + i) for i, p in enumerate(endless)
    ]
    for items in (endless, stuck):
        cutter = FragmentCutter(20 * NS_PER_S)
        fragments = [f for p in items if (f := cutter.put(p)) is not None]
        assert max(len(f.packets) for f in fragments) <= 50


def test_sound_goes_on_while_the_pictures_stop() -> None:
    items = packets(ClipSpec(frames=150, gop=25, audio=True))
    begun = next(i for i, p in enumerate(items) if p.kind is MediaKind.AUDIO and i > 60)
    sound = [p for p in items[begun:] if p.kind is MediaKind.AUDIO]
    cutter = FragmentCutter(20 * NS_PER_S)
    fragments = [f for p in [*items[:begun], *sound] if (f := cutter.put(p)) is not None]
    spans = [f.packets[-1].dts_ns - f.packets[0].dts_ns for f in fragments]
    assert max(spans) <= 2 * NS_PER_S
    assert len(fragments) >= 3


def test_sound_that_starts_late(recorded: Callable[..., Recorded]) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=25, audio=True))
    late = [raw for raw in raws if raw.kind is MediaKind.VIDEO or (raw.dts_ns or 0) >= 3 * NS_PER_S]
    sound = sum(raw.kind is MediaKind.AUDIO for raw in late)
    assert 0 < sound < len([r for r in raws if r.kind is MediaKind.AUDIO])
    done = recorded(video, audio, late)
    assert done.numbers() == list(range(150))
    assert done.sound_packets() == sound
    assert all(s.has_audio for s in done.segments)


@pytest.mark.parametrize("late_s", [0.2, 0.9], ids=lambda s: f"{s} s")
def test_sound_that_comes_after_its_pictures(
    recorded: Callable[..., Recorded], late_s: float
) -> None:
    """What crosses the border of two files is in the second one."""
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=25, audio=True))

    def comes_at(raw: RawPacket) -> float:
        return (raw.dts_ns or 0) + (late_s * NS_PER_S if raw.kind is MediaKind.AUDIO else 0)

    done = recorded(video, audio, sorted(raws, key=comes_at))
    assert done.numbers() == list(range(150))
    assert len(done.segments) >= 3
    assert done.sound_packets() == sum(raw.kind is MediaKind.AUDIO for raw in raws)


@pytest.mark.parametrize("gop", [12, 25], ids=lambda gop: f"key frames every {gop}")
def test_b_frames_at_the_borders_of_files(recorded: Callable[..., Recorded], gop: int) -> None:
    video, audio, raws = raws_of(ClipSpec(frames=150, gop=gop, b_frames=3))
    done = recorded(video, audio, raws, segment_s=0.4)
    assert done.numbers() == list(range(150))
    assert len(done.segments) > 4


def test_parameter_sets_change_in_mid_stream(recorded: Callable[..., Recorded]) -> None:
    small = annex_b(ClipSpec(frames=50, gop=25))
    large = annex_b(ClipSpec(frames=50, gop=25, size_wh=(640, 480), first_number=50))
    video, _, raws = small
    end_ns = 50 * TICK_NS
    done = recorded(video, None, [*raws, *(shifted(raw, end_ns) for raw in large[2])], segment_s=60)
    assert [(s.width, s.height) for s in done.segments] == [(320, 240), (640, 480)]
    assert done.segments[0].generation < done.segments[1].generation
    assert done.numbers() == list(range(100))


def annex_b(spec: ClipSpec) -> tuple[TrackInfo, None, list[RawPacket]]:
    """As RTSP brings it: start codes, and parameter sets before each key frame."""
    video, _, _ = raws_of(spec)
    raws = []
    with av.open(str(make_clip(spec))) as container:
        track = container.streams.video[0]
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", track)
        for packet in container.demux(track):
            for part in to_annex_b.filter(packet) if packet.size else []:
                at_ns = len(raws) * TICK_NS
                raws.append(
                    RawPacket(MediaKind.VIDEO, bytes(part), at_ns, at_ns, TICK_NS, part.is_keyframe)
                )
    sets = raws[0].data[: raws[0].data.index(b"\0\0\1\x65")].rstrip(b"\0")
    return replace(video, extradata=sets), None, raws
