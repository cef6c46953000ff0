"""Compression of old recordings: how much it saves, how fast it is, how alike the pictures stay.

Ten seconds of each real clip become a recording, which the product encodes anew at several
settings; beside it FFmpeg encodes the same ten seconds with the same encoder and settings, for the
processor time and the size. Ours also decodes the new file, compares it and seals it. One thread
each. The system's FFmpeg brings its own, mostly older, build of the encoder: the sizes can be
compared, the times tell more about the builds.

    python -m bench.compression DATA_FOLDER [--clips N] [--seconds S] [--write]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.cameras import report
from bench.cameras.peer import version as ffmpeg_version
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.storage_policy import CompressionCodec, CompressionPolicy, CompressionStep
from its_camera_ai.ops.settings import quiet_encoders
from its_camera_ai.recorder.keeping.recoding import Unfit, recode
from its_camera_ai.video.smaller import KEY_INTERVAL_S, encoder_options
from tests.support.closed_segments import closed_segment

NAME = "compression"
AV1, H265 = CompressionCodec.AV1, CompressionCodec.H265
STEPS = {
    "AV1, default (CRF 38, preset 10)": CompressionStep(7),
    "AV1, CRF 45, preset 10": CompressionStep(7, AV1, crf=45, preset=10),
    "AV1, CRF 38, preset 8": CompressionStep(7, AV1, crf=38, preset=8),
    "H.265, CRF 30, superfast": CompressionStep(7, H265, crf=30, preset=8),
}
POLICY = CompressionPolicy()
COST_RATIO_MAX = 1.5
"""Ours decodes twice, compares and seals; FFmpeg does not."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One clip at one setting; ``None`` where it could not be encoded."""

    clip: str
    setting: str
    size_wh: tuple[int, int]
    footage_s: float
    original_bytes: int
    saving: float
    ssim_min: float
    cpu_s: float
    ffmpeg_saving: float
    ffmpeg_cpu_s: float


def main() -> int:
    quiet_encoders()
    options = _options()
    videos = options.data / "videos"
    clips = sorted(videos.glob("*.mp4"))[: options.clips] if videos.is_dir() else []
    if not clips:
        print(f"There are no clips in {videos}; nothing is measured.")
        return 0
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="itscam-") as name:
        for clip in clips:
            found += _clip(clip, Path(name), options.seconds)
    rows = _summary(found)
    _print(found, rows)
    if options.write:
        content = {
            "measured": [asdict(one) for one in found],
            "summary": rows,
            "machine": report.machine() | {"ffmpeg": ffmpeg_version()},
        }
        report.save(NAME, content)
    return 0 if all(row["cost_ratio"] <= COST_RATIO_MAX for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of real clips, in its folder 'videos'")
    parser.add_argument("--clips", type=int, default=100, help="at most so many clips")
    parser.add_argument("--seconds", type=float, default=10.0, help="so much of each")
    parser.add_argument("--write", action="store_true", help="write bench/results")
    return parser.parse_args()


def _clip(clip: Path, folder: Path, seconds: float) -> list[Measured]:
    cut = folder / clip.name
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-t", str(seconds)]
    subprocess.run([*command, "-c", "copy", "-an", str(cut)], check=True)
    segment = closed_segment(folder / "media", cut, camera_id=clip.stem.replace("_", "-"))
    data = (folder / "media" / segment.path).read_bytes()
    found = []
    for setting, step in STEPS.items():
        print(f"{clip.stem}: {setting} …", flush=True)
        began = time.process_time()
        try:
            made = recode(data, segment, step, lambda: False)
        except Unfit as error:
            print(f"  left as it is: {error}")
            continue
        cpu_s = time.process_time() - began
        peer_bytes, peer_cpu_s = _ffmpeg(cut, step, segment, folder)
        found.append(
            Measured(
                clip.stem,
                setting,
                (segment.width, segment.height),
                segment.duration_ns / 1e9,
                segment.size_bytes,
                made.saving(segment),
                made.ssim_min,
                cpu_s,
                1 - peer_bytes / segment.size_bytes,
                peer_cpu_s,
            )
        )
    return found


def _ffmpeg(clip: Path, step: CompressionStep, segment: Segment, folder: Path) -> tuple[int, float]:
    """Bytes and processor seconds of FFmpeg with the same encoder, settings and key frames."""
    encoder, options = encoder_options(step)
    fps = segment.frames * 1e9 / segment.duration_ns
    settings = [part for key, value in options.items() for part in (f"-{key}", value)]
    out = folder / "peer.mp4"
    before = _children_s()
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", str(clip), "-an", "-threads", "1",
         "-fps_mode", "passthrough", "-c:v", encoder, *settings,
         "-g", str(round(fps * KEY_INTERVAL_S)), str(out)],
        check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return out.stat().st_size, _children_s() - before


def _children_s() -> float:
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def _summary(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """All clips of a setting together."""
    rows = []
    for setting, step in STEPS.items():
        ours = [one for one in found if one.setting == setting]
        if not ours:
            continue
        before = sum(one.original_bytes for one in ours)
        kept = [
            one for one in ours if one.saving >= step.min_saving and one.ssim_min >= POLICY.ssim_min
        ]
        footage_s, cpu_s = sum(one.footage_s for one in ours), sum(one.cpu_s for one in ours)
        rows.append(
            {
                "setting": setting,
                "clips": len(ours),
                "saving": sum(one.saving * one.original_bytes for one in ours) / before,
                "kept": len(kept),
                "saving_with_rule": sum(one.saving * one.original_bytes for one in kept) / before,
                "saving_of_clips": sorted(round(one.saving, 3) for one in ours),
                "ssim_min": min(one.ssim_min for one in ours),
                "ssim_median": sorted(one.ssim_min for one in ours)[len(ours) // 2],
                "footage_per_cpu_second": footage_s / cpu_s,
                "ffmpeg_saving": sum(o.ffmpeg_saving * o.original_bytes for o in ours) / before,
                "cost_ratio": cpu_s / sum(one.ffmpeg_cpu_s for one in ours),
            }
        )
    return rows


def _print(found: Sequence[Measured], rows: Sequence[dict[str, Any]]) -> None:
    head = f"{'clip':32} {'setting':34} {'MB':>6} {'saving':>7} {'SSIM':>6} {'× real time':>11}"
    print(head)
    for one in found:
        print(
            f"{one.clip:32} {one.setting:34} {one.original_bytes / 1e6:6.1f} "
            f"{one.saving:7.1%} {one.ssim_min:6.3f} {one.footage_s / one.cpu_s:11.1f}"
        )
    print()
    for row in rows:
        print(
            f"{row['setting']:34} saves {row['saving']:.1%} (FFmpeg {row['ffmpeg_saving']:.1%}); "
            f"by the policy's rule {row['kept']} of {row['clips']} clips are replaced, which saves "
            f"{row['saving_with_rule']:.1%}; "
            f"worst picture {row['ssim_min']:.3f}, "
            f"{row['footage_per_cpu_second']:.1f} × real time per core, "
            f"{row['cost_ratio']:.2f} × FFmpeg's processor time (limit {COST_RATIO_MAX})"
        )


if __name__ == "__main__":
    sys.exit(main())
