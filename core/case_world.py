"""One case of a skill read from its literal, strictly: a key that nobody knows is an error. `core.skill_cases` describes the keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from core.case_host import CASE_NOW, CaseWorld
from core.errors import InvalidError
from core.never_list import why_never_fetched
from core.paths import parts_of
from core.skill import ServiceState
from core.web import WebAnswer
from core.world import CommandResult, FileContent, FileInfo, Json, Process

_MAX_DATA = 1 << 20


@dataclass(frozen=True, slots=True)
class Case:
    """One case: parameters, world, and what is expected."""

    name: str
    parameters: Mapping[str, Json]
    world: CaseWorld
    is_ok: bool
    effects: tuple[str, ...]
    facts: Mapping[str, Json]
    files_after: Mapping[str, str | None]
    kept_after: Mapping[str, str | None]
    sent: tuple[str, ...] | None
    told: tuple[str, ...] | None


def parse_case(raw: Mapping[str, object]) -> Case:
    """Reads one; raises InvalidError that names what is wrong."""
    _keys(raw, "a case", {"name", "expect"}, {"params", "world"})
    name = _text(raw["name"], "name")
    expect = _mapping(raw["expect"], f"{name}: expect")
    _keys(expect, f"{name}: expect", {"ok", "effects"}, {"facts", "files", "kept", "sent", "told"})
    if not isinstance(expect["ok"], bool):
        raise InvalidError(f"{name}: expect.ok is True or False")
    effects = tuple(_text(effect, f"{name}: an effect") for effect in _sequence(expect["effects"], f"{name}: effects"))
    after = _mapping(expect.get("files", {}), f"{name}: expect.files")
    kept = _mapping(expect.get("kept", {}), f"{name}: expect.kept")
    return Case(
        name=name,
        parameters=_json_object(raw.get("params", {}), f"{name}: params"),
        world=_world(_mapping(raw.get("world", {}), f"{name}: world"), name),
        is_ok=expect["ok"],
        effects=effects,
        facts=_json_object(expect.get("facts", {}), f"{name}: facts"),
        files_after={path: None if text is None else _text(text, f"{name}: {path}") for path, text in after.items()},
        kept_after={key: None if text is None else _text(text, f"{name}: {key}") for key, text in kept.items()},
        sent=_lines(expect.get("sent"), f"{name}: sent"),
        told=_lines(expect.get("told"), f"{name}: told"),
    )


def _lines(raw: object, what: str) -> tuple[str, ...] | None:
    return None if raw is None else tuple(_text(line, what) for line in _sequence(raw, what))


def _world(raw: Mapping[str, object], case: str) -> CaseWorld:
    _keys(raw, f"{case}: world", set(), {"now", "files", "processes", "services", "exec", "web", "kept", "secrets"})
    now = datetime.fromtimestamp(_number(raw["now"], f"{case}: now"), UTC) if "now" in raw else CASE_NOW
    services = _mapping(raw.get("services", {}), f"{case}: services")
    states = {name: _mapping(state, f"{case}: service {name}") for name, state in services.items()}
    return CaseWorld(
        files={path: _file(path, file, now) for path, file in _mapping(raw.get("files", {}), f"{case}: files").items()},
        processes=tuple(_process(one, case) for one in _sequence(raw.get("processes", ()), f"{case}: processes")),
        services={name: _service(name, state) for name, state in states.items()},
        fails=frozenset(name for name, state in states.items() if state.get("fails", False)),
        commands={
            line: _answers(line, given) for line, given in _mapping(raw.get("exec", {}), f"{case}: exec").items()
        },
        now=now,
        pages={line: _pages(line, given) for line, given in _mapping(raw.get("web", {}), f"{case}: web").items()},
        kept={key: _text(text, key) for key, text in _mapping(raw.get("kept", {}), f"{case}: kept").items()},
        secrets=tuple(_text(one, f"{case}: a secret") for one in _sequence(raw.get("secrets", ()), f"{case}: secrets")),
    )


def _pages(line: str, raw: object) -> tuple[WebAnswer, ...]:
    method, _, url = line.partition(" ")
    if method not in ("GET", "POST") or why_never_fetched(url) is not None:
        raise InvalidError(f"{line!r} is no request; write GET or POST, a blank, and a URL")
    return tuple(_page(line, one) for one in (raw if isinstance(raw, list | tuple) else (raw,)))


def _page(line: str, raw: object) -> WebAnswer:
    given = {"body": raw} if isinstance(raw, str) else _mapping(raw, line)
    _keys(given, line, set(), {"status", "body"})
    return WebAnswer(
        _whole(given.get("status", 200), f"status of {line}"), _text(given.get("body", ""), f"body of {line}")
    )


def _file(path: str, raw: object, now: datetime) -> FileContent | None:
    parts_of(path)
    if raw is None:
        return None
    given = {"text": raw} if isinstance(raw, str) else _mapping(raw, path)
    _keys(given, path, set(), {"text", "size", "age_days", "kind", "mode", "uid", "links", "target"})
    data = _text(given.get("text", ""), f"text of {path}").encode()
    size = _whole(given.get("size", len(data)), f"size of {path}")
    if not data and size <= _MAX_DATA:
        data = bytes(size)
    info = FileInfo(
        path=path,
        kind=_text(given.get("kind", "file"), f"kind of {path}"),
        size=size,
        mtime=now.timestamp() - 86400.0 * _number(given.get("age_days", 0.0), f"age_days of {path}"),
        mode=_whole(given.get("mode", 0o644), f"mode of {path}"),
        uid=_whole(given.get("uid", 0), f"uid of {path}"),
        links=_whole(given.get("links", 1), f"links of {path}"),
        target=_text(given.get("target", ""), f"target of {path}"),
    )
    if info.kind not in ("file", "dir", "link", "other", "closed"):
        raise InvalidError(f"kind of {path} is file, dir, link, other or closed")
    return FileContent(info, data if info.kind == "file" else b"", hashlib.sha256(data).hexdigest())


def _process(raw: object, case: str) -> Process:
    given = _mapping(raw, f"{case}: a process")
    _keys(given, f"{case}: a process", {"pid", "name"}, {"started", "parent", "argv", "state", "uid", "rss"})
    name = _text(given["name"], "name of a process")
    argv = tuple(_text(word, f"argv of {name}") for word in _sequence(given.get("argv", (name,)), f"argv of {name}"))
    return Process(
        pid=_whole(given["pid"], f"pid of {name}"),
        started=_whole(given.get("started", 100), f"started of {name}"),
        parent=_whole(given.get("parent", 1), f"parent of {name}"),
        name=name,
        argv=argv,
        state=_text(given.get("state", "S"), f"state of {name}"),
        uid=_whole(given.get("uid", 0), f"uid of {name}"),
        rss=_whole(given.get("rss", 0), f"rss of {name}"),
    )


def _service(name: str, given: Mapping[str, object]) -> ServiceState:
    _keys(given, f"service {name}", set(), {"supervisor", "is_running", "pid", "restarts", "since", "detail", "fails"})
    is_running = given.get("is_running", True)
    if not isinstance(is_running, bool):
        raise InvalidError(f"is_running of {name} is True or False")
    return ServiceState(
        name=name,
        supervisor=_text(given.get("supervisor", "systemd"), f"supervisor of {name}"),
        is_running=is_running,
        pid=_whole(given.get("pid", 0), f"pid of {name}"),
        restarts=_whole(given.get("restarts", 0), f"restarts of {name}"),
        since=_number(given.get("since", 100.0), f"since of {name}"),
        detail=_text(given.get("detail", ""), f"detail of {name}"),
    )


def _answers(line: str, raw: object) -> tuple[CommandResult, ...]:
    several = raw if isinstance(raw, list | tuple) else (raw,)
    return tuple(_answer(line, one) for one in several)


def _answer(line: str, raw: object) -> CommandResult:
    given = {"out": raw} if isinstance(raw, str) else _mapping(raw, line)
    _keys(given, line, set(), {"status", "out", "err", "timed_out"})
    return CommandResult(
        status=_whole(given.get("status", 0), f"status of {line}"),
        out=_text(given.get("out", ""), f"out of {line}"),
        err=_text(given.get("err", ""), f"err of {line}"),
        timed_out=given.get("timed_out", False) is True,
    )


def _keys(given: Mapping[str, object], what: str, required: set[str], optional: set[str]) -> None:
    missing, unknown = required - set(given), set(given) - required - optional
    if missing or unknown:
        raise InvalidError(f"{what}: missing {sorted(missing)}, unknown {sorted(map(str, unknown))}")


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidError(f"{what} is a dict with text keys")
    return value


def _sequence(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise InvalidError(f"{what} is a list")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidError(f"{what} is text")
    return value


def _whole(value: object, what: str) -> int:
    if type(value) is not int:
        raise InvalidError(f"{what} is a whole number")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidError(f"{what} is a number")
    return float(value)


def _json_object(value: object, what: str) -> Mapping[str, Json]:
    """Tuples of a literal become lists, as they do on their way through the pipe."""
    return {name: _json(one, what) for name, one in _mapping(value, what).items()}


def _json(value: object, what: str) -> Json:
    if isinstance(value, list | tuple):
        return [_json(one, what) for one in value]
    if isinstance(value, dict):
        return {str(key): _json(one, what) for key, one in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return cast(Json, value)
    raise InvalidError(f"{what}: {value!r} is no JSON")
