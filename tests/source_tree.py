"""The house as the house rules see it: every Python file of ours, parsed once, and what can be asked of one."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "core", "adapters", "skills", "tests")
HEADER = re.compile(r"(?m)^# /// script$\s(?P<body>(?:^#(?:| .*)$\s)+)^# ///$")  # PEP 723's own expression

_DOORS_OF_OS = re.compile(
    r"kill(pg)?|fork(pty)?|exec[lv]p?e?|posix_spawnp?|spawn[lv]p?e?|system|popen|pidfd_open|unlink|remove(dirs|xattr)?|rmdir|renames?|"
    r"replace|link|symlink|f?truncate|p?write(v)?|open|mknod|mkfifo|[fl]?chmod|[fl]?chown|mkdir|makedirs|utime|setxattr|chroot|setns|unshare"
)
_DOORS_OF_PATHS = re.compile(
    r"unlink|rmdir|write_text|write_bytes|touch|symlink_to|hardlink_to|l?chmod|mkdir|rename|connect"
)
_LOOKS_OF_SHUTIL = {"disk_usage", "get_terminal_size", "which"}
_DOOR_MODULES = frozenset(
    {"subprocess", "socket", "tempfile", "ctypes", "multiprocessing", "pty", "ssl", "asyncio.subprocess"}
)


@dataclass(frozen=True)
class Source:
    """One file: `path` is relative to the checkout, with slashes."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")


@cache
def sources(*rooms: str) -> tuple[Source, ...]:
    """All files of these rooms, sorted; generated migrations count like any other."""
    files = sorted(file for room in rooms or ROOMS for file in (ROOT / room).rglob("*.py"))
    texts = ((file, file.read_text(encoding="utf-8")) for file in files)
    return tuple(Source(file.relative_to(ROOT).as_posix(), text, ast.parse(text)) for file, text in texts)


def imports(source: Source) -> Iterator[str]:
    """Every module that the file imports, also inside functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def vendors(source: Source) -> set[str]:
    """Top names of what is neither ours nor Python's."""
    return {name.partition(".")[0] for name in imports(source)} - set(ROOMS) - sys.stdlib_module_names


def doors(source: Source) -> set[str]:
    """What the file uses to change files, start or end processes, or open connections."""
    found = {f"import {name}" for name in imports(source) if name.partition(".")[0] in _DOOR_MODULES}
    return found | {door for node in ast.walk(source.tree) if isinstance(node, ast.Call) for door in _doors_of(node)}


def _doors_of(call: ast.Call) -> Iterator[str]:
    match call.func:
        case ast.Attribute(value=ast.Name(id="os"), attr=name) if _DOORS_OF_OS.fullmatch(name):
            yield f"os.{name}"
        case ast.Attribute(value=ast.Name(id="shutil"), attr=name) if name not in _LOOKS_OF_SHUTIL:
            yield f"shutil.{name}"
        case ast.Attribute(attr=name) if _DOORS_OF_PATHS.fullmatch(name):
            yield f".{name}"
        case ast.Name(id="open") | ast.Attribute(attr="open") if _writes(call):
            yield "open for writing"


def _writes(call: ast.Call) -> bool:
    texts = [
        arg.value for arg in (*call.args[:2], *(word.value for word in call.keywords)) if isinstance(arg, ast.Constant)
    ]
    return any(
        isinstance(text, str) and re.fullmatch(r"[rwaxbt+]{1,3}", text) and set(text) & set("wax+") for text in texts
    )


def protocols(source: Source) -> Iterator[ast.ClassDef]:
    """Classes that are ports."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases
        ):
            yield node


def is_shape(protocol: ast.ClassDef) -> bool:
    """True for a Protocol of properties alone: it says what nouns have in common, and opens no door."""
    methods = [node for node in protocol.body if isinstance(node, ast.FunctionDef)]
    return all("property" in map(ast.unparse, method.decorator_list) for method in methods)


def header(text: str) -> dict[str, Any]:
    """The one PEP 723 block of a skill."""
    (block,) = HEADER.finditer(text)
    return tomllib.loads(re.sub(r"(?m)^# ?", "", block["body"]))


def snake(name: str) -> str:
    """`IncidentLog` -> `incident_log`."""
    return re.sub(r"(?<=.)(?=[A-Z])", "_", name).lower()
