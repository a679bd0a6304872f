"""What skills keep between their runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One more table, which begins empty."""
    op.create_table(
        "ns_note",
        sa.Column("skill", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("skill", "host", "key"),
    )
