"""Room for our own rows on a disk that somebody else fills: what SQLite needs at 0 bytes free is taken while there is plenty."""

from __future__ import annotations

import logging
import mmap
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnavailableError

log = logging.getLogger(__name__)

MIB = 1 << 20
FREE_PAGES, LOG, BALLAST, START_ROOM = 8 * MIB, 8 * MIB, 32 * MIB, 8 * MIB
"""What is kept: free pages inside the database (made twice over), a write-ahead log of that length, a file to give back, and 64 starts."""
TAKEN = 2 * FREE_PAGES + LOG + BALLAST + START_ROOM
LOW, ENOUGH, PLENTY = 16 * MIB, 48 * MIB, 128 * MIB
"""Bytes free under which the ballast is given back, and from which pages and log, then ballast and starts are made again."""
SHARE, LEAST = 10, 1 / 8
"""At most a tenth of the disk is taken: where that is less, all of the above is less in proportion, down to an eighth, then nothing."""
PER_START = 128 << 10
"""SQLite truncates its shared index at every first opening and needs 32 KiB of it again at once; a writer that eats is faster."""
MOST_SAVED = 64 << 10
"""Bytes of a file that are still kept for an undo while the disk is full."""
_PINNED = 1000
"""Pages in the log after which readers are waited for, so that it begins again instead of growing."""


@dataclass(frozen=True, slots=True)
class Room:
    """What there is now, in bytes; `scale` says how much of the usual this disk is large enough for."""

    disk_free: int
    scale: float
    free_pages: int
    log: int
    ballast: int
    starts: int

    @property
    def is_whole(self) -> bool:
        """Enough for a night at 0 bytes free, begun by a start."""
        return self.has_pages and self.starts >= PER_START

    @property
    def plenty(self) -> int:
        """Bytes free from which all of it is made."""
        return int(PLENTY * self.scale)

    @property
    def has_pages(self) -> bool:
        """Enough for the rows of a night."""
        return self.scale > 0 and self.free_pages >= FREE_PAGES * self.scale and self.log >= LOG * self.scale


class HeadRoom:
    """Of one SQLite file. Only the process that has the data folder calls `keep`; every process lives on what is there."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._log = Path(f"{database}-wal")
        self._ballast = Path(f"{database}-ballast")
        self._starts = Path(f"{database}-starts")
        self._lock = threading.Lock()
        self._holder: sqlite3.Connection | None = None
        self.is_low = False
        self.given_back = 0

    # ---- opening and closing ----------------------------------------------------------------------------------------------------

    def open_on_full_disk(self) -> None:
        """Has the log and its index opened before anybody else asks for them. Each try that fails for want of room is given more, because
        whoever fills the disk takes of it at the same time."""
        if not self._database.exists() or not self.is_short():
            return
        if _size(self._log) < PER_START:
            self.give_back()
        given = PER_START if self._has_small_blocks() else 0
        while not self._is_held(given) and _size(self._starts):
            given = 2 * given or PER_START

    def hold(self) -> None:
        """Keeps the log and its index on the disk when the last writer closes: who only reads may not remove them."""
        with _ours():
            self._hold(0)

    def _is_held(self, given: int) -> bool:
        try:
            self._hold(given)
        except sqlite3.Error as error:
            log.info("not opened on the full disk: %s", error)
            self.close()
        return self._holder is not None

    def _hold(self, given: int) -> None:
        with self._lock:
            if self._holder is not None:
                return
            self._holder = self._open("ro")
            if given:  # at the last moment
                with suppress(OSError):
                    os.truncate(self._starts, max(0, _size(self._starts) - given))
            self._holder.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def _has_small_blocks(self) -> bool:
        """Then a page of the index may have a hole, and who writes into it at 0 bytes free is killed instead of told."""
        return os.statvfs(self._database.parent).f_frsize < mmap.PAGESIZE

    def close(self) -> None:
        """After every other connection."""
        with self._lock:
            if self._holder is not None:
                self._holder.close()
                self._holder = None

    # ---- while the disk is full -------------------------------------------------------------------------------------------------

    def before_use(self, connection: sqlite3.Connection) -> None:
        """Before each use of a connection: on a full disk the ballast goes, and the log begins again instead of growing."""
        if not self.is_short():
            return
        self.give_back()
        with suppress(
            sqlite3.OperationalError
        ):  # somebody else is at it, and what the log still holds is usable all the same
            _, in_log, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if in_log > _PINNED:
                connection.execute("PRAGMA busy_timeout=1000")
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
                connection.execute("PRAGMA busy_timeout=30000")

    def give_back(self) -> None:
        """The ballast goes; whoever needs room has it."""
        size = _size(self._ballast)
        with suppress(OSError):  # another process was quicker
            self._ballast.unlink()
            self.given_back += size

    def is_short(self) -> bool:
        """True while the disk is full."""
        free, scale = self._disk()
        if free < LOW * scale:
            self.is_low = True
        elif free >= PLENTY * scale:
            self.is_low = False
        return free < LOW * scale

    # ---- while there is plenty --------------------------------------------------------------------------------------------------

    def keep(self) -> Room:
        """Makes what is missing where there is room for it, and says what there is now; raises UnavailableError."""
        with _ours():
            room = self.look()
            if not room.has_pages and room.disk_free >= ENOUGH * room.scale > 0:
                self._fill(int(FREE_PAGES * room.scale))
            if room.disk_free >= PLENTY * room.scale > 0:
                self._allocate(self._ballast, int(BALLAST * room.scale))
                self._allocate(self._starts, int(START_ROOM * room.scale))
                self.given_back = 0
            return self.look()

    def look(self) -> Room:
        """What there is; raises UnavailableError."""
        free, scale = self._disk()
        with _ours(), closing(self._open("ro")) as connection:
            (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
        return Room(free, scale, pages * size, _size(self._log), _size(self._ballast), _size(self._starts))

    def _fill(self, size: int) -> None:
        """Two large rows go through the log, which stays as long, into the file, where their pages stay free."""
        with closing(self._open("rw")) as connection:
            connection.execute("PRAGMA secure_delete=OFF")
            connection.execute("DROP TABLE IF EXISTS ns_head_room")
            connection.execute("CREATE TABLE ns_head_room (filling BLOB)")
            try:
                for _ in range(2):
                    connection.execute("INSERT INTO ns_head_room VALUES (zeroblob(?))", (size + size // 16,))
                    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            finally:
                connection.execute("DROP TABLE ns_head_room")
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            self._fill_index()

    def _fill_index(self) -> None:
        """Without holes: to write into one at 0 bytes free kills the process. By SQLite's own handle, because to close one of ours would
        drop its locks."""
        path = f"{self._database.absolute().resolve()}-shm"
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if str(handle.readlink()) == path:
                    os.posix_fallocate(int(handle.name), 0, os.fstat(int(handle.name)).st_size)
                    return

    @staticmethod
    def _allocate(path: Path, size: int) -> None:
        """A private file with every block of it on the disk."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(handle, 0, size)
        finally:
            os.close(handle)

    def _open(self, mode: str) -> sqlite3.Connection:
        uri = f"{self._database.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)

    def _disk(self) -> tuple[int, float]:
        """What is free for us, and how much of the usual a disk of this size is large enough for."""
        disk = os.statvfs(self._database.parent)
        scale = min(1.0, disk.f_blocks * disk.f_frsize / (TAKEN * SHARE))
        return disk.f_bavail * disk.f_frsize, scale if scale >= LEAST else 0.0


@contextmanager
def _ours() -> Iterator[None]:
    """Errors of this file system in our words."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UnavailableError(f"the room for a full disk cannot be kept: {error}") from error


def _size(path: Path) -> int:
    """How long it is; 0 if it is not there."""
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
