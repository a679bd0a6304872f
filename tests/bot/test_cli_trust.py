"""The words of trust on the command line: real processes, one sentence for every mistake, JSON for machines."""

from __future__ import annotations

import json

import pytest

from bot.cli_trust import LINES
from bot.commands import RULES
from tests.bot.machine import Machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """One for the whole file."""
    folder = tmp_path_factory.mktemp("machine")
    return Machine(folder / "var", folder / "key")


def test_every_command_is_a_word_of_the_grammar() -> None:
    assert set(LINES) <= {str(rule.verb) for rule in RULES}


def test_a_pause_is_laid_down_listed_and_ended(machine: Machine) -> None:
    laid = machine.data("maintenance", "localhost", "2h", "new", "kernel")
    assert isinstance(laid, dict)
    assert (laid["kind"], laid["scope"], laid["why"]) == ("maintenance", "host:localhost", "new kernel")
    status = machine.data("status")
    assert isinstance(status, dict)
    assert [one["id"] for one in status["pauses"]] == [laid["id"]]
    assert machine.type("maintenance", "localhost", "off").returncode == 0
    assert "new kernel" not in machine.type("status").stdout


def test_a_mode_is_made_stricter_shown_by_policy_and_lifted(machine: Machine) -> None:
    assert machine.type("mode", "localhost", "observe").returncode == 0
    assert machine.data("mode")["modes"] == {"localhost": "observe"}  # type: ignore[index]
    assert "stricter: host localhost is observe at most" in machine.type("policy").stdout
    explained = machine.type("policy", "explain", "restart_service", "--host", "localhost").stdout
    assert "person   observe | medium | owned | person -> deny" in explained
    assert "nightshift.toml" in machine.type("mode", "localhost", "auto").stderr
    assert machine.type("mode", "localhost", "reset").returncode == 0
    assert machine.data("mode") == {"modes": {"localhost": "approve"}, "tightenings": []}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("mute", "localhost", "400d"), 1, "1m to 30d"),
        (("mute", "nosuch", "2h"), 1, "nosuch"),
        (("maintenance",), 1, "maintenance HOST|GROUP"),
        (("maintenance", "localhost", "-3h"), 2, "-3"),
        (("snooze", "zzz", "30m"), 1, "zzz"),
        (("take", "no such host"), 1, "take ID|HOST"),
        (("mode", "web", "turbo"), 1, "mode [HOST|GROUP|all"),
        (("mode", "nosuch", "observe"), 1, "localhost"),
        (("orders", "confirm"), 1, "orders [new INCIDENT"),
        (("orders", "revoke", "O-NONE"), 1, "O-NONE"),
        (("rules", "drop", "NONE"), 1, "NONE"),
        (("admit",), 1, "admit ID"),
        (("wrong",), 1, "wrong ID"),
        (("note", "deploy", "--host", "nosuch"), 1, "nosuch"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(machine: Machine, words: tuple[str, ...], code: int, says: str) -> None:
    run = machine.type(*words, "--json")
    assert (run.returncode, run.stdout, "Traceback" in run.stderr) == (code, "", False)
    assert says in json.loads(run.stderr.splitlines()[-1])["error"]


@pytest.mark.parametrize("words", [("orders",), ("rules",)])
def test_a_list_is_json(machine: Machine, words: tuple[str, ...]) -> None:
    assert machine.data(*words) == []


def test_doctor_says_which_rules_one_person_replaces(machine: Machine) -> None:
    found = machine.data("doctor")
    assert isinstance(found, list)
    (people,) = [one for one in found if one["what"] == "people"]
    assert (people["state"], "Nobody is listed" in people["detail"]) == ("warn", True)
    assert "the object's name is typed at this machine" in people["detail"]
