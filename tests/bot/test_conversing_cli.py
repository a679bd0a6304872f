"""`nightshift ask` and free words in `chat`, as real processes: alone, and beside a running `up`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store.data_folder import DataFolder
from tests.bot.machine import Machine
from tests.source_tree import ROOT


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return house(tmp_path_factory.mktemp("asking"), 0)


def house(folder: Path, number: int) -> Machine:
    """A data folder with a port of its own, in which nothing is watched."""
    machine = Machine(folder / "var", folder / "key")
    machine.home.mkdir(mode=0o700)
    port = 41000 + (os.getpid() * 2 + number) % 20000
    (machine.home / "nightshift.toml").write_text(f"checks = []\n[server]\nport = {port}\n")
    return machine


def test_a_question_is_answered_with_evidence_for_programs_too(machine: Machine) -> None:
    run = machine.type("ask", "--json", "who uses the memory?")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert (told["kind"], told["incident"]) == ("ask", "")
    assert [one["source"] for one in told["evidence"]] == ["look_at_memory on localhost"]
    assert told["facts"]["memory_total_bytes"] > 0


def test_looks_are_shown_while_they_are_made(machine: Machine) -> None:
    run = machine.type("ask", "为什么负载高？")
    assert run.returncode == 0, run.stderr
    assert "looking: find_load_cause on localhost" in run.stderr
    assert run.stdout.startswith("find_load_cause on localhost: load ")


def test_what_is_not_understood_ends_with_one(machine: Machine) -> None:
    run = machine.type("ask", "write me a poem")
    assert (run.returncode, run.stdout) == (1, "")
    assert "did not understand" in run.stderr
    told = machine.type("ask", "--json", "write me a poem")
    assert (told.returncode, json.loads(told.stdout)["kind"]) == (1, "lost")


def test_a_gap_is_noted_and_listed(machine: Machine) -> None:
    assert machine.type("ask", "learn to fold the laundry").returncode == 0
    assert "fold the laundry" in machine.type("skills", "gaps").stdout


def test_a_yes_in_words_is_none_and_a_stop_in_words_is_one(machine: Machine) -> None:
    assert "approve ID" in machine.type("ask", "yes, do it").stderr
    assert machine.type("ask", "stop everything now").returncode == 0
    stops = machine.data("status")["stops"]  # type: ignore[index]
    assert [scope for scope, *_ in stops] == ["all"]
    assert machine.type("go").returncode == 0


def test_chat_remembers_the_turn_before(machine: Machine) -> None:
    run = machine.type("chat", stdin="who uses the memory?\nand again?\nhello\n")
    assert run.stdout.count("look_at_memory on localhost: ") == 2
    assert "Good to see you" in run.stdout


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("running")
    machine = house(folder, 1)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "up"],
            env=machine.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 30
        while not DataFolder(machine.home).holder() and time.monotonic() < until:
            time.sleep(0.1)
        yield machine
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def test_words_are_handed_to_the_running_up_which_remembers_them(running: Machine) -> None:
    first = running.type("ask", "who uses the memory?")
    assert first.returncode == 0, first.stderr
    assert "Handed to the running `up`" in first.stderr
    again = running.type("ask", "--json", "and again?")
    assert json.loads(again.stdout)["evidence"][0]["source"] == "look_at_memory on localhost"


def test_a_wish_that_comes_to_nothing_ends_with_one(running: Machine) -> None:
    run = running.type("ask", "--json", "please restart the service no-such-thing")
    assert run.returncode == 1, run.stdout
    told = json.loads(run.stdout)
    assert told["incident"]
    assert told["outcome"]["ending"] == "handed over"
