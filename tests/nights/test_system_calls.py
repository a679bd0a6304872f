"""Three nights recorded at the door of the kernel: what each process asked it to change is what its room may, and what the journal says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core.capability import Risk
from core.vetted_shapes import shape_of_argv
from tests.source_tree import ROOT
from tests.system_calls import ENDS, REACHES, REST, WRITES, Call, Recording, record

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.needs("strace", "bwrap")]

WRITING, REACHING, ENDING, REMAKING = (frozenset(names.split(",")) for names in (WRITES, REACHES, ENDS, REST))
OURS = (
    r"{home}/.*",
    r"{home}",
    r"{key}.*",
    r"/dev/null",
    r"/sys/fs/cgroup/[^/]+/nightshift-.*",
    r"/dev/shm/tmp\w+(/canary)?",
)
"""What our own process may write: the data folder, the key at the first start, the groups of its guests, the canary of the self-test."""

STARTED = {
    "python": "itself and its helpers",
    "python3": "looks which files an interpreter needs",
    "mkfs.ext4": "makes the demo's own patient",
    "ldconfig": "Python finds a library with it",
    "file": "Python finds a library with it",
    "gcc": "Python finds a library with it",
    "ld": "Python finds a library with it",
    "uname": "Python asks for the machine",
}


class Night:
    """The recording of one run of the demo, and what its audit trail says."""

    def __init__(self, folder: Path) -> None:
        self.home, key = folder / "home", folder / "key" / "key"
        key.parent.mkdir(mode=0o700)
        (folder / "calls").mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "NIGHTSHIFT_HOME": str(self.home),
            "NIGHTSHIFT_KEY_FILE": str(key),
        }
        self.ours = "|".join(OURS).format(home=re.escape(str(self.home)), key=re.escape(str(key.parent)))
        arguments = ("demo", "--yes", "--night", "disk")
        self.recording: Recording = record(folder / "calls", *arguments, environment=self.environment, seconds=400)
        self.calls = self.recording.calls()

    def of(self, part: str, names: frozenset[str]) -> list[Call]:
        return [call for call in self.calls if call.part == part and call.name in names]

    def journal(self) -> list[str]:
        words = [sys.executable, "-m", "bot", "audit", "export"]
        environment = {**self.environment, "NIGHTSHIFT_HOME": str(self.home / "demo")}
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        rows = map(json.loads, done.stdout.splitlines())
        return [row["body"]["effect"] for row in rows if row["kind"] == "intent"]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("recorded"))


def texts(calls: list[Call]) -> list[str]:
    return [f"{call.pid} {call.text}"[:300] for call in calls]


def test_every_process_is_known_by_its_part(night: Night) -> None:
    assert {call.part for call in night.calls} <= {
        "nightshift", "hands", "command", "eyes", "guest", "walls", "entering", "interpreter", "patient",
    }  # fmt: skip
    assert {"nightshift", "hands", "eyes", "guest"} <= {call.part for call in night.calls}


def test_our_own_process_writes_nothing_but_its_own_room_and_reaches_nobody(night: Night) -> None:
    written = [call for call in night.of("nightshift", WRITING) if not re.fullmatch(night.ours, call.path.rstrip("/"))]
    assert texts(written) == []
    assert texts(night.of("nightshift", frozenset({"connect"}))) == []
    assert texts(night.of("nightshift", REMAKING)) == []


def test_our_own_process_ends_only_what_it_started(night: Night) -> None:
    assert texts(night.of("nightshift", frozenset({"kill", "tkill"}))) == []
    opened = [
        int(re.findall(r"pidfd_open\((\d+)", call.text)[0])
        for call in night.of("nightshift", frozenset({"pidfd_open"}))
    ]
    assert opened
    assert [pid for pid in opened if not night.recording.is_ours(pid)] == []


def test_our_own_process_starts_only_what_is_named_here(night: Night) -> None:
    programs = {
        Path(re.findall(r'"([^"]*)"', call.text)[0]).name for call in night.of("nightshift", frozenset({"execve"}))
    }
    assert {name for name in programs if name not in STARTED and not name.startswith("python3.")} == set()


def test_eyes_change_nothing(night: Night) -> None:
    for names in (WRITING, REMAKING, ENDING, frozenset({"bind"})):
        assert texts(night.of("eyes", names)) == []
    assert [call for call in night.of("eyes", frozenset({"execve"})) if "adapters.probe.serve" not in call.text] == []


def test_a_guest_asks_the_kernel_for_nothing(night: Night) -> None:
    calls = [call for call in night.calls if call.part == "guest"]
    assert texts([call for call in calls if call.name != "execve" or "/guest.py" not in call.text]) == []


def test_hands_do_what_the_journal_says_and_nothing_else(night: Night) -> None:
    done = [call for call in night.of("hands", WRITING) if call.path != "/dev/null"]
    effects = night.journal()
    assert len(effects) >= 3
    assert {effect.partition(" ")[0] for effect in effects} == {"fs.truncate"}
    assert [call.name for call in done] == ["openat", "ftruncate"] * len(effects)
    assert {call.path.removesuffix(" (deleted)") for call in done} == {"/srv/shop/log/access.log"}
    assert texts(night.of("hands", REMAKING)) == []
    assert texts(night.of("hands", frozenset({"connect", "bind", "kill", "pidfd_send_signal"}))) == []


def test_every_command_is_a_look_that_was_reviewed(night: Night) -> None:
    started = list(night.of("command", frozenset({"execve"})))
    argvs = [tuple(re.findall(r'"((?:[^"\\]|\\.)*)"', call.text)[1:]) for call in started]
    shapes = {argv: shape_of_argv(argv) for argv in argvs}
    assert argvs
    assert [shlex.join(argv) for argv, shape in shapes.items() if shape is None or shape.risk is not Risk.LOW] == []
    assert [text for text in texts(night.of("command", WRITING)) if "/dev/null" not in text] == []
