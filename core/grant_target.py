"""The target of a grant, verb by verb: what may stand there, and which calls it reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from core.argv_pattern import Placeholder, covers, parse_argv
from core.capability import Verb
from core.disposable import is_deleted_log, is_marker, is_rotated
from core.errors import InvalidError, NeverError
from core.never_list import (
    RESOLVER,
    is_open_file,
    why_never_adopted,
    why_never_fetched,
    why_never_listed,
    why_never_read,
    why_never_run,
    why_never_served,
    why_never_written,
)
from core.paths import Parts, literal_parts, matches, parts_of, pattern_of
from core.vetted_shapes import shape_of

Arguments = Mapping[str, object]
Options = tuple[str, ...]

PARAMETER = re.compile(r"\{([a-z][a-z0-9_]{0,40})\}")
SIGNALS = frozenset({"TERM", "HUP", "USR1", "USR2", "KILL"})
DEADLY = frozenset({"TERM", "KILL", "USR1", "USR2"})
"""Signals that end whoever does not expect them; what must not be stopped gets HUP at most."""
CHANGING = frozenset({Verb.FS_WRITE, Verb.FS_DELETE, Verb.FS_MOVE, Verb.FS_TRUNCATE})
WEB = frozenset({Verb.HTTP_GET, Verb.HTTP_POST})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ON_CALL = "oncall"
WITHOUT_TARGET = frozenset({Verb.PROCESS_LIST, Verb.NOTIFY})

OPTIONS: Mapping[Verb, frozenset[str]] = {
    Verb.FS_DELETE: frozenset({"rotated", "marker"}),
    Verb.FS_TRUNCATE: frozenset({"rotated"}),
    Verb.EXEC: frozenset({"adopted"}),
    Verb.PROCESS_SIGNAL: SIGNALS,
    Verb.HTTP_GET: frozenset({"listed", "private", "site"}),
    Verb.HTTP_POST: frozenset({"listed", "private"}),
}
"""Options narrow a grant, but for `private` and `site`; `listed`: hosts that the operator listed, and no other; each verb knows its own."""

_LOOKING = frozenset({Verb.FS_LIST, Verb.FS_STAT})
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,127}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}\*?|\*")
_SECRET = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PID = re.compile(r"[1-9]\d{0,9}")
_OPEN_FILES = re.compile(r"/proc/(?:\*|[1-9]\d{0,9})/fd/(?:\*|\d{1,7})")
_CROWDED = frozenset({"etc", "home", "media", "mnt", "opt", "root", "run", "srv", "usr", "var"})
"""Top directories in which a change must be granted for something narrower than all of them."""


def check(verb: Verb, target: str, options: Options) -> None:
    """Raises InvalidError for a target that is not well formed, NeverError for one that nothing opens."""
    allowed = OPTIONS.get(verb, frozenset())
    if any(option not in allowed for option in options) or list(options) != sorted(set(options)):
        raise InvalidError(f"options of {verb} are {', '.join(sorted(allowed)) or 'none'}, sorted, each once")
    _CHECKS[verb](verb, target, options)


def reaches(verb: Verb, target: str, options: Options, args: Arguments) -> bool:
    """True when a filled, checked target covers the call; what is on the never list is reached by nothing."""
    return _REACHES[verb](verb, target, options, args)


def why_never_touched(verb: Verb, path: str) -> str | None:
    """Why a path is closed to an `fs` verb; the resolver's file may be written, and nothing else be done to it."""
    if verb in _LOOKING:
        return why_never_listed(path)
    if verb is Verb.FS_READ:
        return why_never_read(path)
    if verb is Verb.FS_TRUNCATE and is_open_file(path):
        return None
    if path == RESOLVER and verb is not Verb.FS_WRITE:
        return "the resolver's file is only ever replaced"
    return why_never_written(path)


# ---- files --------------------------------------------------------------------------------------------------------------------------


def _check_path(verb: Verb, target: str, _options: Options) -> None:
    names = PARAMETER.findall(target)
    if names:
        _check_path_template(target)
        return
    pattern, fixed = pattern_of(target), literal_parts(pattern_of(target))
    if verb is Verb.FS_TRUNCATE and _OPEN_FILES.fullmatch(target):
        return
    if "**" in pattern and fixed[:1] in (("proc",), ("sys",), ("dev",)):
        raise InvalidError(f"{target!r}: '**' is not granted below /proc, /sys and /dev")
    if not fixed and verb not in _LOOKING:
        raise InvalidError(f"{target!r} must name a top directory")
    if verb in CHANGING and len(fixed) < len(pattern) and len(fixed) < 2 and fixed[0] in _CROWDED:
        raise InvalidError(f"{target!r} is too wide for {verb}: name at least two directories")
    _refuse_never(target, why_never_touched(verb, _sample(pattern)))


def _check_path_template(target: str) -> None:
    """A parameter is the whole beginning of a path, or stands inside one later component."""
    rest = re.sub(r"^\{[a-z0-9_]+\}(?=/|$)", "/x", target)
    pattern_of(PARAMETER.sub("x", rest))


def _sample(pattern: Parts) -> str:
    """The path a pattern surely means: what precedes a `*` stays, so that a folder on the never list is seen at once."""
    return "/" + "/".join(part.replace("**", "x").replace("*", "x") if "*" in part else part for part in pattern)


def _reaches_path(verb: Verb, target: str, options: Options, args: Arguments) -> bool:
    names = ("path", "to") if verb is Verb.FS_MOVE else ("path",)
    pattern = pattern_of(target)
    for name in names:
        path = args.get(name)
        if (
            not isinstance(path, str)
            or why_never_touched(verb, path) is not None
            or not matches(pattern, parts_of(path))
        ):
            return False
        if (options or is_open_file(path)) and not _is_narrowed_to(path, options, args):
            return False
    return True


def _is_narrowed_to(path: str, options: Options, args: Arguments) -> bool:
    if is_open_file(
        path
    ):  # the grammar cannot say which files these are, so they are always deleted logs and nothing else
        open_file = args.get("open_file")
        return isinstance(open_file, str) and is_deleted_log(open_file)
    return ("rotated" in options and is_rotated(path)) or ("marker" in options and is_marker(path))


# ---- commands -----------------------------------------------------------------------------------------------------------------------


def _check_exec(_verb: Verb, target: str, options: Options) -> None:
    argv = parse_argv(target)
    program = argv[0]
    if options:
        _refuse_never(target, why_never_adopted(argv))
        return
    if (
        isinstance(program, Placeholder)
        or ("/" in program and not parts_of(program))
        or program.startswith(("-", ".", "~"))
    ):
        raise InvalidError(f"{target!r} must begin with a program, by its name or its absolute path")
    if shape_of(argv) is not None:
        literal = [part for part in argv if isinstance(part, str)]
        _refuse_never(target, why_never_run(literal) if len(literal) == len(argv) else None)
        return
    if any(isinstance(part, Placeholder) for part in argv):
        raise InvalidError(
            f"{target!r} is not a vetted shape (core/vetted_shapes.py): without placeholders it can be granted, as high risk"
        )
    _refuse_never(target, why_never_run(list(map(str, argv))))


def _reaches_exec(_verb: Verb, target: str, options: Options, args: Arguments) -> bool:
    argv = argv_of(args)
    if options:  # the broker alone says whether a line is the operator's own
        return args.get("is_adopted") is True and covers(parse_argv(target), argv) and why_never_adopted(argv) is None
    return bool(argv) and covers(parse_argv(target), argv) and why_never_run(argv) is None


def argv_of(args: Arguments) -> tuple[str, ...]:
    """The command line of a call; empty for anything but a list of words."""
    argv = args.get("argv")
    if not isinstance(argv, Sequence) or isinstance(argv, str) or not all(isinstance(word, str) for word in argv):
        return ()
    return tuple(argv)


# ---- services, processes, the rest --------------------------------------------------------------------------------------------------


def _check_service(verb: Verb, target: str, _options: Options) -> None:
    if PARAMETER.fullmatch(target) or (target == "*" and verb is Verb.SERVICE_STATUS):
        return
    _refuse_never(f"{verb}:{target}", why_never_served(target, verb.split(".")[1]))


def _reaches_service(verb: Verb, target: str, _options: Options, args: Arguments) -> bool:
    name = args.get("name")
    if not isinstance(name, str) or why_never_served(name, verb.split(".")[1]) is not None:
        return False
    return target in (name, "*")


def _check_process_list(_verb: Verb, target: str, _options: Options) -> None:
    if target not in ("", "*"):
        raise InvalidError("process.list takes no target")


def _check_signal(_verb: Verb, target: str, options: Options) -> None:
    if not options:
        raise InvalidError(f"process.signal:{target} must say which signals, as in process.signal:{target};HUP")
    if PARAMETER.fullmatch(target):
        return
    if not _WORD.fullmatch(target) or target == "1":
        raise InvalidError(f"{target!r} is neither the name of a process nor a pid")
    _refuse_never(f"process.signal:{target}", _why_never_signalled(target, options))


def _reaches_signal(_verb: Verb, target: str, options: Options, args: Arguments) -> bool:
    pid, process, signal = args.get("pid"), args.get("process"), args.get("name")
    if (
        type(pid) is not int
        or pid < 2
        or not isinstance(process, str)
        or not isinstance(signal, str)
        or signal not in options
    ):
        return False
    is_meant = str(pid) == target if _PID.fullmatch(target) else process == target
    return is_meant and _why_never_signalled(process, (signal,)) is None


def _why_never_signalled(process: str, signals: Options) -> str | None:
    if _PID.fullmatch(process):
        return None
    return why_never_served(process, "reload" if DEADLY.isdisjoint(signals) else "stop")


def _check_url(_verb: Verb, target: str, options: Options) -> None:
    if "site" in options and ("listed" not in options or "*" in target):
        raise InvalidError(f"{target!r}: a whole site is granted as URL;listed;site, and the URL has no wildcard")
    if PARAMETER.fullmatch(target):
        return
    if "{" in target:
        raise InvalidError(f"{target!r}: a parameter in a URL stands for the whole of it")
    _refuse_never(target, why_never_fetched(target))
    if "*" not in target:
        return
    split = urlsplit(target)
    if "*" in split.netloc or split.query or "%" in target:
        raise InvalidError(f"{target!r}: only the path of a URL may have wildcards, and then it has no query")
    pattern_of(split.path)


def _reaches_url(_verb: Verb, target: str, options: Options, args: Arguments) -> bool:
    url = args.get("url")
    if not isinstance(url, str) or ("listed" in options and args.get("is_listed") is not True):
        return False
    if "site" in options:
        return why_never_fetched(url) is None and _origin_of(url) == _origin_of(target)
    return is_url_reached(target, url)


def is_url_reached(target: str, url: str) -> bool:
    """True when a granted URL means this one, and nothing closes it."""
    if why_never_fetched(url) is not None:
        return False
    return url == target if "*" not in target else _is_url_within(url, target)


def _is_url_within(url: str, target: str) -> bool:
    """The same scheme, host and port, no query, and a path in the pattern that says the same decoded and as it is."""
    asked, granted = urlsplit(url), urlsplit(target)
    if _origin_of(url) != _origin_of(target) or asked.query or unquote(asked.path) != asked.path:
        return False
    try:
        return matches(pattern_of(granted.path), parts_of(asked.path or "/"))
    except InvalidError:
        return False


def _origin_of(url: str) -> tuple[str, str, int]:
    split = urlsplit(url)
    return split.scheme, (split.hostname or "").rstrip("."), split.port or (443 if split.scheme == "https" else 80)


def _check_word(verb: Verb, target: str, _options: Options) -> None:
    if not (PARAMETER.fullmatch(target) or _WORD.fullmatch(target) or (target == "" and verb in WITHOUT_TARGET)):
        raise InvalidError(f"{target!r} is not a name")


def _refuse_never(what: str, reason: str | None) -> None:
    if reason is not None:
        raise NeverError(what, reason)


def _check_secret(verb: Verb, target: str, options: Options) -> None:
    name, at, url = target.partition("@")
    if not at or not _SECRET.fullmatch(name) or "{" in target:
        raise InvalidError(
            f"{target!r} must say where the secret goes, as in secret:gitlab@https://gitlab.example.com/**"
        )
    _check_url(verb, url, options)
    split = urlsplit(url)
    if split.scheme != "https" and split.hostname not in LOOPBACK:
        raise InvalidError(f"{target!r}: a secret goes over https only")


def _reaches_secret(_verb: Verb, target: str, _options: Options, args: Arguments) -> bool:
    """Without a URL: whether it may be held; with one: whether it may be sent there."""
    name, _, pattern = target.partition("@")
    url = args.get("url", pattern)
    return args.get("name") == name and isinstance(url, str) and (url == pattern or is_url_reached(pattern, url))


def _check_key(_verb: Verb, target: str, _options: Options) -> None:
    if not (PARAMETER.fullmatch(target) or _KEY.fullmatch(target)):
        raise InvalidError(f"{target!r} is neither a key nor a beginning of keys that ends in '*'")


def _reaches_key(_verb: Verb, target: str, _options: Options, args: Arguments) -> bool:
    key = args.get("key")
    if not isinstance(key, str):
        return False
    return key.startswith(target[:-1]) if target.endswith("*") else key == target


def _reaches_audience(_verb: Verb, target: str, _options: Options, args: Arguments) -> bool:
    return args.get("to") == (target or ON_CALL)


def _reaches_always(_verb: Verb, _target: str, _options: Options, _args: Arguments) -> bool:
    return True


_SERVED = (Verb.SERVICE_STATUS, Verb.SERVICE_START, Verb.SERVICE_STOP, Verb.SERVICE_RESTART, Verb.SERVICE_RELOAD)

_CHECKS: Mapping[Verb, Callable[[Verb, str, Options], None]] = {
    **dict.fromkeys((*_LOOKING, Verb.FS_READ, *CHANGING), _check_path),
    **dict.fromkeys(_SERVED, _check_service),
    Verb.EXEC: _check_exec,
    Verb.PROCESS_LIST: _check_process_list,
    Verb.PROCESS_SIGNAL: _check_signal,
    Verb.HTTP_GET: _check_url,
    Verb.HTTP_POST: _check_url,
    Verb.KV: _check_key,
    Verb.NOTIFY: _check_word,
    Verb.SECRET: _check_secret,
}

_REACHES: Mapping[Verb, Callable[[Verb, str, Options, Arguments], bool]] = {
    **dict.fromkeys((*_LOOKING, Verb.FS_READ, *CHANGING), _reaches_path),
    **dict.fromkeys(_SERVED, _reaches_service),
    Verb.EXEC: _reaches_exec,
    Verb.PROCESS_LIST: _reaches_always,
    Verb.PROCESS_SIGNAL: _reaches_signal,
    Verb.HTTP_GET: _reaches_url,
    Verb.HTTP_POST: _reaches_url,
    Verb.KV: _reaches_key,
    Verb.NOTIFY: _reaches_audience,
    Verb.SECRET: _reaches_secret,
}
