"""The ``calibration:`` section as text."""

from collections.abc import Iterator

from its_camera_ai.core.calibration import Calibration
from its_camera_ai.store.documents.scene_fields import CalibrationFields, LandmarkFields, PairFields
from its_camera_ai.store.documents.scene_parts import calibration_document, without_defaults
from its_camera_ai.store.documents.yaml_text import flow_text


def calibration_lines(calibration: Calibration) -> Iterator[str]:
    """The section of a scene file, one line after the other; a site file indents them by four
    spaces. What has its default is left out."""
    yield "calibration:"
    document = calibration_document(calibration)
    for key, value in without_defaults(document, CalibrationFields).items():
        if key in ("pairs", "landmarks"):
            section = PairFields if key == "pairs" else LandmarkFields
            yield f"  {key}:"
            for item in value:
                yield f"    - {flow_text(without_defaults(item, section))}"
        else:
            yield f"  {key}: {flow_text(value)}"
