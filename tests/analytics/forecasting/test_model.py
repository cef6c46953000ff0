"""What the model knows at each moment."""

import numpy as np

from its_camera_ai.analytics.forecasting.history import slots_of
from its_camera_ai.analytics.forecasting.model import LEVELS, features, fit
from tests.analytics.forecasting.weeks import PER_DAY, PER_WEEK, ZONE, weeks

HOUR, FOUR_HOURS = 4, 16


def test_features_are_means_of_the_past() -> None:
    off = np.arange(300.0)
    row = features(off, 4, PER_DAY)[200]
    expected = [
        200,
        np.mean([197, 198, 199]),
        np.mean(np.arange(185, 197)),
        np.mean(np.arange(105, 185)),
        np.mean([107, 108, 109]),  # 204 − 96 and its neighbours
    ]
    np.testing.assert_allclose(row, expected)


def test_unknown_moments_are_left_out_of_the_means() -> None:
    off = np.arange(300.0)
    off[[198, 199]] = np.nan
    assert features(off, 4, PER_DAY)[200, 1] == 197
    off[:] = np.nan
    np.testing.assert_array_equal(features(off, 4, PER_DAY), 0)


def test_nothing_of_the_future_is_known() -> None:
    off = np.random.default_rng(0).normal(size=300)
    later = off.copy()
    later[201:] += 100
    for lead in (1, 4, 16, 95):
        np.testing.assert_array_equal(
            features(off, lead, PER_DAY)[:201], features(later, lead, PER_DAY)[:201]
        )


def test_quantiles_are_in_order_and_wider_further_ahead() -> None:
    history = weeks(5)
    model = fit(history, slots_of(history, ZONE, more=16), (1, 16))
    near, far = model.leads[1].quantiles, model.leads[16].quantiles
    assert len(near) == len(LEVELS)
    assert np.all(np.diff(near) > 0)
    assert far[-1] - far[0] > near[-1] - near[0]


def test_the_day_so_far_corrects_the_pattern() -> None:
    history = weeks(6, day_sd=0.15)
    slots = slots_of(history, ZONE, more=1)
    model = fit(history, slots, (1,))
    high = np.full(PER_WEEK, 2.0)
    blind = model.predict(high, slots, 1, blind=True)
    corrected = model.predict(high, slots, 1)
    assert np.all(corrected[PER_DAY:, 2] > blind[PER_DAY:, 2] + 1.0)


def test_one_week_alone_gives_no_intervals() -> None:
    history = weeks(7, count=1)
    model = fit(history, slots_of(history, ZONE), (1,))
    assert np.isnan(model.leads[1].quantiles).all()
