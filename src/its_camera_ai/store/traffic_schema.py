"""The tables of traffic analytics; part of ``schema.metadata``."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from its_camera_ai.store.schema import RowNumber, metadata

interval_places = Table(
    "interval_places",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("camera_id", Text, nullable=False),  # no foreign key: tables outlive their camera
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("direction", Text, nullable=False),  # empty but for lines
    Column("lane", Text, nullable=False),  # empty for all lanes together
    UniqueConstraint("camera_id", "kind", "place", "direction", "lane"),
)

interval_writers = Table(
    "interval_writers",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),  # from 1
    Column("name", Text, nullable=False, unique=True),  # of one run of one process
)

intervals = Table(
    "intervals",
    metadata,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("length_s", Integer, primary_key=True, autoincrement=False),
    Column("start_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("writer", BigInteger, primary_key=True, autoincrement=False),  # 0: the sum of all
    Column("body", LargeBinary, nullable=False),  # MessagePack, see store/interval_bodies.py
    sqlite_with_rowid=False,  # rows lie in the order of their key: a range is read in one go
)

intervals_kept = Table(
    "intervals_kept",
    metadata,
    Column("length_s", Integer, primary_key=True, autoincrement=False),
    Column("since_ns", BigInteger, nullable=False),  # what began earlier was forgotten
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("camera_id", Text, nullable=False),  # no foreign key: incidents outlive their camera
    Column("place", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("opened_ns", BigInteger, nullable=False),
    Column("defined_ns", BigInteger, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
    Column("closed_ns", BigInteger),  # null while it lasts
    Column("detail", JSON, nullable=False),  # explanation, facts, who and where, the clip's span
    Column("acknowledged_by", Text, nullable=False),  # empty: nobody
    Column("acknowledged_ns", BigInteger),
    Column("note", Text, nullable=False),
    Column("false_alarm", Boolean, nullable=False),
    Index("ix_incidents_opened_ns", "opened_ns", "id"),
    Index("ix_incidents_camera_id_opened_ns", "camera_id", "opened_ns", "id"),
    Index("ix_incidents_kind_opened_ns", "kind", "opened_ns", "id"),
    Index("ix_incidents_closed_ns", "closed_ns"),
)
Index(
    "ix_incidents_open",
    incidents.c.opened_ns,
    incidents.c.id,
    sqlite_where=incidents.c.closed_ns.is_(None),
    postgresql_where=incidents.c.closed_ns.is_(None),
)

trajectories = Table(
    "trajectories",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("camera_id", Text, nullable=False),
    Column("track_id", BigInteger, nullable=False),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # see store/trajectory_bodies.py
    UniqueConstraint("camera_id", "track_id", "start_ns"),
    Index("ix_trajectories_camera_id_end_ns", "camera_id", "end_ns", "number"),
    Index("ix_trajectories_end_ns", "end_ns"),
)
