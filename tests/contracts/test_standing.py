"""Contract of port Standing, for every kind of what people lay down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.store.schema import STANDING
from adapters.store.store import Store
from core.admission import Admission
from core.errors import NightshiftError, TamperedError, UnknownError
from core.inventory import Mode
from core.pause import Pause, PauseKind
from core.skill_gap import SkillGap
from core.standing_order import Bound, OrderState, StandingOrder
from core.tightening import Tightening
from core.told_rule import RuleKind, ToldRule, When
from core.trigger import LearnedTrigger
from tests.fakes.store import FakeStore
from tests.stores import Case

DAY = timedelta(days=1)


def pause(id: str, at: datetime) -> Pause:
    """Maintenance of two hours, with a Chinese reason."""
    return Pause(id, PauseKind.MAINTENANCE, "host:web-1", "li", at, at + timedelta(hours=2), "换盘")


def order(id: str, at: datetime) -> StandingOrder:
    """A yes given ahead."""
    bounds = (Bound("days", least=1.0, most=7.0), Bound("directory", ("/var/log",)))
    skill = ("rotate_logs", "ab" * 32, "disk.used_percent:/")
    return StandingOrder(id, *skill, "f" * 16, "web", bounds, "li", at, at + 30 * DAY, state=OrderState.ACTIVE)


def rule(id: str, at: datetime) -> ToldRule:
    """A rule in somebody's own words."""
    return ToldRule(id, RuleKind.NEVER, "never restart billing on the 1st", "bo", at, when=When((1,)), until=at + DAY)


def tightening(id: str, at: datetime) -> Tightening:
    """A group that is only observed."""
    return Tightening(id, "group:web", Mode.OBSERVE, "li", at)


def admission(id: str, at: datetime) -> Admission:
    """A skill that may exist."""
    return Admission(id, "rotate_logs", "ab" * 32, ("fs.delete:/var/log/**",), ("web",), "cd" * 32, at)


def gap(id: str, at: datetime) -> SkillGap:
    """A skill that a model missed."""
    return SkillGap(id, "vacuum 一张表", "brain", "i1", at)


def trigger(id: str, at: datetime) -> LearnedTrigger:
    """Words that a yes has shown to mean a skill."""
    return LearnedTrigger(id, "rotate_logs", "磁盘 <n>% 了", "li", at)


@dataclass(frozen=True)
class Kind:
    """One kind: its attribute of the store, its name in rows, and how one is made."""

    attribute: str
    name: str
    make: Callable[[str, datetime], Any]


KINDS = [
    Kind("pauses", "pause", pause),
    Kind("orders", "order", order),
    Kind("rules", "rule", rule),
    Kind("tightenings", "mode", tightening),
    Kind("admissions", "admission", admission),
    Kind("gaps", "gap", gap),
    Kind("triggers", "trigger", trigger),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.attribute)


def ended(at: datetime) -> Callable[[Any], Any]:
    """What a person does to it: it is over."""
    return lambda item: replace(item, ended=at)


@every_kind
def test_what_was_put_is_there_oldest_first_until_it_is_changed(case: Case, kind: Kind) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    assert standing.all() == ()
    first, second = kind.make("A2B3C4", now), kind.make("B2B3C4", now + DAY)
    assert standing.put(first, "li", now) == first
    standing.put(second, "bo", now)
    assert standing.all() == (first, second)
    after = standing.change(first.id, ended(now), "bo", now)
    assert (after.ended, after.ends) == (now, now)
    assert standing.all() == (after, second)


@every_kind
def test_the_same_id_again_changes_nothing(case: Case, kind: Kind) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    first = standing.put(kind.make("A2B3C4", now), "li", now)
    assert standing.put(kind.make("A2B3C4", now + DAY), "bo", now) == first
    assert standing.all() == (first,)
    assert len(case.store.audit.tail(9, "A2B3C4")) == 1


@every_kind
def test_a_change_of_what_nobody_knows_is_refused(case: Case, kind: Kind) -> None:
    standing = getattr(case.store, kind.attribute)
    with pytest.raises(UnknownError):
        standing.change("A2B3C4", ended(case.clock.now()), "li", case.clock.now())


@every_kind
def test_each_word_is_in_the_trail_with_who_said_it_and_a_change_of_nothing_is_not(case: Case, kind: Kind) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    standing.put(kind.make("A2B3C4", now), "li", now)
    standing.change("A2B3C4", lambda item: item, "bo", now)
    standing.change("A2B3C4", ended(now), "bo", now)
    rows = case.store.audit.tail(9, "A2B3C4")
    assert [(row.kind, row.body["said_by"]) for row in rows] == [(kind.name, "li"), (kind.name, "bo")]
    assert case.store.audit.verify().broken_at == 0


@every_kind
def test_what_is_over_for_ninety_days_is_forgotten_with_the_next_word(case: Case, kind: Kind) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    standing.put(kind.make("A2B3C4", now), "li", now)
    standing.change("A2B3C4", ended(now), "li", now)
    standing.put(kind.make("B2B3C4", now + 89 * DAY), "li", now + 89 * DAY)
    assert [one.id for one in standing.all()] == ["A2B3C4", "B2B3C4"]
    standing.put(kind.make("C2B3C4", now + 90 * DAY), "li", now + 90 * DAY)
    assert [one.id for one in standing.all()] == ["B2B3C4", "C2B3C4"]


def change_list(store: Any, kind: Kind) -> None:
    """Somebody empties the list with an editor."""
    changes: dict[type, Callable[[], object]] = {
        FakeStore: lambda: store.shelf.broken.add(f"list of every {kind.name}"),
        Store: lambda: _write(store, sa.update(STANDING).where(STANDING.c.kind == kind.name).values(body="[]")),
    }
    changes[type(store)]()


def delete_list(store: Any, kind: Kind) -> None:
    """Somebody takes the row away."""
    changes: dict[type, Callable[[], object]] = {
        FakeStore: lambda: store.shelf.broken.add(f"list of every {kind.name}"),
        Store: lambda: _write(store, sa.delete(STANDING).where(STANDING.c.kind == kind.name)),
    }
    changes[type(store)]()


def swap_list(store: Any, kind: Kind) -> None:
    """The list of another kind, which carries a seal, is put there."""
    changes: dict[type, Callable[[], object]] = {
        FakeStore: lambda: store.shelf.broken.add(f"list of every {kind.name}"),
        Store: lambda: _swap(store, kind),
    }
    changes[type(store)]()


def _swap(store: Store, kind: Kind) -> None:
    other = next(one.name for one in KINDS if one.name != kind.name)
    with store.db.write() as tx:
        row = tx.conn.execute(sa.select(STANDING).where(STANDING.c.kind == other)).one()
        values = {"body": row.body, "mark": row.mark, "seq": row.seq}
        tx.conn.execute(sa.update(STANDING).where(STANDING.c.kind == kind.name).values(**values))


def put_back(store: Any, kind: Kind) -> None:
    """The empty list of the first day, with its own seal, is put back."""
    changes: dict[type, Callable[[], object]] = {
        FakeStore: lambda: store.shelf.broken.add(f"list of every {kind.name}"),
        Store: lambda: _write(
            store,
            sa.update(STANDING)
            .where(STANDING.c.kind == kind.name)
            .values(body="[]", seq=0, mark=store.sealer.sign("standing", kind.name, 0, "[]")),
        ),
    }
    changes[type(store)]()


def _write(store: Store, statement: Any) -> None:
    with store.db.write() as tx:
        tx.conn.execute(statement)


@pytest.mark.parametrize("spoil", [change_list, delete_list, swap_list, put_back])
@every_kind
def test_a_list_that_was_changed_says_nothing_any_more_and_is_named(
    case: Case, kind: Kind, spoil: Callable[[Any, Kind], None]
) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    standing.put(kind.make("A2B3C4", now), "li", now)
    assert standing.all()
    spoil(case.store, kind)
    for ask in (
        standing.all,
        lambda: standing.put(kind.make("B2B3C4", now), "li", now),
        lambda: standing.change("A2B3C4", ended(now), "li", now),
    ):
        with pytest.raises(TamperedError):
            ask()
    assert any(kind.name in row for row in case.store.tampered())


@every_kind
def test_of_two_who_write_at_once_none_is_lost(case: Case, kind: Kind) -> None:
    now, standing = case.clock.now(), getattr(case.store, kind.attribute)
    errors: list[NightshiftError] = []

    def write(names: str) -> None:
        try:
            for name in names:
                standing.put(kind.make(f"{name}2B3C4", now), "li", now)
        except NightshiftError as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(names,)) for names in ("ABCD", "EFGH", "JKMN")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (errors, len(standing.all())) == ([], 12)
