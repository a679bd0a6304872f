"""Grants: what a skill may ask of the broker, as text with a strict grammar, and how dangerous each one is.

    grant = verb [ ":" target ( ";" option )* ]           one spelling only: str(Grant.parse(text)) == text

- `fs.*:/var/log/**` an absolute path; `*` stays inside one component, `**` is any number of them, once. Options `rotated` (delete,
  truncate: only what looks like a rotated log) and `marker` (delete: pid and lock files). `fs.truncate:/proc/PID/fd/N` reaches deleted
  logs only, whatever else is open there.
- `exec:/opt/x.sh a;adopted` a line that the operator wrote into nightshift.toml, in a skill that was made from it and in no other.
- `exec:ss -ltnp` arguments separated by one blank; `{name:type}` or `{type}` only where a vetted shape has a placeholder.
- `service.restart:nginx` a name (`*` for status alone); `process.signal:nginx;HUP` a process name or pid, and the signals.
- `http.GET:https://host/health/**`, `http.POST:…` a literal host; option `private` admits addresses that are not public, option
  `listed` nothing but hosts that the operator listed, so that `http.GET:{page};listed` is a look; with it `site`, every page of the
  same scheme, host and port: a list goes on where only the page before says.
- `secret:gitlab@https://host/**` where a secret may be sent; `kv:key` or `kv:beginning*` what may be kept for the next run.
- `process.list`, `notify` (to whoever is on call), `notify:GROUP`.
- `{parameter}` is filled with the run's value before the run; until then the grant reaches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.argv_pattern import Part, Placeholder, parse_argv
from core.capability import Risk, Verb
from core.disposable import PACKAGE_CACHES, SCRATCH, is_deleted_log, is_marker, is_rotated, lies_in
from core.errors import InvalidError, NeverError
from core.grant_target import CHANGING, LOOPBACK, PARAMETER, WITHOUT_TARGET, argv_of, check, reaches
from core.never_list import RESOLVER, is_open_file
from core.origin import Scalar
from core.paths import has_hidden_character, parts_of, pattern_of
from core.skill_manifest import Skill
from core.vetted_shapes import shape_of, shape_of_argv

_LONGEST = 500
_MOST_FILLED = 256
_LEADING = re.compile(r"^\{([a-z][a-z0-9_]{0,40})\}(?=/|$)")
_COMPONENT = re.compile(r"[^/*?\[\]{}\\;.-][^/*?\[\]{}\\;]{0,254}")
_UNFILLABLE = frozenset("*?[]{}\\;")


@dataclass(frozen=True, slots=True)
class Grant:
    """One capability. Made by `parse`, so that whatever exists is well formed and not on the never list."""

    verb: Verb
    target: str
    options: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: object) -> Grant:
        """Reads one grant; raises InvalidError for what is not well formed, NeverError for what nothing opens."""
        if not isinstance(text, str) or len(text) > _LONGEST or has_hidden_character(text):
            raise InvalidError(f"a grant is at most {_LONGEST} visible characters")
        word, colon, rest = text.partition(":")
        if word not in list(Verb):
            raise InvalidError(f"{word[:40]!r} is not a verb; known: {', '.join(Verb)}")
        verb, (target, *options) = Verb(word), rest.split(";")
        if not target and (colon or verb not in WITHOUT_TARGET):
            raise InvalidError(f"{text!r} lacks a target; write {word}:target")
        check(verb, target, tuple(options))
        return cls(verb, target, tuple(options))

    def __str__(self) -> str:
        head = f"{self.verb}:{self.target}" if self.target else str(self.verb)
        return ";".join((head, *self.options))

    @property
    def argv(self) -> tuple[Part, ...]:
        """The pattern of an `exec` grant."""
        return parse_argv(self.target)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the run's parameters that stand in it; in `exec` also those of placeholders, which need not be parameters."""
        if self.verb is Verb.EXEC:
            return tuple(part.name for part in self.argv if isinstance(part, Placeholder))
        return tuple(PARAMETER.findall(self.target))

    def covers(self, verb: Verb, args: Mapping[str, object]) -> bool:
        """True when this grant reaches the call. Arguments are those of `core.skill.Host`; the broker adds what it looked up itself:

        `process` (the name of the process to be signalled) and `open_file` (the link text of a `/proc/PID/fd/N`).
        """
        if verb is not self.verb or (verb is not Verb.EXEC and self.parameters):
            return False
        try:
            return reaches(verb, self.target, self.options, args)
        except InvalidError:
            return False


def fill(grants: Iterable[Grant], parameters: Mapping[str, Scalar]) -> tuple[Grant, ...]:
    """The grants with the run's values in place; a tuple gives one grant per member. Raises InvalidError, NeverError.

    A value is a whole path where it begins the target, else one component or word; it never brings a wildcard or a separator.
    """
    filled = tuple(dict.fromkeys(one for grant in grants for one in _filled(grant, parameters)))
    if len(filled) > _MOST_FILLED:
        raise InvalidError(f"the parameters make {len(filled)} grants of this skill's; at most {_MOST_FILLED}")
    return filled


def _filled(grant: Grant, parameters: Mapping[str, Scalar]) -> Iterator[Grant]:
    name = next((name for name in grant.parameters if grant.verb is not Verb.EXEC or name in parameters), None)
    if name is None:
        yield grant
        return
    if name not in parameters:
        raise InvalidError(f"{str(grant)!r} needs a value for {name!r}")
    value = parameters[name]
    for one in value if isinstance(value, tuple) else (value,):
        text = (
            _argv_with(grant, name, _text(name, one))
            if grant.verb is Verb.EXEC
            else _target_with(grant, name, _text(name, one))
        )
        yield from _filled(Grant.parse(";".join((f"{grant.verb}:{text}", *grant.options))), parameters)


def _text(name: str, value: object) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is not str or not value or has_hidden_character(value) or not _UNFILLABLE.isdisjoint(value):
        raise InvalidError(f"the value of {name!r} cannot stand in a grant: {str(value)[:80]!r}")
    return value


def _argv_with(grant: Grant, name: str, value: str) -> str:
    words = []
    for part in grant.argv:
        if isinstance(part, Placeholder) and part.name == name:
            if not part.accepts(part.prefix + value):
                raise InvalidError(f"the value of {name!r} is not of type {part.type}: {value[:80]!r}")
            words.append(part.prefix + value)
        else:
            words.append(str(part))
    return " ".join(words)


def _target_with(grant: Grant, name: str, value: str) -> str:
    target = grant.target
    leading = _LEADING.match(target)
    if grant.verb.startswith("fs.") and leading is not None and leading[1] == name:
        parts_of(value)
        rest = target[leading.end() :]
        target = rest if value == "/" and rest else value + rest
    if f"{{{name}}}" not in target:
        return target
    if grant.verb.startswith("fs.") and not _COMPONENT.fullmatch(value):
        raise InvalidError(f"the value of {name!r} must be one plain component of a path: {value[:80]!r}")
    return target.replace(f"{{{name}}}", value)


# ---- danger -------------------------------------------------------------------------------------------------------------------------


_RISKS: Mapping[Verb, Risk] = {
    Verb.FS_READ: Risk.LOW,
    Verb.FS_LIST: Risk.LOW,
    Verb.FS_STAT: Risk.LOW,
    Verb.SERVICE_STATUS: Risk.LOW,
    Verb.SERVICE_START: Risk.MEDIUM,
    Verb.SERVICE_RESTART: Risk.MEDIUM,
    Verb.SERVICE_RELOAD: Risk.MEDIUM,
    Verb.SERVICE_STOP: Risk.HIGH,
    Verb.PROCESS_LIST: Risk.LOW,
    Verb.PROCESS_SIGNAL: Risk.HIGH,
    Verb.HTTP_POST: Risk.HIGH,
    Verb.KV: Risk.LOW,
    Verb.NOTIFY: Risk.LOW,
    Verb.SECRET: Risk.HIGH,
}


def risk_of(
    grant: Grant, disposable: Iterable[str] = (), listed_hosts: Iterable[str] = (), to_fill: Container[str] = ()
) -> Risk:
    """What TRUST 1 calls the danger of a grant. `disposable` are path patterns, `listed_hosts` HTTP hosts that the operator listed.

    A parameter that is not filled yet counts as the worst value it could take; `to_fill` are those that stand in a command line and
    will have a value of known origin before the run.
    """
    try:
        Grant.parse(str(grant))
    except (InvalidError, NeverError):
        return Risk.NEVER
    if grant.verb is Verb.EXEC:
        return _risk_of_command(grant, to_fill)
    if grant.verb is Verb.HTTP_GET:
        return Risk.LOW if "listed" in grant.options else _risk_of_url(grant.target, listed_hosts)
    if grant.verb in CHANGING:
        return _risk_of_change(grant, disposable)
    return _RISKS[grant.verb]


def risk_of_call(
    verb: Verb, args: Mapping[str, object], disposable: Iterable[str] = (), listed_hosts: Iterable[str] = ()
) -> Risk:
    """The danger of one concrete call, for a plan; arguments as in `Grant.covers`."""
    if verb is Verb.EXEC:
        shape = shape_of_argv(argv_of(args) or ("",))
        return shape.risk if shape else Risk.HIGH
    if verb is Verb.HTTP_GET:
        return _risk_of_url(str(args.get("url")), listed_hosts)
    if verb not in CHANGING:
        return _RISKS[verb]
    paths, places = [str(args.get(name)) for name in ("path", "to") if name in args], tuple(disposable)
    if any(map(is_open_file, paths)):
        return Risk.MEDIUM if is_deleted_log(str(args.get("open_file"))) else Risk.HIGH
    return max((_risk_of_change(Grant(verb, path), places) for path in paths), default=Risk.NEVER)


def risk_of_skill(skill: Skill, disposable: Iterable[str] = (), listed_hosts: Iterable[str] = ()) -> Risk:
    """The higher one of what the author claims and what the grants permit."""
    places, hosts = tuple(disposable), tuple(listed_hosts)
    names = {parameter.name for parameter in skill.parameters}
    return max(skill.risk, *(risk_of(Grant.parse(text), places, hosts, names) for text in skill.capabilities), Risk.LOW)


def _risk_of_command(grant: Grant, to_fill: Container[str]) -> Risk:
    """What changes something, or tells others what is looked up, does so with values known before the run, not chosen by its code."""
    shape = None if grant.options else shape_of(grant.argv)
    if shape is None:
        return Risk.HIGH
    is_chosen = any(name not in to_fill for name in grant.parameters)
    return Risk.HIGH if is_chosen and (shape.risk > Risk.LOW or shape.asks_others) else shape.risk


def _risk_of_url(url: str, listed_hosts: Iterable[str]) -> Risk:
    """A look where the operator listed the host, or on the very machine; otherwise something leaves the house."""
    return Risk.LOW if host_of(url) in LOOPBACK.union(listed_hosts) else Risk.HIGH


def host_of(url: str) -> str:
    """The host of a URL as lists name it; '' where a parameter still stands in it."""
    return "" if "{" in url else (urlsplit(url).hostname or "").rstrip(".")


def _risk_of_change(grant: Grant, disposable: Iterable[str]) -> Risk:
    """Medium where the journal takes it back and it changes neither what runs nor who may enter, or where the bytes are disposable."""
    if grant.options or grant.target.startswith("/proc/"):
        return Risk.MEDIUM
    if grant.parameters:
        return Risk.HIGH
    if grant.verb is Verb.FS_WRITE and grant.target == RESOLVER:
        return Risk.MEDIUM
    try:
        pattern = pattern_of(grant.target)
    except InvalidError:
        return Risk.HIGH
    if grant.verb in (Verb.FS_WRITE, Verb.FS_MOVE):
        return Risk.MEDIUM if lies_in(pattern, SCRATCH) else Risk.HIGH
    if lies_in(pattern, (*PACKAGE_CACHES, *map(pattern_of, disposable))):
        return Risk.MEDIUM
    is_by_name = "*" not in grant.target and (
        is_rotated(grant.target) or (grant.verb is Verb.FS_DELETE and is_marker(grant.target))
    )
    return Risk.MEDIUM if is_by_name else Risk.HIGH
