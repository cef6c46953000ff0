"""FHWA-13 groups as probabilities, from the class vote and the length on the ground.

The scheme goes by axles, which a picture seldom shows; so a group is never told without its
probability, and groups 5–13 never without a length. Groups: FHWA Traffic Monitoring Guide,
appendix C.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ConfigInvalid

GROUPS = range(1, 14)
REFUSED_SHARE = 0.25
"""Without a length nothing is told where groups 5–13 hold more than this share."""

_FLEET = {
    1: 0.006, 2: 0.64, 3: 0.21, 4: 0.006, 5: 0.035, 6: 0.012, 7: 0.004,
    8: 0.010, 9: 0.065, 10: 0.005, 11: 0.003, 12: 0.001, 13: 0.003,
}  # fmt: skip
_LENGTHS = {
    1: (2.2, 0.25), 2: (4.4, 0.45), 3: (5.4, 0.5), 4: (12.2, 1.5), 5: (7.6, 1.2), 6: (9.6, 1.3),
    7: (9.8, 1.5), 8: (14.0, 2.0), 9: (20.0, 2.5), 10: (21.5, 2.5), 11: (22.3, 1.5),
    12: (23.5, 1.5), 13: (31.0, 3.5),
}  # fmt: skip
_LABELS = {
    1: (0.98, 0.01, 0.001, 0.009),
    2: (0.0005, 0.97, 0.001, 0.0285),
    3: (0.0005, 0.61, 0.003, 0.3865),
    4: (0.0005, 0.015, 0.90, 0.0845),
    5: (0.0005, 0.08, 0.02, 0.8995),
    6: (0.0005, 0.02, 0.01, 0.9695),
    7: (0.0005, 0.02, 0.01, 0.9695),
}  # fmt: skip
_LABEL_ORDER = (ObjectClass.MOTORCYCLE, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK)


@dataclass(frozen=True, slots=True)
class FhwaMix:
    """What is taken as usual where the groups can't be told apart.

    The default shares are an assumption for a mixed arterial road, not a measurement: set those of
    your own classification counts. Lengths follow the design vehicles of AASHTO's *Green Book* (P
    5.8 m, SU-30 9.1 m, SU-40 12.0 m, BUS-40 12.4 m, WB-40 13.9 m, WB-62 21 m, WB-67D 22.3 m,
    doubles and triples 30–35 m), less where real fleets are shorter.

    Attributes:
        shares: group → share of all motor vehicles; they are scaled to 1.
        lengths_m: group → mean and standard deviation of the length.
    """

    shares: Mapping[int, float] = field(default_factory=lambda: dict(_FLEET))
    lengths_m: Mapping[int, tuple[float, float]] = field(default_factory=lambda: dict(_LENGTHS))

    def __post_init__(self) -> None:
        if set(self.shares) != set(GROUPS) or set(self.lengths_m) != set(GROUPS):
            raise ConfigInvalid("FHWA mix: give a share and a length for each group from 1 to 13.")
        if min(self.shares.values()) < 0 or not sum(self.shares.values()) > 0:
            raise ConfigInvalid("FHWA mix: shares must be 0 or more, and not all 0.")
        if not all(mean > 0 and sd > 0 for mean, sd in self.lengths_m.values()):
            raise ConfigInvalid("FHWA mix: lengths and their deviations must be above 0.")


def fhwa_groups(
    kind: ObjectClass,
    share: float,
    length_m: float | None,
    length_sd_m: float | None,
    mix: FhwaMix,
) -> dict[int, float]:
    """Group → probability by Bayes' rule: fleet share × vote × length; sums to 1.

    A vote that is not unanimous says less: its share counts for the label, the rest for any label.

    Returns:
        Empty for what the scheme does not know (people, bicycles), and for what could be a lorry
        where no length is known: a detector's "truck" may be a pick-up, group 3. Probabilities
        below 0.001 are left out.

    Args:
        kind: class by vote. share: its part of the vote, 0–1.
        length_m, length_sd_m: None while unknown.
        mix: what is usual.
    """
    if kind not in _LABEL_ORDER:
        return {}
    column = _LABEL_ORDER.index(kind)
    weights = {}
    for group in GROUPS:
        label = share * _LABELS.get(group, _LABELS[7])[column] + (1 - share) / len(_LABEL_ORDER)
        weights[group] = mix.shares[group] * label
        if length_m is not None:
            mean, sd = mix.lengths_m[group]
            spread = math.hypot(sd, length_sd_m or 0.0)
            weights[group] *= math.exp(-(((length_m - mean) / spread) ** 2) / 2) / spread
    total = sum(weights.values())
    if not total > 0:
        return {}
    if length_m is None:
        if sum(weights[group] for group in range(5, 14)) / total > REFUSED_SHARE:
            return {}
        weights = {group: weights[group] for group in range(1, 5)}
    kept = {g: w for g, w in weights.items() if w / total >= 1e-3}
    total = sum(kept.values())
    return {group: weight / total for group, weight in kept.items()}
