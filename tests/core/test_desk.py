"""Asking: whom policy asks, and that a value nobody vouches for is never used without a yes."""

from __future__ import annotations

import pytest

from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer
from core.capability import PlannedEffect, Risk, Verb
from core.desk import Desk
from core.incident import Incident
from core.inventory import HostEntry, Inventory, Mode
from core.origin import Origin, Value
from core.policy import Asker
from core.proposal import MODELS, Proposal, Tier
from core.standing_order import StandingOrder
from core.standing_orders import Served, StandingOrders
from core.verification import Now, Standing
from tests.core.test_parameters import skill
from tests.fakes.catalog import FakeCatalog
from tests.fakes.store import FakeStore

BAD = Standing(Now.BAD, Asker.PROBE, "")


@pytest.mark.parametrize(
    ("origin", "mode", "answer"),
    [
        (Origin.DEFAULT, Mode.AUTO, Answer.GO),
        (Origin.OBSERVED, Mode.AUTO, Answer.GO),
        (Origin.ALERT, Mode.AUTO, Answer.ASK1),
        (Origin.TEXT, Mode.AUTO, Answer.ASK1),
        (Origin.DEFAULT, Mode.APPROVE, Answer.ASK1),
        (Origin.DEFAULT, Mode.OBSERVE, Answer.DENY),
    ],
)
def test_a_number_out_of_an_alert_is_asked_for_even_where_memory_acts_alone(
    origin: Origin, mode: Mode, answer: Answer
) -> None:
    store, cure = FakeStore(), skill("days: int = 7")
    now = store.clock.now()
    alert = Alert("a1", "web-1", Signal.parse("disk.used_percent:/"), "claim:x", AlertStatus.FIRING, now)
    (incident,) = store.intake.take_in((alert,), now)
    plan = (PlannedEffect(Verb.FS_DELETE, "/var/log/a.log.1", Risk.MEDIUM, is_reversible=True),)
    values = (("days", Value(0, origin)),)
    proposal = Proposal(
        incident, 1, cure.name, cure.sha256, "web-1", values, plan, (), Risk.MEDIUM, Tier.MEMORY, "", times_verified=3
    )
    inventory = Inventory((HostEntry("web-1", "local", ("web",)),), (("web", mode),))
    desk = Desk(store.approvals, FakeCatalog(cure), inventory, store.clock)
    assert desk.ask(store.incidents.load(incident), proposal, BAD).answer is answer


class GivenAhead(StandingOrders):
    """An order that covers everything, as if nothing ever stood in its way."""

    def __init__(self, order: StandingOrder) -> None:
        self.order = order
        self.asked = 0

    def covering(self, incident: Incident, proposal: Proposal, standing: Standing) -> Served:
        """As `StandingOrders.covering`."""
        del incident, proposal, standing
        self.asked += 1
        return Served(self.order)

    def use(self, id: str, incident: str) -> bool:
        """As `StandingOrders.use`."""
        return bool(id and incident)


@pytest.mark.parametrize(
    ("tier", "mode", "answer", "order"),
    [
        (Tier.RULES, Mode.APPROVE, Answer.GO, "O-1"),
        (Tier.MEMORY, Mode.AUTO, Answer.GO, "O-1"),
        (Tier.BRAIN, Mode.APPROVE, Answer.ASK1, ""),
        (Tier.BRAIN, Mode.AUTO, Answer.ASK1, ""),
        (Tier.CEREBELLUM, Mode.APPROVE, Answer.ASK1, ""),
        (Tier.CEREBELLUM, Mode.AUTO, Answer.ASK1, ""),
        (Tier.BRAIN, Mode.OBSERVE, Answer.DENY, ""),
    ],
)
def test_neither_an_order_nor_earned_trust_ever_stands_for_a_yes_to_what_a_model_chose(
    tier: Tier, mode: Mode, answer: Answer, order: str
) -> None:
    store, cure = FakeStore(), skill("days: int = 7")
    now = store.clock.now()
    alert = Alert("a1", "web-1", Signal.parse("disk.used_percent:/"), "probe", AlertStatus.FIRING, now)
    (incident,) = store.intake.take_in((alert,), now)
    plan = (PlannedEffect(Verb.FS_DELETE, "/var/log/a.log.1", Risk.MEDIUM, is_reversible=True),)
    values = (("days", Value(7, Origin.DEFAULT)),)
    proposal = Proposal(
        incident, 1, cure.name, cure.sha256, "web-1", values, plan, (), Risk.MEDIUM, tier, "", times_verified=9
    )
    inventory = Inventory((HostEntry("web-1", "local", ("web",)),), (("web", mode),))
    given = GivenAhead(
        StandingOrder("O-1", cure.name, cure.sha256, "disk.used_percent:/", "f" * 16, "web", (), "li", now, now)
    )
    desk = Desk(store.approvals, FakeCatalog(cure), inventory, store.clock, orders=given)
    asked = desk.ask(store.incidents.load(incident), proposal, BAD)
    assert (asked.answer, asked.order) == (answer, order)
    assert given.asked == int(tier not in MODELS)
