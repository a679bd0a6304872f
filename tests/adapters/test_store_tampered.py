"""Rows changed outside Nightshift: absent for whoever decides, an error where loaded, named by `audit verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.store.gate import seal_stops_anew
from adapters.store.store import Store
from core.approval import Verdict
from core.capability import NO_UNDO
from core.errors import ExpiredError, StoppedError, TamperedError, UnavailableError
from core.message import Message
from core.model import Mind, ModelCall
from core.page import Page, PageReason
from tests.contracts.nouns import alert, approval, attempt, episode, report
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """On SQLite, with a trail of five rows."""
    fresh = opened(tmp_path)
    for number in range(5):
        fresh.audit.append("note", f"s{number}", {"n": number}, fresh.clock.now())
    yield fresh
    fresh.close()


def opened(tmp_path: Path) -> Store:
    """The store there, made if it is not."""
    return Store(f"sqlite:///{tmp_path}/nightshift.db", FakeSeal(), FakeClock(), tmp_path / "var", ("console",))


def change(store: Store, sql: str) -> None:
    """What somebody with the database file can do."""
    with store.db.engine.begin() as conn:
        conn.exec_driver_sql(sql)


def asked(store: Store) -> str:
    """The id of an open question."""
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    return store.approvals.open(approval(incident, now), ()).id


# ---- the trail ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE ns_audit SET body = '{\"n\":9}' WHERE seq = 3", 3),
        ("UPDATE ns_audit SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 1", 1),
        ("UPDATE ns_audit SET kind = 'notE' WHERE seq = 5", 5),
        ("UPDATE ns_audit SET mark = substr(mark, 2) || '0' WHERE seq = 2", 2),
        ("DELETE FROM ns_audit WHERE seq = 3", 3),
        ("DELETE FROM ns_audit WHERE seq = 5", 5),
        ("DELETE FROM ns_audit WHERE seq > 2", 3),
        ("DELETE FROM ns_audit", 1),
        ("UPDATE ns_audit SET seq = 6 WHERE seq = 5", 5),
    ],
)
def test_verify_names_the_first_row_that_is_not_whole(store: Store, sql: str, row: int) -> None:
    change(store, sql)
    state = store.audit.verify()
    assert state.broken_at == row
    assert str(row) in state.problem


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM ns_instance WHERE name = 'audit head'",
        "UPDATE ns_instance SET body = '[2, \"\"]' WHERE name = 'audit head'",
    ],
)
def test_a_head_that_was_changed_or_taken_away_is_noticed(store: Store, sql: str) -> None:
    change(store, sql)
    assert "head row" in store.audit.verify().problem


def test_a_row_after_a_lost_head_does_not_heal_the_trail(store: Store) -> None:
    change(store, "DELETE FROM ns_audit WHERE seq > 3")
    change(store, "DELETE FROM ns_instance WHERE name = 'audit head'")
    store.audit.append("note", "s", {}, store.clock.now())
    assert store.audit.verify().broken_at == 4


def test_emptying_every_table_is_noticed_by_the_anchor_outside(store: Store) -> None:
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    store.incidents.close(report(incident, now), (), ())
    for table in ("ns_audit", "ns_anchor", "ns_report"):
        change(store, f"DELETE FROM {table}")
    change(store, "DELETE FROM ns_instance WHERE name = 'audit head'")
    state = store.audit.verify()
    assert state.broken_at == 1
    assert "data folder" in state.problem


def test_a_trail_rolled_back_to_a_former_head_is_noticed_by_the_reports(store: Store) -> None:
    with store.db.read() as conn:
        former = conn.execute(sa.text("SELECT body, mark FROM ns_instance WHERE name = 'audit head'")).one()
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    closed = store.incidents.close(report(incident, now), (), ())
    change(store, "DELETE FROM ns_audit WHERE seq > 5")
    with store.db.engine.begin() as conn:
        conn.execute(
            sa.text("UPDATE ns_instance SET body = :b, mark = :m WHERE name = 'audit head'"),
            {"b": former[0], "m": former[1]},
        )
    assert store.audit.verify().broken_at == closed.audit_count


def test_an_anchor_set_by_hand_holds(store: Store) -> None:
    count, _head = store.audit.anchor("digest")
    assert count == 5
    assert store.audit.verify().problem == ""
    change(store, "UPDATE ns_anchor SET seq = 4")
    assert "digest" in store.audit.verify().problem


def test_an_older_database_put_back_is_told_however_long_it_is_used(tmp_path: Path, store: Store) -> None:
    now = store.clock.now()
    first, second = store.intake.take_in([alert("a1", now), alert("a2", now, host="web-2")], now)
    store.close()
    older = {path: path.read_bytes() for path in tmp_path.glob("nightshift.db*") if not path.name.endswith("-shm")}
    again = opened(tmp_path)
    again.incidents.close(report(first, now), (), ())
    again.close()
    for path, data in older.items():
        path.write_bytes(data)
    (tmp_path / "nightshift.db-shm").unlink(missing_ok=True)
    back = opened(tmp_path)
    assert "missing" in back.audit.verify().problem
    for number in range(20):
        back.audit.append("note", f"n{number}", {}, now)
    back.incidents.close(report(second, now), (), ())
    assert "the anchor in the data folder anchors" in back.audit.verify().problem
    back.close()


def test_the_anchor_in_the_data_folder_is_missed(tmp_path: Path, store: Store) -> None:
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    store.incidents.close(report(incident, now), (), ())
    assert store.audit.verify().problem == ""
    (tmp_path / "var" / "audit-anchor").unlink()
    assert "missing" in store.audit.verify().problem


# ---- rows that decide -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ns_approval SET verdict = 'approved'",
        "UPDATE ns_approval SET verdict = 'approved', decided = 1, starts_by = 9e12",
        "UPDATE ns_approval SET body = replace(body, '\"pending\"', '\"approved\"')",
        "UPDATE ns_approval SET body = replace(body, '/var/log/app.log.3', '/etc/passwd')",
    ],
)
def test_a_forged_yes_is_no_yes(store: Store, sql: str) -> None:
    id = asked(store)  # noqa: A001 - the field's word
    change(store, sql)
    with pytest.raises(TamperedError):
        store.approvals.load(id)
    with pytest.raises(TamperedError):
        store.approvals.decide(id, Verdict.APPROVED, "li", "", store.clock.now())
    with pytest.raises(TamperedError):
        store.gate.check("web-1", (), "i1", id, store.clock.now())
    assert store.approvals.pending() == ()
    assert any(id in line for line in store.tampered())


def test_a_yes_cannot_be_made_to_last(store: Store) -> None:
    id = asked(store)  # noqa: A001 - the field's word
    store.approvals.decide(id, Verdict.APPROVED, "li", "", store.clock.now())
    store.gate.check("web-1", (), "i1", id, store.clock.now())
    change(store, "UPDATE ns_approval SET starts_by = 9e12")
    with pytest.raises(TamperedError):
        store.gate.check("web-1", (), "i1", id, store.clock.now())


@pytest.mark.parametrize("sql", ["UPDATE ns_stop SET body = '[]'", "DELETE FROM ns_stop"])
def test_a_stop_that_was_taken_away_still_stops(store: Store, sql: str) -> None:
    store.gate.stop("all", "li", store.clock.now())
    change(store, sql)
    with pytest.raises(TamperedError):
        store.gate.check("web-1", (), "i1", "", store.clock.now())
    with pytest.raises(TamperedError):
        store.gate.stops()
    assert any("stop" in line for line in store.tampered())


def test_the_list_from_before_a_stop_put_back_with_its_own_seal_still_stops(store: Store) -> None:
    with store.db.read() as conn:
        before = conn.exec_driver_sql("SELECT body, mark, seq FROM ns_stop").one()
    store.gate.stop("all", "li", store.clock.now())
    change(store, f"UPDATE ns_stop SET body = '{before.body}', mark = '{before.mark}', seq = {before.seq}")
    with pytest.raises(TamperedError):
        store.gate.check("web-1", (), "i1", "", store.clock.now())
    assert "stop list, which is an older one" in store.tampered()


def test_a_stop_of_the_first_version_still_stops_after_an_update(store: Store) -> None:
    store.gate.stop("all", "li", store.clock.now())
    with store.db.write() as tx:
        (body,) = tx.conn.exec_driver_sql("SELECT body FROM ns_stop").one()
        change_in = sa.text("UPDATE ns_stop SET seq = 0, mark = :mark")
        tx.conn.execute(change_in, {"mark": store.sealer.sign("stop", body)})
        seal_stops_anew(tx, store.sealer)
    with pytest.raises(StoppedError):
        store.gate.check("web-1", (), "i1", "", store.clock.now())
    assert store.gate.go("all", "li", store.clock.now())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ns_attempt SET began = 0",
        "UPDATE ns_audit SET at = '2020-01-01T00:00:00+00:00' WHERE kind = 'run.began'",
        "UPDATE ns_audit SET kind = 'run.began' WHERE kind = 'note'",
    ],
)
def test_a_run_that_began_too_late_is_not_made_earlier_by_hand(store: Store, sql: str) -> None:
    now = store.clock.now()
    id = asked(store)  # noqa: A001 - the field's word
    yes = store.approvals.decide(id, Verdict.APPROVED, "li", "", now)
    store.audit.append("note", yes.incident, {"approval": id}, now)
    assert isinstance(store.clock, FakeClock)
    store.clock.advance(3600)
    store.incidents.save_attempt(attempt(yes, store.clock.now()), leg=False)
    store.audit.append("run.began", yes.incident, {"run": id, "approval": id}, store.clock.now())
    change(store, sql)
    with pytest.raises(ExpiredError):
        store.gate.check("web-1", (), yes.incident, id, store.clock.now())


def test_a_stop_without_a_database_is_a_file(store: Store) -> None:
    change(store, "ALTER TABLE ns_stop RENAME TO gone")
    with pytest.raises(UnavailableError, match="STOP instead"):
        store.gate.stop("host:web-1", "li", store.clock.now())
    change(store, "ALTER TABLE gone RENAME TO ns_stop")
    with pytest.raises(StoppedError):
        store.gate.check("web-2", (), "i1", "", store.clock.now())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ns_incident SET alert = replace(alert, '\"probe\"', '\"person:os:0\"')",
        "UPDATE ns_incident SET mark = ''",
        "INSERT INTO ns_incident SELECT 'abcdef0123', 'k', host, state, opened, count, round, picked, closed, ending, source_over,"
        " lead, storm, alert, mark FROM ns_incident",
    ],
)
def test_a_forged_incident_is_no_task_with_a_yes(store: Store, sql: str) -> None:
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    change(store, sql)
    forged = next(iter({"abcdef0123"} & set(sql.split("'"))), incident)
    with pytest.raises(TamperedError):
        store.incidents.load(forged)
    assert forged not in [one.id for one in store.incidents.incidents(only_open=False, limit=9)]
    assert f"incident {forged}" in store.tampered()


@pytest.mark.parametrize("how", ["open_key = NULL, closed = 1, state = 'closed', ending = 'fixed'", "open_key = NULL"])
def test_an_incident_that_was_closed_by_hand_is_missed(store: Store, how: str) -> None:
    now = store.clock.now()
    (real, silenced) = store.intake.take_in([alert("a1", now), alert("a2", now, host="web-2")], now)
    store.incidents.close(report(real, now), (), ())
    assert store.tampered() == ()
    change(store, f"UPDATE ns_incident SET {how} WHERE id = '{silenced}'")
    assert store.tampered() == (f"incident {silenced}, which is closed without a report,",)


def test_a_page_that_was_written_by_hand_has_woken_nobody(store: Store) -> None:
    now = store.clock.now()
    real = store.pages.put(Page("i1:severe:0", "i1", PageReason.SEVERE, "li", "web-1: disk full", 0, now))
    change(
        store,
        "INSERT INTO ns_page SELECT 'i2:severe:0', 'i2', due + 9e9, acknowledged, replace(body, 'i1', 'i2'), mark FROM ns_page",
    )
    assert store.pages.of("i2") == ()
    assert "page i2:severe:0" in store.tampered()
    again = replace(real, id="i2:severe:0", incident="i2")
    assert store.pages.put(again) == again
    assert store.pages.of("i2") == (again,)
    change(store, "UPDATE ns_page SET acknowledged = 1 WHERE id = 'i1:severe:0'")
    assert store.pages.of("i1") == ()


def test_a_forged_message_was_said_by_nobody(store: Store) -> None:
    for name in ("m1", "m2"):
        store.inbox.put(Message(name, "console", "li", f"approve {name}", "", store.clock.now()))
    change(store, "UPDATE ns_inbox SET body = replace(body, 'approve m1', 'approve m9')")
    following = store.inbox.next()
    assert following is not None
    assert following.id == "m2"
    assert store.tampered() == ("inbox console m1",)


def test_a_forged_outcome_or_undo_record_is_refused(store: Store) -> None:
    now = store.clock.now()
    action = store.effects.intend("r1", "web-1", "fs.delete /x", {}, now)
    store.effects.done(action, True, "", NO_UNDO, now)
    change(store, "UPDATE ns_effect SET undo = replace(undo, 'none', 'unlink')")
    with pytest.raises(TamperedError):
        store.effects.of_run("r1")


def test_an_intent_that_was_changed_is_not_finished(store: Store) -> None:
    now = store.clock.now()
    action = store.effects.intend("r1", "web-1", "fs.delete /x", {}, now)
    change(store, "UPDATE ns_effect SET pid = 1")
    assert store.effects.unfinished() == ()
    with pytest.raises(TamperedError):
        store.effects.done(action, True, "", NO_UNDO, now)


def test_forged_trust_is_no_trust(store: Store) -> None:
    store.memory.remember(episode("e1", store.clock.now()))
    change(store, "UPDATE ns_episode SET skill = 'evil'")
    assert store.memory.recall("f" * 16, "web") == ()


def test_saved_bytes_that_were_changed_are_refused(store: Store) -> None:
    name = store.blobs.put(b"before")
    change(store, "UPDATE ns_blob SET data = x'00'")
    with pytest.raises(TamperedError):
        store.blobs.get(name)


def test_a_report_that_was_changed_is_refused(store: Store) -> None:
    now = store.clock.now()
    (incident,) = store.intake.take_in([alert("a1", now)], now)
    store.incidents.close(report(incident, now), (), ())
    change(store, "UPDATE ns_report SET body = replace(body, 'fixed', 'worse')")
    with pytest.raises(TamperedError):
        store.history.report(incident)


def test_under_another_key_nothing_acts(store: Store, tmp_path: Path) -> None:
    foreign = Store(
        f"sqlite:///{tmp_path}/nightshift.db", FakeSeal("lost and made anew"), FakeClock(), tmp_path / "var"
    )
    with pytest.raises(TamperedError):
        foreign.gate.check("web-1", (), "i1", "", foreign.clock.now())
    assert any("key" in line for line in foreign.tampered())
    assert foreign.audit.verify().problem
    foreign.close()
    assert store.tampered() == ()


def test_the_file_stop_stops_at_once(store: Store) -> None:
    file = store.folder.path / "STOP"
    file.touch()
    with pytest.raises(StoppedError):
        store.gate.check("web-1", (), "i1", "", store.clock.now())
    assert [(scope, by) for scope, by, _ in store.gate.stops()] == [("all", "file STOP")]
    file.unlink()
    store.gate.check("web-1", (), "i1", "", store.clock.now())


# ---- what models saw and said -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ns_model_call SET body = replace(body, 'logs', 'cats')",
        "UPDATE ns_model_call SET tokens = 1",
        "UPDATE ns_model_call SET cost = 0",
        "UPDATE ns_model_call SET mind = 'cerebellum'",
        "UPDATE ns_model_call SET avatar = 'other'",
        "DELETE FROM ns_model_call",
        "UPDATE ns_model_call SET subject = 'other'",
    ],
)
def test_a_call_of_a_model_that_was_changed_or_deleted_is_not_shown_and_named(store: Store, sql: str) -> None:
    now = store.clock.now()
    call = ModelCall("c1", Mind.BRAIN, "NS-1", "NS-1:1", "p@1", "big", now, 1.0, "why", "the logs", 100, 10, 7)
    store.model_calls.keep(call)
    assert store.audit.verify().problem == ""
    change(store, sql)
    with pytest.raises(TamperedError, match="model call c1"):
        store.model_calls.of("NS-1")
    assert "model call c1" in store.audit.verify().problem
