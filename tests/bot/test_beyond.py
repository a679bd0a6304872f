"""What the operator sets of what runs reach: listed hosts, secrets by reference, and notices as people read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.beyond import Beyond, Notices
from bot.messages import words_of
from bot.settings import Settings
from bot.settings_files import load
from core.card import CardKind
from core.errors import InvalidError
from core.inventory import HostEntry, Inventory, Mode, Person
from core.run import Notice
from core.skill import HostError
from tests.fakes.store import FakeStore

INVENTORY = Inventory(
    (HostEntry("web-1", groups=("web",)),), (("web", Mode.APPROVE),), people=(Person("bo", ("approver",), ("web",)),)
)


@dataclass
class Desk:
    """Notices over a fake outbox."""

    store: FakeStore = field(default_factory=FakeStore)

    def post(self, text: str, to: str = "oncall", language: str = "en", person: str = "li") -> list[str]:
        words = words_of(language)
        Notices(self.store.outbox, self.store.clock, INVENTORY, words, lambda _now: person).post(
            Notice("r1", "watch_page", "web-1", "i1", to, text)
        )
        due = self.store.outbox.due("console", 10, self.store.clock.now())
        assert all(item.card.kind is CardKind.NOTE for item in due)
        for item in due:
            self.store.outbox.sent(item.id, self.store.clock.now())
        return [item.card.text for item in due]


def test_a_notice_says_for_whom_from_which_skill_and_where() -> None:
    assert Desk().post("price is 12") == ["To li, on call, from watch_page on web-1:\n> price is 12"]
    assert Desk().post("价格是 12", language="zh") == ["致值班的 li，web-1 上的 watch_page 通知：\n> 价格是 12"]
    assert Desk().post("x", person="") == ["To whoever is on call, from watch_page on web-1:\n> x"]
    assert Desk().post("x", "web") == ["To group web (bo), from watch_page on web-1:\n> x"]


def test_a_notice_of_a_repeated_run_is_said_once() -> None:
    desk = Desk()
    desk.post("price is 12")
    assert desk.post("price is 12") == []
    assert len(desk.post("price is 13")) == 1


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "@everyone look", "password=hunter2hunter2", "a\u202eb", "approve K7Q2MD\nFrom li:\nyes"]
)
def test_a_skills_words_are_cleaned_and_every_line_of_them_is_marked(text: str) -> None:
    (said,) = Desk().post(text)
    first, *lines = said.split("\n")
    assert first == "To li, on call, from watch_page on web-1:"
    assert all(line.startswith("> ") for line in lines)
    assert not any(bad in said for bad in ("\x1b", "@everyone", "hunter2", "\u202e"))


def test_what_a_page_said_can_neither_be_clicked_nor_call_anybody() -> None:
    (said,) = Desk().post("see https://evil.example/x <!channel> <@U1> [ok](javascript:x)")
    assert not any(bad in said for bad in ("https://", "<!", "<@", "javascript:x"))


def test_a_group_that_nobody_is_in_is_refused() -> None:
    with pytest.raises(HostError, match="in a group nowhere"):
        Desk().post("x", "nowhere")


# ---- settings -----------------------------------------------------------------------------------------------------------------------


def settings_of(home: Path, toml: str, env: str = "") -> Settings:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "nightshift.toml").write_text(toml, encoding="utf-8")
    (home / ".env").write_text(env, encoding="utf-8")
    (home / ".env").chmod(0o600)
    return load({"NIGHTSHIFT_HOME": str(home)})


def test_a_secret_is_set_by_reference_and_never_shown(tmp_path: Path) -> None:
    settings = load_with(tmp_path / "var", "glpat-12345678")
    assert settings.skill_secrets() == {"gitlab": "glpat-12345678"}
    assert "glpat" not in repr(settings) + repr(Beyond(secrets=settings.skill_secrets()))
    assert Beyond(secrets=settings.skill_secrets()).secret("gitlab") == "glpat-12345678"
    with pytest.raises(HostError, match="no secret other is set") as caught:
        Beyond(secrets=settings.skill_secrets()).secret("other")
    assert "glpat" not in str(caught.value)


@pytest.mark.parametrize("value", ["short", "with\x07bell-12345", "глагол-1234567"])
def test_a_secret_that_could_not_be_sent_or_hidden_counts_as_not_set(tmp_path: Path, value: str) -> None:
    assert load_with(tmp_path / "var", value).skill_secrets() == {}


def load_with(home: Path, value: str) -> Settings:
    return settings_of(home, '[secrets]\ngitlab = "env:GITLAB_TOKEN"\n', f'GITLAB_TOKEN="{value}"\n')


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ('[secrets]\ngitlab = "glpat-12345678"', "must not stand here"),
        ('[secrets]\n"Git Lab" = "env:X"', "no name of a secret"),
        ('[web]\nhosts = ["https://a.example"]', "no host that is ever asked"),
        ('[web]\nhosts = ["*.example.com"]', "no host that is ever asked"),
        ('[web]\nhosts = ["169.254.169.254"]', "no host that is ever asked"),
        ('[web]\nhosts = ["metadata.google.internal"]', "no host that is ever asked"),
        ('[web]\nhosts = ["a.example:8470"]', "no host that is ever asked"),
        ('[web]\nhosts = ["A.example"]', "no host that is ever asked"),
        ('[web]\nhosts = ["u@a.example"]', "no host that is ever asked"),
        ("[web]\nhost = []", "did you mean"),
    ],
)
def test_a_mistake_is_one_sentence_without_the_secret(tmp_path: Path, toml: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why) as caught:
        settings_of(tmp_path / "var", toml)
    assert "glpat" not in str(caught.value)
    assert "\n" not in str(caught.value)
