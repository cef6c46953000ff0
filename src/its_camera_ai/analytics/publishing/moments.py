"""Moments as files write them: RFC 3339, in UTC and in the site's own time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from its_camera_ai.core.time import NS_PER_MS


def iso_local(wall_ns: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the zone's offset at that moment, milliseconds.

    >>> iso_local(1_700_000_000_123_000_000, ZoneInfo("Europe/Berlin"))
    '2023-11-14T23:13:20.123+01:00'
    """
    moment = datetime.fromtimestamp(wall_ns // NS_PER_MS / 1000, tz=UTC)
    return moment.astimezone(zone).isoformat(timespec="milliseconds")
