"""The numbers by which interval rows name their places and writers."""

import threading
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, insert, select

from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.road import Direction
from its_camera_ai.store.database import Database
from its_camera_ai.store.traffic_schema import interval_places, interval_writers

Whose = tuple[str, Place]
"""Camera id and place."""


class IntervalPlaces:
    """Numbers of places and writers, given once and never changed, so they are remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: dict[Whose, int] = {}
        self._writers: dict[str, int] = {}
        self._lock = threading.Lock()

    def all(self, camera_id: str | None = None) -> dict[Whose, int]:
        """Every place that ever had a row, in order."""
        query = select(interval_places)
        if camera_id is not None:
            query = query.where(interval_places.c.camera_id == camera_id)
        with self._database.read() as connection:
            found = {
                (row.camera_id, _place(row.kind, row.place, row.direction, row.lane)): row.number
                for row in connection.execute(query)
            }
        with self._lock:
            self._places.update(found)
        return dict(sorted(found.items(), key=lambda item: _sort_key(item[0])))

    def number(self, whose: Whose) -> int | None:
        """None where it never had a row."""
        with self._lock:
            known = self._places.get(whose)
        return self.all(whose[0]).get(whose) if known is None else known

    def made(
        self, connection: Connection, places: Iterable[Whose], writers: Iterable[str]
    ) -> tuple[Mapping[Whose, int], Mapping[str, int]]:
        """The numbers of all these, in the caller's transaction; new ones get theirs.

        They are remembered only by ``keep``, once the transaction is over.
        """
        wanted, names = set(places), set(writers)
        with self._lock:
            place_numbers = {whose: self._places[whose] for whose in wanted & set(self._places)}
            writer_numbers = {name: self._writers[name] for name in names & set(self._writers)}
        for whose in sorted(wanted - set(place_numbers), key=_sort_key):
            place_numbers[whose] = _number(connection, interval_places, _row(whose))
        for name in sorted(names - set(writer_numbers)):
            writer_numbers[name] = _number(connection, interval_writers, {"name": name})
        return place_numbers, writer_numbers

    def keep(self, places: Mapping[Whose, int], writers: Mapping[str, int]) -> None:
        with self._lock:
            self._places.update(places)
            self._writers.update(writers)


def _number(connection: Connection, table: Table, row: Mapping[str, str]) -> int:
    this = [table.c[name] == value for name, value in row.items()]
    found = connection.scalar(select(table.c.number).where(*this))
    if found is None:
        found = connection.scalar(insert(table).values(**row).returning(table.c.number))
    return int(found or 0)


def _row(whose: Whose) -> dict[str, str]:
    camera_id, place = whose
    return {
        "camera_id": camera_id,
        "kind": str(place.kind),
        "place": place.id,
        "direction": str(place.direction or ""),
        "lane": place.lane,
    }


def _place(kind: str, place_id: str, direction: str, lane: str) -> Place:
    return Place(PlaceKind(kind), place_id, Direction(direction) if direction else None, lane)


def _sort_key(whose: Whose) -> tuple[str, ...]:
    return tuple(_row(whose).values())
