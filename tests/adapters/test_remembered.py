"""Recalls that are kept ready: whoever writes, in whatever process, is seen at once; what was never sealed is never believed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store import remembered
from adapters.store.memory import StoredMemory
from adapters.store.remembered import Row
from core.episode import Recall
from core.incident import Ending
from tests.contracts.nouns import episode
from tests.stores import Case, on_sqlite

F, G = "f" * 16, "web"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    made = on_sqlite(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def replica(case: Case) -> Iterator[StoredMemory]:
    """Another one over the same database."""
    other = StoredMemory(case.store.db, case.store.sealer)
    yield other
    other.close()


def remember(memory: StoredMemory, case: Case, ending: Ending | None = Ending.FIXED) -> None:
    now = case.clock.advance(1)
    memory.remember(episode(f"e{now.isoformat()}", now, ending))


def verified(memory: StoredMemory) -> list[int]:
    return [one.verified for one in memory.recall(F, G)]


def by_hand(case: Case, statement: str) -> None:
    """Somebody with another tool, in the middle of our work."""
    with closing(sqlite3.connect(str(case.store.db.file), isolation_level=None)) as other:
        other.execute(statement)


def test_what_another_replica_remembers_is_recalled_at_once(case: Case, replica: StoredMemory) -> None:
    assert verified(case.store.memory) == []
    for count in (1, 2, 3):
        remember(replica, case)
        assert verified(case.store.memory) == [count]
    remember(replica, case, Ending.WORSE)
    assert verified(case.store.memory) == [0]


def test_a_row_that_was_never_sealed_buys_no_trust(case: Case) -> None:
    remember(case.store.memory, case, Ending.WORSE)
    assert verified(case.store.memory) == [0]
    by_hand(
        case,
        "INSERT INTO ns_episode SELECT 'forged', fingerprint, host_group, skill, sha256, 'fixed', at, text, body, mark FROM ns_episode",
    )
    assert verified(case.store.memory) == [0]
    assert case.store.sealer.broken() == ("episode forged",)


def test_a_failure_that_is_changed_to_a_success_is_none_and_is_found_within_a_minute(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(case.store.memory, case)
    remember(case.store.memory, case, Ending.WORSE)
    assert verified(case.store.memory) == [0]
    by_hand(case, "UPDATE ns_episode SET ending = 'fixed'")
    assert verified(case.store.memory) == [0]
    monkeypatch.setattr(remembered, "READ_AGAIN_AFTER", -1.0)
    assert verified(case.store.memory) == [1]
    assert len(case.store.sealer.broken()) == 1


def test_a_row_that_was_taken_away_is_noticed_at_once(case: Case) -> None:
    remember(case.store.memory, case)
    remember(case.store.memory, case)
    assert verified(case.store.memory) == [2]
    by_hand(case, "DELETE FROM ns_episode WHERE at = (SELECT max(at) FROM ns_episode)")
    assert verified(case.store.memory) == [1]


def test_what_is_known_is_not_loaded_again_while_others_write_elsewhere(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(case.store.memory, case)
    assert verified(case.store.memory) == [1]

    def believe(_fingerprint: str, _group: str, _rows: list[Row]) -> tuple[Recall, ...]:
        raise AssertionError("nothing of this fault has changed")

    monkeypatch.setattr(case.store.memory._ready, "_believe", believe)
    by_hand(case, "CREATE TABLE elsewhere (number INTEGER)")
    assert verified(case.store.memory) == verified(case.store.memory) == [1]


def test_many_at_once_recall_what_is_written_meanwhile(case: Case, replica: StoredMemory) -> None:
    seen: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(verified(case.store.memory) for _ in range(200))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(10):
        remember(replica, case)
    for thread in threads:
        thread.join()
    assert len(seen) == 800
    assert verified(case.store.memory) == [10]


def test_closed_it_opens_again(case: Case) -> None:
    remember(case.store.memory, case)
    case.store.memory.close()
    assert verified(case.store.memory) == [1]
