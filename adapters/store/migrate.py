"""Brings a database to this version's tables, and refuses one of a newer version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa

from adapters.store.database import Database, Transaction
from adapters.store.schema import REVISION
from core.errors import InvalidError, NightshiftError

VERSION_TABLE = "ns_alembic_version"

FirstRows: TypeAlias = Callable[[Transaction, str], None]
"""Writes the rows that new tables begin with, in the transaction that makes them; the revision before is '' for a fresh database."""


def migrate(db: Database, first: FirstRows) -> None:
    """Upgrades inside one transaction; replicas that start together wait for each other."""
    try:
        with db.read() as conn:
            if _revision(conn) == REVISION:
                return
        with db.write() as tx:
            tx.alone("migrate")
            before = _revision(tx.conn)
            if before != REVISION:
                _upgrade(tx, before)
                first(tx, before)
    except sa.exc.DatabaseError as error:
        raise InvalidError(
            f"the database {_name(db)} cannot be used: {error.orig}; correct DATABASE_URL or restore a backup"
        ) from error
    except NightshiftError as error:
        if isinstance(error, InvalidError):
            raise
        raise InvalidError(
            f"the database {_name(db)} cannot be opened: {error}; start it or correct DATABASE_URL"
        ) from error


def _revision(conn: sa.Connection) -> str:
    if not sa.inspect(conn).has_table(VERSION_TABLE):
        return ""
    return str(conn.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")  # noqa: S608 - a constant


def _upgrade(tx: Transaction, before: str) -> None:
    from alembic import command  # noqa: PLC0415 - 150 ms that only an upgrade needs
    from alembic.config import Config  # noqa: PLC0415 - 150 ms that only an upgrade needs
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - 150 ms that only an upgrade needs

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if before and before not in known:
        raise InvalidError(
            f"this database is of a newer version ({before}); update Nightshift, or restore a backup of before the update"
        )
    config.attributes["connection"] = tx.conn
    command.upgrade(config, "head")


def _name(db: Database) -> str:
    return db.url.render_as_string(hide_password=True)
