"""What a report needs to know of all tracks of a file, in bounded detail."""

from array import array
from dataclasses import dataclass, field

import numpy as np

from its_camera_ai.core.scene import Anchor, anchor_points
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks

POINTS_MAX = 64
"""Points kept of one path; when there are more, every second one goes."""
_STEP_NS = NS_PER_S // 10


@dataclass(slots=True)
class TrackLife:
    """One track from its first to its last sighting.

    Attributes:
        class_id: by vote, as last reported.
        path: x and y in turn, fractions of the picture, bottom centre of the box.
    """

    class_id: int
    first_ns: int
    last_ns: int
    path: "array[float]" = field(default_factory=lambda: array("f"))
    step_ns: int = _STEP_NS
    noted_ns: int | None = None

    @property
    def length_s(self) -> float:
        return (self.last_ns - self.first_ns) / NS_PER_S

    def note(self, x: float, y: float, pts_ns: int) -> None:
        self.last_ns = pts_ns
        if self.noted_ns is not None and pts_ns - self.noted_ns < self.step_ns:
            return
        self.noted_ns = pts_ns
        self.path.extend((x, y))
        if len(self.path) > 2 * POINTS_MAX:
            thinned = np.asarray(self.path).reshape(-1, 2)[::2].ravel()
            self.path = array("f", thinned.tolist())
            self.step_ns *= 2


class TrackMemory:
    """Follows an analysis picture by picture.

    Attributes:
        lives: every track that was seen, by id.
        times_ns: stream time of every picture handed in.
        present: how many objects were seen in each; −1 where the picture was not looked at.
    """

    def __init__(self) -> None:
        self.lives: dict[int, TrackLife] = {}
        self.times_ns = array("q")
        self.present = array("i")

    def note(self, tracks: FrameTracks) -> None:
        self.times_ns.append(tracks.pts_ns)
        if tracks.unknown is not None:
            self.present.append(-1)
            return
        seen = np.flatnonzero(tracks.observed)
        self.present.append(len(seen))
        places = anchor_points(tracks.xyxy[seen], Anchor.BOTTOM_CENTRE) / tracks.size_wh
        for i, (x, y) in zip(seen, places.tolist(), strict=True):
            track_id, class_id = int(tracks.track_id[i]), int(tracks.class_id[i])
            life = self.lives.get(track_id)
            if life is None:
                life = TrackLife(class_id, tracks.pts_ns, tracks.pts_ns)
                self.lives[track_id] = life
            life.class_id = class_id
            life.note(x, y, tracks.pts_ns)
