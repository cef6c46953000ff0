"""Fragmented MP4: an initialisation segment, then one moof+mdat per call.

Written here and not left to a muxer because a fragment is the unit of durability on disk and of
latency in the browser: it must be complete in memory, with times that are ours, at the moment we
choose. Layout: ISO/IEC 14496-12 (boxes), 14496-14 (mp4a, esds), 14496-15 (avc1, hvc1).
"""

import struct
from collections.abc import Sequence

from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, TrackInfo
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.av1 import without_delimiters
from its_camera_ai.video.nal import decoder_config, is_annex_b, length_prefixed

VIDEO_TIMESCALE = 90_000
Buffer = bytes | memoryview
_INT32_MAX = 0x7FFF_FFFF
_UINT32_MAX = 0xFFFF_FFFF
_SYNC_SAMPLE = 0x0200_0000
_OTHER_SAMPLE = 0x0101_0000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)


def box(kind: bytes, *parts: bytes) -> bytes:
    """One box: 32-bit size, type, payload."""
    payload = b"".join(parts)
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def ticks(ns: int, timescale: int) -> int:
    """Nanoseconds as ticks of a time scale, to the nearest."""
    return (ns * timescale + NS_PER_S // 2) // NS_PER_S


class FragmentMuxer:
    """Packs packets of one stream generation.

    Args:
        info: the stream; H.264, H.265 or AV1, with AAC where ``audio`` is set.
        audio: also carry the audio track, if the stream has one that MP4 can hold.

    Attributes:
        init: ``ftyp`` + ``moov``.
        mime: for ``MediaSource.addSourceBuffer``.

    Raises:
        CameraUnsupported: a codec that is not copied, or one without parameter sets.
    """

    def __init__(self, info: StreamInfo, audio: bool = False) -> None:
        self._is_av1 = info.video.codec == "av1"
        self._annex_b = not self._is_av1 and is_annex_b(info.video.extradata)
        config = decoder_config(info.video.codec, info.video.extradata)
        entry = visual_entry(config.fourcc, info.video, box(config.box_type, config.record))
        tracks = [_track(1, VIDEO_TIMESCALE, info.video, entry)]
        codecs = [config.codecs]
        self._audio_timescale = 0
        if audio and info.audio is not None and info.audio.codec == "aac" and info.audio.extradata:
            self._audio_timescale = info.audio.sample_rate
            tracks.append(_track(2, self._audio_timescale, info.audio, _aac_entry(info.audio)))
            codecs.append("mp4a.40.2")
        self.has_audio = self._audio_timescale > 0
        self.mime = f'video/mp4; codecs="{", ".join(codecs)}"'
        self.init = _ftyp() + _moov(tracks)
        self._sequence = 0

    def fragment(self, packets: Sequence[Packet], base_ns: int) -> bytes:
        """One moof+mdat of packets in decoding order.

        Args:
            packets: of this generation; at least one.
            base_ns: the stream time that becomes media time 0; not after the first ``dts_ns``.

        Raises:
            ValueError: no packet of a track that is carried, or one from before ``base_ns``.
        """
        return b"".join(self.pieces(packets, base_ns))

    def pieces(self, packets: Sequence[Packet], base_ns: int) -> list[Buffer]:
        """The same in pieces that were not copied, for a gathering write."""
        self._sequence += 1
        video = [p for p in packets if p.kind is MediaKind.VIDEO]
        audio = [p for p in packets if p.kind is MediaKind.AUDIO] if self.has_audio else []
        runs: list[_Run] = []
        if video:
            runs.append(_Run(1, VIDEO_TIMESCALE, video, [self._sample(p.data) for p in video]))
        if audio:
            runs.append(_Run(2, self._audio_timescale, audio, [[p.data] for p in audio]))
        if not runs:
            raise ValueError("A fragment needs at least one packet of a track that it carries.")

        def moof(offsets: list[int]) -> bytes:
            return box(
                b"moof",
                _full(b"mfhd", 0, 0, struct.pack(">I", self._sequence)),
                *(_traf(run, base_ns, at) for run, at in zip(runs, offsets, strict=True)),
            )

        offset = len(moof([0] * len(runs))) + 8
        offsets: list[int] = []
        payload_bytes = 0
        for run in runs:
            offsets.append(offset + payload_bytes)
            payload_bytes += sum(run.sizes)
        head = moof(offsets) + struct.pack(">I4s", 8 + payload_bytes, b"mdat")
        return [head, *(piece for run in runs for sample in run.samples for piece in sample)]

    def _sample(self, data: bytes) -> list[Buffer]:
        if self._is_av1:
            return [without_delimiters(data)]
        return length_prefixed(data) if self._annex_b else [data]


class _Run:
    """One track's samples of a fragment; a sample is a list of pieces."""

    def __init__(
        self, track: int, timescale: int, packets: list[Packet], samples: list[list[Buffer]]
    ) -> None:
        self.track = track
        self.timescale = timescale
        self.packets = packets
        self.samples = samples
        self.sizes = [sum(map(len, sample)) for sample in samples]


def _traf(run: _Run, base_ns: int, offset: int) -> bytes:
    packets, timescale = run.packets, run.timescale
    dts = [ticks(p.dts_ns - base_ns, timescale) for p in packets]
    if dts[0] < 0:
        raise ValueError("A fragment can't begin before media time 0; choose an earlier base.")
    last = packets[-1]
    ends = [*dts[1:], ticks(last.dts_ns - base_ns + last.duration_ns, timescale)]
    table = bytearray()
    for packet, size, begin, end in zip(packets, run.sizes, dts, ends, strict=True):
        flags = _SYNC_SAMPLE if packet.is_key else _OTHER_SAMPLE
        composition = ticks(packet.pts_ns - base_ns, timescale) - begin
        # a camera's stamps may be beyond what the format can say; that must not stop the file
        length = min(max(end - begin, 1), _UINT32_MAX)
        composition = min(max(composition, -_INT32_MAX), _INT32_MAX)
        table += struct.pack(">IIIi", length, size, flags, composition)
    return box(
        b"traf",
        _full(b"tfhd", 0, 0x02_0000, struct.pack(">I", run.track)),  # offsets count from the moof
        _full(b"tfdt", 1, 0, struct.pack(">Q", dts[0])),
        _full(b"trun", 1, 0xF01, struct.pack(">Ii", len(packets), offset), bytes(table)),
    )


def _ftyp() -> bytes:
    return box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5", b"iso6", b"mp41")


def _moov(tracks: list[bytes]) -> bytes:
    mvhd = struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100)
    mvhd += _MATRIX + bytes(24) + struct.pack(">I", len(tracks) + 1)
    extends = (
        _full(b"trex", 0, 0, struct.pack(">IIIII", number, 1, 0, 0, 0))
        for number in range(1, len(tracks) + 1)
    )
    return box(b"moov", _full(b"mvhd", 0, 0, mvhd), *tracks, box(b"mvex", *extends))


def _track(number: int, timescale: int, info: TrackInfo, entry: bytes) -> bytes:
    is_video = info.kind is MediaKind.VIDEO
    tkhd = struct.pack(">IIIII8xHHHH", 0, 0, number, 0, 0, 0, 0, 0 if is_video else 0x100, 0)
    tkhd += _MATRIX + struct.pack(">II", info.width << 16, info.height << 16)
    mdhd = struct.pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0)  # language "und"
    handler, header = (
        (b"vide", _full(b"vmhd", 0, 1, bytes(8)))
        if is_video
        else (b"soun", _full(b"smhd", 0, 0, bytes(4)))
    )
    table = box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, 0, bytes(4)),
        _full(b"stsc", 0, 0, bytes(4)),
        _full(b"stsz", 0, 0, bytes(8)),
        _full(b"stco", 0, 0, bytes(4)),
    )
    location = box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    return box(
        b"trak",
        _full(b"tkhd", 0, 3, tkhd),
        box(
            b"mdia",
            _full(b"mdhd", 0, 0, mdhd),
            _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"itscam\0"),
            box(b"minf", header, location, table),
        ),
    )


def visual_entry(fourcc: bytes, info: TrackInfo, config: bytes) -> bytes:
    """A video track's sample entry around its decoder configuration box."""
    head = struct.pack(">6xH16xHH", 1, info.width, info.height)
    head += struct.pack(">III", 0x480000, 0x480000, 0) + struct.pack(">H32xHh", 1, 24, -1)
    return box(fourcc, head, config)


def _aac_entry(info: TrackInfo) -> bytes:
    head = struct.pack(">6xH8xHHHHI", 1, info.channels, 16, 0, 0, info.sample_rate << 16)
    specific = _descriptor(5, info.extradata)
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0) + specific)
    stream = _descriptor(3, struct.pack(">HB", 2, 0) + decoder + _descriptor(6, b"\x02"))
    return box(b"mp4a", head, _full(b"esds", 0, 0, stream))


def _descriptor(tag: int, payload: bytes) -> bytes:
    return struct.pack(">BI", tag, 0x8080_8000 | len(payload)) + payload
