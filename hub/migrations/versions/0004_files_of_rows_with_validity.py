"""Files whose rows carry their own validity (docs/adr/0006).

Rows that were committed under a data standard before this step are taken in anew at the next harvest, from the landed
bytes; what they were at earlier commits stays in the old files, which are no longer asked.
"""

import sqlalchemy as sa
from alembic import op

from core.db import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "row_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("closings", sa.BigInteger(), nullable=False),
        sa.Column("wholes", sa.BigInteger(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("time_min", sa.String(length=40), nullable=True),
        sa.Column("time_max", sa.String(length=40), nullable=True),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("dead_seq", sa.BigInteger(), nullable=True),
        sa.Column("superseded_by", sa.String(length=32), nullable=True),
        sa.Column("superseded_at", UTCDateTime(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_file")),
    )
    with op.batch_alter_table("row_file", schema=None) as batch_op:
        batch_op.create_index("ix_row_file_contract", ["contract", "major", "superseded_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_row_file_sha256"), ["sha256"], unique=False)

    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.add_column(sa.Column("member", sa.String(length=60), nullable=True))
    op.execute("UPDATE stream SET identity = '', live_rows = 0 WHERE contract IS NOT NULL")
    op.execute("UPDATE resource SET intake_key = NULL WHERE contract IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.drop_column("member")

    with op.batch_alter_table("row_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_row_file_sha256"))
        batch_op.drop_index("ix_row_file_contract")

    op.drop_table("row_file")
