"""The Catalog on the `skills/` folder, pinned by `skills.lock`: one JSON object, skill name -> SHA-256 of its file, sorted.

Written again after a reviewed change by `python -m adapters.skill_catalog_files > skills/skills.lock`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InvalidError, UnavailableError, UnknownError
from core.skill_catalog import parse_skill
from core.skill_library import NO_LIBRARIES, Libraries, read_libraries
from core.skill_manifest import Skill, SkillState

_LARGEST_LOCK = 1 << 20

_NO_FILE = (0, 0, 0)

Stamp = tuple[int, int, int]
"""Time of the last change, which nobody can set back, size and inode of a file: while they are the same, it is not read again."""


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: Stamp
    skill: Skill | None
    problem: str


class FileCatalog:
    """Skills as files. Without a lock every skill is a draft, so that nothing runs unpinned."""

    def __init__(self, folder: Path, lock: Path | None) -> None:
        self._folder, self._lock = folder.resolve(), lock
        self._known: dict[str, _Read] = {}
        self._pins: tuple[Stamp, dict[str, str]] | None = None
        self._libraries: tuple[Stamp, Libraries] = (_NO_FILE, NO_LIBRARIES)

    def skills(self) -> tuple[Skill, ...]:
        """See `core.ports.Catalog`; sorted by name. A file that cannot be read as a skill is left out, see `problems`."""
        return tuple(sorted(self._by_name().values(), key=lambda skill: skill.name))

    def get(self, name: str) -> Skill:
        """See `core.ports.Catalog`."""
        skills = self._by_name()
        if name not in skills:
            raise UnknownError("skill", name, tuple(sorted(skills)))
        return skills[name]

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each file that is no skill, or whose name another file has already."""
        self._by_name()
        twice = self._twice()
        return tuple(read.problem for _, read in sorted(self._known.items()) if read.problem) + twice

    def _by_name(self) -> dict[str, Skill]:
        self._refresh()
        pins = self._read_pins()
        skills: dict[str, Skill] = {}
        for _, read in sorted(self._known.items(), reverse=True):
            if read.skill is not None:
                skills[read.skill.name] = replace(read.skill, state=_state(read.skill, pins))
        return skills

    def _twice(self) -> tuple[str, ...]:
        first: dict[str, str] = {}
        found = []
        for path, read in sorted(self._known.items()):
            if read.skill is not None and first.setdefault(read.skill.name, path) != path:
                found.append(f"{path}: {first[read.skill.name]} has the same name; this one is left out")
        return tuple(found)

    @property
    def libraries(self) -> Libraries:
        """What its skills may declare, by `deps.lock` beside them; raises InvalidError where that is none."""
        file = self._folder / "deps.lock"
        try:
            stamp = _stamp(file.lstat())
            if stamp != self._libraries[0]:
                self._libraries = (stamp, read_libraries(file.read_text(encoding="utf-8")))
                self._known.clear()
        except FileNotFoundError:
            return NO_LIBRARIES
        except (OSError, UnicodeDecodeError) as error:
            raise UnavailableError(f"cannot read {file}: {error}") from error
        return self._libraries[1]

    def _refresh(self) -> None:
        libraries, present = self.libraries, _files_in(self._folder)
        for name in self._known.keys() - present.keys():
            del self._known[name]
        for name, entry in present.items():
            self._known[name] = _read_again(name, entry, self._known.get(name), libraries)

    def _read_pins(self) -> dict[str, str]:
        if self._lock is None:
            return {}
        try:
            stamp = _stamp(self._lock.stat())
        except FileNotFoundError:
            return {}
        if self._pins is None or self._pins[0] != stamp:
            self._pins = (stamp, read_lock(self._lock))
        return self._pins[1]


def read_lock(lock: Path) -> dict[str, str]:
    """Skill name -> SHA-256; raises InvalidError for a file that is no lock."""
    try:
        with lock.open("rb") as file:
            pins = json.loads(file.read(_LARGEST_LOCK))
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            f"{lock} is not a lock of skills; write it again: python -m adapters.skill_catalog_files > skills/skills.lock"
        ) from error
    except OSError as error:
        raise UnavailableError(f"cannot read {lock}: {error.strerror}") from error
    if not isinstance(pins, dict) or not all(isinstance(pin, str) and len(pin) == 64 for pin in pins.values()):
        raise InvalidError(f"{lock} must map the name of each skill to a SHA-256")
    return pins


def lock_text(folder: Path) -> str:
    """The text of `skills.lock` for the skills as they are now; raises InvalidError when one of them is broken."""
    catalog = FileCatalog(folder, None)
    if catalog.problems:
        raise InvalidError(catalog.problems[0])
    return json.dumps({skill.name: skill.identity for skill in catalog.skills()}, indent=1, sort_keys=True) + "\n"


def _state(skill: Skill, pins: dict[str, str]) -> SkillState:
    if skill.name not in pins:
        return SkillState.DRAFT
    return SkillState.OWNED if pins[skill.name] == skill.identity else SkillState.CHANGED


def _files_in(folder: Path) -> dict[str, os.DirEntry[str]]:
    """Plain Python files one level below the folder, by their path from its parent; names that begin with an underscore are no skills."""
    found: dict[str, os.DirEntry[str]] = {}
    try:
        with os.scandir(folder) as groups:
            for group in sorted((entry for entry in groups if entry.is_dir(follow_symlinks=False)), key=_name):
                with os.scandir(group) as entries:
                    files = [one for one in entries if _is_skill_name(one.name) and one.is_file(follow_symlinks=False)]
                found |= {f"{folder.name}/{group.name}/{file.name}": file for file in sorted(files, key=_name)}
    except OSError as error:
        raise UnavailableError(f"cannot list the skills in {folder}: {error.strerror}") from error
    return found


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_skill_name(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("_")


def _read_again(name: str, entry: os.DirEntry[str], known: _Read | None, libraries: Libraries) -> _Read:
    """What it was if nothing about the file has changed: this is asked many times in a look, and answered by one lstat."""
    try:
        stamp = _stamp(entry.stat(follow_symlinks=False))
        if known is not None and known.stamp == stamp:
            return known
        data = Path(entry.path).read_bytes()
        source = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        return _Read((0, 0, 0), None, f"{name}: cannot be read: {error}")
    try:
        return _Read(
            stamp, replace(parse_skill(name, source, locked=libraries), sha256=hashlib.sha256(data).hexdigest()), ""
        )
    except InvalidError as error:
        return _Read(stamp, None, str(error))


def _stamp(info: os.stat_result) -> Stamp:
    return (info.st_ctime_ns, info.st_size, info.st_ino) if stat.S_ISREG(info.st_mode) else (0, 0, 0)


def main(arguments: list[str]) -> int:
    """Prints the lock for the skills as they are now in the folder that is named, by default `skills`."""
    try:
        sys.stdout.write(lock_text(Path(arguments[0] if arguments else "skills").resolve()))
    except (InvalidError, UnavailableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
