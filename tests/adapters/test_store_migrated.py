"""A database of an older version with a life in it: after the upgrade nothing is missing or unsealed, and models have their rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.store.schema import REVISION
from adapters.store.standing import KINDS
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.model import Mind, ModelCall, Spent
from core.pause import Pause, PauseKind
from core.skill_gap import SkillGap
from core.trigger import LearnedTrigger
from tests.adapters.postgres import postgres
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal

__all__ = ["postgres"]

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
TABLES = {"0002": ("ns_note", "ns_model_call"), "0003": ("ns_model_call",)}
"""Those that came after a version."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    on: dict[str, Callable[[], str]] = {
        "sqlite": lambda: f"sqlite:///{tmp_path}/n.db",
        "postgres": lambda: str(request.getfixturevalue("postgres").fresh()),
    }
    return on[request.param]()


@pytest.fixture(params=TABLES)
def older(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """As an older version left it: an incident, a pause, a trail; none of the tables and lists that came with models."""
    with closing(opened(url, tmp_path)) as store:
        signal = Signal.parse("disk.used_percent:/var")
        alert = Alert("a1", "web-1", signal, "probe", AlertStatus.FIRING, NOW)
        store.intake.take_in((alert,), NOW)
        store.pauses.put(Pause("P1", PauseKind.SNOOZE, "host:web-1", "li", NOW, NOW + timedelta(hours=9)), "li", NOW)
        with store.db.engine.begin() as conn:
            for table in TABLES[request.param]:
                conn.execute(sa.text(f"DROP TABLE {table}"))
            for kind in (SkillGap, LearnedTrigger):
                conn.execute(sa.text("DELETE FROM ns_standing WHERE kind = :kind"), {"kind": KINDS[kind]})
            conn.execute(sa.text("UPDATE ns_alembic_version SET version_num = :old"), {"old": request.param})
    return url


def opened(url: str, folder: Path) -> Store:
    return Store(url, FakeSeal(), FakeClock(NOW), folder / "home")


def test_an_upgrade_keeps_everything_and_begins_what_is_new(older: str, tmp_path: Path) -> None:
    with closing(opened(older, tmp_path)) as store:
        with store.db.engine.connect() as conn:
            assert conn.execute(sa.text("SELECT version_num FROM ns_alembic_version")).scalar() == REVISION
        assert [one.host for one in store.incidents.incidents(only_open=True, limit=9)] == ["web-1"]
        assert [one.id for one in store.pauses.all()] == ["P1"]
        assert (store.gaps.all(), store.triggers.all()) == ((), ())
        assert store.model_calls.of("NS-1") == ()
        assert store.model_calls.spent(NOW).calls == 0
        assert store.audit.verify().problem == ""
        assert store.tampered() == ()


def test_what_one_replica_writes_after_it_the_other_one_reads(older: str, tmp_path: Path) -> None:
    with closing(opened(older, tmp_path)) as first, closing(opened(older, tmp_path)) as second:
        gap = SkillGap("G1", "restart the moon", "li", "NS-1", NOW)
        assert second.gaps.all() == ()
        first.gaps.put(gap, "li", NOW)
        assert [one.id for one in second.gaps.all()] == ["G1"]
        assert second.model_calls.spent(NOW) == Spent()
        first.model_calls.keep(
            ModelCall("c1", Mind.BRAIN, "NS-1", "NS-1.r1", "p@1", "big", NOW, 1.0, "{}", "ok", 90, 10, 7)
        )
        assert second.model_calls.spent(NOW) == Spent(1, 100, 7), "a budget is one for all replicas"
        assert second.tampered() == ()
