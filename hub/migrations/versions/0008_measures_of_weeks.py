"""Counts of weeks that are over: one record a dataset and week, and which weeks are closed."""

import sqlalchemy as sa
from alembic import op

from core.db import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measured_week",
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_measured_week")),
    )
    op.create_table(
        "measure",
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=False),
        sa.Column("producer", sa.String(length=200), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("gates", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("mqa", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("week", "dataset_id", name=op.f("pk_measure")),
    )


def downgrade() -> None:
    op.drop_table("measure")
    op.drop_table("measured_week")
