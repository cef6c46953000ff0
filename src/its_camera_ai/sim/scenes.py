"""The catalogue of streets."""

from its_camera_ai.sim.carpark import CARPARK
from its_camera_ai.sim.courtyard import COURTYARD
from its_camera_ai.sim.intersection import INTERSECTION
from its_camera_ai.sim.motorway import MOTORWAY
from its_camera_ai.sim.world import SceneDescription

SCENES: dict[str, SceneDescription] = {
    scene.id: scene for scene in (INTERSECTION, MOTORWAY, CARPARK, COURTYARD)
}
"""Every scene by the name that it has in ``sim://`` addresses."""
