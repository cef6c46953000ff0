from pathlib import Path

import pytest

from its_camera_ai.store.documents import fields, scene_fields, storage_fields
from its_camera_ai.store.documents.reference import site_json_schema, site_reference
from its_camera_ai.store.documents.section import Section
from its_camera_ai.store.documents.site import load_site

PAGE = Path(__file__).parents[3] / "docs/reference/site-file.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == site_reference(), (
        "run: python -m its_camera_ai.store.documents.reference > docs/reference/site-file.md"
    )


def test_the_example_of_the_page_loads() -> None:
    example = site_reference().split("```yaml\n")[1].split("```")[0]
    assert [camera.id for camera in load_site(example).cameras] == ["north", "street"]


@pytest.mark.parametrize(
    "section",
    [
        fields.SiteFields,
        fields.CameraFields,
        scene_fields.SceneFields,
        scene_fields.LineFields,
        scene_fields.ZoneFields,
        scene_fields.LaneFields,
        scene_fields.GateFields,
        scene_fields.MovementFields,
        scene_fields.SignalFields,
        scene_fields.CalibrationFields,
        scene_fields.PairFields,
        scene_fields.LensFields,
        scene_fields.LandmarkFields,
        storage_fields.StorageFields,
        storage_fields.RetentionFields,
        storage_fields.KeepFields,
        storage_fields.QuotaFields,
        storage_fields.TierFields,
        storage_fields.CompressionFields,
        storage_fields.StepFields,
    ],
)
def test_every_field_is_described(section: type[Section]) -> None:
    for name, info in section.model_fields.items():
        assert info.description, f"{section.__name__}.{name}"


def test_the_schema_refuses_unknown_keys() -> None:
    schema = site_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["CameraFields"]["additionalProperties"] is False
    assert set(schema["$defs"]["CameraFields"]["required"]) == {"id", "url"}
