"""The table of incident kinds: how bad each is, and when it is over."""

from dataclasses import dataclass

from its_camera_ai.core.incidents import IncidentKind, Severity

_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class KindRule:
    """How the incidents of one kind live.

    Attributes:
        severities: by the finding's grade; the last one holds for all higher grades.
        clear_s: looked-at time without the condition, its road user in view, until it is over.
        lost_s: the same while its road user is not in view.
        about: the rule in one sentence, for people.
    """

    severities: tuple[Severity, ...]
    clear_s: float
    lost_s: float
    about: str

    def severity(self, grade: int) -> Severity:
        return self.severities[min(grade, len(self.severities) - 1)]


KINDS = {
    IncidentKind.STOPPED_VEHICLE: KindRule(
        (_MEDIUM, _HIGH, _CRITICAL), 3.0, 20.0,
        "A vehicle stands on the carriageway without a queue, a red light or another reason.",
    ),
    IncidentKind.SLOW_VEHICLE: KindRule(
        (_LOW, _MEDIUM, _HIGH), 4.0, 5.0,
        "A vehicle drives much slower than is usual in its lane, with free road ahead.",
    ),
    IncidentKind.WRONG_WAY: KindRule(
        (_CRITICAL,), 3.0, 8.0, "A vehicle drives against its lane's way of travel."
    ),
    IncidentKind.ILLEGAL_PARKING: KindRule(
        (_LOW, _MEDIUM, _HIGH), 3.0, 20.0,
        "A vehicle stands in a zone without stopping or parking for longer than is allowed there.",
    ),
    IncidentKind.QUEUE_SPILLBACK: KindRule(
        (_MEDIUM, _HIGH), 60.0, 60.0, "A lane's queue is longer than its storage."
    ),
    IncidentKind.CONGESTION: KindRule(
        (_LOW, _MEDIUM, _HIGH), 1.0, 1.0,
        "A lane's traffic is much slower and denser than when it flows freely.",
    ),
    IncidentKind.DEBRIS: KindRule(
        (_HIGH, _HIGH, _CRITICAL), 3.0, 20.0, "A thing lies on the carriageway."
    ),
    IncidentKind.PEDESTRIAN_ON_ROAD: KindRule(
        (_MEDIUM, _HIGH, _CRITICAL), 2.0, 4.0,
        "Someone walks on the carriageway outside a crossing.",
    ),
    IncidentKind.CYCLIST_ON_ROAD: KindRule(
        (_LOW, _MEDIUM, _HIGH), 2.0, 4.0,
        "Someone cycles on a carriageway that is not for bicycles, outside a crossing.",
    ),
    IncidentKind.RED_LIGHT: KindRule(
        (_MEDIUM, _HIGH, _CRITICAL), 3.0, 3.0, "A vehicle passed the stop line while it had red."
    ),
    IncidentKind.NEAR_MISS: KindRule(
        (_MEDIUM, _HIGH, _CRITICAL), 3.0, 3.0,
        "Two road users came close to a collision, by time to collision or encroachment.",
    ),
    IncidentKind.SPEEDING: KindRule(
        (_LOW, _MEDIUM, _HIGH), 3.0, 3.0,
        "A vehicle was faster than the limit, with the whole confidence interval above it.",
    ),
}  # fmt: skip
"""Red light, near miss and speeding are moments: they stay open for a while for what follows."""
MOMENTS = frozenset({IncidentKind.RED_LIGHT, IncidentKind.NEAR_MISS, IncidentKind.SPEEDING})
