"""What people laid down, what surrounds a trouble, who is woken; incidents that are led by a deeper cause or came in a storm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds tables, columns and indexes; `begin_standing` writes the first rows."""
    for name in ("lead", "storm"):
        op.add_column("ns_incident", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_index("ns_incident_lead", "ns_incident", ["lead"], unique=False)
    op.add_column("ns_outbox", sa.Column("posted", sa.Double(), nullable=False, server_default="0"))
    op.add_column("ns_stop", sa.Column("seq", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ns_audit_kind", "ns_audit", ["kind", "seq"], unique=False)
    op.create_index("ns_episode_skill", "ns_episode", ["host_group", "skill", "sha256", "at"], unique=False)
    op.create_table(
        "ns_standing",
        sa.Column("kind", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "ns_mark",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ns_mark_at", "ns_mark", ["at"], unique=False)
    op.create_table(
        "ns_scene",
        sa.Column("incident", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    _pages_and_storms()


def _pages_and_storms() -> None:
    op.create_table(
        "ns_page",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("acknowledged", sa.Double(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ns_page_incident", "ns_page", ["incident"], unique=False)
    op.create_index("ns_page_due", "ns_page", ["due"], unique=False)
    op.create_table(
        "ns_storm",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ns_storm_began", "ns_storm", ["began"], unique=False)
