"""Asking: whom policy asks, and that a value nobody vouches for is never used without a yes."""

from __future__ import annotations

import pytest

from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer
from core.capability import PlannedEffect, Risk, Verb
from core.desk import Desk
from core.inventory import HostEntry, Inventory, Mode
from core.origin import Origin, Value
from core.policy import Asker
from core.proposal import Proposal, Tier
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
