"""The two system calls that Python's `os` lacks and that safe hands need."""

from __future__ import annotations

import ctypes
import errno
import os
import signal

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_RENAME_NOREPLACE = 1


def die_with_parent() -> None:
    """Asks the kernel to kill this process when the thread that started it ends."""
    if _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def rename_no_replace(old: str, new: str, old_dir: int, new_dir: int) -> None:
    """Renames within directory descriptors; FileExistsError when the new name is taken, whatever raced us there."""
    renameat2 = getattr(_LIBC, "renameat2", None)
    if renameat2 is not None:
        if renameat2(old_dir, os.fsencode(old), new_dir, os.fsencode(new), _RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in {errno.ENOSYS, errno.EINVAL}:
            raise OSError(number, os.strerror(number))
    # A link fails when the name is taken; two names for an instant is the price where the file system lacks the flag.
    os.link(old, new, src_dir_fd=old_dir, dst_dir_fd=new_dir, follow_symlinks=False)
    os.unlink(old, dir_fd=old_dir)
