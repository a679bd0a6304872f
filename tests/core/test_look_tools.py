"""Read-only skills as tools: which ones, what a model is told of them, and what becomes of what it calls."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache

import pytest

from adapters.skill_catalog_files import FileCatalog
from bot.wiring import SKILLS
from core.errors import AnswerError
from core.inventory import UNREACHED, HostEntry, Inventory
from core.look_tools import LONGEST_ARGUMENTS, MOST_TOOLS, look_called, lookers, may_look, tools_of
from core.model import ToolCall
from core.skill_manifest import Skill, SkillState
from tests.nights.remedies import looks, rotate_logs, skill

INVENTORY = Inventory((HostEntry("web-1"), HostEntry("web-2"), HostEntry("db-1"), HostEntry("old-1", reach=UNREACHED)))
SIGNATURE = (
    ', path: str, days: int = 7, deep: bool = False, how: Literal["a", "b"] = "a", also: tuple[str, ...] = ("x",)'
)


def reader() -> Skill:
    """A looker with a parameter of every type."""
    body = "return Outcome(ok=True, summary=host.read(path))"
    grant = "fs.read:/var/log/*"
    return skill("read_it", body, grant, parameters=SIGNATURE, looks_at=["disk.used_percent"], risk="low")


def as_it_is(one: Skill, _host: str) -> SkillState:
    """Everywhere the same."""
    return one.state


def called(arguments: str | dict[str, object], name: str = "read_it") -> ToolCall:
    """A call with these arguments, or with this text where arguments should be."""
    return ToolCall("c1", name, arguments if isinstance(arguments, str) else json.dumps(arguments))


# ---- which ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"state": SkillState.TRIAL},
        {"state": SkillState.CHANGED},
        {"cures": ("disk.used_percent",)},
        {"capabilities": ("notify:{group}",)},
        {"capabilities": ("kv:page-*",)},
        {"capabilities": ("http.POST:https://a/;listed",)},
        {"capabilities": ("http.GET:{url};private",)},
        {"capabilities": ("fs.read:/etc/hosts", "secret:token")},
    ],
)
def test_what_does_more_than_look_or_is_not_owned_is_no_tool(change: dict[str, object]) -> None:
    other = replace(looks(), **change)  # type: ignore[arg-type]
    assert not may_look(other, other.state)
    assert may_look(looks(), SkillState.OWNED)


def test_of_the_web_only_listed_hosts_may_be_looked_at() -> None:
    assert may_look(replace(looks(), capabilities=("http.GET:{url};listed;private",)), SkillState.OWNED)


def test_the_state_is_that_of_the_host() -> None:
    assert lookers([looks()], lambda _, host: SkillState.OWNED if host == "web-1" else SkillState.CHANGED, "db-1") == ()


def test_no_tool_of_the_house_can_change_anything_and_there_are_never_too_many() -> None:
    catalog = FileCatalog(SKILLS, SKILLS / "skills.lock")
    tools = lookers(
        catalog.skills(), as_it_is, "web-1", ("find_open_files", "restart_service", "tell_group", "find_open_files")
    )
    assert tools[0].name == "find_open_files"
    assert len(tools) == MOST_TOOLS
    assert all(tool.is_looker for tool in tools)


# ---- what is told of them -----------------------------------------------------------------------------------------------------------


def test_a_tool_says_its_parameters_and_nothing_else_may_be_given() -> None:
    (tool,) = tools_of([reader()])
    assert tool.schema == {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "days": {"type": "integer", "default": 7},
            "deep": {"type": "boolean", "default": False},
            "how": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "also": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 64, "default": ["x"]},
        },
        "required": ["path"],
        "additionalProperties": False,
    }


def test_the_host_is_asked_for_only_where_there_is_a_choice() -> None:
    assert "host" not in str(tools_of([looks()], ["web-1"])[0].schema)
    (tool,) = tools_of([looks()], ["web-1", "db-1"])
    assert tool.schema["properties"] == {
        "host": {"type": "string", "enum": ["web-1", "db-1"], "description": "where to look"}
    }


# ---- what is called -----------------------------------------------------------------------------------------------------------------


def test_a_call_is_a_look_with_values_of_their_types() -> None:
    look = look_called(called({"also": ["p"], "path": "/var/log/a", "days": 3}), [reader()], INVENTORY, "web-1")
    assert (look.skill, look.host) == ("read_it", "web-1")
    assert look.values == (("path", "/var/log/a"), ("days", 3), ("also", ("p",)))


def test_a_host_that_is_named_is_where_it_looks() -> None:
    look = look_called(called({"path": "/a", "host": "db-1"}), [reader()], INVENTORY, "web-1", ["web-1", "db-1"])
    assert look.host == "db-1"


@pytest.mark.parametrize("host", ["db-1", "old-1", "nowhere", "web-1 ", "", 7, None, ["web-1"], {"a": 1}])
def test_a_host_that_may_not_be_looked_at_is_refused_with_those_that_may(host: object) -> None:
    with pytest.raises(AnswerError, match="host must be one of web-1, web-2"):
        look_called(called({"path": "/a", "host": host}), [reader()], INVENTORY, "web-1", ["web-1", "web-2", "old-1"])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (called({}, "rotate_logs"), "there is no tool 'rotate_logs'; there is: read_it"),
        (called({}, "\u202eread_it<b>"), "there is no tool 'read_it<b>'"),
        (called({"path": "/a", "force": True}), "has no parameter 'force'; it has: path, days"),
        (called({"path": "etc/../shadow"}), "path must be an absolute path"),
        (called({"path": "/a", "days": "many"}), "days must be int"),
        (called({"path": "/a", "days": True}), "days must be int"),
        (called({"path": "/a", "days": 1 << 60}), "days must be int"),
        (called({"path": "/a", "how": "c"}), "how must be one of a, b"),
        (called({"path": {"$ne": ""}}), "path must be str"),
        (called({"path": "/a\u200bb"}), "path must be str"),
        (called('{"path": "/a", "path": "/b"}'), "a key stands twice"),
        (called('{"path": "/a", "days": NaN}'), "NaN is no number"),
        (called('{"path": "/a", "days": 1e999}'), "is too large"),
        (called("[]"), "must be one JSON object"),
        (called('"x"'), "must be one JSON object"),
        (called("I would look at /var/log"), "are not valid JSON"),
        (called('{"path": "/a"'), "are not valid JSON"),
        (called("[" * 7000), "are not valid JSON"),
        (called("9" * 7000), "are not valid JSON"),
        (called('{"path": ' + "[" * 600 + "]" * 600 + "}"), "are nested too deeply"),
        (called(" " * (LONGEST_ARGUMENTS + 1)), "are longer than"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_that_helps(call: ToolCall, why: str) -> None:
    with pytest.raises(AnswerError) as caught:
        look_called(call, [reader()], INVENTORY, "web-1")
    assert why in caught.value.message
    assert len(caught.value.message) < 600


def test_a_repair_is_no_tool_however_it_is_called() -> None:
    tools = lookers([rotate_logs(), looks()], as_it_is, "web-1", ("rotate_logs",))
    with pytest.raises(AnswerError, match="there is no tool 'rotate_logs'"):
        look_called(called({}, "rotate_logs"), tools, INVENTORY, "web-1")


JUNK = (
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "path",
    "host",
    "/a",
    "null",
    "true",
    "1e9",
    "\\u0000",
    "\\ud800",
    "\u202e",
    "\x00",
    "9" * 30,
)


def test_whatever_is_written_as_arguments_is_a_look_or_a_sentence() -> None:
    chance = random.Random(11)
    texts = ["".join(chance.choices(JUNK, k=chance.randint(0, 12))) for _ in range(3000)]
    texts += [json.dumps({"path": chance.choice(JUNK), chance.choice(JUNK): chance.choice(JUNK)}) for _ in range(500)]
    refused = []
    for text in texts:
        try:
            assert look_called(called(text), [reader_of_a_path()], INVENTORY, "web-1").host == "web-1"
        except AnswerError as error:
            refused.append(error.message)
    assert len(refused) > len(texts) // 2
    assert max(map(len, refused)) < 600
    assert all(message.isprintable() for message in refused)


@cache
def reader_of_a_path() -> Skill:
    """Parsed once."""
    return reader()
