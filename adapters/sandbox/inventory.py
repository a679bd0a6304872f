"""A program for the interpreter to be bound into a sandbox: prints, as JSON, the files it needs. Sent to it as text with `-c`."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

EXTENSIONS = (
    "_bisect _bz2 _csv _ctypes _datetime _decimal _hashlib _heapq _json _lzma _random _socket _statistics _struct _uuid "
    "array binascii math pyexpat resource select unicodedata zlib"
)
"""Extension modules whose shared libraries a skill may need; some are built in, some left out by the distribution."""


class _Loaded(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("name", ctypes.c_char_p))


def loaded() -> list[str]:
    """Paths of all shared objects of this process, as the loader wrote them, itself included."""
    paths: list[str] = []

    def note(item: ctypes._Pointer[_Loaded], _size: int, _data: int | None) -> int:
        paths.append(os.fsdecode(item.contents.name))
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Loaded), ctypes.c_size_t, ctypes.c_void_p)(note)
    ctypes.CDLL(None).dl_iterate_phdr(callback, None)
    return [path for path in paths if path.startswith("/")]


def is_importable(name: str) -> bool:
    """Imports it, which loads its libraries."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def main() -> None:
    """Version, program, prefix, standard library, shared objects."""
    modules = [name for name in EXTENSIONS.split() if is_importable(name)]
    facts = {
        "version": sys.version_info[:3],
        "program": str(Path(sys.executable).resolve()),
        "prefix": str(Path(sys.base_prefix).resolve()),
        "library": str(Path(os.__file__).resolve().parent),
        "objects": loaded(),
        "modules": modules,
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
