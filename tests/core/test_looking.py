"""Looking side by side: nobody waits for a looker that gives it nothing, and whoever takes something waits."""

from __future__ import annotations

from dataclasses import replace

from core.diagnosis import _takes_from_others
from core.inventory import HostEntry, Inventory
from core.parameters import fill
from tests.core.test_parameters import HOST, alert, skill

INVENTORY = Inventory((HostEntry(HOST),))


def test_a_value_from_the_check_itself_waits_for_nobody() -> None:
    looker = replace(skill("directory: str"), fill=())
    filled = fill(looker, alert(), {}, INVENTORY, {})
    assert dict(filled.values)["directory"].value == "/data"
    assert not _takes_from_others(looker, filled)


def test_what_only_the_alert_says_may_be_confirmed_by_another_looker_and_waits_for_it() -> None:
    looker = replace(skill("directory: str"), fill=())
    filled = fill(looker, alert(source="claim:x"), {}, INVENTORY, {})
    assert _takes_from_others(looker, filled)


def test_a_looker_that_is_filled_from_facts_waits() -> None:
    looker = skill("directory: str", 'directory = "rotated_directory"')
    assert _takes_from_others(looker, fill(looker, alert(), {}, INVENTORY, {}))
