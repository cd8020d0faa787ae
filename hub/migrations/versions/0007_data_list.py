"""The yearly data list of each member, the denominator of every "complete"."""

import sqlalchemy as sa
from alembic import op

from core.db import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listed_dataset",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("producer", sa.Text(), nullable=True),
        sa.Column("every", sa.String(length=20), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=True),
        sa.Column("matched_by", sa.String(length=12), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("imported_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_dataset")),
        sa.UniqueConstraint("member", "year", "folded", name=op.f("uq_listed_dataset_member_year_folded")),
    )
    with op.batch_alter_table("listed_dataset", schema=None) as batch_op:
        batch_op.create_index("ix_listed_dataset_dataset_id", ["dataset_id"], unique=False)
        batch_op.create_index("ix_listed_dataset_year_member", ["year", "member", "position"], unique=False)


def downgrade() -> None:
    op.drop_table("listed_dataset")
