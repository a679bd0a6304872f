"""A look is as good as the words that led it: what a model, a text or a page put in does not come out as seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.origin import Origin, Value
from core.parameters import Observed
from core.testimony import witnessed
from core.world import Json
from tests.core.test_parameters import HOST, skill

LOOKER = skill("path: str, lines: int = 5")


def seen(origin: Origin, **facts: Json) -> dict[str, Origin]:
    told = witnessed(LOOKER, (("path", Value("/evil", origin)),), facts.items(), HOST)
    return {name: fact.origin for name, fact in told.items()}


@pytest.mark.parametrize("origin", [Origin.TYPED, Origin.INVENTORY, Origin.OBSERVED, Origin.DEFAULT])
def test_what_a_look_at_a_known_place_sees_is_seen(origin: Origin) -> None:
    assert seen(origin, path="/evil", owner="root") == {"path": Origin.OBSERVED, "owner": Origin.OBSERVED}


@pytest.mark.parametrize("origin", [Origin.TEXT, Origin.MODEL])
def test_where_a_text_or_a_model_led_nothing_is_seen_but_their_word(origin: Origin) -> None:
    facts: dict[str, Json] = {"path": "/evil", "size": 3, "holder_pid": 77, "inside": ["/evil/x"]}
    assert seen(origin, **facts) == dict.fromkeys(facts, origin)


def test_the_word_of_an_alert_is_confirmed_by_a_look_that_finds_it_there() -> None:
    assert seen(Origin.ALERT, path="/evil", size=3) == {"path": Origin.OBSERVED, "size": Origin.OBSERVED}


@pytest.mark.parametrize("told", ["/evil/", "/EVIL", "/evi", "", ["/evil"], None])
def test_a_look_that_finds_something_else_confirms_nothing(told: Json) -> None:
    assert seen(Origin.ALERT, path=told, found_path="/evil")["found_path"] is Origin.ALERT


def test_an_echo_of_what_selects_nothing_is_still_an_echo() -> None:
    values = (("path", Value("/srv", Origin.TYPED)), ("lines", Value(4711, Origin.MODEL)))
    told = witnessed(LOOKER, values, (("count", 4711), ("all", {"a": [4711]}), ("other", 7)), HOST)
    assert {name: fact.origin for name, fact in told.items()} == {
        "count": Origin.MODEL,
        "all": Origin.MODEL,
        "other": Origin.OBSERVED,
    }


def test_what_a_looker_quotes_is_text_and_so_is_every_page() -> None:
    quotes, pages = replace(LOOKER, quotes=("last_line",)), replace(LOOKER, capabilities=("http.GET:shop.example/**",))
    facts: tuple[tuple[str, Json], ...] = (("last_line", "rm -rf /"), ("size", 3))
    assert witnessed(quotes, (), facts, HOST)["last_line"] == Observed("rm -rf /", LOOKER.name, HOST, Origin.TEXT)
    assert witnessed(quotes, (), facts, HOST)["size"].origin is Origin.OBSERVED
    assert {fact.origin for fact in witnessed(pages, (), facts, HOST).values()} == {Origin.TEXT}
