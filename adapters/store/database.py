"""The database itself: engine, transactions, the writer lock, and its errors in our words."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.store.head_room import HeadRoom
from core.errors import InvalidError, UnavailableError
from core.leg import Leg
from core.ports import Clock

_GONE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)


class DatabaseGoneError(UnavailableError):
    """The database did not answer. The durable flow tries such a step again instead of journalling it."""


@dataclass(slots=True)
class Transaction:
    """One open transaction, and what must follow its commit."""

    conn: sa.Connection
    legs: list[Leg] = field(default_factory=list)
    has_cards: bool = False

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, where a writing transaction is alone anyway."""
        return self.conn.dialect.name == "sqlite"

    def insert(self, table: sa.Table) -> Any:
        """An INSERT of this dialect, which knows `on_conflict_do_nothing`."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(self, table: sa.Table, **values: object) -> bool:
        """Inserts one row; False if a row with one of its keys is there already."""
        key = next(iter(table.primary_key.columns))
        statement = self.insert(table).values(**values).on_conflict_do_nothing().returning(key)
        return self.conn.execute(statement).first() is not None

    def put(self, table: sa.Table, rows: list[dict[str, object]]) -> None:
        """Inserts rows, or replaces those whose primary key is there; sorted, so that two writers cannot lock each other out."""
        if not rows:
            return
        keys = [column.name for column in table.primary_key.columns]
        statement = self.insert(table)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        self.conn.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=changed),
            sorted(rows, key=lambda row: [str(row[key]) for key in keys]),
        )

    def alone(self, name: str) -> None:
        """Waits until no other replica is inside the same named part; held until the commit."""
        if not self.is_sqlite:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            self.conn.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    def seconds(self, clock: Clock) -> float:
        """Now, for what replicas compare with each other: on PostgreSQL the database's clock, else ours."""
        if self.is_sqlite:
            return clock.now().timestamp()
        return float(self.conn.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


class Database:
    """One engine for all tables. A hook is called after each commit that wrote a leg or a card; it must be quick and not raise.

    `trouble` says why the last transaction that should have written could not, '' once one has.
    """

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(str(self.url.database)) if self.is_sqlite else None
        self.room = HeadRoom(self.file) if self.file else None
        if self.room:
            self.room.open_on_full_disk()
        self.engine = _sqlite_engine(self.url, self.room) if self.room else _postgres_engine(self.url)
        self.trouble = ""
        self.on_leg: Callable[[Leg], None] = _ignore_leg
        self.on_card: Callable[[], None] = _ignore_card
        self._writer = threading.RLock()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction. On SQLite writers of this process wait for each other here, in turn, instead of polling the file's lock."""
        try:
            with self._writer_lock(), self._translated(), self.engine.begin() as conn:
                if self.is_sqlite:
                    conn.exec_driver_sql("BEGIN IMMEDIATE")
                tx = Transaction(conn)
                yield tx
        except DatabaseGoneError as error:
            self.trouble = error.message
            raise
        self.trouble = ""
        for leg in tx.legs:
            self.on_leg(leg)
        if tx.has_cards:
            self.on_card()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading; on SQLite everything read in it is of one moment."""
        with self._translated(), self.engine.connect() as conn:
            if self.is_sqlite:
                conn.exec_driver_sql("BEGIN")
            yield conn

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()
        if self.room:
            self.room.close()

    @contextmanager
    def _writer_lock(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        with self._writer:
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _GONE as error:
            raise DatabaseGoneError(f"the database does not answer: {_first_line(error)}") from error


def _ignore_leg(leg: Leg) -> None:
    """Nobody waits for legs; the sweep finds it."""
    del leg


def _ignore_card() -> None:
    """Nobody waits for cards; the senders poll."""


def _driver_url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError as error:
        raise InvalidError(
            f"DATABASE_URL is not a database URL; write sqlite:///PATH or postgresql://USER@HOST/NAME ({error})"
        ) from error
    backend = {"postgres": "postgresql"}.get(url.get_backend_name(), url.get_backend_name())
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise InvalidError(f"DATABASE_URL names {backend!r}; Nightshift keeps its data in SQLite or PostgreSQL")
    if not url.database or url.database == ":memory:":
        raise InvalidError("DATABASE_URL names no file; a database in memory would forget every incident")
    folder = Path(url.database).absolute().parent
    if not folder.is_dir():
        raise InvalidError(f"the database folder {folder} does not exist; create it or correct DATABASE_URL")
    return url


def _sqlite_engine(url: sa.URL, room: HeadRoom) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=16, max_overflow=16)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"  # the durable engine expects its writes to begin so
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "checkout")
    def _make_room(connection: Any, _record: object, _proxy: object) -> None:
        room.before_use(connection)

    return engine


def _postgres_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True, isolation_level="READ COMMITTED")


def _first_line(error: Exception) -> str:
    """What the driver said, without SQL and parameters, which may hold what people wrote."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0][:200] if str(cause).strip() else type(cause).__name__
