"""Catalogue, landing, events, tokens, audit."""

import sqlalchemy as sa
from alembic import op

from core.audit import protect
from core.db import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915  # the first step makes every table
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=12), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=True),
        sa.Column("organisation", sa.String(length=200), nullable=True),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_token_sha256")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_member"), ["member"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("entry_values", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_object"), ["object"], unique=False)

    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("stamped_at", UTCDateTime(), nullable=True),
        sa.Column("mark", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=True),
        sa.Column("organisation_title", sa.Text(), nullable=True),
        sa.Column("origin_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("license", sa.Text(), nullable=True),
        sa.Column("extras", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("classification", sa.String(length=30), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("created", UTCDateTime(), nullable=True),
        sa.Column("modified", UTCDateTime(), nullable=True),
        sa.Column("first_seen", UTCDateTime(), nullable=False),
        sa.Column("last_seen", UTCDateTime(), nullable=False),
        sa.Column("missing_since", UTCDateTime(), nullable=True),
        sa.Column("missed_crawls", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=120), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_classification"), ["classification"], unique=False)
        batch_op.create_index(batch_op.f("ix_dataset_contract"), ["contract"], unique=False)
        batch_op.create_index("ix_dataset_member_title", ["member", "title", "id"], unique=False)
        batch_op.create_index("ix_dataset_source_origin", ["source", "origin_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dataset_state"), ["state"], unique=False)
        batch_op.create_index("ix_dataset_title_id", ["title", "id"], unique=False)

    op.create_table(
        "landed_object",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_landed_object")),
    )
    op.create_table(
        "outbox_cursor",
        sa.Column("subscriber", sa.String(length=80), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name=op.f("pk_outbox_cursor")),
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("event_key", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_event_topic"), ["topic"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("resumes", sa.String(length=32), nullable=True),
        sa.Column("started", UTCDateTime(), nullable=False),
        sa.Column("heartbeat", UTCDateTime(), nullable=False),
        sa.Column("ended", UTCDateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_member"), ["member"], unique=False)
        batch_op.create_index("ix_run_source_started", ["source", "started", "id"], unique=False)
        batch_op.create_index("ix_run_started_id", ["started", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_state"), ["state"], unique=False)

    op.create_table(
        "source_state",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("first_attempt", UTCDateTime(), nullable=True),
        sa.Column("last_attempt", UTCDateTime(), nullable=True),
        sa.Column("last_ok", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_state")),
    )
    op.create_table(
        "fetch_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("dataset", sa.String(length=500), nullable=False),
        sa.Column("resource", sa.String(length=500), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["landed_object.sha256"], name=op.f("fk_fetch_event_sha256_landed_object")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch_event")),
    )
    with op.batch_alter_table("fetch_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fetch_event_at"), ["at"], unique=False)
        batch_op.create_index("ix_fetch_event_origin", ["source", "dataset", "resource", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fetch_event_sha256"), ["sha256"], unique=False)

    op.create_table(
        "resource",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("origin_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=60), nullable=False),
        sa.Column("mime", sa.String(length=200), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("modified", UTCDateTime(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("missed_crawls", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("machine_readable", sa.Boolean(), nullable=True),
        sa.Column("landed_sha256", sa.String(length=64), nullable=True),
        sa.Column("source_columns", sa.JSON(), nullable=True),
        sa.Column("decided", sa.JSON(), nullable=False),
        sa.Column("intake_key", sa.String(length=64), nullable=True),
        sa.Column("last_verdict", sa.String(length=30), nullable=True),
        sa.Column("current_seq", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("fetched_at", UTCDateTime(), nullable=True),
        sa.Column("last_checked", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_resource_dataset_id_dataset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
    )
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.create_index("ix_resource_dataset_position", ["dataset_id", "position"], unique=False)
        batch_op.create_index(batch_op.f("ix_resource_landed_sha256"), ["landed_sha256"], unique=False)

    op.create_table(
        "review_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=True),
        sa.Column("item_values", sa.JSON(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_review_item_dataset_id_dataset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
    )
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.create_index("ix_review_item_source_kind", ["source", "kind"], unique=False)

    op.create_table(
        "run_error",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=True),
        sa.Column("resource_id", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_error_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_error")),
    )
    with op.batch_alter_table("run_error", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_error_code"), ["code"], unique=False)
        batch_op.create_index("ix_run_error_run_at", ["run_id", "at", "id"], unique=False)

    op.create_table(
        "run_step",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("step_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_step_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "step_key", name=op.f("pk_run_step")),
    )
    op.create_table(
        "source_lease",
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("suspect_since", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_source_lease_run_id_run")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_lease")),
    )
    op.create_table(
        "stream",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("live_rows", sa.BigInteger(), nullable=False),
        sa.Column("superseded_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_stream_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream")),
    )
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.create_index("ix_stream_contract_major", ["contract", "major"], unique=False)
        batch_op.create_index(batch_op.f("ix_stream_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "visibility",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("committed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_visibility_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_visibility_resource_id_resource")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_visibility")),
    )
    with op.batch_alter_table("visibility", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visibility_committed_at"), ["committed_at"], unique=False)
        batch_op.create_index("ix_visibility_dataset_seq", ["dataset_id", "seq"], unique=False)

    op.create_table(
        "snapshot",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("contract_version", sa.String(length=40), nullable=True),
        sa.Column("contract_sha256", sa.String(length=64), nullable=True),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("live_rows", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=True),
        sa.Column("landed_sha256", sa.String(length=64), nullable=True),
        sa.Column("fetched_at", UTCDateTime(), nullable=False),
        sa.Column("committed_at", UTCDateTime(), nullable=False),
        sa.Column("clock_at", UTCDateTime(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=30), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_snapshot_resource_id_resource")),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name=op.f("fk_snapshot_stream_id_stream")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_snapshot")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_committed_at"), ["committed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_landed_sha256"), ["landed_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_resource_id"), ["resource_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshot_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_snapshot_stream_seq", ["stream_id", "seq"], unique=False)

    op.create_table(
        "check_record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("snapshot_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("contract_version", sa.String(length=40), nullable=True),
        sa.Column("verdict", sa.String(length=30), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("landed_sha256", sa.String(length=64), nullable=True),
        sa.Column("statistics", sa.JSON(), nullable=False),
        sa.Column("holds", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_check_record_resource_id_resource")),
        sa.ForeignKeyConstraint(["snapshot_seq"], ["snapshot.seq"], name=op.f("fk_check_record_snapshot_seq_snapshot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_record")),
    )
    with op.batch_alter_table("check_record", schema=None) as batch_op:
        batch_op.create_index("ix_check_record_resource_at", ["resource_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_record_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_record_snapshot_seq"), ["snapshot_seq"], unique=False)

    op.create_table(
        "quarantine_batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("snapshot_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_quarantine_batch_resource_id_resource")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_seq"], ["snapshot.seq"], name=op.f("fk_quarantine_batch_snapshot_seq_snapshot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine_batch")),
    )
    with op.batch_alter_table("quarantine_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_batch_file_sha256"), ["file_sha256"], unique=False)
        batch_op.create_index("ix_quarantine_batch_resource_at", ["resource_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quarantine_batch_run_id"), ["run_id"], unique=False)

    op.create_table(
        "quarantine_row",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("original", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["quarantine_batch.id"], name=op.f("fk_quarantine_row_batch_id_quarantine_batch")
        ),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_quarantine_row")),
    )
    op.bulk_insert(
        sa.table("counter", sa.column("name"), sa.column("value")),
        [{"name": name, "value": 0} for name in ("gate", "snapshot", "outbox", "audit")],
    )
    protect(op.get_bind())


def downgrade() -> None:  # noqa: PLR0915  # and takes every table back
    op.drop_table("quarantine_row")
    with op.batch_alter_table("quarantine_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantine_batch_run_id"))
        batch_op.drop_index("ix_quarantine_batch_resource_at")
        batch_op.drop_index(batch_op.f("ix_quarantine_batch_file_sha256"))

    op.drop_table("quarantine_batch")
    with op.batch_alter_table("check_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_record_snapshot_seq"))
        batch_op.drop_index(batch_op.f("ix_check_record_run_id"))
        batch_op.drop_index("ix_check_record_resource_at")

    op.drop_table("check_record")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_index("ix_snapshot_stream_seq")
        batch_op.drop_index(batch_op.f("ix_snapshot_run_id"))
        batch_op.drop_index(batch_op.f("ix_snapshot_resource_id"))
        batch_op.drop_index(batch_op.f("ix_snapshot_landed_sha256"))
        batch_op.drop_index(batch_op.f("ix_snapshot_content_sha256"))
        batch_op.drop_index(batch_op.f("ix_snapshot_committed_at"))

    op.drop_table("snapshot")
    with op.batch_alter_table("visibility", schema=None) as batch_op:
        batch_op.drop_index("ix_visibility_dataset_seq")
        batch_op.drop_index(batch_op.f("ix_visibility_committed_at"))

    op.drop_table("visibility")
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stream_resource_id"))
        batch_op.drop_index("ix_stream_contract_major")

    op.drop_table("stream")
    op.drop_table("source_lease")
    op.drop_table("run_step")
    with op.batch_alter_table("run_error", schema=None) as batch_op:
        batch_op.drop_index("ix_run_error_run_at")
        batch_op.drop_index(batch_op.f("ix_run_error_code"))

    op.drop_table("run_error")
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.drop_index("ix_review_item_source_kind")

    op.drop_table("review_item")
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resource_landed_sha256"))
        batch_op.drop_index("ix_resource_dataset_position")

    op.drop_table("resource")
    with op.batch_alter_table("fetch_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fetch_event_sha256"))
        batch_op.drop_index("ix_fetch_event_origin")
        batch_op.drop_index(batch_op.f("ix_fetch_event_at"))

    op.drop_table("fetch_event")
    op.drop_table("source_state")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_state"))
        batch_op.drop_index("ix_run_started_id")
        batch_op.drop_index("ix_run_source_started")
        batch_op.drop_index(batch_op.f("ix_run_member"))

    op.drop_table("run")
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_event_topic"))
        batch_op.drop_index(batch_op.f("ix_outbox_event_at"))

    op.drop_table("outbox_event")
    op.drop_table("outbox_cursor")
    op.drop_table("landed_object")
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.drop_index("ix_dataset_title_id")
        batch_op.drop_index(batch_op.f("ix_dataset_state"))
        batch_op.drop_index("ix_dataset_source_origin")
        batch_op.drop_index("ix_dataset_member_title")
        batch_op.drop_index(batch_op.f("ix_dataset_contract"))
        batch_op.drop_index(batch_op.f("ix_dataset_classification"))

    op.drop_table("dataset")
    op.drop_table("counter")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_object"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_member"))

    op.drop_table("api_token")
