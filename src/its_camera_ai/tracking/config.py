"""The tracker's parameters, in seconds and box heights."""

from dataclasses import dataclass

from its_camera_ai.core.errors import ConfigInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerConfig:
    """One set serves 2.5 to 30 looks per second; nothing here is counted in frames.

    Lengths are in box heights (``_h``), so that near and far objects are judged alike.

    Attributes:
        score_high: a detection from here up is matched first.
        score_high_dense: the same where looks are dense; a better look of a new body comes soon.
        score_low: a detection from here up may continue a track that was seen lately.
        score_new: a track may begin from here up every ``weak_birth_s``, and one that was seen
            once may go on.
        score_new_dense: a track begins from here up at any look where looks are dense.
        score_new_sparse: the same where they are sparse; what goes by is seen only a few times.
        weak_birth_s: a track may begin at ``score_new`` this often even where looks are dense.
        dense_s, sparse_s: looks this near together are dense, this far apart sparse; what lies
            between is interpolated.
        evidence_score: a sighting's score above this is evidence of a body.
        evidence_shown: a track is shown, and gets its id, once its evidence has this sum. Looks
            nearer together than ``sparse_s`` weigh less, as they repeat one another.
        gate_h: widest distance between prediction and detection of a well-known track.
        gate_max_h: no gate grows beyond this, however long the interval.
        gate_newborn_h: the same for a track with one sighting, whose speed is a guess.
        gate_flow_h: the same where the flow field tells its speed.
        gate_sigmas: how many standard deviations of the prediction widen the gate.
        measure_h: standard deviation of a detected bottom centre.
        measure_size: standard deviation of the logarithm of a detected width or height.
        accel_h: random acceleration, box heights per second per root second.
        accel_size: random change of the logarithmic growth rate, same form.
        newborn_speed_h: standard deviation of the speed of a track without history, per second.
        newborn_growth: the same of the logarithmic growth rate.
        flow_sigma_h: least standard deviation of a speed that is taken from the flow field.
        size_weight: cost of one unit of log height ratio, in box heights.
        iou_weight: cost of missing overlap where prediction and detection could overlap.
        class_cost: cost of another class, in box heights.
        lost_s: a confirmed track that is not seen for this long of looked-at time is ended.
        tentative_lost_s: the same for a track with one sighting; one missed look always passes
            where its speed is known.
        tentative_vehicle_lost_s: the same for vehicles, on which a detector now and then sees a
            second box for a moment, while people hide behind one another.
        visible_share: an unseen track whose predicted box is less than this within the picture
            has left.
        coast_s: an unseen track is thought on by this much at most, slowing down.
        low_within_s: a low-score detection continues only tracks seen within this time.
        shown_s: an unseen track is reported as a prediction for this long.
        look_gap_s: a longer time without any look counts as unknown and ages nothing.
        vote_memory_s: time constant with which old class votes fade.
        vote_margin: factor by which another class must lead before a track changes class.
        duplicate_iou: a new detection that overlaps a tracked box more than this is the same body.
        part_share: a new vehicle's box with more than this share of it in a tracked vehicle's
            box, on the same ground, is a part of that one.
        appearance_weight: cost of one unit of cosine distance between features, in box heights,
            where a track and a detection both have them.
        appearance_same: cosine distance up to which a track that was lost may be found again.
        reentry_s: a lost track with features is remembered for this long after its last sighting,
            to be found again by appearance only.
        reentry_h_s: how fast it may have gone meanwhile, box heights per second.
        flow_cells: cells per side of the grid of the learned flow field.
    """

    score_high: float = 0.4
    score_high_dense: float = 0.5
    score_low: float = 0.2
    score_new: float = 0.4
    score_new_dense: float = 0.55
    score_new_sparse: float = 0.3
    weak_birth_s: float = 0.5
    dense_s: float = 0.1
    sparse_s: float = 0.2
    evidence_score: float = 0.35
    evidence_shown: float = 0.2
    gate_h: float = 1.1
    gate_max_h: float = 1.8
    gate_newborn_h: float = 2.0
    gate_flow_h: float = 3.0
    gate_sigmas: float = 2.5
    measure_h: float = 0.09
    measure_size: float = 0.08
    accel_h: float = 0.45
    accel_size: float = 0.25
    newborn_speed_h: float = 2.5
    newborn_growth: float = 0.3
    flow_sigma_h: float = 0.6
    size_weight: float = 1.0
    iou_weight: float = 0.6
    class_cost: float = 0.4
    lost_s: float = 2.5
    tentative_lost_s: float = 0.6
    tentative_vehicle_lost_s: float = 0.25
    visible_share: float = 0.25
    coast_s: float = 3.0
    low_within_s: float = 2.0
    shown_s: float = 0.6
    look_gap_s: float = 1.5
    vote_memory_s: float = 20.0
    vote_margin: float = 1.3
    duplicate_iou: float = 0.7
    part_share: float = 0.6
    appearance_weight: float = 1.0
    appearance_same: float = 0.3
    reentry_s: float = 20.0
    reentry_h_s: float = 1.5
    flow_cells: int = 16

    def __post_init__(self) -> None:
        rising = (
            (0.0, self.score_low, self.score_new, self.score_new_dense, 1.0),
            (self.score_low, self.score_new_sparse, self.score_new),
            (self.score_low, self.score_high, self.score_high_dense),
        )
        if any(sorted(scores) != list(scores) for scores in rising):
            raise ConfigInvalid(
                "Tracker scores must satisfy 0 ≤ score_low ≤ score_new_sparse ≤ score_new ≤ "
                "score_new_dense ≤ 1 and score_low ≤ score_high ≤ score_high_dense; correct the "
                "order."
            )
        if not 0 <= self.dense_s < self.sparse_s:
            raise ConfigInvalid("Tracker times must satisfy 0 ≤ dense_s < sparse_s; correct them.")
        for name in ("gate_h", "measure_h", "measure_size", "accel_h", "newborn_speed_h", "lost_s"):
            if getattr(self, name) <= 0:
                raise ConfigInvalid(
                    f"Tracker parameter {name} must be above 0; give a length or time."
                )
