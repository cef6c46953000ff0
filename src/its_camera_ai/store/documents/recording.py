"""A camera's ``recording:`` section and the site's ``site:`` section: checked, and written back."""

import datetime
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays as public_holidays
from pydantic import ValidationError

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.recording import (
    DayMoment,
    Holidays,
    RecordingMode,
    RecordingPlan,
    RecordingRule,
    Weekday,
)
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.documents.fields import PlaceFields, RecordingFields, RuleFields
from its_camera_ai.store.documents.yaml_text import (
    DataPath,
    YamlText,
    number_text,
    quoted,
    shown,
)

_LISTS = ("objects", "events", "lines", "zones")


def recording_plan(fields: RecordingFields) -> RecordingPlan:
    """The plan of a section whose shape is right.

    Raises:
        ConfigInvalid: a rule makes no sense.
    """
    rules = []
    for index, rule in enumerate(fields.schedule):
        try:
            rules.append(_rule(rule))
        except ConfigInvalid as error:
            raise ConfigInvalid(f"recording.schedule[{index}]: {error}.") from None
    return RecordingPlan(
        RecordingMode(fields.mode),
        tuple(rules),
        fields.pre_roll_s,
        fields.post_roll_s,
        tuple(fields.objects),
        tuple(fields.events),
        tuple(fields.lines),
        tuple(fields.zones),
    )


def _rule(fields: RuleFields) -> RecordingRule:
    return RecordingRule(
        RecordingMode(fields.mode),
        tuple(Weekday(day) for day in fields.weekdays),
        Holidays(fields.holidays),
        None if fields.start is None else DayMoment.parse(fields.start),
        None if fields.end is None else DayMoment.parse(fields.end),
    )


def check_recording(plan: RecordingPlan, scene: Scene, facts: SiteFacts, *, detect: bool) -> None:
    """Whether a camera's plan fits to the camera and to the site.

    Raises:
        ConfigInvalid: every problem, one line each.
    """
    found = [f"recording.{key}: {what}." for key, what in _misfits(plan, scene, detect=detect)]
    found += [f"recording.schedule[{i}]: {what}." for i, what in facts.lacking(plan)]
    if found:
        raise ConfigInvalid("\n".join(found))


def checked_recording(
    text: YamlText, data: dict[str, Any], path: DataPath, scene: Scene, facts: SiteFacts | None
) -> RecordingPlan | None:
    """The plan of a camera's mapping, or None where something in it was noted as wrong.

    Args:
        facts: of the same file; None where they are wrong, and so nothing can be said to lack.
    """
    section = data.get("recording", {})
    path = (*path, "recording")
    try:
        fields = RecordingFields.model_validate(section)
    except ValidationError:
        return None  # the shape is noted already
    before = len(text.problems)
    for index, rule in enumerate(fields.schedule):
        try:
            _rule(rule)
        except ConfigInvalid as error:
            text.add((*path, "schedule", index), str(error))
    if len(text.problems) > before:
        return None
    plan = recording_plan(fields)
    for key, what in _misfits(plan, scene, detect=data.get("detect") is not False):
        text.add((*path, key), what)
    if facts is not None:
        for index, what in facts.lacking(plan):
            text.add((*path, "schedule", index), what)
    return plan


def _misfits(plan: RecordingPlan, scene: Scene, *, detect: bool) -> Iterator[tuple[str, str]]:
    """What asks for a line, a zone or looks that the camera does not have."""
    waits = sorted(mode for mode in plan.modes if mode.waits)
    if waits and not detect:
        what = f"'{waits[0]}' needs 'detect: true'; nobody would see anything, and all be recorded"
        yield "mode" if plan.mode.waits else "schedule", what
    for key, wanted, there in (
        ("lines", plan.lines, [line.id for line in scene.lines]),
        ("zones", plan.zones, [zone.id for zone in scene.zones]),
    ):
        for name in wanted:
            if name not in there:
                what = f"the camera has no {key[:-1]} '{shown(name)}'; correct the id or draw it"
                yield key, what


def checked_facts(text: YamlText) -> SiteFacts | None:
    """The facts of the ``site:`` section, or None where something in it was noted as wrong."""
    try:
        fields = PlaceFields.model_validate(text.data.get("site", {}))
    except ValidationError:
        return None
    before = len(text.problems)
    for key, problem in _wrong_facts(fields):
        text.add(("site", key), problem)
    if len(text.problems) > before:
        return None
    return SiteFacts(fields.time_zone, fields.latitude, fields.longitude, fields.holidays)


def _wrong_facts(fields: PlaceFields) -> Iterator[tuple[str, str]]:
    if fields.time_zone and not _is_zone(fields.time_zone):
        yield (
            "time_zone",
            f"there is no time zone '{shown(fields.time_zone)}'; write one such as Europe/Berlin",
        )
    if (fields.latitude is None) != (fields.longitude is None):
        given = "longitude" if fields.latitude is None else "latitude"
        yield given, "latitude and longitude go together; give both"
    if fields.holidays and not _has_holidays(fields.holidays):
        what = f"no public holidays are known for '{shown(fields.holidays)}'; write a country"
        yield "holidays", f"{what} such as DE, or a part of one such as DE-BY"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return False
    return True


def _has_holidays(place: str) -> bool:
    country, _, part = place.partition("-")
    try:
        days = public_holidays.country_holidays(country, subdiv=part or None)
        return datetime.date(2024, 1, 1) in days or len(days) > 0
    except (NotImplementedError, KeyError):
        return False


def recording_document(plan: RecordingPlan) -> dict[str, Any]:
    """The plan as the object of a ``recording:`` section."""
    return {
        "mode": str(plan.mode),
        "pre_roll_s": plan.pre_roll_s,
        "post_roll_s": plan.post_roll_s,
        **{key: list(getattr(plan, key)) for key in _LISTS},
        "schedule": [_rule_document(rule) for rule in plan.rules],
    }


def _rule_document(rule: RecordingRule) -> dict[str, Any]:
    return {
        "mode": str(rule.mode),
        "weekdays": [str(day) for day in rule.weekdays],
        "holidays": str(rule.holidays),
        "start": None if rule.start is None else str(rule.start),
        "end": None if rule.end is None else str(rule.end),
    }


def recording_lines(plan: RecordingPlan) -> Iterator[str]:
    """The section of a camera in a site file; what has its default is left out."""
    document = recording_document(plan)
    usual = recording_document(RecordingPlan())
    if document == usual:
        return
    yield "    recording:"
    for key, value in document.items():
        if key != "schedule" and value != usual[key]:
            yield f"      {key}: {_text(value)}"
    if plan.rules:
        yield "      schedule:"
    for rule in document["schedule"]:
        parts = (
            f"{key}: {_text(value)}"
            for key, value in rule.items()
            if value not in (None, [], "any")
        )
        yield f"        - {{{', '.join(parts)}}}"


def recording_shown(plan: RecordingPlan) -> dict[str, str]:
    """What differs from the default, by the names of fields such as ``recording.mode``."""
    usual = recording_document(RecordingPlan())
    return {
        f"recording.{key}": _text(value)
        for key, value in recording_document(plan).items()
        if value != usual[key]
    }


def facts_lines(facts: SiteFacts) -> Iterator[str]:
    """The ``site:`` section; nothing where nothing was said."""
    given = facts_shown(facts)
    if given:
        yield "site:"
    for name, value in given.items():
        yield f"  {name.removeprefix('site.')}: {value}"


def facts_shown(facts: SiteFacts) -> dict[str, str]:
    """What was said, by the names of fields such as ``site.time_zone``."""
    said = {
        "time_zone": facts.time_zone,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "holidays": facts.holidays,
    }
    return {f"site.{k}": _text(v) for k, v in said.items() if v not in (None, "")}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_text(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_text(v)}' for k, v in value.items() if v)}}}"
    return quoted(value) if isinstance(value, str) else number_text(value)
