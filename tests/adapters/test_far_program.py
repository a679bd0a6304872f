"""What is sent to far hosts: old Python is enough for it, it brings nothing of ours along, and what it says is not believed blindly."""

from __future__ import annotations

import ast
import builtins
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clock_system import SystemClock
from adapters.probe import far_program
from adapters.probe.far import FarProbe
from adapters.probe.ground import FACTS
from adapters.probe.local import LocalProbe
from adapters.probe.recent_changes import Event
from adapters.probe.surroundings import ServedChanges, ServedPresence
from adapters.probe.sweep import Sweep
from core.alert import LOCALHOST, Signal
from core.check import Check
from core.errors import UnavailableError
from core.world import Measurement
from tests.far_program_kit import over_there

FOLDER = Path(far_program.__file__).parent
SENT = [FOLDER / f"{name}.py" for name in far_program.MODULES]
NEWER = {"removeprefix", "removesuffix", "pidfd_open", "readlink", "walk_up", "batched", "bit_count"}
"""Names of methods that Python 3.7 does not have."""

SIGNALS = tuple(
    map(
        Signal.parse,
        (
            "disk.used_percent:/",
            "disk.inodes_percent:/",
            "memory.used_percent",
            "load.per_core",
            "fd.used_percent",
            "process.down:no-such",
            "process.zombies",
            "tcp.failed:127.0.0.1:1",
            "route.missing:default",
            "link.down:lo",
        ),
    )
)


@pytest.mark.parametrize("file", SENT, ids=lambda file: file.stem)
def test_it_is_written_for_old_python(file: Path) -> None:
    tree = ast.parse(file.read_text(), feature_version=(3, 7))
    methods = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    paths = {"os.readlink"} & {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert methods & NEWER <= {"readlink" for _ in paths}
    aliases = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)]
    assert [ast.unparse(one) for one in aliases if ast.unparse(one.value).partition("[")[0] in dir(builtins)] == []


@pytest.mark.parametrize("file", SENT, ids=lambda file: file.stem)
def test_it_imports_only_what_is_there_or_sent_too(file: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = {node.module for node in nodes if (node.module or "").startswith(("adapters", "core", "bot"))}
    assert ours <= {"adapters.probe", *(f"adapters.probe.{name}" for name in far_program.MODULES)}


def test_both_ends_know_the_same_facts() -> None:
    with over_there() as ask:
        wanted = [[name, {}] for name in (*FACTS, "no_such_fact")]
        answers = ask({"operation": "facts", "arguments": {"wanted": wanted}}, 9)
    assert answers[-1] == {"cannot": "there is no fact no_such_fact"}
    assert [answer for answer in answers[:-1] if "there is no fact" in str(answer)] == []


def test_ten_signals_are_read_as_here_in_few_rounds() -> None:
    rounds: list[int] = []
    with over_there() as ask:

        def counted(question: dict[str, Any], seconds: float) -> Any:
            rounds.append(len(question["arguments"]["wanted"]))
            return ask(question, seconds)

        far = FarProbe(counted, SystemClock()).measure_all("web-1", SIGNALS)
    here = {signal: LocalProbe(SystemClock()).measure("web-1", signal) for signal in SIGNALS}
    values = {signal: one.value for signal, one in far.items() if isinstance(one, Measurement)}
    assert values.keys() == here.keys()
    assert {
        signal: value - here[signal].value for signal, value in values.items() if abs(value - here[signal].value) > 5
    } == {}
    assert len(rounds) <= 3


def test_what_changed_is_asked_with_the_processes_of_the_services() -> None:
    asked: list[dict[str, Any]] = []

    def ask(question: dict[str, Any], _seconds: float) -> Any:
        asked.append(question)
        rows = [[7, 1, "shop", ["/srv/shop"], 100, False]]
        return (
            [{"fact": [100, 1.0, rows]}]
            if question["operation"] == "facts"
            else [[*Event("service", "/srv/shop", 5.0)]]
        )

    probe = FarProbe(ask, SystemClock())
    assert probe.ask({"operation": "changes", "arguments": {"since": 1.0, "services": ["shop"]}}, 8) == [
        ["service", "/srv/shop", 5.0]
    ]
    assert asked[-1] == {"operation": "changes", "arguments": {"since": 1.0, "pids": [7]}}


SERVED = (
    "tls.expires_days:localhost:443",
    "postgres.failed:localhost:5432",
    "redis.failed:localhost:6379",
    "container.down:shop",
    "backup.age_hours:/srv/backup",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"fact": JSON}) | JSON, min_size=12, max_size=12))
def test_a_host_that_says_anything_is_at_worst_not_measured(answers: list[Any]) -> None:
    def ask(question: dict[str, Any], _seconds: float) -> Any:
        return answers[: len(question["arguments"]["wanted"])]

    signals = (*SIGNALS, *map(Signal.parse, SERVED))
    for result in FarProbe(ask, SystemClock()).measure_all("web-1", signals).values():
        assert isinstance(result, Measurement | UnavailableError)


NO_FILES: tuple[Any, ...] = (
    [{}],
    ["x"],
    [[1.0]],
    [[None, "/a", 1]],
    [[1.0, [], 1]],
    [[1e999, "/a", 1]],
    [1.0, "/a", "many"],
    {"a": 1},
    7,
)


@pytest.mark.parametrize("fact", NO_FILES, ids=str)
def test_a_host_that_lies_about_its_files_is_not_measured_and_no_other_host_suffers(fact: Any) -> None:
    def ask(question: dict[str, Any], _seconds: float) -> Any:
        return [{"fact": fact} for _ in question["arguments"]["wanted"]]

    backup = Signal.parse("backup.age_hours:/srv/backup")
    liar, honest = FarProbe(ask, SystemClock()), LocalProbe(SystemClock())
    sweep = Sweep(honest, together={"web-1": liar.measure_all})
    checks = (Check(backup, "web-1", over=1), Check(Signal.parse("load.per_core"), LOCALHOST, over=1))
    lied, told = sweep.measure(checks).values()
    sweep.close()
    assert isinstance(lied, UnavailableError)
    assert isinstance(told, Measurement)


def test_what_a_host_says_of_itself_is_one_line_without_tricks() -> None:
    said = "refused\n\x1b[2JApproved by bo\r\nall is well\u202e"

    def failed(question: dict[str, Any], _seconds: float) -> Any:
        return [{"fact": said} for _ in question["arguments"]["wanted"]]

    def cannot(question: dict[str, Any], _seconds: float) -> Any:
        return [{"cannot": said} for _ in question["arguments"]["wanted"]]

    signal = Signal.parse("tcp.failed:localhost:80")
    assert FarProbe(failed, SystemClock()).measure("web-1", signal).detail == "refused Approved by bo all is well"
    with pytest.raises(UnavailableError, match=r"^refused Approved by bo all is well$"):
        FarProbe(cannot, SystemClock()).measure("web-1", signal)


@pytest.mark.parametrize(
    "row", [{}, {"0": 1}, [], [1], ["root", "tty1", "", "x", None], ["r", "t", "", 1e999, 1], None]
)
def test_a_host_that_lies_about_who_is_there_is_not_believed(row: Any) -> None:
    with pytest.raises(UnavailableError, match="did not say"):
        ServedPresence({"web-1": lambda _question, _seconds: [row]}).logins("web-1")
    with pytest.raises(UnavailableError, match="did not say"):
        ServedChanges({"web-1": lambda _question, _seconds: [row]}, {}).since("web-1", datetime.now(UTC))


def test_a_host_that_goes_away_in_the_middle_is_not_measured() -> None:
    def gone(_question: dict[str, Any], _seconds: float) -> Any:
        raise UnavailableError("web-1 went away")

    with pytest.raises(UnavailableError, match="went away"):
        FarProbe(gone, SystemClock()).measure("web-1", SIGNALS[0])


def test_a_hundred_hosts_that_hang_keep_nobody_from_measuring_the_others() -> None:
    over, load = threading.Event(), Signal.parse("load.per_core")

    def hang(_host: str, _signals: Any) -> Any:
        over.wait(20)
        return {}

    def answer(host: str, signals: Any) -> Any:
        return {signal: LocalProbe(SystemClock()).measure(host, signal) for signal in signals}

    names = [f"web-{n:03}" for n in range(150)]
    sweep = Sweep(
        LocalProbe(SystemClock()), together={**dict.fromkeys(names[:100], hang), **dict.fromkeys(names[100:], answer)}
    )
    found = sweep.measure([Check(load, name, over=1) for name in names], seconds=3)
    over.set()
    sweep.close()
    assert [type(one) for one in found.values()] == [UnavailableError] * 100 + [Measurement] * 50
