"""When the calibration may no longer be trusted, and when it may again."""

from dataclasses import dataclass

from its_camera_ai.analytics.calibration.landmarks import LandmarkCheck, LandmarkVerdict
from its_camera_ai.core.time import NS_PER_S


@dataclass(frozen=True, slots=True)
class DoubtLimits:
    """Stream seconds.

    Attributes:
        sure_s: so long the landmarks must have moved before somebody is told.
        lost_s: so long all of them must be out of sight before that counts as a move.
        trust_s: so long they must lie right before measuring goes on after that.
    """

    sure_s: float = 3.0
    lost_s: float = 60.0
    trust_s: float = 30.0


@dataclass(frozen=True, slots=True)
class DoubtChange:
    """Something to tell.

    Attributes:
        in_doubt: True when the doubt is sure, False when it is over.
        since_pts_ns: first look that spoke for it.
        reason: in words.
    """

    in_doubt: bool
    since_pts_ns: int
    reason: str


class CalibrationDoubt:
    """Folds looks at the landmarks into one state.

    Measuring stops with the first agreed look that says *moved* (``in_doubt``), so nothing wrong is
    measured while one makes sure; the event comes once it has lasted. A look that does not know
    changes nothing.
    """

    def __init__(self, limits: DoubtLimits | None = None) -> None:
        self._limits = limits or DoubtLimits()
        self._moved_since_ns: int | None = None
        self._lost_since_ns: int | None = None
        self._right_since_ns: int | None = None
        self._reason = ""
        self._told = False

    @property
    def in_doubt(self) -> bool:
        """True while nothing may be measured."""
        return self._moved_since_ns is not None

    @property
    def since_pts_ns(self) -> int | None:
        """The first look that spoke against the calibration, None while it is trusted."""
        return self._moved_since_ns

    @property
    def reason(self) -> str:
        """In words; empty while it is trusted."""
        return self._reason

    def update(self, check: LandmarkCheck, pts_ns: int) -> DoubtChange | None:
        """
        Args:
            check: one look. pts_ns: its stream time; once every few seconds is enough.

        Returns:
            Something to tell, or None.
        """
        match check.verdict:
            case LandmarkVerdict.MOVED:
                return self._speaks_against(check.reason, pts_ns)
            case LandmarkVerdict.LOST:
                if self._lost_since_ns is None:
                    self._lost_since_ns = pts_ns
                self._right_since_ns = None
                if pts_ns - self._lost_since_ns >= self._limits.lost_s * NS_PER_S:
                    return self._speaks_against(check.reason, self._lost_since_ns, now_ns=pts_ns)
            case LandmarkVerdict.IN_PLACE:
                return self._speaks_for(pts_ns)
            case LandmarkVerdict.UNKNOWN:
                pass
        return None

    def _speaks_against(
        self, reason: str, since_ns: int, *, now_ns: int | None = None
    ) -> DoubtChange | None:
        self._right_since_ns = None
        if self._moved_since_ns is None:
            self._moved_since_ns = since_ns
        self._reason = reason
        lasted_ns = (now_ns or since_ns) - self._moved_since_ns
        if self._told or lasted_ns < self._limits.sure_s * NS_PER_S:
            return None
        self._told = True
        return DoubtChange(True, self._moved_since_ns, reason)

    def _speaks_for(self, pts_ns: int) -> DoubtChange | None:
        self._lost_since_ns = None
        if self._moved_since_ns is None:
            return None
        if self._right_since_ns is None:
            self._right_since_ns = pts_ns
        # what was never sure is over as soon as it is contradicted
        needed_s = self._limits.trust_s if self._told else 0.0
        if pts_ns - self._right_since_ns < needed_s * NS_PER_S:
            return None
        since_ns, told = self._moved_since_ns, self._told
        self._moved_since_ns, self._right_since_ns = None, None
        self._reason, self._told = "", False
        if not told:
            return None
        return DoubtChange(False, since_ns, "All landmarks lie where they were calibrated again.")
