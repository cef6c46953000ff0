from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.vision.detector import AreaLook
from its_camera_ai.vision.look_batch import Look, run_looks, share_a_batch
from its_camera_ai.vision.regions import LookPlan, PlannedArea
from tests.support.fake_networks import AreaNetwork
from tests.support.moving_box import BrightBoxes, picture

FRAME_WH = (640, 360)
FULL = LookPlan((PlannedArea((0, 0, 640, 360), (640, 384)),), is_full=True)
PARTS = LookPlan(
    (
        PlannedArea((100, 100, 228, 228), (128, 128)),
        PlannedArea((200, 100, 328, 228), (128, 128)),
    ),
    is_full=False,
)


def look(model: AreaNetwork | BrightBoxes, camera: str = "cam", plan: LookPlan = FULL) -> Look:
    frame = picture(FRAME_WH, [(20, 30)])
    nothing = np.empty((0, 4), np.float32)
    return Look(camera, model, model.open(camera), frame, 1, 1, plan, nothing, 0)


def clock(step_s: float = 0.5) -> Callable[[], float]:
    ticks = count()
    return lambda: next(ticks) * step_s


def test_areas_of_several_cameras_go_through_the_network_in_one_call() -> None:
    network = AreaNetwork([[110, 110, 140, 140], [210, 110, 225, 140]])
    results = run_looks([look(network, "a", PARTS), look(network, "b")], clock())
    assert [len(call) for call in network.calls] == [3]
    found = [r.found for r in results]
    assert all(f is not None and len(f) == 2 for f in found), "told once, though seen twice"


def test_the_time_of_a_call_is_shared_out_by_pixels() -> None:
    network = AreaNetwork()
    parts, full = run_looks([look(network, "a", PARTS), look(network, "b")], clock())
    assert parts.seconds + full.seconds == pytest.approx(0.5)
    assert full.seconds / parts.seconds == pytest.approx(FULL.cost_px / PARTS.cost_px)


def test_one_bad_picture_takes_no_other_along() -> None:
    def refuse(looks: Sequence[AreaLook]) -> None:
        if any(each.area[2] == 328 for each in looks):
            raise RuntimeError("a bad picture")

    network = AreaNetwork([[110, 110, 140, 140]], before=refuse)
    bad, good = run_looks([look(network, "bad", PARTS), look(network, "good")], clock())
    assert bad.found is None
    assert good.found is not None
    assert len(good.found) == 1


def test_a_model_with_memory_looks_at_whole_frames_by_its_own_detector() -> None:
    model = BrightBoxes()
    result = run_looks([look(model)], clock())[0]
    assert result.found is not None
    assert result.found.xyxy.tolist() == [[20, 30, 60, 60]]


def test_only_networks_without_memory_share_a_batch() -> None:
    one, other, memory = AreaNetwork(), AreaNetwork(), BrightBoxes()
    assert share_a_batch(look(one), look(one, "b"))
    assert not share_a_batch(look(one), look(other))
    assert not share_a_batch(look(memory), look(memory))


def test_inputs_are_counted_for_the_costs() -> None:
    assert look(AreaNetwork(), plan=PARTS).inputs() == {("area-network", (128, 128)): 2}


def test_a_network_that_gives_too_few_answers_failed() -> None:
    class Short(AreaNetwork):
        def detect_areas(self, looks: Sequence[AreaLook]) -> list[Detections]:
            return super().detect_areas(looks)[1:]

    assert run_looks([look(Short())], clock())[0].found is None
