"""Looking around: what is said of people and changes, and what is said where nothing can be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capability import PlannedEffect, Risk, Verb
from core.errors import UnavailableError
from core.incident import Attempt, Incident, Outcome
from core.scene import HostEvent, Login, Mark
from core.surroundings import Surroundings, told
from tests.contracts.nouns import alert, proposal
from tests.fakes.changes import FakeChanges
from tests.fakes.presence import FakePresence
from tests.fakes.store import FakeStore


class Place:
    """A host with an open incident, and what can be seen of it."""

    def __init__(self) -> None:
        self.store, self.presence, self.changes = FakeStore(), FakePresence(("web-1",)), FakeChanges(("web-1",))
        self.now: datetime = self.store.clock.now()
        self.around = Surroundings(
            self.presence, self.changes, self.store.marks, self.store.scenes, self.store.history, self.store.clock
        )

    def incident(self, host: str = "web-1") -> Incident:
        (id_,) = self.store.intake.take_in([alert("a1", self.now, host=host)], self.now)
        return self.store.incidents.load(id_)

    def ran(self, incident: str, target: str) -> None:
        """A repair of mine half an hour ago."""
        began = self.now - timedelta(minutes=30)
        plan = (PlannedEffect(Verb.FS_WRITE, target, Risk.MEDIUM, is_reversible=True),)
        done = Outcome("r", True, "", (), 1, 1, began, began + timedelta(seconds=5))
        idea = replace(proposal(incident), plan=plan)
        attempt = Attempt("r", incident, 1, "r", idea, done, began, began, began, began)
        self.store.incidents.save_attempt(attempt, False)


def test_everything_that_cannot_be_seen_is_said_and_nothing_is_raised() -> None:
    place = Place()
    place.presence.hide("web-1", UnavailableError("nobody answers"))
    place.changes.error = UnavailableError("there is too much below /etc")
    scene = place.around.note(place.incident())
    assert scene.blind == "logins: nobody answers; changes: there is too much below /etc"
    assert (scene.logins, scene.changes) == ((), ())


def test_of_a_host_that_is_known_by_name_only_marks_are_still_told() -> None:
    place = Place()
    place.store.marks.add(Mark("m", "cam-1", "new firmware", "li", place.now))
    scene = place.around.note(place.incident("cam-1"))
    assert [event.what for event in scene.changes] == ["new firmware"]
    assert "unknown host" in scene.blind


def test_a_change_after_the_alert_is_no_cause_of_it() -> None:
    place = Place()
    for minutes in (-5, 0, 5):
        place.changes.add("web-1", HostEvent("config", f"/etc/{minutes}", place.now + timedelta(minutes=minutes)))
    scene = place.around.note(place.incident())
    assert [event.what for event in scene.changes] == ["/etc/0", "/etc/-5"]


def test_a_mark_stays_among_the_twenty_however_many_files_changed() -> None:
    place = Place()
    place.store.marks.add(Mark("m", "", "migration", "li", place.now - timedelta(minutes=50)))
    for number in range(30):
        place.changes.add("web-1", HostEvent("config", f"/etc/{number}", place.now - timedelta(minutes=1)))
    changes = place.around.note(place.incident()).changes
    assert (len(changes), changes[-1].what) == (20, "migration")


def test_my_own_repair_is_not_blamed_on_somebody() -> None:
    place = Place()
    incident = place.incident()
    place.ran(incident.id, "/etc/resolv.conf")
    at = place.now - timedelta(minutes=30) + timedelta(seconds=2)
    place.changes.add("web-1", HostEvent("config", "/etc/resolv.conf", at))
    place.changes.add("web-1", HostEvent("config", "/etc/resolv.conf.d", at))
    changes = place.around.note(incident).changes
    assert {event.what: event.by for event in changes} == {
        "/etc/resolv.conf": f"me, {incident.id}",
        "/etc/resolv.conf.d": "",
    }


def test_what_only_looks_disturbs_nobody() -> None:
    place = Place()
    place.presence.set("web-1", Login("li", "pts/0"))
    incident = place.incident()
    assert place.around.restrain(incident, proposal(incident.id, risk=Risk.LOW)) is None
    assert place.around.restrain(incident, proposal(incident.id)) is not None


@pytest.mark.parametrize(
    ("logins", "sentence"),
    [
        ((Login("li", "pts/0", idle=300.0),), "li is logged in (pts/0, idle 5 min)"),
        ((Login("li", "tty1"),), "li is logged in (tty1)"),
        ((Login("", "pts/9", idle=0.0),), "somebody is logged in (pts/9, idle 0 min)"),
        (
            (Login("bo", "pts/1", idle=7200.0), Login("li", "pts/0", idle=61.0)),
            "li is logged in (pts/0, idle 1 min); bo is logged in (pts/1, idle 120 min)",
        ),
        (
            tuple(Login("li", f"pts/{n}", idle=60.0 * n) for n in range(9)),
            "li is logged in (pts/0, idle 0 min); li is logged in (pts/1, idle 1 min); 7 more are logged in",
        ),
    ],
)
def test_people_are_told_busiest_first(logins: tuple[Login, ...], sentence: str) -> None:
    assert told(logins) == sentence


@given(st.lists(st.builds(Login, st.text(max_size=200), st.text(max_size=200)), min_size=1, max_size=50))
def test_however_people_are_called_the_sentence_stays_short_and_harmless(logins: list[Login]) -> None:
    sentence = told(tuple(logins))
    assert len(sentence) < 250
    assert not set(sentence) & set("\x1b\u202e\x00\r\n")
