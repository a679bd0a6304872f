"""What the hand of a far host must be allowed there: the sudoers lines and folders that the granted skills need, each one exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.argv_pattern import Placeholder
from core.capability import Risk, Verb
from core.errors import InvalidError
from core.grant import Grant
from core.service_control import Supervised, argv_for
from core.skill_manifest import Skill
from core.vetted_shapes import program_of, shape_of, shape_of_argv

Argv = tuple[str, ...]
Orders = Callable[[str, str], tuple[Argv, ...]]
"""Of a verb and a service, the commands that may have to be given for it."""

_ORDERS = {
    Verb.SERVICE_START: ("start", "stop"),
    Verb.SERVICE_STOP: ("stop", "start"),
    Verb.SERVICE_RESTART: ("restart", "stop"),
    Verb.SERVICE_RELOAD: ("reload",),
}
"""What a verb comes to, and what takes it back."""
_CHANGES = frozenset({Verb.FS_WRITE, Verb.FS_DELETE, Verb.FS_MOVE, Verb.FS_TRUNCATE})
_PRIVILEGED_LOOKS = frozenset(
    {
        *("supervisorctl", "sv", "nginx", "apachectl", "apache2ctl", "sshd", "named-checkconf", "dmesg"),
        *("iptables", "ip6tables", "iptables-save", "ip6tables-save", "nft"),
    }
)
"""Programs that only root gets an answer from: during an approved run the hand asks them through sudo."""

_WORD = re.compile(r"[A-Za-z0-9_./@%+:=,|-]+", re.ASCII)
"""No blank, wildcard, quote, `!`, `#`, `^` or `\\\\`: nothing that sudo reads as more than itself."""
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SYSTEM = ("/etc", "/bin", "/sbin", "/lib", "/usr", "/boot", "/root", "/proc", "/sys", "/dev")
_UNIT = re.compile(r".+\.(service|socket|timer|mount|path|target|slice|scope)")


@dataclass(frozen=True, slots=True)
class Needed:
    """Exact commands, folders whose files are changed, and by skill what is left to the operator: its values are not known before."""

    commands: tuple[Argv, ...]
    folders: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def needed(skills: Iterable[Skill], services: tuple[str, ...], orders: Orders) -> Needed:
    """What these skills need on a host where these services are watched."""
    commands: dict[Argv, None] = {}
    folders: dict[str, None] = {}
    left: dict[tuple[str, str], None] = {}
    for skill in skills:
        for text in skill.capabilities:
            grant = Grant.parse(text)
            found = _commands_of(grant, services, orders)
            if found is None:
                left.setdefault((skill.name, text))
            commands.update(dict.fromkeys(found or ()))
            if folder := _folder_of(grant):
                folders.setdefault(folder)
    return Needed(tuple(sorted(commands)), tuple(sorted(folders)), tuple(left))


def wants_sudo(argv: Argv) -> bool:
    """True for what an ordinary user over there could not do: orders to services, vetted changes, and looks that only root may take."""
    program = program_of(argv[0])
    if tells_only_root(argv):
        return True
    if argv[1:] == ("-n", "-l") and program == "sudo":
        return False
    if program == "systemctl" and argv[1:2] == ("show",):
        return False
    shape = shape_of_argv(argv)
    return shape is None or shape.risk is not Risk.LOW


def tells_only_root(argv: Argv) -> bool:
    """True for a look whose answer to an ordinary user is none."""
    return program_of(argv[0]) in _PRIVILEGED_LOOKS


def line_of(user: str, argv: Argv) -> str:
    """One line of sudoers that allows exactly this; raises InvalidError for what could be read as more."""
    if not _USER.fullmatch(user) or not argv[0].startswith("/") or not all(map(_WORD.fullmatch, argv)):
        raise InvalidError(f"{' '.join(argv)[:120]!r} cannot stand in sudoers; allow it by hand")
    command, *arguments = (re.sub(r"([,:=])", r"\\\1", word) for word in argv)
    return (
        f"{user} ALL=(root) NOPASSWD: {' '.join((command, *arguments)) if arguments else command + ' ' + chr(34) * 2}"
    )


def defaults_of(user: str) -> str:
    """The line that goes before: what hangs can be ended, and whoever holds the key brings no variables and no PATH along."""
    if not _USER.fullmatch(user):
        raise InvalidError(f"{user[:40]!r} cannot stand in sudoers")
    return f'Defaults:{user} use_pty, env_reset, !setenv, secure_path="{_PATH}"'


def gives_terminal(text: str) -> bool:
    """Whether what `sudo -l` lists says `use_pty`; the last word counts."""
    found = re.findall(r"(?<![\w!])(!?)use_pty\b", text.partition("may run the following")[0])
    return bool(found) and not found[-1]


def too_wide(text: str) -> tuple[str, ...]:
    """What `sudo -l` lists that is more than one command to the letter."""
    tags = ("SETENV",) if re.search(r"(?m)^\s+\(.*\bSETENV:", text) else ()
    return (*tags, *(one for one in allowed_in(text) if one == "ALL" or re.search(r"(?<!\\)[*?\[]", one)))


def orders_wherever(verb: str, name: str) -> tuple[Argv, ...]:
    """The commands of whoever usually runs a service, for a host that nobody could look at yet."""
    unit = name if _UNIT.fullmatch(name) else f"{name}.service"
    usual = (Supervised("systemd", unit, "/usr/bin/systemctl"), Supervised("pidfile", name, f"/etc/init.d/{name}"))
    return tuple(argv_for(one, verb) for one in usual)


def is_allowed(argv: Argv, listed: Mapping[str, object] | Iterable[str]) -> bool:
    """Whether what `sudo -l` lists names exactly this command."""
    words = [re.sub(r"([,:=])", r"\\\1", word) for word in argv]
    plain, escaped = " ".join(argv), " ".join(words)
    if len(argv) == 1:
        plain, escaped = f'{plain} ""', f'{escaped} ""'
    return any(one in (plain, escaped) for one in listed)


def allowed_in(text: str) -> tuple[str, ...]:
    """The commands that `sudo -n -l` says root allows without a password."""
    found = re.findall(r"(?m)^\s+\((?:root|ALL)(?:\s*:\s*\w+)?\)\s+((?:[A-Z]+:\s*)+)(.+)$", text)
    return tuple(
        re.sub(r"^(?:[A-Z]+:\s*)+", "", one).strip()
        for tags, commands in found
        if "NOPASSWD" in tags
        for one in re.split(r"(?<!\\),\s+", commands)
    )


def _commands_of(grant: Grant, services: tuple[str, ...], orders: Orders) -> tuple[Argv, ...] | None:
    """None where only the run knows."""
    if grant.verb in _ORDERS:
        names = services if "{" in grant.target else (grant.target,)
        given = tuple(argv for name in names for verb in _ORDERS[grant.verb] for argv in orders(verb, name))
        return given + tuple(question for argv in given for question in _asked_by(argv))
    if grant.verb is Verb.EXEC:
        return _executed(grant, services)
    return None if grant.verb is Verb.PROCESS_SIGNAL or _is_open_ended(grant) else ()


def _asked_by(order: Argv) -> tuple[Argv, ...]:
    """How a run asks the supervisor first, where only root gets an answer."""
    program = program_of(order[0])
    if program == "supervisorctl":
        return ((*order[:3], "status", order[-1]),)
    return ((order[0], "status", order[-1]),) if program == "sv" else ()


def _executed(grant: Grant, services: tuple[str, ...]) -> tuple[Argv, ...] | None:
    filled: list[Argv] = [()]
    for part in grant.argv:
        if not isinstance(part, Placeholder):
            filled = [(*one, part) for one in filled]
        elif part.type == "unit":
            filled = [
                (*one, part.prefix + name) for one in filled for name in services if part.accepts(part.prefix + name)
            ]
        else:
            return None if wants_sudo(tuple(map(str, grant.argv))) and not _is_look(grant) else ()
    return tuple(argv for argv in filled if wants_sudo(argv))


def _is_look(grant: Grant) -> bool:
    shape = shape_of(grant.argv)
    return shape is not None and shape.risk is Risk.LOW


def _is_open_ended(grant: Grant) -> bool:
    return grant.verb in _CHANGES and not _folder_of(grant)


def _folder_of(grant: Grant) -> str:
    """The folder whose entries a grant changes, where it is known before; nothing of the system's own is opened to a user."""
    if grant.verb not in _CHANGES or "{" in grant.target:
        return ""
    path = grant.target.split("*", maxsplit=1)[0]
    folder = path.rpartition("/")[0]
    return "" if not folder or folder.startswith(_SYSTEM) else folder
