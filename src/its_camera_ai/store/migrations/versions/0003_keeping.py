"""What keeping recordings needs: hashes, tiers, holds, bookmarks, exports, policy, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "garbage",
    "moves",
    "holds",
    "bookmarks",
    "exports",
    "evidence_chain",
    "storage_policy",
    "site_facts",
    "job_runs",
    "audit_anchor",
    "event_totals",
)
NEW_COLUMNS = (
    sa.Column("content_hash", sa.Text(), nullable=False, server_default=""),
    sa.Column("previous_hash", sa.Text(), nullable=False, server_default=""),
    sa.Column("original_hash", sa.Text(), nullable=False, server_default=""),
    sa.Column("activity", sa.LargeBinary(), nullable=True),
    sa.Column("tier", sa.Text(), nullable=False, server_default="hot"),
    sa.Column("state", sa.Text(), nullable=False, server_default="good"),
    sa.Column("verified_wall_ns", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("data_class", sa.Text(), nullable=False, server_default="raw_video"),
)

PARTIAL_INDICES = (
    (
        "ix_segments_long",
        ["camera_id", "role", "end_wall_ns"],
        "duration_ns > 3600000000000",
    ),
    ("ix_segments_doubted", ["state"], "state <> 'good'"),
)


def upgrade() -> None:
    with op.batch_alter_table("segments") as segments:
        for column in NEW_COLUMNS:
            segments.add_column(column)
    with op.batch_alter_table("segments") as segments:
        for column in NEW_COLUMNS:
            if column.server_default is not None:
                segments.alter_column(column.name, server_default=None)
    op.create_index("ix_segments_age", "segments", ["tier", "start_wall_ns"])
    op.create_index(
        "ix_segments_verified", "segments", ["tier", "verified_wall_ns", "start_wall_ns"]
    )
    op.create_index("ix_segments_due", "segments", ["data_class", "tier", "end_wall_ns", "id"])
    op.create_index(
        "ix_segments_totals",
        "segments",
        ["camera_id", "tier", "state", "size_bytes", "start_wall_ns", "end_wall_ns"],
    )
    for name, columns, condition in PARTIAL_INDICES:
        only = sa.text(condition)
        op.create_index(name, "segments", columns, sqlite_where=only, postgresql_where=only)
    tracked = sa.text("track_id IS NOT NULL")
    op.create_index(
        "ix_events_tracked",
        "events",
        ["wall_ns", "id"],
        sqlite_where=tracked,
        postgresql_where=tracked,
    )
    _garbage_and_holds()
    _bookmarks_and_exports()
    _policy_and_jobs()


def _garbage_and_holds() -> None:
    op.create_table(
        "garbage",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_garbage")),
        sa.UniqueConstraint("tier", "path", name=op.f("uq_garbage_tier_path")),
    )
    op.create_table(
        "moves",
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_moves")),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=True),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("released_ns", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_span", "holds", ["released_ns", "since_ns", "until_ns"])


def _bookmarks_and_exports() -> None:
    op.create_table(
        "bookmarks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookmarks")),
    )
    op.create_index("ix_bookmarks_camera_id_since_ns", "bookmarks", ["camera_id", "since_ns"])
    op.create_table(
        "exports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("finished_ns", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("manifest_hash", sa.Text(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_state", "exports", ["state", "created_ns"])
    op.create_index("ix_exports_created_ns", "exports", ["created_ns"])
    op.create_table(
        "evidence_chain",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("manifest_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_evidence_chain")),
    )


def _policy_and_jobs() -> None:
    op.create_table(
        "storage_policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_storage_policy_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_policy")),
    )
    op.create_table(
        "site_facts",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_facts_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_facts")),
    )
    op.create_table(
        "job_runs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("finished_ns", sa.BigInteger(), nullable=True),
        sa.Column("succeeded_ns", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "event_totals",
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("hour_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "camera_id",
            "hour_ns",
            "kind",
            "place",
            "direction",
            "class",
            name=op.f("pk_event_totals"),
        ),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_anchor_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_anchor")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_events_tracked", "events")
    for name, _, _ in PARTIAL_INDICES:
        op.drop_index(name, "segments")
    with op.batch_alter_table("segments") as segments:
        segments.drop_index("ix_segments_age")
        segments.drop_index("ix_segments_verified")
        segments.drop_index("ix_segments_due")
        segments.drop_index("ix_segments_totals")
        for column in NEW_COLUMNS:
            segments.drop_column(column.name)
