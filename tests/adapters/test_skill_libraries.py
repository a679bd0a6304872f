"""Libraries in a guest: those that were declared are there, from the text that the lock pins; nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sandbox.libraries import digest_of, lock_text, sources_of
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from core.skill_library import Library, read_libraries, with_needs
from tests import sandboxes

LOCK = (Path(__file__).parents[2] / "skills" / "deps.lock").read_text()
LOCKED = read_libraries(LOCK)
SOUP = with_needs([LOCKED["beautifulsoup4"]], LOCKED)

READS = """
from core.skill import Host, Outcome
from bs4 import BeautifulSoup
def run(host: Host) -> Outcome:
    return Outcome(True, BeautifulSoup("<p>a<b>b", "html.parser").p.get_text("-"))
"""
SHADOW = "from core.skill import Outcome\nimport json\ndef run(host): return Outcome(True, json.dumps([1]))"


@pytest.fixture(scope="module", params=["bubblewrap", "docker", "sidecar"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    for make in sandboxes.kinds(request):
        made = make()
        yield made
        made.close()


def play(sandbox: Sandbox, source: str, libraries: tuple[Library, ...]) -> GuestResult:
    return sandbox.run(GuestRun("story", source, {}, 20.0, libraries), lambda *_: None)


def test_a_declared_library_is_there(sandbox: Sandbox) -> None:
    result = play(sandbox, READS, SOUP)
    assert (result.status, result.summary) == ("done", "a-b"), result


def test_without_being_declared_it_is_not_even_there_to_be_imported(sandbox: Sandbox) -> None:
    result = play(sandbox, READS, ())
    assert (result.status, result.error) == ("failed", "ModuleNotFoundError: No module named 'bs4'")


def test_the_lock_is_what_is_installed_and_what_requirements_pin() -> None:
    assert lock_text(LOCK) == LOCK
    requirements = (Path(__file__).parents[2] / "requirements.lock").read_text()
    assert [library.pin for library in LOCKED.values() if f"\n{library.pin} \\" not in requirements] == []


def test_text_that_is_not_what_the_lock_pins_goes_nowhere() -> None:
    changed = replace(LOCKED["soupsieve"], sha256="0" * 64)
    with pytest.raises(UnavailableError, match=r"soupsieve==2\.10 is not the one that skills/deps\.lock pins"):
        sources_of([changed])
    older = replace(LOCKED["soupsieve"], version="2.9")
    with pytest.raises(UnavailableError, match="is not the one"):
        sources_of([older])


def test_what_is_not_installed_is_said() -> None:
    with pytest.raises(UnavailableError, match=r"nowhere-at-all==1 is not installed"):
        sources_of([Library("nowhere-at-all", "1", ("nowhere",), (), "0" * 64)])


def test_a_package_that_is_not_python_alone_is_none_for_skills() -> None:
    with pytest.raises(UnavailableError, match="is not Python alone"):
        sources_of([Library("pyyaml", "6.0.3", ("yaml",), (), "0" * 64)])


def test_a_module_that_moved_is_another_library() -> None:
    assert digest_of({"a.py": "x", "b.py": "y"}) != digest_of({"a.py": "y", "b.py": "x"})
    assert digest_of({"a.py": "x"}) != digest_of({"c.py": "x"})


def test_the_standard_library_is_looked_through_first(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    liar = Library("liar", "1", ("json",), (), "0" * 64)
    monkeypatch.setattr(
        "adapters.sandbox.conversation.sources_of", lambda _all: {"json.py": "dumps = lambda _: 'lies'"}
    )
    assert play(sandbox, SHADOW, (liar,)).summary == "[1]"
