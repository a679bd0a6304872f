"""CASES: strict worlds, ordered effects, a dry run that must show what the run does, and failures that may not be swallowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidError
from core.skill_cases import fails_honestly, run_cases
from tests.core.run_kit import skill_of
from tests.fakes.sandbox import FakeSandbox

CLEAN = """def run(host: Host, directory: str, days: int = 7) -> Outcome:
    old = [file for file in host.list(directory) if file.name.endswith(".1") and file.age_days > days]
    freed = sum(host.delete(file.path) for file in old)
    return Outcome(ok=bool(old), summary=f"deleted {len(old)}", facts={"bytes": freed})
"""
GRANTS = ("fs.list:{directory}", "fs.delete:{directory}/*")
FILES = {
    "/srv/log/a.log": "aa",
    "/srv/log/a.log.1": {"size": 900, "age_days": 9.0},
    "/srv/log/b.log.1": {"size": 5, "age_days": 1.0},
}


def case(**parts: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "name": "a case",
        "params": {"directory": "/srv/log"},
        "world": {"files": FILES},
        "expect": {
            "ok": True,
            "effects": ["fs.delete /srv/log/a.log.1"],
            "facts": {"bytes": 900},
            "files": {"/srv/log/a.log.1": None},
        },
    }
    return {**whole, **parts}


def problems(body: str, grants: tuple[str, ...] = GRANTS, **parts: Any) -> tuple[str, ...]:
    (result,) = run_cases(skill_of(body, *grants), [case(**parts)], FakeSandbox())
    return result.problems


def test_a_case_that_holds_passes() -> None:
    (result,) = run_cases(skill_of(CLEAN, *GRANTS), [case()], FakeSandbox())
    assert (result.passed, result.problems) == (True, ())
    assert [str(effect) for effect in result.plan] == ["fs.delete /srv/log/a.log.1"]


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ({"ok": False, "effects": ["fs.delete /srv/log/a.log.1"]}, "expected ok False"),
        ({"ok": True, "effects": []}, "expected effects []"),
        ({"ok": True, "effects": ["fs.delete /srv/log/b.log.1"]}, "expected effects"),
        ({"ok": True, "effects": ["fs.delete /srv/log/a.log.1"], "facts": {"bytes": 1}}, "expected fact bytes"),
        (
            {"ok": True, "effects": ["fs.delete /srv/log/a.log.1"], "files": {"/srv/log/a.log.1": ""}},
            "expected /srv/log/a.log.1",
        ),
    ],
)
def test_what_a_case_expects_is_compared(expect: dict[str, Any], problem: str) -> None:
    (found,) = problems(CLEAN, expect=expect)
    assert found.startswith(problem)


def test_effects_are_compared_in_order() -> None:
    files = {"/srv/log/a.log.1": {"age_days": 9.0}, "/srv/log/b.log.1": {"age_days": 9.0}}
    expect = {"ok": True, "effects": ["fs.delete /srv/log/b.log.1", "fs.delete /srv/log/a.log.1"]}
    assert problems(CLEAN, world={"files": files}, expect=expect)


NOTHING = {"ok": True, "effects": []}


@pytest.mark.parametrize(
    ("body", "grants"),
    [
        ("host.read('/etc/other')", ("fs.read:/etc/other",)),
        ("host.stat('/srv/log/none')", ("fs.stat:/srv/log/*",)),
        ("host.run(['/usr/bin/uptime'])", ("exec:/usr/bin/uptime",)),
        ("host.service('web').status()", ("service.status:web",)),
        ("host.http_get('https://example.com/')", ("http.GET:https://example.com/",)),
        ("host.delete('/srv/log/a.log')", ("fs.list:/srv/log",)),
    ],
)
def test_a_call_that_the_case_does_not_describe_fails_it_even_when_the_skill_goes_on(
    body: str, grants: tuple[str, ...]
) -> None:
    source = f"""def run(host: Host, directory: str) -> Outcome:
    try:
        {body}
    except HostError:
        pass
    return Outcome(ok=True, summary="")
"""
    assert problems(source, grants, expect=NOTHING)


def test_a_file_that_is_described_as_missing_is_missing() -> None:
    source = """def run(host: Host, directory: str) -> Outcome:
    try:
        host.stat("/run/app.pid")
    except HostError as error:
        return Outcome(ok=error.code == "missing", summary="")
    return Outcome(ok=False, summary="")
"""
    assert problems(source, ("fs.stat:/run/app.pid",), world={"files": {"/run/app.pid": None}}, expect=NOTHING) == ()


def test_a_run_may_not_do_what_its_dry_run_does_not_show() -> None:
    source = """def run(host: Host, directory: str) -> Outcome:
    answer = host.run(["/usr/bin/apt-get", "clean"])
    if answer.out == "done":
        host.delete("/srv/log/a.log")
    return Outcome(ok=True, summary="")
"""
    grants = ("exec:/usr/bin/apt-get clean", "fs.delete:/srv/log/a.log")
    effects = ["exec /usr/bin/apt-get clean", "fs.delete /srv/log/a.log"]
    found = problems(
        source,
        grants,
        world={"files": FILES, "exec": {"/usr/bin/apt-get clean": "done"}},
        expect={"ok": True, "effects": effects},
    )
    assert any("not in the approved plan" in problem for problem in found)


def test_every_part_of_a_world_can_be_used() -> None:
    source = """def run(host: Host, directory: str) -> Outcome:
    process = host.process.list()[0]
    host.process.signal(process, "HUP")
    host.service("web").restart()
    host.write("/srv/log/a.log", "new")
    host.move("/srv/log/a.log", "/srv/log/c.log")
    host.notify("done")
    busy = [host.run(["/usr/bin/uptime"]).out for _ in range(3)]
    return Outcome(ok=host.service("web").status().is_running, summary="", facts={"busy": busy, "now": host.now})
"""
    grants = (
        "process.list",
        "process.signal:web;HUP",
        "service.restart:web",
        "service.status:web",
        "fs.write:/srv/log/a.log",
        "fs.move:/srv/log/*",
        "notify",
        "exec:/usr/bin/uptime",
    )
    world = {
        "now": 1000.0,
        "files": FILES,
        "processes": [{"pid": 7, "name": "web"}],
        "services": {"web": {"is_running": False}},
        "exec": {"/usr/bin/uptime": ["one", "two"]},
    }
    effects = [
        "process.signal HUP web 7",
        "service.restart web",
        "fs.write /srv/log/a.log",
        "fs.move /srv/log/a.log -> /srv/log/c.log",
        "notify oncall",
    ]
    expect = {
        "ok": True,
        "effects": effects,
        "facts": {"busy": ["one", "two", "two"], "now": 1000.0},
        "files": {"/srv/log/c.log": "new"},
    }
    assert problems(source, grants, world=world, expect=expect) == ()


def test_a_service_whose_orders_fail_fails_the_skill_that_orders_it() -> None:
    source = """def run(host: Host, directory: str) -> Outcome:
    host.service("web").start()
    return Outcome(ok=True, summary="")
"""
    world = {"services": {"web": {"is_running": False, "fails": True}}}
    assert problems(source, ("service.start:web",), world=world, expect={"ok": False, "effects": []}) == ()


@pytest.mark.parametrize(
    "broken",
    [
        {"expect": {"ok": 1, "effects": []}},
        {"expect": {"ok": True}},
        {"expect": {"ok": True, "effects": "fs.delete /x"}},
        {"expect": {"ok": True, "effects": [], "result": 1}},
        {"world": {"file": {}}},
        {"world": {"files": {"relative": ""}}},
        {"world": {"files": {"/a": {"siez": 1}}}},
        {"world": {"files": {"/a": {"size": "1"}}}},
        {"world": {"files": {"/a": {"kind": "socket"}}}},
        {"world": {"processes": [{"pid": 1}]}},
        {"world": {"processes": [{"pid": True, "name": "x"}]}},
        {"world": {"services": {"web": {"running": True}}}},
        {"world": {"exec": {"/bin/x": {"code": 1}}}},
        {"world": []},
        {"params": {1: 2}},
        {"params": {"a": {1, 2}}},
        {"setup": "x"},
    ],
)
def test_a_case_that_is_not_written_as_described_is_invalid(broken: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        run_cases(skill_of(CLEAN, *GRANTS), [case(**broken)], FakeSandbox())


def test_a_skill_that_reports_its_failures_fails_honestly() -> None:
    assert fails_honestly(skill_of(CLEAN, *GRANTS), [case()], FakeSandbox()) == ()


def test_a_skill_that_swallows_a_failure_is_found() -> None:
    source = CLEAN.replace(
        "    freed = sum(host.delete(file.path) for file in old)\n", "    freed = 900\n    attempt(host, old)\n"
    )
    swallowing = f"{source}\n\ndef attempt(host, old):\n    try:\n        host.delete(old[0].path)\n    except HostError:\n        pass\n"
    assert fails_honestly(skill_of(swallowing, *GRANTS), [case()], FakeSandbox()) == (
        "a case: call 2 (fs.delete) failed and the skill said ok",
    )


def test_nothing_of_a_case_touches_this_machine(tmp_path: Path) -> None:
    precious = tmp_path / "a.log.1"
    precious.write_text("precious", encoding="ascii")
    parts: dict[str, Any] = {
        "params": {"directory": str(tmp_path)},
        "world": {"files": {str(precious): {"size": 900, "age_days": 9.0}}},
        "expect": {"ok": True, "effects": [f"fs.delete {precious}"]},
    }
    assert problems(CLEAN, **parts) == ()
    assert precious.read_text(encoding="ascii") == "precious"
