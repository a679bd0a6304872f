"""Reading a skill file: every mistake is one sentence that names the file and the key, and nothing in the file is run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capability import Risk
from core.errors import InvalidError
from core.skill_catalog import cases_of, parse_skill
from core.skill_manifest import ParameterSpec, SkillState
from tests.core.skill_texts import BODY, FREE_LOGS, HEADER, with_body, with_header

PATH = "skills/disk/free_logs.py"


def test_a_skill_is_read_without_running_it() -> None:
    skill = parse_skill(PATH, FREE_LOGS)
    assert (skill.name, skill.path, skill.summary) == ("free_logs", PATH, "Delete rotated logs.")
    assert (skill.risk, skill.timeout, skill.settles) == (Risk.MEDIUM, 20.0, 5.0)
    assert (skill.cures, skill.lookers, skill.share) == (("disk.used_percent",), ("find_old_logs",), "rotated_share")
    assert (skill.when, skill.fill) == (("rotated_bytes >= 1000000",), (("directory", "rotated_directory"),))
    assert skill.capabilities == ("fs.delete:{directory}/*;rotated", "fs.list:{directory}")
    assert skill.triggers == ("disk full", "磁盘满了")
    assert skill.state is SkillState.OWNED
    assert skill.parameters == (
        ParameterSpec("directory", "str", "/var/log", is_required=False, is_privileged=True),
        ParameterSpec("days", "int", 7, is_required=False, is_privileged=False),
    )


def test_cases_are_data() -> None:
    (case,) = cases_of(FREE_LOGS)
    assert case["name"] == "deletes one"


def test_a_parameter_in_a_grant_is_privileged_whatever_its_name() -> None:
    text = FREE_LOGS.replace("{directory}", "{thing}").replace("directory", "thing")
    assert parse_skill(PATH, text).parameters[0].is_privileged


@pytest.mark.parametrize(
    "name",
    [
        "path",
        "log_directory",
        "service",
        "unit_name",
        "pid",
        "gateway",
        "url",
        "user",
        "package",
        "server",
        "port",
        "target",
    ],
)
def test_a_parameter_that_selects_something_is_privileged(name: str) -> None:
    (spec,) = parse_skill(PATH, with_body("days: int = 7", f'{name}: str = "x"').replace(" > days", " > 7")).parameters[
        1:
    ]
    assert spec.is_privileged


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('risk = "medium"', 'risk = "never"', "risk: must be one of low, medium, high"),
        ('risk = "medium"', "risk = 1", "risk: must be one of"),
        ("timeout = 20", "timeout = 0", "timeout: must be a number of seconds from 1 to 600"),
        ("timeout = 20", "timeout = true", "timeout: must be"),
        ("settles = 5", "settles = nan", "settles: must be"),
        ("settles = 5", 'colour = "red"', "colour: unknown key"),
        ('cures = ["disk.used_percent"]', 'cures = "disk"', "cures: must be a list"),
        (
            'cures = ["disk.used_percent"]',
            'cures = ["disk.used_percent:/"]',
            "cures: 'disk.used_percent:/' does not belong",
        ),
        ('cures = ["disk.used_percent"]', "cures = []", "exactly one of them"),
        (
            'cures = ["disk.used_percent"]',
            'cures = ["disk.used_percent"]\n# looks_at = ["disk.used_percent"]',
            "exactly one of them",
        ),
        ('cures = ["disk.used_percent"]', 'looks_at = ["disk.used_percent"]', "risk: a looker only looks"),
        ('when = ["rotated_bytes >= 1000000"]', 'when = ["import os"]', "is not a condition"),
        ('share = "rotated_share"', 'share = "a b"', "share: must be the name of a fact"),
        ('directory = "rotated_directory"', 'folder = "x"', "fill: folder"),
        ('"fs.list:{directory}"', '"fs.list:{directory}", "exec:sh"', "capabilities: sh is never done"),
        ('"fs.list:{directory}"', '"fs.list:{folder}"', "capabilities: {folder} is not a parameter of run"),
        (
            '"fs.list:{directory}"',
            '"fs.list:{directory}", "notify"',
            "declares notify in capabilities and never uses it",
        ),
        ('"fs.list:{directory}", ', "", "uses fs.list without declaring it"),
        ("dependencies = []", 'dependencies = ["requests"]', "dependencies:"),
        ("# [tool.nightshift]\n", "# [tool.other]\n", "lacks the table [tool.nightshift]"),
        ("timeout = 20", "timeout = = 20", "the header is not TOML"),
        ("# /// script\n", "# /// scripts\n", "exactly one '# /// script' header and has 0"),
    ],
)
def test_a_broken_header_is_one_sentence_with_file_and_key(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidError) as error:
        parse_skill(PATH, with_header(old, new))
    assert str(error.value).startswith(f"{PATH}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("import re", "import os", "import os is not among"),
        ("import re", "import subprocess as re", "import subprocess is not among"),
        ("import re", "from os import path as re", "from os import is not among"),
        ("import re", "from . import re", "from . import is not among"),
        ("import re", "from core.ports import Host as re", "from core.ports import is not among"),
        ("Host, Outcome", "Host, Outcome, VERSION", "core.skill has no VERSION"),
        ("    freed = sum", "    exec('x')\n    freed = sum", "name exec"),
        ("    freed = sum", "    open('/etc/passwd')\n    freed = sum", "name open"),
        ("    freed = sum", "    getattr(host, 'run')\n    freed = sum", "name getattr"),
        ("    freed = sum", "    host.__class__\n    freed = sum", "private attribute .__class__"),
        ("    freed = sum", "    host._call('x')\n    freed = sum", "private attribute ._call"),
        ("    freed = sum", "    __builtins__\n    freed = sum", "name __builtins__"),
        ("    freed = sum", "    host.chmod('x')\n    freed = sum", "host.chmod does not exist"),
        ("    freed = sum", "    host.process.kill(1)\n    freed = sum", "host.process.kill does not exist"),
        ("    freed = sum", "    h = host\n    freed = sum", "by their own names"),
        ("    freed = sum", "    h = host.delete\n    freed = sum", "by their own names"),
        ("    freed = sum", "    host = 3\n    freed = sum", "host is only ever the host"),
        ("    freed = sum", "    host.service('x').stop()\n    freed = sum", "uses service.stop without declaring"),
        (
            "    freed = sum",
            "    s = host.service('x')\n    s.restart()\n    freed = sum",
            "uses service.restart without declaring",
        ),
        ("    freed = sum", "    host.run(['x'])\n    freed = sum", "uses exec without declaring"),
        ("    freed = sum", "    try:\n        pass\n    except:\n        pass\n    freed = sum", "except hides"),
        (
            "    freed = sum",
            "    try:\n        pass\n    except (OSError, Exception):\n        pass\n    freed = sum",
            "except hides",
        ),
        ("    freed = sum", "    while True:\n        pass\n    freed = sum", "endless loop"),
        ("    freed = sum", "    global x\n    freed = sum", "no global state"),
        (
            "OLD = re.compile",
            "OLD = re.sub('a', 'b', 'c')\nNEW = re.compile",
            "line 24: statement with effects at module level",
        ),
        ("OLD = re.compile", "for x in ():\n    pass\nOLD = re.compile", "effects at module level"),
        ("def run(host: Host, ", "async def run(host: Host, ", "no async def"),
        ("def run(host: Host, ", "def run(machine: Host, ", "run must be written as"),
        ("def run(host: Host, ", "def run(host: Host, *, ", "run must be written as"),
        (") -> Outcome:", ") -> dict:", "run must be written as"),
        ("def run(", "def walk(", "exactly one function"),
        ("days: int = 7", "days = 7", "parameter days: type 'missing'"),
        ("days: int = 7", "days: list = 7", "parameter days: type 'list'"),
        ("days: int = 7", "days: int = 7 + 1", "parameter days: its default must be a literal"),
        ("days: int = 7", "days: int = None", "parameter days: its default must be"),
        ("days: int = 7", "days: Literal[1] = 1", "a Literal holds texts only"),
        ('"""Delete rotated logs."""\n', "", "lacks a docstring"),
        ("CASES = [", "CASES = list() or [", "CASES must be a literal"),
        ("CASES = [", "CASES = [OLD,", "CASES must be a literal"),
        ("CASES = [", "TESTS = [", "there are no CASES"),
        ("    freed = sum", "    # \u202e\n    freed = sum", "invisible or reordering"),
        ("    freed = sum", "    freed == (sum", "this is not Python"),
    ],
)
def test_code_that_a_reviewer_would_have_to_worry_about_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidError) as error:
        parse_skill(PATH, with_body(old, new))
    assert said in str(error.value)


@pytest.mark.parametrize("path", ["skills/disk/Free.py", "skills/disk/free-logs.py", "skills/disk/a.py", "x", ""])
def test_a_file_with_another_kind_of_name_is_refused(path: str) -> None:
    with pytest.raises(InvalidError, match="named <verb>_<thing>"):
        parse_skill(path, FREE_LOGS)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(InvalidError, match="64 KiB"):
        parse_skill(PATH, FREE_LOGS + "# x\n" * 20_000)


@given(st.text(max_size=200), st.integers(0, len(FREE_LOGS)))
def test_hostile_text_raises_our_error_only(text: str, at: int) -> None:
    for source in (text, HEADER + text, FREE_LOGS[:at] + text + FREE_LOGS[at:], text + BODY):
        try:
            parse_skill(PATH, source)
        except InvalidError as error:
            assert str(error).startswith(PATH)  # noqa: PT017 - either outcome is right
