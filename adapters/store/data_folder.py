"""The data folder: private to its owner, used by one `up` at a time, with the names that must outlive a restart."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import stat
from pathlib import Path

from core.errors import InvalidError, UnavailableError

_EXECUTOR, _LOCK, _STOP, _ANCHOR = "executor", "lock", "STOP", "audit-anchor"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DataFolder:
    """`NIGHTSHIFT_HOME`, created 0700; raises InvalidError, one sentence, where it cannot be trusted or used."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None
        self._prepare()

    def _prepare(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except OSError as error:
            raise InvalidError(
                f"the data folder {self.path} cannot be made: {error.strerror}; set NIGHTSHIFT_HOME"
            ) from error
        if mode & 0o022:
            raise InvalidError(
                f"the data folder {self.path} is writable by others (mode {mode:04o}); look through it, then: chmod 700 {self.path}"
            )
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise InvalidError(
                f"the data folder {self.path} is not writable for this user; set NIGHTSHIFT_HOME or change its owner"
            )
        if mode & 0o055:
            self.path.chmod(0o700)

    @classmethod
    def make_fresh(cls, path: Path) -> DataFolder:
        """An empty one, for the demo: what an earlier one left goes, unless a process has it or it is a link."""
        if path.is_symlink():
            raise InvalidError(f"{path} is a link; remove it")
        former = cls(path)
        former.lock()
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise InvalidError(f"{path} cannot be emptied: {error.strerror}; remove it") from error
        finally:
            former.unlock()
        return cls(path)

    # ---- one `up` at a time -----------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        """Takes the folder for this process until it ends; raises InvalidError that names the pid of who has it."""
        if self._lock is not None:
            return
        handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise InvalidError(
                f"the data folder {self.path} is in use by process {owner}; stop that one or set another NIGHTSHIFT_HOME"
            ) from error
        os.pwrite(
            handle, f"{os.getpid()}\n".encode(), 0
        )  # first, because a block that is let go on a full disk is gone
        os.ftruncate(handle, len(f"{os.getpid()}\n"))
        self._lock = handle

    def unlock(self) -> None:
        """Gives it back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def holder(self) -> int:
        """The pid of the process that has the folder; 0 if nobody has."""
        if self._lock is not None:
            return os.getpid()
        try:
            handle = os.open(self.path / _LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return 0
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(os.read(handle, 20).decode(errors="replace").strip() or 0)
        finally:
            os.close(handle)
        return 0

    # ---- names that outlive a restart -------------------------------------------------------------------------------------------

    def executor_id(self) -> str:
        """A random name of this replica, so that a restart recovers its own work and nobody else's."""
        path = self.path / _EXECUTOR
        name = _text(path)
        if not name:
            name = f"ns-{secrets.token_hex(8)}"
            replace_file(path, name)
        return name

    def is_stopped(self) -> bool:
        """True while a file STOP is there; what cannot be looked at counts as there."""
        try:
            (self.path / _STOP).lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def stopped_since(self) -> float | None:
        """When the file STOP was written, in seconds since 1970."""
        try:
            return (self.path / _STOP).lstat().st_mtime
        except OSError:
            return None

    def write_stop(self) -> None:
        """Puts the file STOP there; raises UnavailableError where not even that is possible."""
        try:
            os.close(os.open(self.path / _STOP, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        except OSError as error:
            raise UnavailableError(f"NOT stopped: {self.path}/{_STOP} cannot be written: {error.strerror}") from error

    def anchor(self) -> str:
        """What was last written down of the audit trail outside the database; '' if nothing."""
        return _text(self.path / _ANCHOR)

    def write_anchor(self, text: str) -> None:
        """Writes it down, replacing the former, on a full disk in its place; raises UnavailableError."""
        path = self.path / _ANCHOR
        try:
            replace_file(path, text)
        except OSError as error:
            if error.errno not in _FULL or not _written_over(path, text):
                raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error


def replace_file(path: Path, text: str) -> None:
    """A small private file, there completely or not at all, durable before this returns."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _written_over(path: Path, text: str) -> bool:
    """The same in the one block that the file has already; False where it has none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        data = f"{text}\n".encode().ljust(os.fstat(handle).st_size)
        return os.pwrite(handle, data, 0) == len(data)
    except OSError:
        return False
    finally:
        os.close(handle)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} cannot be read: {error}") from error
