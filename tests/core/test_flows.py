"""Flows: what is read, and every way by which it may go somewhere, from the grants alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import words_of
from bot.messages.flow_lines import flow_line
from core.capability import Verb
from core.flows import Flows, Out, flows_of, flows_of_texts
from core.grant_target import WEB
from tests.core.grant_texts import GRANT_TEXT, grant_or_none

SCRAPER = (
    "fs.read:/srv/app/version",
    "http.GET:{page};listed",
    "http.POST:https://chat.example.com/**",
    "kv:page.*",
    "notify",
    "secret:chat@https://chat.example.com/**",
)


def test_a_result_is_a_way_out_of_every_run() -> None:
    assert flows_of_texts(["fs.read:/srv/x"]) == Flows(("/srv/x",), (Out("result"),))
    assert not flows_of_texts(["fs.read:/srv/x", "kv:x"]).leaves


def test_every_way_out_is_named_once() -> None:
    found = flows_of_texts([*SCRAPER, "notify:oncall", "notify:web", "http.GET:{other}"])
    assert found.outs == (
        Out("result"),
        Out("listed"),
        Out("web", "chat.example.com"),
        Out("kept"),
        Out("notify"),
        Out("secret", "chat.example.com", "chat"),
        Out("notify", "web"),
        Out("any"),
    )
    assert found.leaves


@given(st.lists(GRANT_TEXT, max_size=6))
def test_no_grant_that_sends_is_left_out(texts: list[str]) -> None:
    grants = [grant for grant in map(grant_or_none, texts) if grant is not None]
    sends = any(grant.verb in {*WEB, Verb.NOTIFY, Verb.SECRET} for grant in grants)
    assert flows_of(grants).leaves == sends


ENGLISH = (
    "What it reads (/srv/app/version and 2 more) may go to: chat.example.com (with secret chat), the web hosts you listed, "
    "people on call, its result here, its notes for the next run."
)
CHINESE = (
    "它读到的内容（/srv/app/version 等，另有 2 项）可能送往：chat.example.com（带密钥 chat）、你列出的网站、"
    "值班人员、这里的运行结果、它留给下次运行的笔记。"
)


@pytest.mark.parametrize(("language", "line"), [("en", ENGLISH), ("zh", CHINESE)])
def test_it_is_one_line_for_people(language: str, line: str) -> None:
    assert flow_line(words_of(language), flows_of_texts(SCRAPER)) == line
