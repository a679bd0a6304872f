"""The text of the libraries that a skill declared, sent into its guest over its channel and into no other: nothing is mounted there.

The lock is written again after a reviewed change of requirements.lock by `python -m adapters.sandbox.libraries > skills/deps.lock`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from core.errors import NightshiftError, UnavailableError
from core.skill_library import Library, read_libraries

_FOREIGN = (".so", ".pyd", ".pth", ".dll", ".dylib")


def sources_of(libraries: Iterable[Library]) -> dict[str, str]:
    """Path -> text of every module; UnavailableError where what is installed here is not what the lock pins."""
    return {path: text for library in libraries for path, text in _pinned(library).items()}


@functools.lru_cache(maxsize=16)
def _pinned(library: Library) -> Mapping[str, str]:
    try:
        version, sources = metadata.version(library.name), _installed(library.name, library.modules)
    except (metadata.PackageNotFoundError, OSError, UnicodeDecodeError) as error:
        raise UnavailableError(f"the library {library.pin} is not installed: run ./nightshift doctor") from error
    if version != library.version or digest_of(sources) != library.sha256:
        raise UnavailableError(f"the library {library.pin} is not the one that skills/deps.lock pins: install it again")
    return sources


def digest_of(sources: Mapping[str, str]) -> str:
    """Of all paths and texts; a text that moves elsewhere is another library."""
    rows = [f"{path} {hashlib.sha256(text.encode()).hexdigest()}\n" for path, text in sorted(sources.items())]
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def _installed(name: str, modules: Iterable[str]) -> dict[str, str]:
    """UnavailableError for a package that is not Python alone."""
    wanted, sources = set(modules), {}
    for file in metadata.distribution(name).files or ():
        if file.suffix in _FOREIGN:
            raise UnavailableError(f"the library {name} is not Python alone: {file}")
        if file.suffix == ".py" and file.parts[0].removesuffix(".py") in wanted:
            sources[file.as_posix()] = Path(str(file.locate())).read_bytes().decode()
    return sources


def lock_text(text: str) -> str:
    """The same lock for the versions that are installed now."""
    table = {}
    for library in read_libraries(text).values():
        table[library.name] = {
            "version": metadata.version(library.name),
            "modules": [*library.modules],
            "needs": [*library.needs],
            "sha256": digest_of(_installed(library.name, library.modules)),
        }
    return json.dumps(table, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Prints it; a library is added by a row with any SHA-256."""
    try:
        sys.stdout.write(lock_text(Path("skills/deps.lock").read_text()))
    except (NightshiftError, OSError, metadata.PackageNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
