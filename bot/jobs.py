"""What the command line has done: each job composes what it needs when it is called, uses it, and puts it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.action_catalog import ActionCatalog
from bot.app import Finding, Rows, Worker
from bot.conversing import Recent
from bot.live_settings import LiveSettings
from bot.proven_skills import Proof, proofs_in
from bot.settings import Settings
from bot.team import Trust, trust_on
from bot.wiring import CONSOLE, SKILLS, build, desk_of, local_place, open_catalog_at, rows_of, store_of
from core.errors import BusyError
from core.execution import Operator
from core.inventory import Mode
from core.mode_now import ModeNow
from core.standing_orders import Ground

if TYPE_CHECKING:
    from bot.skill_tests import SkillResult


@contextmanager
def open_store(settings: Settings) -> Iterator[Rows]:
    """Without the lock: what reading and deciding commands use, also beside a running `up`."""
    store = store_of(settings.home, settings.database_url, (CONSOLE,), settings.env.key_file)
    try:
        yield rows_of(store)
    finally:
        store.close()


@contextmanager
def open_desk(settings: Settings, recent: Recent | None = None) -> Iterator[Worker]:
    """With the lock; raises BusyError while a running `up` holds it. `recent` is what was said before in this process."""
    from adapters.store.data_folder import DataFolder
    from bot.logs import start_logging_to
    from bot.single_command import SingleCommand

    if DataFolder(settings.home).holder():
        raise BusyError(str(settings.home))
    start_logging_to(settings.home / "nightshift.log")
    house = build(local_place(settings, (CONSOLE,)))
    try:
        yield SingleCommand(house, desk_of(house, settings.file.language, {}, recent))
    finally:
        house.close()


def open_catalog(settings: Settings) -> ActionCatalog:
    """The skills as data, and the team's own commands; needs no database."""
    return ActionCatalog(open_catalog_at(SKILLS), settings.actions())


def trusted(settings: Settings, rows: Rows) -> Trust:
    """What was allowed ahead, over rows that are open, with or without a running `up`."""
    inventory, live = settings.inventory(), LiveSettings(settings.home)
    modes = ModeNow(live.mode, rows.tightenings, inventory)
    files = open_catalog(settings)
    return trust_on(rows, files, Ground(inventory, live.may_approve, modes.of), Operator(action=files.action))


def run_up(settings: Settings) -> int:
    """Runs until it is told to end."""
    from bot.up import Up

    return Up(settings).run()


def run_sandboxd(settings: Settings) -> int:
    """Runs until it is told to end."""
    from bot.sandboxd import serve

    return serve(settings)


def run_demo(settings: Settings, nights: tuple[str, ...], *, yes: bool, own_brain: bool, as_json: bool) -> int:
    """The nights named, all when empty; 0 when every one was repaired or had a reason to be skipped."""
    from bot.demo import Demo

    return Demo(settings, nights, is_answered=yes, wants_json=as_json, own_brain=own_brain).run()


def examine(settings: Settings) -> tuple[Finding, ...]:
    """What works and what does not: rows, key, sandbox, hands, probes, skills."""
    from bot.examination import examine as look

    return look(settings)


def examine_hosts(settings: Settings) -> tuple[Finding, ...]:
    """Whether each host over there is reached as it should be."""
    from bot.hosts_check import findings

    return findings(settings)


def examine_waking(settings: Settings) -> tuple[Finding, ...]:
    """Who can be woken, and who notices that this machine is dead."""
    from bot.examination import examine_waking as look

    return look(settings)


def examine_brain(settings: Settings) -> tuple[Finding, ...]:
    """Whether the model in the cloud is there, takes the key, and what it may still use."""
    from bot.examining_brain import findings

    return findings(settings)


def examine_cerebellum(settings: Settings) -> tuple[Finding, ...]:
    """Whether the local model is there, tells how sure it is, and answers in time."""
    from bot.examining_cerebellum import findings

    return findings(settings)


def test_skill(name_or_file: str) -> SkillResult:
    """A skill's CASES on the invented host, in the sandbox, and what they are worth."""
    from bot.skill_tests import run

    return run(open_catalog_at(SKILLS), name_or_file, SKILLS)


def test_skills() -> Iterator[SkillResult]:
    """All of them, one after the other."""
    from bot.skill_tests import run_all

    return run_all(open_catalog_at(SKILLS), SKILLS)


def proofs(_: Settings) -> Mapping[str, Proof]:
    """Which skills were proven on a real fault."""
    return proofs_in(SKILLS)


def explain(settings: Settings, skill: str, host: str, mode: Callable[[str], Mode]) -> tuple[tuple[str, str], ...]:
    """(asker, what policy answers and by which line) for one skill on one host, in the mode that holds there now."""
    from bot.policy_view import explained

    return explained(open_catalog(settings).get(skill), settings.inventory(), host, mode)
