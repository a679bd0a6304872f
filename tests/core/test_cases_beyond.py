"""Cases of skills that reach beyond their host: pages, notes, secrets by name, and what was sent and told."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidError
from core.skill_cases import fails_honestly, run_cases
from tests.core.run_kit import skill_of
from tests.fakes.sandbox import FakeSandbox

WATCH = """def run(host: Host, page: str) -> Outcome:
    status, body = host.http_get(page, {"Accept": "text/plain"})
    if status != 200:
        return Outcome(ok=False, summary=f"the page answers {status}")
    before = host.recall("page")
    host.keep("page", body)
    if before not in (None, body):
        host.notify(f"it is {body} now")
    return Outcome(ok=True, summary=body, facts={"is_new": before != body})
"""
GRANTS = ("http.GET:{page};listed", "kv:page", "notify")
URL = "https://shop.example/price"
POSTS = """def run(host: Host) -> Outcome:
    handle = host.secret("chat")
    status, _ = host.http_post("https://chat.example/hook", "disk", {"Authorization": f"Bearer {handle}"})
    return Outcome(ok=status == 201, summary="")
"""
POST_GRANTS = ("http.POST:https://chat.example/hook", "secret:chat@https://chat.example/hook")


def case(expect: dict[str, Any], **world: Any) -> dict[str, Any]:
    return {"name": "a case", "params": {"page": URL}, "world": world, "expect": expect}


def problems(one: dict[str, Any]) -> tuple[str, ...]:
    (result,) = run_cases(skill_of(WATCH, *GRANTS), [one], FakeSandbox())
    return result.problems


CHANGED = {
    "ok": True,
    "effects": [f"http.GET {URL}", "kv page", "notify oncall"],
    "facts": {"is_new": True},
    "kept": {"page": "13"},
    "told": ["it is 13 now"],
    "sent": ["Accept: text/plain"],
}


def test_a_page_a_note_and_a_notice_are_described_and_compared() -> None:
    world = {"web": {f"GET {URL}": "13"}, "kept": {"page": "12"}}
    assert problems(case(CHANGED, **world)) == ()
    for key, other in (("kept", {"page": "12"}), ("told", []), ("sent", []), ("effects", []), ("kept", {"page": None})):
        assert problems(case({**CHANGED, key: other}, **world)), key


def test_a_looker_may_go_by_what_a_page_says() -> None:
    same = {"ok": True, "effects": [f"http.GET {URL}", "kv page"], "told": [], "facts": {"is_new": False}}
    assert problems(case(same, web={f"GET {URL}": "12"}, kept={"page": "12"})) == ()
    down = {"ok": False, "effects": [f"http.GET {URL}"], "kept": {"page": None}}
    assert problems(case(down, web={f"GET {URL}": {"status": 503}})) == ()


def test_a_page_that_is_not_described_fails_the_case() -> None:
    assert problems(case({"ok": False, "effects": []}))


def test_every_call_that_fails_is_said() -> None:
    one = case(CHANGED, web={f"GET {URL}": "13"}, kept={"page": "12"})
    assert fails_honestly(skill_of(WATCH, *GRANTS), [one], FakeSandbox()) == ()


def test_a_secret_stands_in_what_was_sent_by_its_name() -> None:
    effects = ["secret chat", "http.POST https://chat.example/hook"]
    one = {
        "name": "posts",
        "world": {"web": {"POST https://chat.example/hook": {"status": 201}}, "secrets": ["chat"]},
        "expect": {"ok": True, "effects": effects, "sent": ["Authorization: Bearer the secret chat", "disk"]},
    }
    (result,) = run_cases(skill_of(POSTS, *POST_GRANTS), [one], FakeSandbox())
    assert result.problems == ()


@pytest.mark.parametrize(
    "world",
    [
        {"web": {"PUT https://a.example/": ""}},
        {"web": {"GET ftp://a/": ""}},
        {"web": {f"GET {URL}": 3}},
        {"kept": {"a": 1}},
        {"secrets": "x"},
    ],
)
def test_a_world_that_is_not_written_so_is_refused(world: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        problems(case({"ok": True, "effects": []}, **world))
