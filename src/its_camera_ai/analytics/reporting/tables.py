"""The tables of a report."""

from collections import Counter
from collections.abc import Sequence

from its_camera_ai.analytics.measures.speeds import Interval
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.analytics.reporting.data import QUARTER_S, CameraData, PlaceData
from its_camera_ai.analytics.reporting.document import Table
from its_camera_ai.analytics.reporting.labels import place_label
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind, Severity
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.time import NS_PER_S

NONE = "–"
INCIDENTS_SHOWN = 40
GAPS_SHOWN = 25
INVALID_SHOWN = 3


def shown(value: float | None, digits: int = 1) -> str:
    """A number, or a dash where there is none."""
    return NONE if value is None else f"{value:,.{digits}f}".replace(",", " ")


def share(value: float | None) -> str:
    """Per cent. A little is never written as nothing, nor almost all as all.

    >>> share(0.0004), share(0.0), share(0.9999)
    ('<0.1 %', '0.0 %', '>99.9 %')
    """
    if value is None:
        return NONE
    if 0 < value < 0.0005:
        return "<0.1 %"
    if 0.9995 <= value < 1:
        return ">99.9 %"
    return f"{100 * value:.1f} %"


def _with(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return NONE
    if interval is None:
        return f"{value:.1f}"
    return f"{value:.1f} ({interval.low:.1f}–{interval.high:.1f})"


def lines(data: CameraData) -> Table | None:
    """Volume, peak hour and speeds of each line and direction; None without a line."""
    places = data.of(PlaceKind.LINE)
    if not places:
        return None
    head = (
        "line",
        "volume",
        "heavy",
        "peak hour",
        "volume then",
        "PHF",
        "mean km/h (95\u00a0%)",
        "v85 km/h (95\u00a0%)",
        "n",
        "unknown",
    )
    rows = [
        (
            place_label(data.camera, item.place),
            shown(item.total.volume, 0),
            share(item.total.heavy_share),
            _peak_time(data, item),
            NONE if item.peak is None else shown(item.peak.volume, 0),
            NONE if item.peak is None else shown(item.peak.factor, 2),
            _with(item.total.time_mean_kmh, item.total.mean_interval),
            _with(item.total.v85_kmh, item.total.v85_interval),
            shown(item.total.speed_n, 0),
            share(item.total.missing_share),
        )
        for item in places
    ]
    return Table(head, rows, frozenset(range(1, 10)), wide=0)


def _peak_time(data: CameraData, item: PlaceData) -> str:
    if item.peak is None or item.peak.volume == 0:
        return NONE
    start = data.span.since_wall_ns + item.peak.first * QUARTER_S * NS_PER_S
    text = iso_local(start, data.camera.zone)
    one_day = data.span.length_s <= 90_000
    return text[11:16] if one_day else f"{text[5:10]} {text[11:16]}"


def classes(data: CameraData) -> Table | None:
    """Volumes by class, of the lines that somebody crossed; None without one."""
    places = [item for item in data.of(PlaceKind.LINE) if item.tally.total]
    used = [c.label for c in ObjectClass if any(item.tally.volume.get(c.label) for item in places)]
    if not used:
        return None
    rows = [
        (
            place_label(data.camera, item.place),
            *(shown(item.tally.volume.get(label, 0), 0) for label in used),
            shown(item.total.volume, 0),
            shown(item.total.volume_pc, 0),
        )
        for item in places
    ]
    head = ("line", *used, "all", "pc")
    return Table(head, rows, frozenset(range(1, len(head))), wide=0)


def lanes(data: CameraData) -> Table | None:
    """Edie's measures, occupancy, queue and level of service of each lane; None without one."""
    places = data.of(PlaceKind.LANE)
    if not places:
        return None
    head = (
        "lane",
        "flow veh/h",
        "density veh/km",
        "speed km/h",
        "occupancy",
        "queue mean m",
        "queue max m",
        "LOS",
        "unknown",
    )
    rows = [
        (
            place_label(data.camera, item.place),
            shown(item.total.edie_flow_vph, 0),
            shown(item.total.density_vpkm, 1),
            shown(item.total.space_mean_kmh, 1),
            share(None if item.total.occupancy_pct is None else item.total.occupancy_pct / 100),
            shown(item.total.queue_m, 1),
            shown(item.total.queue_max_m, 0),
            str(item.total.level_of_service or NONE),
            share(item.total.missing_share),
        )
        for item in places
    ]
    return Table(head, rows, frozenset(range(1, 9)), wide=0)


def zones(data: CameraData) -> Table | None:
    """Visits; None without a zone."""
    places = data.of(PlaceKind.ZONE)
    if not places:
        return None
    rows = [
        (
            place_label(data.camera, item.place),
            shown(item.total.volume, 0),
            shown(item.total.dwell_s, 1),
            shown(item.total.mean_present, 2),
            share(item.total.missing_share),
        )
        for item in places
    ]
    head = ("zone", "visits", "mean stay s", "present on average", "unknown")
    return Table(head, rows, frozenset(range(1, 5)), wide=0)


def movements(data: CameraData) -> Table | None:
    """Who went from where to where, named or not; None where nobody did."""
    names = {m.id: m for m in data.camera.scene.movements}
    rows = []
    for item in data.of(PlaceKind.MOVEMENT):
        named = names.get(item.place.id)
        if named is None and not item.tally.total:
            continue
        rows.append(
            (
                named.approach if named else NONE,
                str(named.turn) if named else NONE,
                (named.name or named.id) if named else item.place.id,
                shown(item.total.volume, 0),
                shown(item.total.travel_s, 1),
                shown(item.total.delay_s, 1),
                str(item.total.level_of_service or NONE),
            )
        )
    if not rows:
        return None
    head = ("approach", "turn", "movement", "volume", "mean travel s", "mean delay s", "LOS")
    return Table(head, rows, frozenset((3, 4, 5)), wide=2)


def incident_counts(data: CameraData) -> Table | None:
    """By kind and severity; false alarms apart; None without any."""
    if not data.incidents:
        return None
    counts = Counter(
        (k.incident.kind, k.incident.severity) for k in data.incidents if not k.handling.false_alarm
    )
    wrong = Counter(k.incident.kind for k in data.incidents if k.handling.false_alarm)
    rows = [
        (
            kind.value.replace("_", " "),
            *(shown(counts[kind, severity], 0) for severity in Severity),
            shown(sum(counts[kind, severity] for severity in Severity), 0),
            shown(wrong[kind], 0),
        )
        for kind in IncidentKind
        if wrong[kind] or any(counts[kind, severity] for severity in Severity)
    ]
    head = ("incident", *(str(severity) for severity in Severity), "all", "false alarms")
    return Table(head, rows, frozenset(range(1, len(head))), wide=0)


def incident_list(data: CameraData) -> Table | None:
    """The gravest ones; None without any."""
    order = list(Severity)
    real = [k.incident for k in data.incidents if not k.handling.false_alarm]
    gravest = sorted(real, key=lambda i: (-order.index(i.severity), i.opened_wall_ns))
    if not gravest:
        return None
    rows = [
        (
            iso_local(item.opened_wall_ns, data.camera.zone)[:19].replace("T", " "),
            item.kind.value.replace("_", " "),
            str(item.severity),
            item.place or NONE,
            item.explanation,
        )
        for item in gravest[:INCIDENTS_SHOWN]
    ]
    return Table(("began", "kind", "severity", "place", "why"), rows, wide=4)


def invalid(data: CameraData) -> Table | None:
    """Measures that were left out because what was stored can't be true; None where nothing was."""
    rows = []
    for item in data.places.values():
        found = Counter(problem for measures in item.series for problem in measures.problems)
        for problem, n in found.most_common(INVALID_SHOWN):
            rows.append((place_label(data.camera, item.place), shown(n, 0), problem))
    return Table(("place", "intervals", "why"), rows, frozenset((1,)), wide=2) if rows else None


def gaps(data: CameraData) -> Table | None:
    """Spans of whole intervals of which nothing is known; None without any."""
    if not data.gaps:
        return None
    words = {"not_measured": "not running, no picture, or not there", "not_looked": "not looked at"}
    rows = [
        (
            iso_local(gap.since_wall_ns, data.camera.zone)[:16].replace("T", " "),
            iso_local(gap.until_wall_ns, data.camera.zone)[:16].replace("T", " "),
            shown((gap.until_wall_ns - gap.since_wall_ns) / NS_PER_S / 60, 0),
            words[str(gap.reason)],
        )
        for gap in sorted(data.gaps, key=lambda g: g.since_wall_ns - g.until_wall_ns)[:GAPS_SHOWN]
    ]
    return Table(("from", "to", "minutes", "why"), rows, frozenset((2,)), wide=3)


def overview(cameras: Sequence[CameraData]) -> Table:
    """One row for each camera."""
    rows = []
    for data in cameras:
        counted = list(data.of(PlaceKind.LINE))
        busiest = max(counted, key=lambda item: item.total.volume, default=None)
        real = sum(not kept.handling.false_alarm for kept in data.incidents)
        rows.append(
            (
                data.name,
                shown(sum(item.total.volume for item in counted), 0) if counted else NONE,
                NONE if busiest is None else place_label(data.camera, busiest.place),
                NONE if busiest is None else _peak_time(data, busiest),
                shown(real, 0),
                share(data.missing_share),
            )
        )
    head = ("camera", "crossings", "busiest line", "peak hour", "incidents", "unknown")
    return Table(head, rows, frozenset((1, 3, 4, 5)), wide=0)
