"""Registered detector models, their aliases, and the trial of a new one.

A version is never changed or taken away; aliases move. Every change is durable and raises
``revision``, which the vision processes poll: what is decided here is done within their next poll.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.models import (
    CONFIGURED,
    STAGES,
    ModelRef,
    Rollout,
    RolloutState,
    parse_ref,
)
from its_camera_ai.core.time import Clock
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import model_aliases, model_carriers, model_rollout, model_versions

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered model.

    Attributes:
        source: the name or file name that it was registered from.
        sha256: of its file, by which the file is kept; empty for what comes with the package.
        input_wh: it is loaded for this input size, in pixels.
        golden: what it found in the golden pictures (``vision.golden``), as JSON.
    """

    name: str
    version: int
    source: str
    sha256: str
    family: str
    licence: str
    input_wh: tuple[int, int]
    golden: Sequence[Any]
    notes: str
    registered_ns: int

    @property
    def ref(self) -> ModelRef:
        return ModelRef(self.name, self.version)


@dataclass(frozen=True, slots=True)
class ModelLife:
    """Who serves and who is on trial, as of ``revision``.

    Attributes:
        champion: ``CONFIGURED`` if nothing was promoted.
        champion_attempt: number of the promotion.
        previous: what ``roll_back`` would bring back; None if nothing.
    """

    revision: int
    champion: ModelRef
    champion_attempt: int
    challenger: ModelRef | None
    previous: ModelRef | None
    rollout: Rollout


class ModelRegistry:
    """All changes of which model looks at the cameras."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def configure(self, configured: str) -> bool:
        """Told by a vision process at its start: the model that the settings name, in words.

        Other words than before end the championship of whatever was promoted: who changes the
        settings means it.

        Returns:
            True if a promoted model lost its place.
        """
        with self._database.write(durable=True) as connection:
            before = connection.scalars(select(model_rollout.c.configured)).one()
            if before == configured:
                return False
            connection.execute(update(model_rollout).values(configured=configured))
            life = self._life(connection)
            if not before or life.champion == CONFIGURED:
                return False
            _take(connection, CHAMPION)
            _take(connection, PREVIOUS)
            self._store(connection, life.rollout)
        return True

    def add(self, wanted: ModelVersion) -> ModelVersion:
        """Store a version under the next number of its name; ``version`` and time are given here.

        Raises:
            ConfigInvalid: a name that can't be taken, or just this model is registered already.
        """
        if parse_ref(wanted.name)[1] is not None or wanted.name in (CONFIGURED.name, *ALIASES):
            raise ConfigInvalid(
                f"A model can't be registered as {wanted.name!r}; choose a plain name that is no "
                "alias."
            )
        with self._database.write(durable=True) as connection:
            for known in _versions(connection):
                same = (known.sha256, known.input_wh) == (wanted.sha256, wanted.input_wh)
                if known.name == wanted.name and same:
                    raise ConfigInvalid(
                        f"This very model is registered already, as {known.ref}; use that version."
                    )
            mine = model_versions.c.name == wanted.name
            last = connection.scalar(select(func.max(model_versions.c.version)).where(mine)) or 0
            added = replace(wanted, version=last + 1, registered_ns=int(self._clock.wall_ns()))
            connection.execute(insert(model_versions), [_row(added)])
        return added

    def versions(self) -> list[ModelVersion]:
        """Every version, by name and number."""
        with self._database.read() as connection:
            return _versions(connection)

    def find(self, text: str) -> ModelVersion:
        """The version that ``NAME``, ``NAME:NUMBER`` or an alias means; the newest of a name.

        Raises:
            ConfigInvalid: there is none.
        """
        life = self.life()
        by_alias = {CHAMPION: life.champion, CHALLENGER: life.challenger, PREVIOUS: life.previous}
        if text in by_alias:
            meant = by_alias[text]
            name, number = (text, 0) if meant is None else (meant.name, meant.version)
        else:
            name, wanted = parse_ref(text)
            number = wanted or 0
        found = [v for v in self.versions() if v.name == name and number in (0, v.version)]
        if not found:
            raise ConfigInvalid(
                f"No registered model is called {text!r}; 'itscam models versions' lists them, "
                "'itscam models register' adds one."
            )
        return found[-1]

    def revision(self) -> int:
        """Rises with every change of an alias or of the trial; cheap to poll."""
        with self._database.read() as connection:
            return int(connection.scalars(select(model_rollout.c.revision)).one())

    def life(self) -> ModelLife:
        with self._database.read() as connection:
            return self._life(connection)

    def start(
        self,
        challenger: ModelRef,
        *,
        percent: int | None = None,
        auto: bool | None = None,
        hold_s: float | None = None,
        latency_ratio_max: float | None = None,
    ) -> ModelLife:
        """Begin a trial, or change the one that runs. None takes the first stage and the usual
        values for a new trial, and leaves a running one's as they are.

        Raises:
            ConfigInvalid: another trial runs, the model is champion already, or a number is out of
                range.
        """
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            if life.champion == challenger:
                raise ConfigInvalid(f"{challenger} is the champion already; nothing can be tried.")
            if life.rollout.is_running and life.challenger != challenger:
                raise ConfigInvalid(
                    f"{life.challenger} is on trial now; promote it or roll it back first."
                )
            now_ns, before = int(self._clock.wall_ns()), life.rollout
            if not before.is_running:
                before = Rollout(
                    RolloutState.RUNNING, STAGES[0], started_ns=now_ns, attempt=life.revision + 1
                )
            rollout = replace(
                before,
                percent=before.percent if percent is None else percent,
                auto=before.auto if auto is None else auto,
                hold_s=before.hold_s if hold_s is None else hold_s,
                latency_ratio_max=latency_ratio_max or before.latency_ratio_max,
                stage_ns=now_ns,
            )
            _check(rollout)
            self._give(connection, CHALLENGER, challenger, rollout.attempt)
            return self._store(connection, rollout)

    def promote(self, wanted: ModelRef | None = None) -> ModelLife:
        """Make the challenger champion at once, or a version that was on no trial.

        Each vision process takes it only after it loaded and passed its golden pictures.

        Raises:
            ConfigInvalid: nothing is on trial, another one is, or it is champion already.
        """
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            if wanted is None and not life.rollout.is_running:
                raise ConfigInvalid("No model is on trial; name the version to promote.")
            new = wanted or life.challenger
            if new is None or new == life.champion:
                raise ConfigInvalid(f"{new} is the champion already; nothing is to be done.")
            if life.rollout.is_running and new != life.challenger:
                raise ConfigInvalid(
                    f"{life.challenger} is on trial now; promote it or roll it back first."
                )
            return self._promote(connection, life, new)

    def advance(self, attempt: int, from_percent: int) -> bool:
        """The stage went well: on to the next one, or to be champion after the last.

        Returns:
            False if the trial ended or was changed meanwhile; nothing is done then.
        """
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            trial = life.rollout
            same = (trial.attempt, trial.percent) == (attempt, from_percent)
            if not (trial.is_running and trial.auto and same) or life.challenger is None:
                return False
            following = next((stage for stage in STAGES if stage > from_percent), None)
            if following is None:
                self._promote(connection, life, life.challenger)
            else:
                now_ns = int(self._clock.wall_ns())
                self._store(connection, replace(trial, percent=following, stage_ns=now_ns))
        return True

    def roll_back(self, reason: str) -> ModelLife:
        """End the trial; without one, make the previous champion champion again.

        Raises:
            ConfigInvalid: there is neither.
        """
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            if not life.rollout.is_running:
                if life.previous is None:
                    raise ConfigInvalid(
                        "No model is on trial and no earlier champion is known; there is nothing "
                        "to roll back."
                    )
                self._give(connection, CHAMPION, life.previous, life.revision + 1)
                _take(connection, PREVIOUS)
            return self._end(connection, life, RolloutState.ROLLED_BACK, reason)

    def fail(self, attempt: int, reason: str) -> bool:
        """A vision process found the challenger wanting: end the trial. False if it has ended."""
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            if not life.rollout.is_running or life.rollout.attempt != attempt:
                return False
            self._end(connection, life, RolloutState.FAILED, reason)
        return True

    def refuse_champion(self, attempt: int, reason: str) -> bool:
        """A vision process can't run the new champion: back to the one before. False if it is
        champion no more."""
        with self._database.write(durable=True) as connection:
            life = self._life(connection)
            if life.champion == CONFIGURED or life.champion_attempt != attempt:
                return False
            self._give(connection, CHAMPION, life.previous or CONFIGURED, life.revision + 1)
            _take(connection, PREVIOUS)
            if life.rollout.is_running:
                self._store(connection, replace(life.rollout, reason=reason))
            else:
                self._end(connection, life, RolloutState.FAILED, reason)
        return True

    def carry(self, process: str, model: ModelRef, attempt: int) -> None:
        """Note, before the process loads it, that it carries a model on trial."""
        row = {"process": process, "name": model.name, "version": model.version, "attempt": attempt}
        with self._database.write(durable=True) as connection:
            sqlite.upsert(connection, model_carriers, [row], key=("process",))

    def carried(self, process: str) -> tuple[ModelRef, int] | None:
        """The model and the attempt that the process carried when it was last heard of."""
        with self._database.read() as connection:
            mine = model_carriers.c.process == process
            row = connection.execute(select(model_carriers).where(mine)).one_or_none()
        return None if row is None else (ModelRef(row.name, row.version), row.attempt)

    def put_down(self, process: str) -> None:
        """The process carries nothing on trial any more."""
        with self._database.write(durable=True) as connection:
            connection.execute(delete(model_carriers).where(model_carriers.c.process == process))

    def _promote(self, connection: Connection, life: ModelLife, new: ModelRef) -> ModelLife:
        attempt = life.revision + 1
        self._give(connection, PREVIOUS, life.champion, attempt)
        self._give(connection, CHAMPION, new, attempt)
        return self._end(connection, life, RolloutState.PROMOTED, "")

    def _end(
        self, connection: Connection, life: ModelLife, state: RolloutState, reason: str
    ) -> ModelLife:
        _take(connection, CHALLENGER)
        ended = replace(
            life.rollout,
            state=state,
            percent=0,
            reason=reason,
            stage_ns=int(self._clock.wall_ns()),
        )
        return self._store(connection, ended)

    def _store(self, connection: Connection, rollout: Rollout) -> ModelLife:
        values = {name: getattr(rollout, name) for name in Rollout.__slots__}
        revision = model_rollout.c.revision + 1
        connection.execute(update(model_rollout).values(revision=revision, **values))
        return self._life(connection)

    def _give(self, connection: Connection, alias: str, model: ModelRef, attempt: int) -> None:
        row = {
            "alias": alias,
            "name": model.name,
            "version": model.version,
            "attempt": attempt,
        }
        sqlite.upsert(connection, model_aliases, [row], key=("alias",))

    def _life(self, connection: Connection) -> ModelLife:
        row = connection.execute(select(model_rollout)).one()
        given = {alias.alias: alias for alias in connection.execute(select(model_aliases))}
        champion, previous = given.get(CHAMPION), given.get(PREVIOUS)
        challenger = given.get(CHALLENGER)
        return ModelLife(
            row.revision,
            CONFIGURED if champion is None else ModelRef(champion.name, champion.version),
            0 if champion is None else champion.attempt,
            None if challenger is None else ModelRef(challenger.name, challenger.version),
            None if previous is None else ModelRef(previous.name, previous.version),
            Rollout(
                **{n: getattr(row, n) for n in Rollout.__slots__ if n != "state"},
                state=RolloutState(row.state),
            ),
        )


def _check(rollout: Rollout) -> None:
    if not 1 <= rollout.percent <= 100:
        raise ConfigInvalid("The share must be 1 to 100 per cent; to end a trial, roll back.")
    if not (0 <= rollout.hold_s <= 86_400 and 1 <= rollout.latency_ratio_max <= 100):
        raise ConfigInvalid("A stage may last 0 to 86400 s; the latency ratio is 1 to 100.")


def _take(connection: Connection, alias: str) -> None:
    connection.execute(delete(model_aliases).where(model_aliases.c.alias == alias))


def _versions(connection: Connection) -> list[ModelVersion]:
    query = select(model_versions).order_by(model_versions.c.name, model_versions.c.version)
    return [_version(row) for row in connection.execute(query)]


def _version(row: Row[Any]) -> ModelVersion:
    fields = row._asdict()
    input_wh = (fields.pop("input_width"), fields.pop("input_height"))
    return ModelVersion(**fields, input_wh=input_wh)


def _row(version: ModelVersion) -> dict[str, object]:
    fields = {name: getattr(version, name) for name in ModelVersion.__slots__}
    width, height = fields.pop("input_wh")
    return {**fields, "golden": list(version.golden), "input_width": width, "input_height": height}
