"""Where the site is: what its times of day, its sun and its holidays depend on."""

from collections.abc import Iterator
from dataclasses import dataclass

from its_camera_ai.core.recording import Holidays, RecordingPlan

UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Facts of the whole site; what was not said is empty.

    Attributes:
        time_zone: of the IANA data base, such as ``Europe/Berlin``.
        latitude, longitude: degrees, north and east positive; both or none.
        holidays: country, ISO 3166-1 alpha-2, perhaps with a part of it: ``DE``, ``DE-BY``.
    """

    time_zone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    holidays: str = ""

    @property
    def has_place(self) -> bool:
        return self.latitude is not None and self.longitude is not None

    def lacking(self, plan: RecordingPlan) -> Iterator[tuple[int, str]]:
        """(index of the rule, what to do) for each rule that these facts do not suffice for."""
        for index, rule in enumerate(plan.rules):
            by_day = bool(rule.weekdays) or rule.holidays is not Holidays.ANY
            if not self.time_zone and (by_day or rule.start is not None):
                yield index, _lacks("days and times", "time_zone: Europe/Berlin")
            if not self.has_place and any(moment.sun for moment in rule.moments):
                yield index, _lacks("the sun", "latitude: 52.5, longitude: 13.4")
            if not self.holidays and rule.holidays is not Holidays.ANY:
                yield index, _lacks("holidays", "holidays: DE")


def _lacks(what: str, example: str) -> str:
    return f"needs to know where the site is, for {what}: write 'site: {{{example}}}' (with yours)"
