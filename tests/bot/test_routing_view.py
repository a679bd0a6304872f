"""`nightshift route`: what each tier would make of words, with nothing running and nothing configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.bot.machine import Machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A data folder of nobody yet."""
    place: Path = tmp_path_factory.mktemp("route")
    return Machine(place / "home", place / "key")


def routed(machine: Machine, *words: str) -> dict[str, Any]:
    """As one JSON object."""
    return cast("dict[str, Any]", machine.data("route", *words))


def test_it_shows_each_tier_in_its_order(machine: Machine) -> None:
    shown = machine.type("route", "磁盘满了 /var 98%，清理旧日志").stdout
    places = [shown.index(word) for word in ("Memory", "/var", "free_rotated_logs", "Router", "Cerebellum", "Brain")]
    assert places == sorted(places)


def test_it_tells_what_was_found_who_matched_by_what_and_how_clear_it_is(machine: Machine) -> None:
    found = routed(machine, "clean up the old logs in /var/log on web-1")
    best = found["router"]["matches"][0]
    assert (best["skill"], found["router"]["verdict"]) == ("free_rotated_logs", "clear")
    assert best["trigger"]
    assert best["score"] >= found["router"]["gates"]["clear"] > found["router"]["gates"]["floor"]
    assert found["extracted"]["path"] == ["/var/log"]
    assert ("directory", "/var/log") in [(one["name"], one["value"]) for one in found["fill"]["values"]]


def test_what_no_skill_serves_is_said_to_be_refused(machine: Machine) -> None:
    found = routed(machine, "book me a flight to Berlin")
    assert (found["router"]["verdict"], found["router"]["matches"], found["fill"]["values"]) == ("nothing", [], [])


def test_models_that_are_not_configured_are_named_as_such(machine: Machine) -> None:
    found = routed(machine, "redis is down")
    assert (found["cerebellum"]["state"], found["brain"]["state"]) == ("off", "off")


def test_a_cerebellum_that_cannot_be_reached_is_silent_and_nothing_fails(machine: Machine) -> None:
    away = {"CEREBELLUM_MODEL": "qwen:7b", "OLLAMA_HOST": "http://127.0.0.1:9"}
    run = machine.type("route", "redis is down", **away)
    assert run.returncode == 0, run.stderr
    assert "did not answer" in run.stdout


def test_a_secret_in_the_words_is_not_shown_again(machine: Machine) -> None:
    assert "hunter22" not in machine.type("route", "redis is down password=hunter22secret", "--json").stdout


@pytest.mark.parametrize("words", ["\u202eevil\x1b[31m", "x" * 20_000, "🔥"])
def test_any_words_have_an_answer(machine: Machine, words: str) -> None:
    run = machine.type("route", words)
    assert run.returncode == 0, run.stderr
    assert "\x1b" not in run.stdout


def test_a_reader_is_told_what_the_numbers_are_whose_words_they_were_and_what_to_type(machine: Machine) -> None:
    shown = machine.type("route", "restart nginx on localhost").stdout
    assert "0 to 1" in shown
    assert "service = nginx  (your words)" in shown
    assert "To run the first: nightshift run restart_" in shown
    assert "--host localhost service=nginx" in shown


@pytest.mark.parametrize(
    ("bare", "said"),
    [("restart nginx", "please restart nginx on localhost"), ("什么占用了磁盘", "请问这台机器上什么占用了磁盘")],
)
def test_where_it_is_and_what_is_polite_changes_no_score(machine: Machine, bare: str, said: str) -> None:
    assert routed(machine, bare)["router"]["matches"] == routed(machine, said)["router"]["matches"]
