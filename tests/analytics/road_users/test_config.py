"""Parameters that make no sense are refused."""

import pytest

from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.core.errors import ConfigInvalid


@pytest.mark.parametrize("name", ["forget_s", "speed_kmh_max", "sightings_min", "wander"])
def test_every_number_is_above_0(name: str) -> None:
    with pytest.raises(ConfigInvalid, match=name):
        RoadUsersConfig(**{name: 0})
