"""The table of readings, its days and deliveries (docs/adr/0012).

Readings that were committed before this step stay where they are; a delivery that reaches into their days adds to them.
"""

import sqlalchemy as sa
from alembic import op

from core.db import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reading_stream",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("reaches_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_reading_stream_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_stream")),
        sa.UniqueConstraint("stream", name=op.f("uq_reading_stream_stream")),
    )
    with op.batch_alter_table("reading_stream", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_stream_resource_id"), ["resource_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reading_stream_contract"), ["contract"], unique=False)

    op.create_table(
        "reading_delivery",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("stream_id", _KEY, nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("landed_sha256", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=30), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["reading_stream.id"], name=op.f("fk_reading_delivery_stream_id_reading_stream")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_delivery")),
    )
    with op.batch_alter_table("reading_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_delivery_stream_id"), ["stream_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reading_delivery_landed_sha256"), ["landed_sha256"], unique=False)

    op.create_table(
        "reading",
        sa.Column("stream_id", _KEY, nullable=False),
        sa.Column("gauge", sa.String(length=300), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["reading_stream.id"], name=op.f("fk_reading_stream_id_reading_stream")),
        sa.PrimaryKeyConstraint("stream_id", "gauge", "at", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_gauge_at", ["gauge", "at"], unique=False)
        batch_op.create_index("ix_reading_at", ["at"], unique=False)
        batch_op.create_index("ix_reading_stream_day", ["stream_id", "day"], unique=False)

    op.create_table(
        "reading_day",
        sa.Column("stream_id", _KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("closed_seq", sa.BigInteger(), nullable=True),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["reading_stream.id"], name=op.f("fk_reading_day_stream_id_reading_stream")
        ),
        sa.PrimaryKeyConstraint("stream_id", "day", name=op.f("pk_reading_day")),
    )
    with op.batch_alter_table("reading_day", schema=None) as batch_op:
        batch_op.create_index("ix_reading_day_dirty", ["dirty", "day"], unique=False)
        batch_op.create_index("ix_reading_day_closed_seq", ["closed_seq"], unique=False)

    op.create_table(
        "reading_commit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream_id", _KEY, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["snapshot.seq"], name=op.f("fk_reading_commit_seq_snapshot")),
        sa.ForeignKeyConstraint(
            ["stream_id"], ["reading_stream.id"], name=op.f("fk_reading_commit_stream_id_reading_stream")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_reading_commit")),
    )
    with op.batch_alter_table("reading_commit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_commit_stream_id"), ["stream_id"], unique=False)


def downgrade() -> None:
    for table in ("reading_commit", "reading_day", "reading", "reading_delivery", "reading_stream"):
        op.drop_table(table)
