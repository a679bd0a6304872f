"""What `nightshift hosts` does: lists, adds, tries, trusts again and forgets the machines there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot import jobs
from bot.answers import Answer
from bot.app import Finding
from bot.cli_session import Session
from bot.hosts_listed import taken
from bot.hosts_needs import may_run, watched_on
from bot.hosts_setup import Setup, setup, undone
from bot.settings_files import TOML, stated_in
from bot.settings_hosts import SSH, HostTable, host_mistake
from core.alert import LOCALHOST
from core.errors import ChangedError, InvalidError, RefusedError, UnknownError
from core.sudoers import needed, orders_wherever


@dataclass(frozen=True, slots=True)
class Wanted:
    """A host as `hosts add` was told of it; what was not said is as nightshift.toml or an inventory says."""

    name: str
    address: str = ""
    port: int = 0
    user: str = ""
    hand: str = ""
    groups: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


# ---- list and check -----------------------------------------------------------------------------------------------------------------


def show(session: Session, *, check: bool) -> int:
    """One line each, this machine first; with `check` what was found on each, side by side."""
    from bot.hosts_check import tried

    settings, inventory = session.settings, session.settings.inventory()
    stated = stated_in(settings.home / TOML)
    listed = taken(stated.inventory, stated.hosts, settings.home)
    say = session.words.say
    found = tried(settings, session.words) if check else {}
    lines, rows = [say("hosts.head")], []
    for entry in inventory.hosts:
        table = settings.file.hosts.get(entry.name, HostTable())
        row: dict[str, object] = {
            "name": entry.name,
            "reach": entry.reach,
            "address": where(entry.name, table),
            "groups": entry.groups,
            "mode": inventory.mode(entry.name).word,
            "origin": listed.origins.get(entry.name, TOML),
        }
        lines.append(say("hosts.line", **row | {"groups": ", ".join(entry.groups) or "-"}).rstrip())
        seen = found[entry.name].findings if entry.name in found else ()
        lines += [_line(one) for one in seen]
        rows.append(row | ({"check": seen} if check else {}))
    for name, why in listed.notes:
        lines.append(say("hosts.left", name=name, why=why) if name else say("hosts.left.file", why=why))
    session.show(
        Answer(
            "\n".join(lines),
            {"hosts": rows, "left": [dict(zip(("name", "why"), one, strict=True)) for one in listed.notes]},
        )
    )
    return int(any(one.is_bad for one in found.values()))


def check(session: Session, name: str) -> int:
    """One host, with the sudoers lines that are missing there; 1 where something is."""
    from bot.hosts_check import Tried, tried

    _known(session, name)
    found = tried(session.settings, session.words, (name,)).get(
        name, Tried((Finding("reached", "ok", session.words.say("check.local", name=name)),))
    )
    lines = [_line(one) for one in found.findings]
    if found.missing:
        lines += [session.words.say("hosts.missing", name=name), *found.missing]
    session.show(Answer("\n".join(lines), {"check": found.findings, "missing": found.missing}))
    return int(found.is_bad)


def where(name: str, host: HostTable) -> str:
    """Address and port, the container's name, or nothing."""
    if host.reach == SSH:
        return f"{host.address or name}:{host.port}"
    return (host.container or name) if host.reach == "docker" else ""


def _line(one: Finding) -> str:
    marks = {"ok": "ok  ", "warn": "note"}
    advice = f"\n      -> {one.advice}" if one.advice else ""
    return f"  {marks.get(one.state, 'BAD ')} {one.what}: {one.detail}{advice}"


# ---- add, trust, remove -------------------------------------------------------------------------------------------------------------


def add(session: Session, wanted: Wanted, fingerprint: str) -> int:
    """Accepts its key, makes ours, and prints what is to be set up; nothing is done over there."""
    from bot.hosts_far import ways_to

    host = _table(session, wanted)
    ways = ways_to(session.settings.home, wanted.name, host)
    with _reached(session, wanted.name, host) as (shown, was):
        if was and was != shown:
            raise ChangedError(_changed(session, wanted.name, shown, was))
        if not was:
            _accept(session, wanted.name, host, shown, fingerprint)
            ways.pin(host, wanted.name, shown)
            _note(session, "host.added", wanted.name, shown)
    keys = ways.public_keys(wanted.name, host)
    services = wanted.services or watched_on(session.settings, wanted.name)
    made = setup(wanted.name, host, keys, needed(may_run(session.settings, wanted.name), services, orders_wherever))
    return session.show(Answer("\n".join(_printed(session, wanted.name, host, made)), made))


def trust(session: Session, name: str, fingerprint: str) -> int:
    """The key that it has now counts, in place of the one before."""
    from bot.hosts_far import fingerprint as printed
    from bot.hosts_far import ways_to

    host, say = _known(session, name, SSH), session.words.say
    with _reached(session, name, host) as (shown, was):
        if was == shown:
            return session.show(
                Answer(say("hosts.same", name=name, fingerprint=printed(shown)), {"fingerprint": printed(shown)})
            )
        if was:
            session.tell(say("hosts.key.was", name=name, where=where(name, host), fingerprint=printed(was)))
        _accept(session, name, host, shown, fingerprint)
        ways_to(session.settings.home, name, host).pin(host, name, shown)
        _note(session, "host.trusted", name, shown, was)
    return session.show(
        Answer(say("hosts.trusted", name=name, fingerprint=printed(shown)), {"fingerprint": printed(shown)})
    )


def remove(session: Session, name: str) -> int:
    """Its key and ours are forgotten; the file of settings stays the operator's."""
    from bot.hosts_far import ways_to

    host, say = _known(session, name, SSH), session.words.say
    ways_to(session.settings.home, name, host).forget(host, name)
    _note(session, "host.removed", name, "")
    lines = undone(host)
    text = "\n".join((say("hosts.forgot", name=name), say("hosts.undone", name=name), *lines))
    return session.show(Answer(text, {"over_there": lines}))


@contextmanager
def _reached(session: Session, name: str, host: HostTable) -> Iterator[tuple[str, str]]:
    """The key that the host shows now, and the one that was accepted, '' for none."""
    from bot.hosts_far import shown_key, ways_to

    yield shown_key(session.settings.home, name, host), ways_to(session.settings.home, name, host).pinned(host, name)


def _accept(session: Session, name: str, host: HostTable, key: str, expected: str) -> None:
    """Never silently: the fingerprint that was typed is this one, or a person at the terminal says yes to it."""
    from bot.hosts_far import fingerprint

    say, shown = session.words.say, fingerprint(key)
    if expected:
        if expected.strip() != shown:
            raise RefusedError(say("hosts.differs", name=name, fingerprint=shown))
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidError(say("hosts.noask", name=name, fingerprint=shown))
    sys.stderr.write(say("hosts.key", name=name, where=where(name, host), fingerprint=shown) + "\n" + say("hosts.ask"))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"yes", "是"}:
        raise RefusedError(say("hosts.no", name=name))


def _changed(session: Session, name: str, now: str, was: str) -> str:
    from bot.hosts_far import fingerprint

    return session.words.say("hosts.changed", name=name, now=fingerprint(now), was=fingerprint(was))


def _table(session: Session, wanted: Wanted) -> HostTable:
    """What was said, over what nightshift.toml or an inventory says."""
    stated = session.settings.file.hosts.get(wanted.name)
    if stated is not None and stated.reach != SSH:
        raise InvalidError(session.words.say("hosts.notssh", name=wanted.name, reach=stated.reach))
    given = {} if stated is None else {key: getattr(stated, key) for key in stated.model_fields_set}
    said = {
        "address": wanted.address,
        "port": wanted.port,
        "user": wanted.user,
        "hand": wanted.hand,
        "groups": wanted.groups,
    }
    table = HostTable.model_validate(given | {key: value for key, value in said.items() if value} | {"reach": SSH})
    if wanted.hand == "none":
        table = table.model_copy(update={"hand": ""})
    if wanted.name == LOCALHOST:
        raise InvalidError(f"{LOCALHOST} is this machine; it is reached already")
    if mistake := host_mistake(wanted.name, table):
        raise InvalidError(mistake)
    return table


def _known(session: Session, name: str, reach: str = "") -> HostTable:
    tables = {LOCALHOST: HostTable()} | session.settings.file.hosts
    if name not in tables:
        raise UnknownError("host", name, tuple(tables))
    if reach and tables[name].reach != reach:
        raise InvalidError(session.words.say("hosts.notssh", name=name, reach=tables[name].reach))
    return tables[name]


def _note(session: Session, kind: str, name: str, key: str, was: str = "") -> None:
    """Who accepted what, for the trail."""
    from bot.hosts_far import fingerprint

    shown = {word: fingerprint(one) for word, one in (("key", key), ("before", was)) if one}
    with jobs.open_store(session.settings) as rows:
        rows.audit.append(kind, name, {"by": f"os:{os.geteuid()}", **shown}, rows.clock.now())


def _printed(session: Session, name: str, host: HostTable, made: Setup) -> Iterator[str]:
    say, who = session.words.say, {"name": name, "look": host.user, "hand": host.hand}
    yield from (say("hosts.table"), made.table, "")
    yield say("hosts.accounts" if host.hand else "hosts.accounts.look", **who)
    yield from made.accounts
    if host.hand:
        yield from ("", say("hosts.rules" if made.rules else "hosts.norules", **who), *made.rules)
    if made.folders:
        yield from ("", say("hosts.folders", **who), *made.folders)
    if made.left:
        yield from ("", say("hosts.needs"), *(f"#   {one}" for one in made.left))
    yield from ("", say("hosts.next", name=name))
