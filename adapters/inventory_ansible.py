"""Which hosts an Ansible inventory names, in INI or YAML: read as data, nothing in it is ever run, filled in or decrypted."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from core.errors import InvalidError
from core.inventory import Listed, Listing

_MOST_BYTES = 256 * 1024
_MOST_HOSTS = 5000
_MOST_GROUPS = 1000
_DEEPEST = 32
_RANGE = re.compile(r"\[(?P<first>\w{1,10}):(?P<last>\w{1,10})(?::(?P<step>\d{1,4}))?\]", re.ASCII)
_SECTION = re.compile(r"\[(?P<group>[^\[\]:\s]{1,100})(?::(?P<kind>vars|children))?\]")
_NAMED = {"ansible_host": "address", "ansible_ssh_host": "address", "ansible_port": "port", "ansible_ssh_port": "port"}
_WAYS = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh"})
_DETOURS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args", "ansible_paramiko_proxy_command")
_NOT_GROUPS = frozenset({"all", "ungrouped"})


@dataclass(slots=True)
class _Group:
    hosts: dict[str, dict[str, str]] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Tree:
    """All groups, and how many hosts there are so far."""

    groups: dict[str, _Group] = field(default_factory=lambda: {"all": _Group()})
    count: int = 0

    def group(self, name: str) -> _Group:
        if len(self.groups) >= _MOST_GROUPS and name not in self.groups:
            raise InvalidError(f"names more than {_MOST_GROUPS} groups")
        return self.groups.setdefault(name, _Group())

    def add(self, group: str, pattern: str, variables: Mapping[str, str]) -> None:
        for name in _expanded(pattern):
            self.count += 1
            if self.count > _MOST_HOSTS:
                raise InvalidError(f"names more than {_MOST_HOSTS} hosts")
            self.group(group).hosts.setdefault(name, {}).update(variables)


def listed(path: Path) -> Listing:
    """The hosts of one static inventory file; raises InvalidError, with one sentence, for anything that is none."""
    text = _text(path)
    tree = _Tree()
    try:
        if path.suffix in {".yml", ".yaml", ".json"}:
            _read_yaml(text, tree)
        else:
            _read_ini(text, tree)
    except InvalidError as error:
        raise InvalidError(f"the Ansible inventory {path}: {error.message}") from error
    beside = [name for name in ("group_vars", "host_vars") if (path.parent / name).is_dir()]
    notes = [("", f"{name} beside {path} is not read") for name in beside]
    return _listing(tree, notes)


def _text(path: Path) -> str:
    """Opened once and judged by what was opened, so that it cannot be another file by then."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise InvalidError(f"the Ansible inventory {path} is no file; name one INI or YAML file")
            if info.st_mode & 0o111:
                raise InvalidError(
                    f"the Ansible inventory {path} is a program; only a static one is read, so write its output to a file"
                )
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidError(
            f"cannot read the Ansible inventory {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if len(data) > _MOST_BYTES:
        raise InvalidError(f"the Ansible inventory {path} has more than {_MOST_BYTES >> 10} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"the Ansible inventory {path} is not UTF-8 text") from error


# ---- INI ----------------------------------------------------------------------------------------------------------------------------


def _read_ini(text: str, tree: _Tree) -> None:
    group, kind = "ungrouped", ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if section := _SECTION.fullmatch(line.partition(" #")[0].rstrip()):
            group, kind = section["group"], section["kind"] or ""
            tree.group(group)
            continue
        try:
            _read_line(line, tree, group, kind)
        except (InvalidError, ValueError) as error:
            raise InvalidError(f"line {number}: {error}") from error


def _read_line(line: str, tree: _Tree, group: str, kind: str) -> None:
    if kind == "children":
        child = line.partition("#")[0].strip()
        tree.group(child)
        tree.group(group).children.add(child)
    elif kind == "vars":
        key, _, value = line.partition("=")
        tree.group(group).variables[key.strip()] = value.strip()
    elif line[0] == "[":
        raise InvalidError("is no section; write [group], [group:children] or [group:vars]")
    else:
        name, *words = shlex.split(line, comments=True)
        variables = dict(_assigned(word) for word in words)
        bare, colon, port = name.rpartition(":")
        if colon and port.isdigit() and "]" not in port and ":" not in bare.rpartition("]")[2]:
            name, variables = bare, {"ansible_port": port, **variables}
        tree.add(group, name, variables)


def _assigned(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not equals:
        raise InvalidError("a word after the host is no variable; write key=value")
    return key, value


def _expanded(pattern: str, left: int = 3) -> Iterator[str]:
    """`web[01:03]` is web01, web02, web03."""
    found = _RANGE.search(pattern)
    if found is None or not left:
        yield pattern
        return
    head, tail = pattern[: found.start()], pattern[found.end() :]
    for member in _members(found["first"], found["last"], int(found["step"] or 1)):
        yield from _expanded(head + member + tail, left - 1)


def _members(first: str, last: str, step: int) -> Iterator[str]:
    if first.isdigit() and last.isdigit() and step:
        for number in range(int(first), int(last) + 1, step):
            yield str(number).zfill(len(first) if first[0] == "0" else 0)
    elif len(first) == len(last) == 1 and (first + last).isalpha() and step:
        yield from map(chr, range(ord(first), ord(last) + 1, step))
    else:
        raise InvalidError(f"[{first}:{last}] is no range")


# ---- YAML ---------------------------------------------------------------------------------------------------------------------------


def _place_of(error: Exception) -> str:
    """Where it is wrong, without the text that stands there: it may be a secret."""
    mark = getattr(error, "problem_mark", None)
    return f": line {mark.line + 1} cannot be read" if mark else ""


def _read_yaml(text: str, tree: _Tree) -> None:
    """With a loader that makes text, lists and tables only, whatever tags stand there."""
    try:
        loader = yaml.BaseLoader(text)
        try:
            data = loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise InvalidError(f"is no YAML{_place_of(error)}") from error
    if data in (None, ""):
        return
    if isinstance(data, dict) and "plugin" in data:
        raise InvalidError("is a dynamic inventory (plugin: …); only a static one is read")
    for name, body in _table(data, "the file").items():
        _read_group(str(name), body, tree, 0)


def _read_group(name: str, body: Any, tree: _Tree, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidError(f"groups are nested deeper than {_DEEPEST}")
    group, table = tree.group(name), _table(body, name)
    for host, variables in _table(table.get("hosts"), f"{name}.hosts").items():
        tree.add(name, str(host), _texts(variables, str(host)))
    group.variables.update(_texts(table.get("vars"), f"{name}.vars"))
    for child, inner in _table(table.get("children"), f"{name}.children").items():
        tree.count += 1  # the same anchor under a thousand names is a thousand groups
        if tree.count > _MOST_HOSTS:
            raise InvalidError(f"names more than {_MOST_HOSTS} hosts and groups")
        group.children.add(str(child))
        _read_group(str(child), inner, tree, depth + 1)


def _table(value: Any, where: str) -> dict[Any, Any]:
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise InvalidError(f"{where[:60]!r} is no table of names")
    return value


def _texts(value: Any, where: str) -> dict[str, str]:
    """What is no plain text is no address either."""
    return {str(key): one if isinstance(one, str) else "{{" for key, one in _table(value, where).items()}


# ---- what it comes to ---------------------------------------------------------------------------------------------------------------


def _listing(tree: _Tree, notes: list[tuple[str, str]]) -> Listing:
    """A host has the variables of its groups, nearest last, then its own."""
    parents = _parents(tree)
    found: dict[str, Listed] = {}
    for name in dict.fromkeys(host for group in tree.groups.values() for host in group.hosts):
        inside = [group for group, body in tree.groups.items() if name in body.hosts]
        near = _above(inside, parents)
        variables = dict(tree.groups["all"].variables)
        for group in sorted(near, key=lambda one: (-near[one], one)):
            variables.update(tree.groups[group].variables)
        for group in inside:
            variables.update(tree.groups[group].hosts[name])
        host = _host(name, variables, tuple(sorted(set(near) - _NOT_GROUPS)))
        if isinstance(host, str):
            notes.append((name, host))
        else:
            found[name] = host
    return Listing(tuple(found.values()), tuple(notes))


def _parents(tree: _Tree) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = {}
    for name, group in tree.groups.items():
        for child in group.children:
            parents.setdefault(child, set()).add(name)
    return parents


def _above(inside: list[str], parents: Mapping[str, set[str]]) -> dict[str, int]:
    """Each group that holds these, through others too, with how far up it is; circles end."""
    near = dict.fromkeys(inside, 0)
    edge = list(inside)
    while edge:
        one = edge.pop(0)
        for parent in parents.get(one, ()):
            if parent not in near:
                near[parent] = near[one] + 1
                edge.append(parent)
    return near


def _host(name: str, variables: Mapping[str, str], groups: tuple[str, ...]) -> Listed | str:
    """The host, or why it cannot be taken."""
    if (way := variables.get("ansible_connection", "ssh")) not in _WAYS:
        return f"is reached by ansible_connection = {way[:40]}, not by SSH"
    if detour := next((key for key in _DETOURS if variables.get(key)), ""):
        return f"has {detour}; it must be reached without"
    given = {_NAMED[key]: value for key, value in variables.items() if key in _NAMED}
    if bad := next((key for key, value in given.items() if "{" in value or value.startswith("$ANSIBLE_VAULT")), ""):
        return f"its {bad} is a template or a secret; write it into [hosts.{name[:60]}]"
    port = given.get("port", "22")
    if not re.fullmatch(r"[1-9]\d{0,4}", port, re.ASCII) or int(port) > 65535:
        return f"{port[:20]!r} is no port"
    return Listed(name, given.get("address", ""), int(port), groups)
