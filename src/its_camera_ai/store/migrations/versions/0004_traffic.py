"""Traffic: interval tables, incidents, trajectories."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    "interval_places",
    "interval_writers",
    "intervals",
    "intervals_kept",
    "incidents",
    "trajectories",
)


def upgrade() -> None:
    _intervals()
    _incidents()
    _trajectories()


def _row_number(name: str) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        autoincrement=True,
        nullable=False,
    )


def _intervals() -> None:
    op.create_table(
        "interval_places",
        _row_number("number"),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_interval_places")),
        sa.UniqueConstraint(
            "camera_id",
            "kind",
            "place",
            "direction",
            "lane",
            name=op.f("uq_interval_places_camera_id_kind_place_direction_lane"),
        ),
    )
    op.create_table(
        "interval_writers",
        _row_number("number"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_interval_writers")),
        sa.UniqueConstraint("name", name=op.f("uq_interval_writers_name")),
    )
    op.create_table(
        "intervals",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("length_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("writer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "place", "length_s", "start_ns", "writer", name=op.f("pk_intervals")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "intervals_kept",
        sa.Column("length_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("length_s", name=op.f("pk_intervals_kept")),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("defined_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("closed_ns", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("acknowledged_ns", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("false_alarm", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_opened_ns", "incidents", ["opened_ns", "id"])
    op.create_index(
        "ix_incidents_camera_id_opened_ns", "incidents", ["camera_id", "opened_ns", "id"]
    )
    op.create_index("ix_incidents_kind_opened_ns", "incidents", ["kind", "opened_ns", "id"])
    op.create_index("ix_incidents_closed_ns", "incidents", ["closed_ns"])
    lasting = sa.text("closed_ns IS NULL")
    op.create_index(
        "ix_incidents_open",
        "incidents",
        ["opened_ns", "id"],
        sqlite_where=lasting,
        postgresql_where=lasting,
    )


def _trajectories() -> None:
    op.create_table(
        "trajectories",
        _row_number("number"),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trajectories")),
        sa.UniqueConstraint(
            "camera_id",
            "track_id",
            "start_ns",
            name=op.f("uq_trajectories_camera_id_track_id_start_ns"),
        ),
    )
    op.create_index(
        "ix_trajectories_camera_id_end_ns", "trajectories", ["camera_id", "end_ns", "number"]
    )
    op.create_index("ix_trajectories_end_ns", "trajectories", ["end_ns"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
