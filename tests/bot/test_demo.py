"""The night that no rule knows, as people type it: looked into, proposed, approved, repaired, measured, and remembered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.patient import layout
from adapters.patient.brain_script import payments_night
from adapters.patient.scripted_brain import Asked, Said, ScriptedBrain
from tests.bot.machine import Machine
from tests.model_servers.openai import OpenAIServer, Say
from tests.source_tree import ROOT

needs_bwrap = pytest.mark.needs("bwrap")
UNKNOWN = ("demo", "--yes", "--night", "unknown")


# ---- the script ---------------------------------------------------------------------------------------------------------------------


def asked(**seen: str) -> Asked:
    """A conversation in which these tools were called and answered so."""
    calls = [{"id": name, "function": {"name": name, "arguments": "{}"}} for name in seen]
    results = [{"role": "tool", "tool_call_id": name, "content": text} for name, text in seen.items()]
    user = {"role": "user", "content": "it is http.failed:http://pay.example/ on web-9"}
    return Asked((user, {"role": "assistant", "tool_calls": calls}, *results), frozenset())


def call_of(said: Said) -> tuple[str, dict[str, Any]]:
    """The only call that was made."""
    (made,) = said.calls
    return made


def test_it_looks_first_and_knows_nothing_by_itself() -> None:
    assert {name for name, _ in payments_night(asked()).calls} == {"look_at_network", "find_stated_network"}


SEEN = {
    "look_at_network": "link, address, route and neighbour are in order here",
    "find_stated_network": "this host states 10.1.2.3 on ens5; resolvers: 10.9.8.7",
    "propose": "It cannot be proposed.",
    "find_dead_resolver": "resolver 10.6.6.6 is dead or nobody's; this host states 10.9.8.7",
}


def test_what_it_proposes_is_what_it_was_told() -> None:
    name, given = call_of(payments_night(asked(**SEEN)))
    assert (name, given["skill"], given["parameters"]) == ("propose", "replace_dead_resolver", {"resolver": "10.9.8.7"})
    assert given["expects"] == "http.failed:http://pay.example/"
    assert "10.6.6.6" in given["why"]


def test_what_does_not_look_like_its_night_is_handed_over() -> None:
    alive = {**SEEN, "find_dead_resolver": "resolver 10.9.8.7 is not known to be dead"}
    assert call_of(payments_night(asked(**alive)))[0] == "hand_over"


def test_the_server_serves_completions_and_nothing_else() -> None:
    with closing(ScriptedBrain(lambda _: Said("well"))) as server:
        base = server.base_url
        body = json.dumps({"model": "any", "messages": [{"role": "user", "content": "hello"}]})
        posted = ["curl", "-s", "-H", "Content-Type: application/json", "-d", body]
        said = subprocess.run([*posted, f"{base}/chat/completions"], capture_output=True, check=True, text=True)
        other = subprocess.run([*posted, f"{base}/files"], capture_output=True, check=True, text=True)
        assert server.asked == 1
    assert json.loads(said.stdout)["choices"][0]["message"]["content"] == "well"
    assert json.loads(said.stdout)["usage"]["total_tokens"] > 0
    assert "only chat completions" in other.stdout


# ---- for real -----------------------------------------------------------------------------------------------------------------------


def typed(machine: Machine, *words: str, **others: str) -> subprocess.CompletedProcess[str]:
    """A whole demo, which takes its time on a busy machine."""
    environment = machine.environment | others
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        timeout=400,
    )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A data folder in which nothing is set."""
    folder = tmp_path_factory.mktemp("unknown")
    (folder / "home").mkdir(mode=0o700)
    return Machine(folder / "home", folder / "key")


@pytest.fixture(scope="module")
def played(machine: Machine) -> tuple[list[dict[str, Any]], str]:
    """What it measured, and what it told meanwhile."""
    run = typed(machine, *UNKNOWN, "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout), run.stderr


@needs_bwrap
@pytest.mark.slow
def test_a_night_that_no_rule_knows_is_solved_in_at_most_three_rounds(played: tuple[list[dict[str, Any]], str]) -> None:
    first = played[0][0]
    assert (first["ending"], first["decided_by"].partition(" ")[0]) == ("fixed", "brain")
    assert 1 <= first["rounds"] <= 3
    assert first["verified_by"] == f"http.failed:{layout.PAYMENTS_PAGE} = 0, 3 times"
    assert any(layout.DEAD_RESOLVER in line and line.startswith("find_dead_resolver") for line in first["evidence"])
    assert first["model_calls"] >= 3
    assert first["tokens"] > 0


@needs_bwrap
@pytest.mark.slow
def test_the_same_night_again_costs_no_token(played: tuple[list[dict[str, Any]], str]) -> None:
    later = [(one["run"], one["ending"], one["decided_by"].partition(" ")[0], one["tokens"]) for one in played[0][1:]]
    assert later == [("memory", "fixed", "memory", 0), ("trusted", "fixed", "memory", 0)]


@needs_bwrap
@pytest.mark.slow
def test_the_transcript_shows_what_was_looked_at_and_seen_and_that_the_brain_is_scripted(
    played: tuple[list[dict[str, Any]], str],
) -> None:
    told = played[1]
    assert "The brain is scripted" in told.splitlines()[1]
    looks = re.findall(r"^brain looks: (\w+)", told, re.MULTILINE)
    assert looks == ["look_at_network", "find_stated_network", "find_dead_resolver"]
    assert "brain answers: propose restore_default_route" in told
    assert "it is told: “It cannot be proposed." in told
    assert f"brain answers: propose replace_dead_resolver resolver={layout.RESOLVER}" in told
    assert f"because: “find_dead_resolver: {layout.DEAD_RESOLVER} is dead or nobody's”" in told


@needs_bwrap
@pytest.mark.slow
def test_every_text_that_the_brain_saw_can_be_read_afterwards(
    machine: Machine, played: tuple[list[dict[str, Any]], str]
) -> None:
    first = played[0][0]
    told = machine.type("why", first["incident"], "--texts")
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("propose") >= 2
    assert layout.DEAD_RESOLVER in told.stdout
    assert machine.type("audit", "verify").returncode == 0


# ---- a brain of somebody's own ------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    """Another one."""
    (tmp_path / "home").mkdir(mode=0o700)
    return Machine(tmp_path / "home", tmp_path / "key")


def test_without_a_model_nobodys_own_can_be_asked(fresh: Machine) -> None:
    run = fresh.type(*UNKNOWN, "--brain", BRAIN_MODEL="")
    assert run.returncode == 2
    assert "no model is set; write BRAIN_MODEL" in run.stderr


@needs_bwrap
@pytest.mark.slow
def test_ones_own_brain_is_asked_and_whatever_it_says_is_no_failure_of_the_demo(fresh: Machine) -> None:
    hand_over = Say(calls=(("hand_over", {"reason": "I do not know"}),))
    with OpenAIServer(hand_over, models=("mine",)) as server:
        own = {"BRAIN_MODEL": "mine", "BRAIN_BASE_URL": server.url, "BRAIN_API_KEY": "key-of-mine"}
        run = typed(fresh, *UNKNOWN, "--brain", **own)
    assert run.returncode == 0, run.stderr
    assert "The brain is mine at" in run.stdout
    assert len(server.asked) >= 1
    assert "brain answers: hand_over" in run.stdout
    assert "scripted" not in run.stdout
