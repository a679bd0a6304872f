"""What has to be set up on a far host, as lines for its administrator to read and run: users, keys, groups, sudoers, folders."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from bot.settings_hosts import SSH, HostTable
from core.errors import InvalidError
from core.sudoers import Argv, Needed, defaults_of, line_of

SUDOERS = "/etc/sudoers.d/nightshift"
GROUPS = ("adm", "systemd-journal")


@dataclass(frozen=True, slots=True)
class Setup:
    """What `hosts add` prints. `accounts`, `rules` and `folders` are shell lines for root over there; `sudoers` stands inside `rules`."""

    table: str
    accounts: tuple[str, ...]
    sudoers: tuple[str, ...]
    rules: tuple[str, ...]
    folders: tuple[str, ...]
    left: tuple[str, ...]


def setup(name: str, host: HostTable, keys: tuple[str, str], wanted: Needed) -> Setup:
    """For one host; `keys` are the public keys of look and hand, '' where there is no hand."""
    look, hand = keys
    accounts = [*_account(host.user, look), *(_member(host.user, group) for group in GROUPS)]
    if not host.hand:
        return Setup(table_of(name, host), tuple(accounts), (), (), (), ())
    if host.hand != "root":
        accounts += _account(host.hand, hand)
    lines, left = sudoers(host.hand, wanted.commands)
    folders = tuple(
        f"[ ! -d {shlex.quote(one)} ] || setfacl -m u:{host.hand}:rwx {shlex.quote(one)}" for one in wanted.folders
    )
    rest = (*left, *(f"{skill}: {text}" for skill, text in wanted.left))
    return Setup(table_of(name, host), tuple(accounts), lines, rules(host.hand, lines), folders, rest)


def sudoers(hand: str, commands: Iterable[Argv]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines, and what no exact line can be written for. Root over there needs none."""
    lines, left = [], []
    for argv in () if hand == "root" else commands:
        try:
            lines.append(line_of(hand, argv))
        except InvalidError as error:
            left.append(error.message)
    return tuple(lines), tuple(left)


def rules(hand: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Shell lines that put them in place; a file that visudo does not accept never gets there, as its name with a dot is not read."""
    if not lines:
        return ()
    draft = f"{SUDOERS}.new"
    return (
        f"cat > {draft} <<'END'",
        defaults_of(hand),
        *lines,
        "END",
        f"chmod 440 {draft} && visudo -cqf {draft} && mv {draft} {SUDOERS}",
    )


def table_of(name: str, host: HostTable) -> str:
    """Its table for nightshift.toml, with what differs from the defaults."""
    given = {key: getattr(host, key) for key in type(host).model_fields}
    stated = {
        key: value for key, value in given.items() if key == "reach" or value != type(host).model_fields[key].default
    }
    head = f"[hosts.{name}]" if "." not in name else f'[hosts."{name}"]'
    return "\n".join((head, *(f"{key} = {_toml(value)}" for key, value in stated.items())))


def undone(host: HostTable) -> tuple[str, ...]:
    """What an administrator takes away over there when the host is not Nightshift's any more."""
    users = [host.user, *([host.hand] if host.hand not in {"", "root"} else [])]
    return (f"rm -f {SUDOERS}", *(f"userdel --remove {user}" for user in users)) if host.reach == SSH else ()


def _account(user: str, key: str) -> tuple[str, ...]:
    """No password, a plain shell, and one key that may run commands and nothing else: no forwarding, no terminal."""
    home = f"/home/{user}"
    return (
        f"id {user} >/dev/null 2>&1 || useradd --create-home --home-dir {home} --shell /bin/sh --password '*' {user}",
        f"install -d -m 700 -o {user} -g {user} {home}/.ssh",
        f"echo {shlex.quote(f'restrict {key}')} > {home}/.ssh/authorized_keys",
        f"chown {user}: {home}/.ssh/authorized_keys && chmod 600 {home}/.ssh/authorized_keys",
    )


def _member(user: str, group: str) -> str:
    return f"! getent group {group} >/dev/null || usermod --append --groups {group} {user}"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
