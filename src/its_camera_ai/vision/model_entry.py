"""One model on its way into a vision process: loaded, warmed up, compared, ready or refused."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import structlog

from its_camera_ai.core.errors import ItscamError
from its_camera_ai.core.models import ModelRef
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import AreaLook, DetectorModel
from its_camera_ai.vision.regions import region_sizes

log = structlog.get_logger(__name__)

WARM_UP_LOOKS = 3
NOTHING_TO_COMPARE = "none"

Load = Callable[[ModelRef], DetectorModel]
Verify = Callable[[ModelRef, DetectorModel], str]
"""``""`` if its golden findings are the same, ``NOTHING_TO_COMPARE``, or what differs."""


@dataclass(slots=True, eq=False)
class ModelEntry:
    """What a pool knows of one model.

    Attributes:
        attempt: number of the trial or promotion that wants it.
        since_s: monotonic time at which loading began.
        model: None until it is ready; then it never changes.
        golden: ``same``, ``differs``, or ``none`` where there is nothing to compare with.
        reason: why it failed; empty while it did not.
        error: what it failed with, where that was an error of ours.
        given_up: nobody waits for it any more; a load that still comes back is thrown away.
        idle_since_s: when it lost its place.
    """

    ref: ModelRef
    attempt: int
    since_s: float
    model: DetectorModel | None = None
    golden: str = NOTHING_TO_COMPARE
    reason: str = ""
    error: ItscamError | None = None
    given_up: bool = False
    idle_since_s: float | None = None

    @property
    def state(self) -> str:
        if self.reason:
            return "failed"
        return "ready" if self.model is not None else "loading"

    def bring_in(self, load: Load, verify: Verify) -> None:
        """Load and try it; sets ``model`` or ``reason``. Slow, raises nothing, may hang."""
        try:
            model = load(self.ref)
        except ItscamError as error:
            self.error, self.reason = error, str(error)
            return
        except Exception as error:  # a foreign file may make a runtime raise anything
            log.exception("a model could not be loaded", model=str(self.ref))
            self.reason = f"it could not be loaded ({type(error).__name__}); the log says why"
            return
        reason = self._try(model, verify)
        if reason or self.given_up:
            self.reason = self.reason or reason
            model.close()
        else:
            self.model = model

    def _try(self, model: DetectorModel, verify: Verify) -> str:
        """Warm up and compare; why it may not serve."""
        try:
            width, height = model.info.input_wh
            detector = model.open("warm-up")
            blank = np.zeros((height, width, 3), np.uint8)
            for look in range(WARM_UP_LOOKS):
                detector.detect(blank, look * NS_PER_S)
            if model.areas is not None:  # some runtimes compile the network for each input size
                for size_wh in region_sizes(model.areas):
                    model.areas.detect_areas([AreaLook(blank, (0, 0, width, height), size_wh)])
            said = verify(self.ref, model)
        except ItscamError as error:
            self.error = error
            return str(error)
        except Exception as error:  # see bring_in
            log.exception("a model failed its first looks", model=str(self.ref))
            return f"it failed at its first looks ({type(error).__name__}); the log says why"
        if said == NOTHING_TO_COMPARE:
            return ""
        self.golden = "differs" if said else "same"
        return said
