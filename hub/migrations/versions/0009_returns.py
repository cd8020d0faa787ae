"""Returns: one case a table with returned rows or a held delivery (docs/adr/0020)."""

import sqlalchemy as sa
from alembic import op

from core.db import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_case",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.String(length=60), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("contract", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("returned_sha256", sa.String(length=64), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("returned_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("suspension", sa.JSON(), nullable=False),
        sa.Column("recheck", sa.JSON(), nullable=False),
        sa.Column("replaced", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_return_case_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_case")),
    )
    with op.batch_alter_table("return_case", schema=None) as batch_op:
        batch_op.create_index("ix_return_case_resource", ["resource_id", "table_name"], unique=False)
        batch_op.create_index("ix_return_case_open", ["closed_at", "member"], unique=False)


def downgrade() -> None:
    op.drop_table("return_case")
