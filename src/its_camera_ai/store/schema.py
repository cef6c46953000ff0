"""The tables; those of traffic analytics stand in ``traffic_schema``. ``migrations/`` makes them; a
test holds the two together.

Times are integer nanoseconds UTC. What is written durably, and why, stands in
``docs/design/database.md``.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is called INTEGER; elsewhere it is 64 bit too.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

cameras = Table(
    "cameras",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("document", JSON, nullable=False),  # the camera without user info and URL queries
    Column("credentials", LargeBinary),  # sealed by the vault; null where there is nothing to hide
    Column("revision", BigInteger, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
)

config_revision = Table(
    "config_revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

site_facts = Table(
    "site_facts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),  # where the site is; changes raise the revision above
    CheckConstraint("id = 1", name="single_row"),
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("camera_id", Text, nullable=False),  # no foreign key: events outlive their camera
    Column("wall_ns", BigInteger, nullable=False),
    Column("pts_ns", BigInteger, nullable=False),
    Column("track_id", BigInteger),
    Column("detail", JSON, nullable=False),
    Index("ix_events_camera_id_wall_ns", "camera_id", "wall_ns", "id"),
    Index("ix_events_kind_wall_ns", "kind", "wall_ns", "id"),
    Index("ix_events_wall_ns", "wall_ns", "id"),
)

Index(
    "ix_events_tracked",  # of whom something personal is stored
    events.c.wall_ns,
    events.c.id,
    sqlite_where=events.c.track_id.is_not(None),
    postgresql_where=events.c.track_id.is_not(None),
)

event_totals = Table(
    "event_totals",  # what is left of events that were aggregated
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("hour_ns", BigInteger, primary_key=True, autoincrement=False),  # its beginning, wall
    Column("kind", Text, primary_key=True),
    Column("place", Text, primary_key=True),  # the id of the line or zone
    Column("direction", Text, primary_key=True),  # empty for zones
    Column("class", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("event_id", Text, ForeignKey("events.id"), nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("delivered_ns", BigInteger),
    UniqueConstraint("event_id", "topic"),
    sqlite_autoincrement=True,  # a number is never given twice, also after pruning
)
Index(
    "ix_outbox_pending",
    outbox.c.seq,
    sqlite_where=outbox.c.delivered_ns.is_(None),
    postgresql_where=outbox.c.delivered_ns.is_(None),
)
Index("ix_outbox_delivered_ns", outbox.c.delivered_ns)

segments = Table(
    "segments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("camera_id", Text, nullable=False),  # no foreign key: recordings outlive their camera
    Column("role", Text, nullable=False),
    Column("path", Text, nullable=False, unique=True),
    Column("start_wall_ns", BigInteger, nullable=False),
    Column("start_pts_ns", BigInteger, nullable=False),
    Column("duration_ns", BigInteger, nullable=False),
    Column("end_wall_ns", BigInteger, nullable=False),  # start + duration, kept for its index
    Column("size_bytes", BigInteger, nullable=False),
    Column("frames", BigInteger, nullable=False),
    Column("codec", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("has_audio", Boolean, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("original_hash", Text, nullable=False),  # empty unless it was compressed
    Column("activity", LargeBinary),  # MessagePack; null where vision saw nothing of it
    Column("tier", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("verified_wall_ns", BigInteger, nullable=False),  # 0: never
    Column("data_class", Text, nullable=False),  # of the retention matrix, by its activity
    Index("ix_segments_start", "camera_id", "role", "start_wall_ns"),
    Index("ix_segments_span", "camera_id", "role", "end_wall_ns", "start_wall_ns"),
    Index("ix_segments_age", "tier", "start_wall_ns"),
    Index("ix_segments_verified", "tier", "verified_wall_ns", "start_wall_ns"),
    Index("ix_segments_due", "data_class", "tier", "end_wall_ns", "id"),
    Index(
        "ix_segments_totals",
        "camera_id",
        "tier",
        "state",
        "size_bytes",
        "start_wall_ns",
        "end_wall_ns",
    ),
)
LONG_NS = 3600 * 10**9
LONG = text(f"duration_ns > {LONG_NS}")  # written out: an index with a condition needs it so
Index(
    "ix_segments_long",
    segments.c.camera_id,
    segments.c.role,
    segments.c.end_wall_ns,
    sqlite_where=LONG,
    postgresql_where=LONG,
)
DOUBTED = text("state <> 'good'")
Index("ix_segments_doubted", segments.c.state, sqlite_where=DOUBTED, postgresql_where=DOUBTED)

garbage = Table(
    "garbage",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("tier", Text, nullable=False),
    Column("path", Text, nullable=False),  # no segment has it any more; the file may be there
    Column("size_bytes", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    UniqueConstraint("tier", "path"),
)

moves = Table(
    "moves",
    metadata,
    Column("segment_id", Text, primary_key=True),  # no foreign key: it may leave the index
    Column("path", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),  # a tier, where a copy may lie that no segment has yet
    Column("size_bytes", BigInteger, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("camera_id", Text),  # null: every camera
    Column("since_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("released_ns", BigInteger),  # null while it holds
    Column("released_by", Text, nullable=False),
    Index("ix_holds_span", "released_ns", "since_ns", "until_ns"),
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),  # equals since_ns for a moment
    Column("title", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
    Index("ix_bookmarks_camera_id_since_ns", "camera_id", "since_ns"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("request", JSON, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
    Column("finished_ns", BigInteger),
    Column("progress", Float, nullable=False),  # 0-1
    Column("size_bytes", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),
    Column("manifest_hash", Text, nullable=False),
    Column("cancelled", Boolean, nullable=False),  # wanted by someone; the worker obeys
    Index("ix_exports_state", "state", "created_ns"),
    Index("ix_exports_created_ns", "created_ns"),
)

evidence_chain = Table(
    "evidence_chain",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),  # of exports that held this camera
    Column("manifest_hash", Text, nullable=False),  # of the last one
)

storage_policy = Table(
    "storage_policy",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("started_ns", BigInteger, nullable=False),
    Column("finished_ns", BigInteger),  # null while it runs, or died running
    Column("succeeded_ns", BigInteger),  # the last time that it did
    Column("problem", Text, nullable=False),
    Column("result", JSON, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("username", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", Text, ForeignKey("users.username", ondelete="CASCADE"), nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Index("ix_sessions_username", "username"),
    Index("ix_sessions_expires_ns", "expires_ns"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("account_hash", Text, nullable=False),  # hashed: people type passwords in that field
    Column("address", Text, nullable=False),
    Column("wall_ns", BigInteger, nullable=False),
    Index("ix_login_attempts_account", "account_hash", "wall_ns"),
    Index("ix_login_attempts_address", "address", "wall_ns"),
    Index("ix_login_attempts_wall_ns", "wall_ns"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=False),  # gapless, given by the chain
    Column("wall_ns", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON, kept as the bytes that were hashed
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),  # the last row that lies in the archive
    Column("hash", Text, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

track_counters = Table(
    "track_counters",
    metadata,
    Column("camera_id", Text, primary_key=True),  # kept when the camera goes: ids never return
    Column("next_id", BigInteger, nullable=False),
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # names the kept file; empty: part of the package
    Column("family", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("input_width", Integer, nullable=False),
    Column("input_height", Integer, nullable=False),
    Column("golden", JSON, nullable=False),  # what it found in the golden pictures
    Column("notes", Text, nullable=False),
    Column("registered_ns", BigInteger, nullable=False),
)

model_aliases = Table(
    "model_aliases",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),  # 0: the model that the settings name
    Column("attempt", BigInteger, nullable=False),
)

model_rollout = Table(
    "model_rollout",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),  # rises with every change of alias or trial
    Column("configured", Text, nullable=False),  # the model that the settings named last
    Column("state", Text, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("auto", Boolean, nullable=False),
    Column("hold_s", Float, nullable=False),
    Column("latency_ratio_max", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("stage_ns", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

model_carriers = Table(
    "model_carriers",
    metadata,
    Column("process", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempt", BigInteger, nullable=False),
)
