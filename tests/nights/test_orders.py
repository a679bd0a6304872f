"""From `asks me` to `lets me sleep` and back: the same fault again and again, with trust that is earned, given ahead, and taken away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.approval import Answer, Verdict
from core.card import CardKind
from core.errors import NoOrderError
from core.incident import Ending
from core.inventory import Mode
from core.proposal import Tier
from core.skill_manifest import Skill, SkillState
from core.standing_order import OrderState, Use
from core.task import UNDO
from tests.fakes.host import FakeHost
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs, skill
from tests.nights.test_by_hand import asks

HOUR = 3600.0
DAY = 24 * HOUR


def again(night: Night, after: float = HOUR) -> None:
    """The same fault, an hour later: no cap speaks any more."""
    night.heal()
    night.wait(after)
    night.break_again()


def worked_three_times(mode: Mode = Mode.APPROVE, *cures: Skill) -> Night:
    """Asked and fixed three times, an hour apart."""
    night = Night(disk_full_on("web-1"), list(cures) or [rotate_logs()], mode)
    for _ in range(2):
        night.answer(Verdict.APPROVED)
        again(night)
    night.answer(Verdict.APPROVED)
    return night


def trusted() -> Night:
    """With an order, confirmed by somebody else."""
    night = worked_three_times()
    night.let_me_sleep()
    return night


def tiers(night: Night) -> list[Tier | None]:
    """Who proposed each repair of the newest incident."""
    return [question.proposal.tier if question.proposal else None for question in night.questions]


# ---- the same fault five times ------------------------------------------------------------------------------------------------------


def test_the_same_fault_five_times() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    assert (night.asked.answer, tiers(night)) == (Answer.ASK1, [Tier.RULES])
    night.answer(Verdict.APPROVED)
    assert not night.is_offered

    again(night)
    assert (night.asked.answer, tiers(night)) == (Answer.ASK1, [Tier.MEMORY])
    night.answer(Verdict.APPROVED)
    assert not night.is_offered

    again(night)
    assert (night.asked.answer, tiers(night)) == (Answer.ASK1, [Tier.MEMORY])
    night.answer(Verdict.APPROVED)
    assert night.is_offered
    order = night.let_me_sleep(by="li", and_by="bo")
    assert (order.state, order.author, order.confirmed_by) == (OrderState.ACTIVE, "li", "bo")
    assert not night.is_offered

    again(night)
    (alone,) = night.questions
    assert (alone.verdict, alone.by, alone.order) == (Verdict.APPROVED, ("policy",), order.id)
    assert alone.policy_line == f"approve | medium | owned | order -> go, under {order.id} of li"
    assert (night.report.ending, night.report.order) == (Ending.FIXED, order.id)
    night.wrong(by="mia")
    (over,) = night.orders
    assert (over.state, over.ended_why) == (OrderState.REVOKED, "wrong fix, said mia")
    assert night.verified == {"rotate_logs": 0}

    again(night)
    assert (night.asked.answer, tiers(night)) == (Answer.ASK1, [Tier.RULES])
    assert night.endings == [Ending.FIXED] * 4 + [None]


def test_a_use_is_counted_once_and_replays_do_not_count_it_twice() -> None:
    night = trusted()
    again(night)
    (order,) = night.orders
    assert order.uses == (Use(night.incident.id, order.uses[0].at),)


def test_the_fourth_time_in_one_night_asks_and_says_why() -> None:
    night = trusted()
    for _ in range(3):
        again(night)
        assert night.report.order
    again(night)
    (order,) = night.orders
    assert night.asked.answer is Answer.ASK1
    assert night.asked.restraints == (f"standing order {order.id} was used 3 times tonight",)
    night.answer(Verdict.APPROVED)
    again(night, DAY)
    assert night.report.order == order.id


# ---- what it dies of ----------------------------------------------------------------------------------------------------------------


def revoke(play: Play) -> None:
    """Any member, at any time."""
    play.team.trust.orders.revoke(play.team.trust.orders.known()[0].id, "mia")


def forget(play: Play) -> None:
    """The author loses the role."""
    play.approvers.discard("li")


def forget_the_second(play: Play) -> None:
    """Who confirmed it loses the role."""
    play.approvers.discard("bo")


def change(play: Play) -> None:
    """Somebody edits the skill."""
    play.catalog.put(rotate_logs(timeout=21))


def set_back(play: Play) -> None:
    """The clock goes back by two minutes."""
    play.store.audit.append("run.began", "x", {}, play.store.clock.now())
    play.store.clock.advance(-120)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (revoke, "revoked by mia"),
        (forget, "li may not approve there any more"),
        (forget_the_second, "bo may not approve there any more"),
        (change, "its skill has changed"),
        (set_back, "the clock was set back"),
    ],
)
def test_what_ends_an_order_is_said_once_and_then_it_asks(happens: Callable[[Play], None], why: str) -> None:
    night = trusted()
    night.both(happens)
    night.wait(60)
    (order,) = night.orders
    assert order.ended_why == why
    notes = night.both(
        lambda play: [i.card.key for i in play.store.shelf.outbox.values() if i.card.subject == order.id]
    )
    assert notes == [f"{order.id}:proposed", f"{order.id}:active", f"{order.id}:ended"]
    night.both(lambda play: play.approvers.update({"li", "bo"}))
    again(night)
    assert night.asked.answer is Answer.ASK1


def test_it_lapses_after_thirty_days_unless_it_was_renewed_and_used() -> None:
    night = trusted()
    order = night.orders[0]
    with pytest.raises(NoOrderError):
        night.both(lambda play: play.team.trust.orders.renew(order.id, "li"))
    again(night)
    night.both(lambda play: play.store.clock.advance(20 * DAY))
    night.both(lambda play: play.team.trust.orders.renew(order.id, "bo"))
    night.both(lambda play: play.store.clock.advance(20 * DAY))
    night.wait(60)
    assert night.orders[0].is_on(night.both(lambda play: play.store.clock.now()))
    night.both(lambda play: play.store.clock.advance(11 * DAY))
    night.wait(60)
    assert night.orders[0].ended_why == "its time is up"


def test_one_failure_ends_it() -> None:
    night = trusted()
    night.heal()
    night.wait(HOUR)
    night.before("watch", stay_full)
    night.break_again()
    assert night.report.ending is Ending.HANDED_OVER
    night.wait(60)
    (order,) = night.orders
    assert order.ended_why == "the repair ended as still bad"
    assert night.verified == {"rotate_logs": 0}


def stay_full(play: Play) -> None:
    """What was deleted comes back at once."""
    play.hosts["web-1"] = FakeHost(play.trouble.world)


def test_taking_the_repair_back_ends_it_too() -> None:
    night = trusted()
    (action,) = night.report.actions
    run = night.both(lambda play: play.store.history.run_of(int(action.id))[0])
    asks(night, UNDO, action.id, run=run)
    night.answer(Verdict.APPROVED, by="bo")
    night.wait(60)
    (order,) = night.orders
    assert order.ended_why == "the repair ended as undone"
    episodes = night.both(lambda play: play.store.memory.search("rotate_logs", 1))
    assert [(one.id, one.ending) for one in episodes] == [(f"{run}:undone", Ending.UNDONE)]


# ---- while it runs ------------------------------------------------------------------------------------------------------------------

TWO_STEPS = """
host.write("/var/tmp/first.flag", "on")
host.delete("/var/log/app.log.1")
return Outcome(ok=True, summary="done")
"""


def two_steps() -> Skill:
    """A cure with two effects."""
    return skill("two_steps", TWO_STEPS, "fs.write:/var/tmp/first.flag", "fs.delete:/var/log/*;rotated")


def test_what_is_revoked_between_two_effects_begins_no_second_one() -> None:
    night = worked_three_times(Mode.APPROVE, two_steps())
    night.let_me_sleep()
    night.heal()
    night.wait(HOUR)

    def revoke_after_the_first(play: Play) -> None:
        host = play.hosts["web-1"]
        host.after = lambda _change: revoke(play)

    night.before("execute", revoke_after_the_first)
    night.break_again()
    (attempt,) = [one for one in night.incident.attempts if one.ending is not None][:1]
    assert attempt.outcome is not None
    assert (attempt.outcome.effects, attempt.outcome.error.partition(":")[0]) == (1, "ExpiredError")
    assert night.host("web-1").files[ROTATED] is not None


# ---- what cannot become one ---------------------------------------------------------------------------------------------------------


def refusal(night: Night) -> str:
    """Why the newest incident cannot become an order."""

    def tried(play: Play) -> str:
        with pytest.raises(NoOrderError) as refused:
            play.let_me_sleep("li", "bo")
        return refused.value.reason

    return night.both(tried)


def test_a_claim_becomes_no_order() -> None:
    night = Night(disk_full_on("web-1").said_by("claim:grafana"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    assert refusal(night) == "claim"


def test_what_is_over_high_risk_or_on_trial_becomes_no_order() -> None:
    high = Night(disk_full_on("web-1"), skills=[rotate_logs(risk="high")])
    high.answer(Verdict.APPROVED, by="li")
    high.answer(Verdict.APPROVED, by="bo")
    assert refusal(high) == "risk"
    trial = Night(disk_full_on("web-1"), skills=[rotate_logs(state=SkillState.TRIAL)])
    trial.answer(Verdict.APPROVED)
    assert refusal(trial) == "notowned"
    early = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    early.answer(Verdict.APPROVED)
    assert refusal(early) == "early"
    early.both(lambda play: setattr(play, "ceiling", Mode.OBSERVE))
    assert refusal(early) == "observe"


def test_the_same_order_is_made_once() -> None:
    night = trusted()
    assert refusal(night) == "covered"
    assert len(night.orders) == 1


# ---- what says nothing about the repair ---------------------------------------------------------------------------------------------


def test_a_stop_before_the_run_takes_no_trust_away() -> None:
    night = worked_three_times()
    night.heal()
    night.wait(HOUR)
    night.break_again()
    night.stop()
    night.answer(Verdict.APPROVED)
    assert night.verified == {"rotate_logs": 3}
    assert night.cards[-1] is not CardKind.ACTING
