"""What an evaluation found: rows for tables, figures for the baseline, one JSON document."""

import json
from pathlib import Path
from typing import Any

import msgspec

from its_camera_ai.core.errors import ConfigInvalid


class DetectRow(msgspec.Struct, frozen=True, kw_only=True):
    """One class of one set of pictures by one model; see ``detect.DetectionScore``.

    Attributes:
        input: ``WxH``. runtime: and its precision; empty for what needs none.
        hits: share of all labelled boxes whose centre some finding holds.
        cpu_ms: processor time of one look, median.
    """

    set: str
    model: str
    input: str
    runtime: str
    label: str
    boxes: int
    ap: float
    ap50: float
    recall: float
    precision: float
    hits: float
    cpu_ms: float


class TrackRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sequence at one rate of looks; see ``track.TrackScore``.

    Attributes:
        detections: where the boxes came from: ``public``, a model with its input, or ``truth``.
        rate: analysed pictures per second.
    """

    set: str
    detections: str
    rate: float
    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    switches: int
    ids_true: int
    ids_found: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one replay: the same clip from one first picture."""

    inward: int
    outward: int
    wrong_way: int


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One clip at one rate, over several runs.

    Attributes:
        asked: looks per second that were asked for. rate: nearest that the clip has.
        lost: share of the looks that was dropped at random.
        inward, outward: by eye.
        off_by: of the worst run, both directions added. wrong_way: of the worst run.
        holds: every run and direction is exact below 20 and within 5 % from 20 on.
        run_share: time for detecting and tracking / length of the clip, as measured here; 0 where
            only a part of the pictures was detected.
    """

    set: str
    what: str
    model: str
    input: str
    asked: float
    rate: float
    lost: float = 0.0
    inward: int
    outward: int
    runs: list[Run]
    off_by: int
    wrong_way: int
    holds: bool
    run_share: float = 0.0


class StreetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated street at one rate; see ``count.Effectiveness``.

    Attributes:
        ours, truth: crossings of all lines. off_by: over lines and directions, added up.
    """

    set: str
    detections: str
    rate: float
    seconds: float
    effectiveness: float
    ours: int
    truth: int
    off_by: int
    unasked: int


class Results(msgspec.Struct, kw_only=True):
    """Everything of one run."""

    made: dict[str, Any] = msgspec.field(default_factory=dict)
    detect: list[DetectRow] = msgspec.field(default_factory=list)
    track: list[TrackRow] = msgspec.field(default_factory=list)
    count: list[CountRow] = msgspec.field(default_factory=list)
    streets: list[StreetRow] = msgspec.field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Every figure by a name that ends with what it is; see ``baseline.TOLERANCES``."""
        found: dict[str, float] = {}
        for d in self.detect:
            at = f"detect/{d.set}/{d.model}/{d.input}/{d.label}"
            found |= {f"{at}/ap": d.ap, f"{at}/ap50": d.ap50}
        for t in self.track:
            at = f"track/{t.set}/{t.detections}/{t.rate:g}"
            found |= {f"{at}/hota": t.hota, f"{at}/idf1": t.idf1, f"{at}/mota": t.mota}
            found[f"{at}/switches"] = t.switches
        for c in self.count:
            lost = f" {c.lost:.0%} lost" if c.lost else ""
            at = f"count/{c.set}/{c.model}/{c.input}/{c.asked:g}{lost}"
            found |= {f"{at}/off_by": c.off_by, f"{at}/wrong_way": c.wrong_way}
        for s in self.streets:
            at = f"streets/{s.set}/{s.detections}/{s.rate:g}"
            found |= {f"{at}/effectiveness": s.effectiveness, f"{at}/off_by": s.off_by}
        return found

    def save(self, path: Path) -> None:
        """Write the JSON document.

        Raises:
            ConfigInvalid: the file can't be written.
        """
        text = json.dumps(msgspec.to_builtins(self), indent=1, ensure_ascii=False)
        try:
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigInvalid(
                f"{path} can't be written ({error}); choose another file."
            ) from None

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what ``save`` wrote.

        Raises:
            ConfigInvalid: not there, or of another form.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigInvalid(f"{path} holds no results ({error}); run it again.") from None
