"""Lorries and buses from cars by size, on a camera whose geometry nobody has measured."""

import numpy as np

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.vision.detector import FloatArray

_TRUCK_AREA = 2.5  # times the usual vehicle at this height of the picture
_BUS_AREA = 5.0
_BANDS = 4  # heights of the picture with a usual vehicle size of their own
_VEHICLES_MIN = 12  # seen in a band before sizes are compared
_USUAL_RATE = 0.02  # share of each new vehicle in the usual size


class VehicleSizes:
    """Tells lorries and buses from cars by the size that is usual at that height of the picture."""

    def __init__(self) -> None:
        self._usual_px = np.zeros(_BANDS)
        self._seen = np.zeros(_BANDS, np.intp)

    def class_of(self, box: FloatArray, picture_wh: tuple[int, int]) -> ObjectClass:
        """The class of one vehicle, xyxy in pixels of the picture; learns from it as well."""
        left, top, right, bottom = (float(v) for v in box)
        cut = left <= 1 or top <= 1 or right >= picture_wh[0] - 1 or bottom >= picture_wh[1] - 1
        band = min(_BANDS - 1, int(bottom / picture_wh[1] * _BANDS))
        area = (right - left) * (bottom - top)
        usual, seen = self._usual_px[band], self._seen[band]
        if not cut:
            rate = max(_USUAL_RATE, 1 / (seen + 1))
            # a lorry may pull the usual size by no more than a big car
            self._usual_px[band] += rate * (min(area, 2 * usual if seen else area) - usual)
            self._seen[band] += 1
        if seen < _VEHICLES_MIN or area < _TRUCK_AREA * usual:
            return ObjectClass.CAR
        return ObjectClass.TRUCK if area < _BUS_AREA * usual else ObjectClass.BUS
