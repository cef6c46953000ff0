"""The ``storage:`` section: checked, compared, and written back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ids import camera_id
from its_camera_ai.core.retention_matrix import (
    ROWS,
    DataClass,
    EndOfLife,
    MatrixRow,
    RetentionRule,
    WithoutArchive,
)
from its_camera_ai.core.storage_policy import (
    CompressionCodec,
    CompressionPolicy,
    CompressionStep,
    Quota,
    StoragePolicy,
    TierPolicy,
)
from its_camera_ai.store.documents.storage_fields import KeepFields, StepFields, StorageFields
from its_camera_ai.store.documents.yaml_text import DataPath, YamlText, number_text, quoted
from its_camera_ai.store.storage_policy import policy_document

T = TypeVar("T")
Document = dict[str, Any]


def policy_of(fields: StorageFields) -> StoragePolicy:
    """The policy of a section whose shape is right.

    Raises:
        ConfigInvalid: every value that makes no sense, one line each.
    """
    making = _Making(fields)
    policy = making.policy()
    if policy is None:
        raise ConfigInvalid(
            "\n".join(f"{'.'.join(map(str, path))}: {what}" for path, what in making.problems)
        )
    return policy


def checked_storage(text: YamlText) -> StoragePolicy | None:
    """The policy of a file, or None where it has none or something in it was noted as wrong."""
    section = text.data.get("storage")
    if section is None:
        return None
    try:
        making = _Making(StorageFields.model_validate(section))
    except ValidationError:
        return None  # the shape is noted already
    policy = making.policy()
    for path, what in making.problems:
        text.add(("storage", *path), what)
    return policy


class _Making:
    """Makes a policy part by part, so that each problem is told at its place."""

    def __init__(self, fields: StorageFields) -> None:
        self._fields = fields
        self.problems: list[tuple[DataPath, str]] = []

    def policy(self) -> StoragePolicy | None:
        fields = self._fields
        steps = [
            self._made(("compression", "steps", index), partial(_step, step))
            for index, step in enumerate(fields.compression.steps)
        ]
        if self.problems:
            steps = []
        plain = fields.compression.model_dump(exclude={"steps"})
        compression = self._made(
            ("compression",),
            lambda: CompressionPolicy(tuple(s for s in steps if s is not None), **plain),
        )
        tiers = self._made(("tiers",), lambda: TierPolicy(**fields.tiers.model_dump()))
        retention = dict(self._rules())
        quotas = dict(self._quotas())
        if self.problems or tiers is None or compression is None:
            return None
        return self._made(
            (),
            lambda: StoragePolicy(
                retention,
                Quota(**fields.total.model_dump()),
                quotas,
                tiers,
                compression,
                fields.scrub_bytes_per_s,
            ),
        )

    def _made(self, path: DataPath, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ConfigInvalid as error:
            self.problems.append((path, str(error)))
            return None

    def _rules(self) -> Iterator[tuple[DataClass, RetentionRule]]:
        for name, row in ROWS.items():
            given: KeepFields = getattr(self._fields.retention, name)
            rule = self._made(("retention", str(name)), partial(_rule, row, given))
            if rule is not None:
                yield name, rule

    def _quotas(self) -> Iterator[tuple[str, Quota]]:
        for name, quota in self._fields.cameras.items():
            made = Quota(**quota.model_dump())
            if self._made(("cameras", name), partial(camera_id, name)) and made != Quota():
                yield name, made


def _rule(row: MatrixRow, given: KeepFields) -> RetentionRule:
    values: Document = given.model_dump(exclude_unset=True)
    for name in ("archive_first", "archive_days", "then", "without_archive"):
        if values.get(name, "") is None:
            del values[name]
    if values.get("archive_first") is False:
        values.setdefault("archive_days", 0.0)
    if "then" in values:
        values["then"] = EndOfLife(values["then"])
    if "without_archive" in values:
        values["without_archive"] = WithoutArchive(values["without_archive"])
    rule = replace(row.default, **values)
    row.check(rule)
    return rule


def _step(given: StepFields) -> CompressionStep:
    return CompressionStep(**given.model_dump() | {"codec": CompressionCodec(given.codec)})


def storage_lines(policy: StoragePolicy) -> Iterator[str]:
    """The section of a site file that gives this policy; nothing if it is the default."""
    changed = _difference(policy_document(policy), policy_document(StoragePolicy()))
    if changed:
        yield "storage:"
        yield from _lines(changed, "  ")


def storage_shown(policy: StoragePolicy) -> dict[str, str]:
    """Every field as text, by names such as ``storage.retention.raw_video.keep_days``; of a
    camera's quota what is set."""
    shown = dict(_flat(policy_document(policy), "storage"))
    unset = [n for n, text in shown.items() if n.startswith("storage.cameras.") and text == "null"]
    return {name: text for name, text in shown.items() if name not in unset}


def _difference(document: Mapping[str, Any], usual: Mapping[str, Any]) -> Document:
    found: Document = {}
    for key, value in document.items():
        if isinstance(value, dict):
            inner = _difference(value, usual.get(key, {}))
            if inner:
                found[key] = inner
        elif value != usual.get(key):
            found[key] = value
    return found


def _lines(document: Document, indent: str) -> Iterator[str]:
    for key, value in document.items():
        if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
            yield f"{indent}{key}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {_text(part)}" for part in value)
        else:
            yield f"{indent}{key}: {_text(value)}"


def _flat(document: Document, name: str) -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.{key}")
        else:
            yield f"{name}.{key}", _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_text(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    text = str(value)
    return text if text.isidentifier() else quoted(text)
