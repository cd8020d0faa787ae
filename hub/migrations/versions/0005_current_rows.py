"""How far the SQL tables of current rows have come (docs/adr/0008).

The tables themselves, `rows_*`, one a data standard, are derived from files and made outside this history.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "current_rows",
        sa.Column("contract", sa.String(length=80), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("contract", "major", name=op.f("pk_current_rows")),
    )


def downgrade() -> None:
    op.drop_table("current_rows")
