"""The true interval tables of a road world, in the form that the product's own tables have."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road import Direction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.truth import TruePassage, TrueQueue, TrueTrip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MINUTE_NS = 60_000_000_000


class TrueTables:
    """Rows of one minute. Passages lie in the minute in which the middle of the body passed.

    Lane rows hold Edie's sums of the middles of bodies, exact at the lane's ends and at the
    minute's: ``vehicle_s``, ``vehicle_m``; and the queue. Line rows hold volumes, speeds, headways,
    gaps and the time during which a body was over the line (``present_s``, of a lane only).

    Args:
        start_wall_ns: UTC of stream time 0. tick_s: length of a tick; a minute holds whole ticks.
    """

    def __init__(self, layout: Layout, start_wall_ns: int, tick_s: float) -> None:
        self._layout, self._start_ns, self._tick_s = layout, start_wall_ns, tick_s
        self._lane_ids = [lane.id for lane in layout.lanes]
        self._long_m = np.array([lane.to_m - lane.from_m for lane in layout.lanes])
        self._tallies: dict[tuple[Place, int], Tally] = {}
        self._minutes: set[int] = set()

    def tick(
        self, wall_ns: int, steps: tuple[Ints, Floats, Floats], queues: list[TrueQueue]
    ) -> None:
        """A tick that ends at ``wall_ns``.

        Args:
            steps: (K,) lanes (−1 for none), seconds spent and metres driven within each, of the
                middles of bodies.
        """
        minute = (wall_ns - 1) // MINUTE_NS
        self._minutes.add(minute)
        lane, seconds, metres = steps
        inside = lane >= 0
        count = len(self._lane_ids)
        time_s = np.bincount(lane[inside], seconds[inside], count)
        way_m = np.bincount(lane[inside], metres[inside], count)
        for k in np.flatnonzero(time_s).tolist():
            tally = self._tally(Place(PlaceKind.LANE, self._lane_ids[k]), minute)
            tally.vehicle_s += float(time_s[k])
            tally.vehicle_m += float(way_m[k])
        for queue in queues:
            tally = self._tally(Place(PlaceKind.LANE, queue.lane), minute)
            tally.queue_m_s += queue.length_m * self._tick_s
            tally.queue_max_m = max(tally.queue_max_m, queue.length_m)
            tally.queued_s += self._tick_s

    def passage(self, passage: TruePassage) -> None:
        minute = (self._start_ns + passage.pts_ns) // MINUTE_NS
        label = ObjectClass(passage.class_id).label
        for lane in {"", passage.lane}:
            place = Place(PlaceKind.LINE, passage.line, passage.direction, lane)
            tally = self._tally(place, minute)
            tally.volume[label] += 1
            tally.speed.add(passage.speed_kmh)
            tally.speed_bins[int(passage.speed_kmh)] += 1
            if passage.headway_s is not None:
                tally.headway.add(passage.headway_s)
            if passage.gap_s is not None:
                tally.gap.add(passage.gap_s)
            if lane:
                self._present(place, passage)

    def _present(self, place: Place, passage: TruePassage) -> None:
        """The time over the line, parted at full minutes."""
        begin = self._start_ns + passage.front_pts_ns
        end = self._start_ns + passage.rear_pts_ns
        while begin < end:
            minute = begin // MINUTE_NS
            until = min(end, (minute + 1) * MINUTE_NS)
            self._tally(place, minute).present_s += (until - begin) / 1e9
            begin = until

    def trip(self, trip: TrueTrip) -> None:
        name = trip.movement or f"{trip.entry}:in>{trip.exit}:out"
        minute = (self._start_ns + trip.left_pts_ns) // MINUTE_NS
        tally = self._tally(Place(PlaceKind.MOVEMENT, name), minute)
        tally.volume[ObjectClass(trip.class_id).label] += 1
        tally.travel.add((trip.left_pts_ns - trip.entered_pts_ns) / 1e9)
        tally.delay.add(trip.delay_s)

    def rows(self, camera_id: str, length_s: int = 60) -> list[IntervalRow]:
        """Every place that had something, zero-filled over all minutes so far, in order."""
        places = {place for place, _ in self._tallies}
        places |= {Place(PlaceKind.LANE, name) for name in self._lane_ids}
        for line in self._layout.lines:
            places |= {Place(PlaceKind.LINE, line.id, way) for way in Direction}
        starts = sorted({m * 60 // length_s * length_s for m in self._minutes})
        rows = []
        for place in sorted(places, key=lambda p: (p.kind, p.id, p.direction or "", p.lane)):
            long_m = 0.0
            if place.kind is PlaceKind.LANE:
                long_m = float(self._long_m[self._lane_ids.index(place.id)])
            for start in starts:
                total = Tally(looked_s=float(length_s))
                for minute in range(start // 60, (start + length_s) // 60):
                    total.take(self._tallies.get((place, minute), Tally()))
                rows.append(
                    IntervalRow(camera_id, place, start * 1_000_000_000, length_s, total, long_m)
                )
        return rows

    def _tally(self, place: Place, minute: int) -> Tally:
        return self._tallies.setdefault((place, minute), Tally())
