"""What models were asked and what they said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One more table, which begins empty."""
    op.create_table(
        "ns_model_call",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("mind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ns_model_call_subject", "ns_model_call", ["subject", "at"])
    op.create_index("ns_model_call_avatar", "ns_model_call", ["avatar", "at"])
    op.create_index("ns_model_call_at", "ns_model_call", ["mind", "at"])
