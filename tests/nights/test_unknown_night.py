"""The demo's unknown night in a real house: no rule explains it; without a brain, and with one that is gone, a person gets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.brain_openai import OpenAIBrain
from adapters.patient import layout
from adapters.patient.brain_script import payments_night
from adapters.patient.patient import Patient
from adapters.patient.scripted_brain import MODEL, ScriptedBrain
from bot.demo_nights import UNKNOWN
from bot.dispatcher import Dispatcher
from bot.minds import Minds
from bot.wiring import CONSOLE, House, Place, build, desk_of, protected_paths
from core.approval import Approval
from core.desk import Patience
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.model_gateway import Terms
from core.proposal import Proposal, Tier
from core.report import Report
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.nights.test_real_night import until
from tests.patient_kit import host_of, probe_of, running_patient

GONE = "The brain cannot be reached"
pytestmark = [pytest.mark.needs("bwrap"), pytest.mark.slow]


@contextmanager
def house_with(folder: Path, minds: Minds) -> Iterator[tuple[House, Patient, FakeChannel]]:
    """The house as wired, with its own patient; a person reads along and says nothing."""
    home, key = folder / "home", folder / "key"
    home.mkdir(mode=0o700)
    with (
        running_patient(folder) as patient,
        host_of(patient, *protected_paths(home, key)) as host,
        probe_of(patient) as probe,
    ):
        place = Place(
            home=home,
            database_url=f"sqlite:///{home}/nightshift.db",
            inventory=Inventory((HostEntry(layout.NAME, "namespace", ("patients",)),), (("patients", Mode.APPROVE),)),
            checks=(UNKNOWN.check,),
            hosts={layout.NAME: host},
            probes={layout.NAME: probe},
            channels=(CONSOLE,),
            patience=Patience(),
            replica_lease=30.0,
            key_file=key,
            minds=minds,
        )
        house, channel = build(place), FakeChannel(CONSOLE, FakeClock())
        with closing(Dispatcher(house, desk_of(house, "en", {CONSOLE: channel}), (CONSOLE,))) as dispatcher:
            dispatcher.start()
            yield house, patient, channel


def ended(house: House) -> Report:
    """How the only incident there is came out."""
    (opened,) = until(lambda: house.rows.log.incidents(only_open=False, limit=1) or None)
    return until(lambda: house.rows.history.report(opened.id))


def times_said(channel: FakeChannel, words: str) -> int:
    """How many messages say it."""
    return sum(words in rendered for rendered, _ in channel.shown)


def asked(house: House) -> Approval:
    """The question that is open."""
    return until(lambda: next(iter(house.rows.book.pending()), None))


def test_no_rule_explains_it_so_without_a_brain_a_person_gets_it_with_what_was_seen(tmp_path: Path) -> None:
    with house_with(tmp_path, Minds()) as (house, patient, _):
        patient.break_resolver()
        report = ended(house)
    assert (report.ending, report.tier, report.tried) == (Ending.HANDED_OVER, None, ())
    assert "look_at_network" in {one.source for one in report.evidence}


def test_with_a_brain_that_is_gone_chat_says_so_once_and_a_person_gets_it(tmp_path: Path) -> None:
    with closing(ScriptedBrain(payments_night)) as server:
        nobody = server.base_url
    with house_with(tmp_path, Minds(OpenAIBrain(nobody, MODEL, "key"), terms=Terms(seconds=5))) as (
        house,
        patient,
        channel,
    ):
        patient.break_resolver()
        report = ended(house)
        until(lambda: times_said(channel, GONE) or None)
    assert (report.ending, report.tried) == (Ending.HANDED_OVER, ())
    assert times_said(channel, GONE) == 1


def test_with_one_that_answers_it_is_asked_about_with_the_evidence(tmp_path: Path) -> None:
    with (
        closing(ScriptedBrain(payments_night)) as server,
        house_with(tmp_path, Minds(OpenAIBrain(server.base_url, MODEL, "key"))) as (house, patient, _),
    ):
        patient.break_resolver()
        question = asked(house)
        assert server.asked == 4
    proposal = question.asks
    assert isinstance(proposal, Proposal)
    assert (proposal.skill, proposal.tier) == ("replace_dead_resolver", Tier.BRAIN)
    assert dict(proposal.parameters)["resolver"].value == layout.RESOLVER
    assert dict(proposal.parameters)["resolver"].is_known, "seen by a look of ours, not only said by the model"
    assert any(layout.DEAD_RESOLVER in one.text for one in proposal.evidence if one.source == "find_dead_resolver")
    assert question.policy_line == "approve | medium | owned | model -> ask 1"
