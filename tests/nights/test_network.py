"""Nights in which a repair changes the network: it stays only when the path we need was measured after it, else the host takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.approval import Verdict
from core.incident import Ending
from core.skill_manifest import Skill
from core.task import UNDO, task
from core.world import CommandResult
from tests.fakes.flow import Killed
from tests.fakes.host import FakeHost
from tests.nights.night import Night, Play, Trouble
from tests.nights.remedies import skill

HOST, GOOD, OTHER = "web-1", "10.0.0.1", "10.0.0.9"
SHOW = "/usr/sbin/ip route show default"
DATABASE, PAYMENTS = "tcp.failed:10.8.0.5:5432", "http.failed:http://payments/"


class RoutedHost(FakeHost):
    """A host with one default route; the database is beyond OTHER, payments are beyond GOOD."""

    def __init__(self) -> None:
        super().__init__({})
        self.gateway = GOOD

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:  # noqa: ARG002 - the port's own
        """See `core.ports.Host`."""
        if argv[-2:] == ("show", "default"):
            return CommandResult(0, f"default via {self.gateway} dev eth0 \n", "")
        started(*self.started_as)
        self.before(argv)
        self.gateway = argv[argv.index("via") + 1]
        self.done.append(argv)
        self.after(argv)
        return CommandResult(0, "", "")


def gateway_of(host: FakeHost) -> str:
    """Where the host's default route leads."""
    return host.gateway if isinstance(host, RoutedHost) else GOOD


def reroutes() -> Skill:
    """Leads the default route over the other gateway."""
    body = f"""
host.run(["/usr/sbin/ip", "route", "replace", "default", "via", "{OTHER}", "dev", "eth0"])
return Outcome(ok=True, summary="the route leads elsewhere now")
"""
    grant = f"exec:/usr/sbin/ip route replace default via {OTHER} dev eth0"
    return skill("reroutes", body, grant, cures=["tcp.failed"])


def unreachable_database(*, payments_stay: bool) -> Trouble:
    """The database cannot be reached over GOOD; payments are good, and stay so over OTHER or not."""
    lost = {PAYMENTS: lambda host: float(gateway_of(host) == OTHER and not payments_stay)}
    world = {"exec": {SHOW: f"default via {GOOD} dev eth0 \n"}}
    return Trouble(HOST, DATABASE, world, lambda host: 97.0 * (gateway_of(host) == GOOD), others=lost)


def night_of(*, payments_stay: bool = False) -> Night:
    """Asked, and nobody has answered yet."""
    night = Night(unreachable_database(payments_stay=payments_stay), skills=[reroutes()])
    night.both(lambda play: play.hosts.update({HOST: RoutedHost()}))
    return night


def audit(night: Night) -> list[str]:
    """What the trail says of the network, in order."""
    kinds = night.both(lambda play: [row.kind for row in play.store.shelf.audit])
    return [kind for kind in kinds if kind.startswith("network.")]


THERE = f"/usr/sbin/ip route replace default via {OTHER} dev eth0"
REROUTED = f"reroutes: failed (rolled back on {HOST}: the path we need was gone)"
BACK = f"/usr/sbin/ip route replace default via {GOOD} dev eth0"


def test_a_route_that_cuts_a_path_that_was_good_is_back_and_a_person_has_it() -> None:
    night = night_of()
    night.answer(Verdict.APPROVED)
    assert night.host(HOST).effects == [THERE, BACK]
    assert night.both(lambda play: gateway_of(play.hosts[HOST])) == GOOD
    assert (night.report.ending, night.report.tried) == (Ending.HANDED_OVER, (REROUTED,))
    (attempt,) = night.incident.attempts
    assert attempt.outcome is not None
    assert attempt.outcome.error == f"RolledBackError: rolled back on {HOST}: the path we need was gone"
    assert attempt.outcome.is_rolled_back
    assert (attempt.outcome.ended - attempt.outcome.started).total_seconds() <= 61
    (action,) = night.report.actions
    assert "(undone by " in action.text
    assert not action.is_undoable
    assert audit(night) == ["network.armed", "network.rolled back"]
    assert night.verified == {"reroutes": 0}


def test_a_route_over_which_the_paths_hold_is_confirmed_and_stays() -> None:
    night = night_of(payments_stay=True)
    night.answer(Verdict.APPROVED)
    assert night.host(HOST).effects == [THERE]
    assert night.report.ending is Ending.FIXED
    assert audit(night) == ["network.armed", "network.confirmed"]
    assert night.both(lambda play: play.timer.fired(HOST)) == ()


def test_where_no_undo_can_be_armed_nothing_is_changed() -> None:
    night = night_of(payments_stay=True)
    night.both(lambda play: setattr(play.timer, "is_broken", True))
    night.answer(Verdict.APPROVED)
    assert night.host(HOST).effects == []
    assert night.report.ending is Ending.HANDED_OVER
    assert night.verified == {"reroutes": 0}


def test_what_cannot_be_measured_confirms_nothing() -> None:
    night = night_of(payments_stay=True)

    def blind(play: Play) -> None:
        play.hosts[HOST].after = lambda _: setattr(play.probe, "is_broken", True)

    night.both(blind)
    night.both(lambda play: play.decide(Verdict.APPROVED, "li", ""))
    night.wait(90)
    assert night.host(HOST).effects == [THERE, BACK]


def test_a_network_change_that_was_confirmed_and_did_not_help_is_taken_back_by_the_story() -> None:
    trouble = replace(unreachable_database(payments_stay=True), measure=lambda _host: 97.0)
    night = Night(trouble, skills=[reroutes()])
    night.both(lambda play: play.hosts.update({HOST: RoutedHost()}))
    night.answer(Verdict.APPROVED)
    assert night.host(HOST).effects == [THERE, BACK]
    assert night.report.tried == ("reroutes: still bad",)
    assert audit(night) == ["network.armed", "network.confirmed"] * 2


def test_taking_a_route_back_by_hand_is_confirmed_too_or_done_again() -> None:
    night = night_of(payments_stay=True)
    night.answer(Verdict.APPROVED)
    (action,) = night.report.actions
    run = night.both(lambda play: play.store.history.run_of(int(action.id))[0])

    def ask(play: Play) -> None:
        now = play.store.clock.now()
        typed = {"run": run}
        play.take_in(task(f"console:{now}", "li", HOST, UNDO, action.id, typed=typed, at=now, is_yes=False))

    night.wait(60)
    night.both(ask)
    night.settle()
    night.answer(Verdict.APPROVED, by="bo")
    assert night.host(HOST).effects == [THERE, BACK, THERE]
    assert [one.partition(" (")[0] for one in night.report.tried] == ["undo: failed"]
    assert night.both(lambda play: [row.undone_by for row in play.store.effects.of_run(run)]) == [0]


def test_after_our_death_in_the_middle_the_journal_says_what_the_host_took_back() -> None:
    night = night_of()

    def die(play: Play) -> None:
        def die_now() -> None:
            play.timer.while_waiting = lambda: None
            raise Killed

        play.timer.while_waiting = die_now
        play.decide(Verdict.APPROVED, "li", "")
        with pytest.raises(Killed):
            play.settle()
        play.timer.lose_line()
        play.team.executor.recover()

    night.both(die)
    night.settle()
    assert night.host(HOST).effects == [THERE, BACK]
    assert (night.report.ending, night.report.tried) == (Ending.HANDED_OVER, (REROUTED,))
    (action,) = night.report.actions
    assert "(undone by " in action.text
    assert audit(night) == ["network.armed", "network.rolled back"]
