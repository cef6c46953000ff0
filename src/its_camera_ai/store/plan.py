"""What applying a site file would change, and doing it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.cameras import CameraRepository, with_stored_passwords
from its_camera_ai.store.documents.recording import facts_shown, recording_shown
from its_camera_ai.store.documents.scene_parts import PARTS, scene_document, without_defaults
from its_camera_ai.store.documents.storage import storage_shown
from its_camera_ai.store.documents.yaml_text import flow_text, quoted
from its_camera_ai.store.storage_policy import StoragePolicyRepository

_OPTIONS = ("name", "enabled", "record", "detect", "rtsp_transport", "loop", "paced", "detect_fps")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's old and new value as text, without passwords; ``field`` such as
    ``lines.gate.points``. None where there was or is no such field."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class CameraChange:
    """One camera that is there and shall be different."""

    before: Camera
    after: Camera
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from the cameras that are to those that are wanted; each part in order of id."""

    added: tuple[Camera, ...]
    changed: tuple[CameraChange, ...]
    removed: tuple[Camera, ...]
    unchanged: tuple[Camera, ...]
    facts: SiteFacts | None = None
    fact_changes: tuple[FieldChange, ...] = ()
    storage: StoragePolicy | None = None
    storage_changes: tuple[FieldChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to do."""
        return not (
            self.added or self.changed or self.removed or self.fact_changes or self.storage_changes
        )

    def render(self) -> str:
        """The plan for people: ``+`` new, ``~`` different, ``-`` gone; addresses are masked."""
        changes = (*self.fact_changes, *self.storage_changes)
        lines = [f"~ {_difference(change)}" for change in changes]
        for camera in self.added:
            lines.append(f"+ {camera.id}")
            lines += [f"    {name}: {text}" for name, text in _shown(camera).items()]
        for change in self.changed:
            lines.append(f"~ {change.after.id}")
            lines += [f"    {_difference(field)}" for field in change.fields]
        lines += [f"- {camera.id}" for camera in self.removed]
        lines.append(
            f"{len(self.added)} to add, {len(self.changed)} to change, {len(self.removed)} to "
            f"remove, {len(self.unchanged)} unchanged."
        )
        return "\n".join(lines) + "\n"


def plan(
    current: Sequence[Camera],
    wanted: Sequence[Camera],
    *,
    facts: tuple[SiteFacts, SiteFacts] | None = None,
    storage: tuple[StoragePolicy, StoragePolicy] | None = None,
) -> Plan:
    """Compare. A wanted password ``***`` means the current one.

    Args:
        facts: where the site is and where it shall be; None leaves that as it is.
        storage: the policy that is and the one that shall be, likewise.

    Raises:
        ConfigInvalid: a ``***`` without a current password to stand for (every such camera, one
            line each), or two wanted cameras of the same id.
    """
    have = {camera.id: camera for camera in current}
    want = _complete(have, wanted)
    changed = [
        CameraChange(have[i], want[i], tuple(_changes(have[i], want[i])))
        for i in sorted(have.keys() & want.keys())
        if have[i] != want[i]
    ]
    return Plan(
        added=tuple(want[i] for i in sorted(want.keys() - have.keys())),
        changed=tuple(changed),
        removed=tuple(have[i] for i in sorted(have.keys() - want.keys())),
        unchanged=tuple(have[i] for i in sorted(have.keys() & want.keys()) if have[i] == want[i]),
        facts=None if facts is None else facts[1],
        fact_changes=() if facts is None else tuple(_fact_changes(*facts)),
        storage=None if storage is None else storage[1],
        storage_changes=() if storage is None else policy_changes(*storage),
    )


def apply(
    plan: Plan, repository: CameraRepository, policies: StoragePolicyRepository | None = None
) -> int:
    """Make it so; a second time changes nothing. Returns how many cameras changed.

    Cameras and site change in one transaction; the storage policy before, in its own.
    """
    if plan.storage is not None and policies is not None:
        policies.put(plan.storage)
    return repository.change(
        put=[*plan.added, *(change.after for change in plan.changed)],
        delete_ids=[camera.id for camera in plan.removed],
        site=plan.facts,
    )


def policy_changes(before: StoragePolicy, after: StoragePolicy) -> tuple[FieldChange, ...]:
    """What differs between two storage policies, field by field."""
    return tuple(_differing(storage_shown(before), storage_shown(after)))


def _complete(have: Mapping[str, Camera], wanted: Sequence[Camera]) -> dict[str, Camera]:
    want: dict[str, Camera] = {}
    problems = []
    for camera in wanted:
        if camera.id in want:
            problems.append(f"The camera id '{camera.id}' is wanted twice; give each its own.")
        try:
            want[camera.id] = with_stored_passwords(camera, have.get(camera.id))
        except ConfigInvalid as error:
            problems.append(str(error))
    if problems:
        raise ConfigInvalid("\n".join(problems))
    return want


def _changes(before: Camera, after: Camera) -> Iterator[FieldChange]:
    old, new = _shown(before), _shown(after)
    yield from _differing(old, new)
    for name, was, now in (("url", before.main, after.main), ("sub_url", before.sub, after.sub)):
        if was != now and old.get(name) == new.get(name):
            yield FieldChange(name, "***", "*** (changed)")
    if _order(before) != _order(after) and sorted(_order(before)) == sorted(_order(after)):
        yield FieldChange("lines and zones", ", ".join(_order(before)), ", ".join(_order(after)))


def _fact_changes(before: SiteFacts, after: SiteFacts) -> Iterator[FieldChange]:
    return _differing(facts_shown(before), facts_shown(after))


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[FieldChange]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield FieldChange(name, old.get(name), new.get(name))


def _order(camera: Camera) -> list[str]:
    scene = camera.scene
    return [line.id for line in scene.lines] + [zone.id for zone in scene.zones]


def _difference(change: FieldChange) -> str:
    if change.before is None:
        return f"{change.field}: added {change.after}"
    if change.after is None:
        return f"{change.field}: removed {change.before}"
    return f"{change.field}: {change.before} → {change.after}"


def _shown(camera: Camera) -> dict[str, str]:
    """Every field as text that may be shown."""
    fields = {"url": _address(camera.main)}
    if camera.sub is not None:
        fields["sub_url"] = _address(camera.sub)
    for option in _OPTIONS:
        value = getattr(camera, option)
        if value != "":
            fields[option] = quoted(value) if isinstance(value, str) else json.dumps(value)
    fields.update(recording_shown(camera.recording))
    fields.update(_scene_fields(camera.scene))
    return fields


def _address(url: CameraUrl) -> str:
    """Masked, and without the values of a query, in which some cameras want the password."""
    text, mark, _ = url.masked().partition("?")
    return text + (f"{mark}…" if mark else "")


def _scene_fields(scene: Scene) -> Iterator[tuple[str, str]]:
    document = scene_document(scene)
    for group, (section, _) in PARTS.items():
        for item in document[group]:
            prefix = f"{group}.{quoted(item['id'])[1:-1]}"
            given = without_defaults(item, section)
            given.update({k: item[k] for k in _ALWAYS if k in item})
            for key, value in given.items():
                if key != "id":
                    yield f"{prefix}.{key}", flow_text(value)
    if document["calibration"] is not None:
        for key, value in document["calibration"].items():
            yield f"calibration.{key}", flow_text(value)


_ALWAYS = ("unit", "anchor")
