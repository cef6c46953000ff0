"""Cameras as JSON: what is shown of one, and the object of the site file that describes one."""

from typing import Any

from pydantic import BaseModel, Field

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ids import camera_id
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.documents.fields import CameraFields
from its_camera_ai.store.documents.recording import (
    check_recording,
    recording_document,
    recording_plan,
)
from its_camera_ai.store.documents.scene_fields import SceneFields
from its_camera_ai.store.documents.scene_parts import scene_document, scene_of

_RESERVED_IDS = frozenset({"status"})


class CameraDocument(CameraFields):
    """One camera, in the fields of the site file."""

    id: str = Field(default="", description="The id in the address; may be left out.")


class CameraView(BaseModel):
    """One camera as the site wants it. Addresses are shown to admins only, passwords to nobody."""

    id: str
    name: str
    enabled: bool
    record: bool
    detect: bool
    main: str | None = Field(description="address with the password as ***; null unless admin")
    sub: str | None = Field(description="the smaller stream's address; null unless admin")
    has_sub: bool
    detect_fps: float
    scene: SceneFields = Field(description="what is measured in the picture")
    document: dict[str, Any] | None = Field(
        description="what PUT takes to keep the camera as it is; null unless admin"
    )


class Cameras(BaseModel):
    """All cameras, by id."""

    items: list[CameraView]


def camera_view(camera: Camera, *, with_addresses: bool) -> CameraView:
    """What a client may see of a camera."""
    sub = None if camera.sub is None else camera.sub.masked()
    return CameraView(
        id=camera.id,
        name=camera.name,
        enabled=camera.enabled,
        record=camera.record,
        detect=camera.detect,
        main=camera.main.masked() if with_addresses else None,
        sub=sub if with_addresses else None,
        has_sub=camera.sub is not None,
        detect_fps=camera.detect_fps,
        scene=SceneFields.model_validate(scene_document(camera.scene)),
        document=camera_document(camera) if with_addresses else None,
    )


def camera_document(camera: Camera) -> dict[str, Any]:
    """The camera as an object of the site file, passwords as ``***``."""
    return {
        "id": camera.id,
        "name": camera.name,
        "url": camera.main.masked(),
        "sub_url": None if camera.sub is None else camera.sub.masked(),
        "enabled": camera.enabled,
        "record": camera.record,
        "detect": camera.detect,
        "rtsp_transport": camera.rtsp_transport,
        "loop": camera.loop,
        "paced": camera.paced,
        "detect_fps": camera.detect_fps,
        "recording": recording_document(camera.recording),
        **scene_document(camera.scene),
    }


def camera_from(document: CameraDocument, name: str, facts: SiteFacts) -> Camera:
    """The camera that a document describes.

    Args:
        name: the id in the request's address.
        facts: where the site is.

    Raises:
        ConfigInvalid: another id in the body; an address, a scene or a schedule that makes no
            sense, or one that needs to know more of the site.
    """
    if name in _RESERVED_IDS:
        raise ConfigInvalid(f"id: '{name}' is an address of the API itself; choose another id.")
    if document.id not in ("", name):
        raise ConfigInvalid(
            f"id: the body says another id than the address ('{name}'); leave it out. A camera "
            "keeps its id for good."
        )
    scene = scene_of(document)
    recording = recording_plan(document.recording)
    check_recording(recording, scene, facts, detect=document.detect)
    return Camera(
        id=camera_id(name),
        main=_url("url", document.url),
        sub=None if document.sub_url is None else _url("sub_url", document.sub_url),
        name=document.name,
        enabled=document.enabled,
        record=document.record,
        detect=document.detect,
        rtsp_transport=document.rtsp_transport,
        loop=document.loop,
        paced=document.paced,
        detect_fps=document.detect_fps,
        scene=scene,
        recording=recording,
    )


def _url(field: str, text: str) -> CameraUrl:
    try:
        return CameraUrl.parse(text)
    except ConfigInvalid as error:
        raise ConfigInvalid(f"{field}: {error}") from None
