"""The yes is read live before every effect: which one it is, by whom, and in which mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.approval import Answer, Approval, digest_of, short_id
from core.authority import POLICY
from core.execution import Executor
from core.inventory import Mode
from tests.core.test_execution import Shift


def test_a_mode_that_was_tightened_since_lets_no_further_effect_begin() -> None:
    here = Shift()
    approval = here.approved()
    here.host.after = lambda _change: setattr(here, "now", Mode.OBSERVE)
    outcome = here.executor.execute(approval, approval.id, here.fence)
    assert (len(here.host.done), outcome.error.partition(":")[0]) == (1, "ExpiredError")
    assert here.executor.undo(approval.id, here.incident, approval.id, here.fence).effects == 0


def test_who_lost_the_role_has_not_said_yes() -> None:
    here = Shift()
    approval = here.approved()
    here.approvers.clear()
    outcome = here.executor.execute(approval, approval.id, here.fence)
    assert (here.host.done, outcome.error.partition(":")[0]) == ([], "ExpiredError")


def test_what_nobody_was_asked_for_runs_in_auto_only() -> None:
    here = Shift(mode=Mode.AUTO)
    approval = here.approved(answer=Answer.GO, by=POLICY)
    here.now = Mode.APPROVE
    assert here.executor.execute(approval, approval.id, here.fence).error.startswith("ExpiredError")
    here.now = Mode.AUTO
    assert here.executor.execute(approval, approval.id, here.fence).ok


@pytest.mark.parametrize(
    ("by", "is_enough"),
    [
        (("li",), False),
        (("li", "stranger"), False),
        (("li", "li typed otherhost"), False),
        (("li", "stranger typed localhost"), False),
        (("li", "wang"), True),
        (("li", "li typed localhost"), True),
        (("li", "os:0"), False),
        (("os:0", "li", "wang"), True),
        (("os:0", "os:0 typed localhost"), True),
        (("li", "os:0", "os:0 typed localhost"), True),
    ],
)
def test_a_high_risk_needs_two_who_may_or_the_name_typed(by: tuple[str, ...], is_enough: bool) -> None:
    here = Shift(approvers={"li", "wang", "os:0"})
    approval = here.approved()
    forced = replace(approval, answer=Answer.ASK2, by=by)
    here.store.shelf.approvals[approval.id] = forced
    assert here.executor.execute(forced, approval.id, here.fence).ok is is_enough


@pytest.mark.parametrize(
    ("by", "asked_by", "is_enough"),
    [
        (("li", "wang"), ("li",), True),
        (("li", "wang"), ("li", "wang"), False),
        (("li", "li typed localhost"), ("li",), True),
        (("li", "wang", "li typed localhost"), ("li", "wang"), True),
        (("li",), ("wang",), False),
    ],
)
def test_at_most_one_of_the_two_is_among_those_who_asked(
    by: tuple[str, ...], asked_by: tuple[str, ...], is_enough: bool
) -> None:
    here = Shift()
    approval = here.approved()
    forced = replace(approval, answer=Answer.ASK2, by=by, asked_by=asked_by)
    here.store.shelf.approvals[approval.id] = forced
    assert here.executor.execute(forced, approval.id, here.fence).ok is is_enough


def test_a_journal_that_was_changed_does_not_run_under_the_yes_to_something_else() -> None:
    here = Shift()
    approval = here.approved()
    assert approval.proposal is not None
    other = replace(approval.proposal, parameters=here.values("/srv"))
    digest = digest_of(other, approval.expires)
    forged = replace(approval, id=short_id(digest), digest=digest, asks=other)
    assert here.executor.execute(forged, approval.id, here.fence).error
    renamed = replace(forged, id=approval.id)
    assert here.executor.execute(renamed, approval.id, here.fence).error
    assert here.host.done == []


def test_a_yes_to_one_run_takes_back_no_other() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, "r1", here.fence)
    outcome = here.executor.undo("r1", here.incident, approval.id, here.fence)
    assert here.host.files["/srv/log/a.log.1"] is None
    assert outcome.effects == 0


# ---- under a standing order ---------------------------------------------------------------------------------------------------------


def under_order(here: Shift) -> Approval:
    """A yes that policy wrote because an order covers it."""
    yes = replace(here.approved(answer=Answer.GO, by=POLICY), order="O-ABCDEF")
    here.store.shelf.approvals[yes.id] = yes
    return yes


def test_what_an_order_stands_for_runs_in_approve_while_the_order_holds() -> None:
    here = Shift()
    yes = under_order(here)
    outcome = ordered(here, lambda _yes, _host: "").execute(yes, yes.id, here.fence)
    assert (outcome.ok, len(here.host.done)) == (True, 2)


def test_an_order_that_is_revoked_between_two_effects_lets_no_second_one_begin() -> None:
    here, why = Shift(), [""]
    yes = under_order(here)
    here.host.after = lambda _change: why.__setitem__(0, "standing order O-ABCDEF is over: revoked by mia")
    outcome = ordered(here, lambda _yes, _host: why[0]).execute(yes, yes.id, here.fence)
    assert (len(here.host.done), outcome.error.partition(":")[0]) == (1, "ExpiredError")


@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.AUTO])
def test_an_order_that_nobody_knows_carries_nothing_in_any_mode(mode: Mode) -> None:
    here = Shift(mode=mode)
    yes = under_order(here)
    assert here.executor.execute(yes, yes.id, here.fence).error.startswith("ExpiredError")
    assert here.host.done == []


def test_an_order_opens_no_host_that_is_only_observed() -> None:
    here = Shift()
    yes = under_order(here)
    here.now = Mode.OBSERVE
    outcome = ordered(here, lambda _yes, _host: "").execute(yes, yes.id, here.fence)
    assert (here.host.done, outcome.ok) == ([], False)


def ordered(here: Shift, why_not: Callable[[Approval, str], str]) -> Executor:
    """The executor with somebody who knows the orders."""
    return replace(here.executor, operator=replace(here.executor.operator, why_no_order=why_not))
