"""Bodies that overlap on the ground, which in normal traffic none may."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.road.truth import RoadTruth

Floats = npt.NDArray[np.float64]


def overlaps(truth: RoadTruth) -> list[tuple[int, int]]:
    """Pairs of ids whose footprints overlap: no side of either parts them."""
    half = truth.dims_m[:, :2] / 2
    reach = np.hypot(half[:, 0], half[:, 1])
    near = np.hypot(*(truth.xy_m[:, None] - truth.xy_m[None]).transpose(2, 0, 1))
    first, second = np.nonzero(np.triu(near < reach[:, None] + reach[None], k=1))
    if not len(first):
        return []
    ahead = np.column_stack([np.cos(truth.heading_rad), np.sin(truth.heading_rad)])
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    away = truth.xy_m[second] - truth.xy_m[first]
    apart = np.zeros(len(first), np.bool_)
    for axis in (ahead[first], aside[first], ahead[second], aside[second]):
        reaches = sum(
            np.abs((side[rows] * axis).sum(axis=1)) * half[rows, k]
            for rows in (first, second)
            for k, side in enumerate((ahead, aside))
        )
        apart |= np.abs((away * axis).sum(axis=1)) >= reaches
    return [
        (int(truth.id[a]), int(truth.id[b]))
        for a, b in zip(first[~apart], second[~apart], strict=True)
    ]
