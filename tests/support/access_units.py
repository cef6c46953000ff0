"""Turns a clip into the plain packet file that the RTSP twin serves.

The twin runs under the system's Python, which has GStreamer's bindings but not PyAV; so everything
that needs PyAV is done here, once per clip. The file is one line of JSON and then the packets'
bytes: H.264/H.265 in Annex B, AAC raw.
"""

import json
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from tests.support.clips import cached

_ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
_NS = 1_000_000_000


def packet_file(clip: Path) -> Path:
    """The packet file of a clip with one H.264/H.265 stream and at most one AAC stream."""
    stat = clip.stat()
    name = f"{clip.stem}-{stat.st_size}-{stat.st_mtime_ns}.packets"
    return cached(name, lambda path: _write(clip, path))


def _write(clip: Path, path: Path) -> None:
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        audio = next(iter(container.streams.audio), None)
        codec = video.codec_context.name
        to_annex_b = BitStreamFilterContext(_ANNEX_B[codec], video)
        rows: list[dict[str, int | bool]] = []
        blobs: list[bytes] = []
        for packet in container.demux(*(s for s in (video, audio) if s is not None)):
            if not packet.size:
                continue  # the demuxer's word for the end
            is_video = packet.stream.type == "video"
            tick_ns = (packet.time_base or Fraction(1)) * _NS
            for part in to_annex_b.filter(packet) if is_video else [packet]:
                rows.append(
                    {
                        "video": is_video,
                        "pts": round((part.pts or 0) * tick_ns),
                        "dts": round(((part.pts or 0) if part.dts is None else part.dts) * tick_ns),
                        "duration": round((part.duration or 0) * tick_ns),
                        "key": part.is_keyframe,
                        "size": part.size,
                    }
                )
                blobs.append(bytes(part))
        _start_at_zero(rows)
        duration_ns = max(int(r["pts"]) + int(r["duration"]) for r in rows if r["video"])
        kept = [i for i, r in enumerate(rows) if r["video"] or int(r["pts"]) < duration_ns]
        kept.sort(key=lambda i: rows[i]["dts"])
        header = {
            "codec": {"h264": "H264", "hevc": "H265"}[codec],
            "duration": duration_ns,
            "audio": _audio(audio),
            "packets": [rows[i] for i in kept],
        }
        path.write_bytes(json.dumps(header).encode() + b"\n" + b"".join(blobs[i] for i in kept))


def _start_at_zero(rows: list[dict[str, int | bool]]) -> None:
    """Shift both streams together so that the first picture in time is shown at 0."""
    first = min(int(r["pts"]) for r in rows if r["video"])
    for row in rows:
        row["pts"] = max(0, int(row["pts"]) - first)
        row["dts"] = int(row["dts"]) - first


def _audio(stream: av.AudioStream | None) -> dict[str, int | str] | None:
    if stream is None:
        return None
    context = stream.codec_context
    return {
        "rate": context.sample_rate,
        "channels": context.channels,
        "codec_data": bytes(context.extradata or b"").hex(),
    }
