"""Contract of port Marks."""

from __future__ import annotations

from datetime import timedelta

from core.scene import Mark
from tests.stores import Case


def test_a_mark_is_kept_once_and_found_for_its_host(case: Case) -> None:
    now = case.clock.now()
    first = Mark("ci:1", "web-1", "部署 api v2.3 \ud83d", "li", now)
    assert case.store.marks.add(first) is True
    assert case.store.marks.add(Mark("ci:1", "web-1", "another text", "bo", now)) is False
    (found,) = case.store.marks.between("web-1", now - timedelta(hours=1), now)
    assert (found.id, found.by, found.text[:10]) == ("ci:1", "li", "部署 api v2.")
    assert case.store.marks.between("web-2", now - timedelta(hours=1), now) == ()


def test_a_mark_of_all_hosts_belongs_to_each_and_the_newest_comes_first(case: Case) -> None:
    now = case.clock.now()
    for minutes, host in ((50, "web-1"), (20, ""), (10, "web-1"), (5, "db-1")):
        case.store.marks.add(Mark(f"m{minutes}", host, "changed", "li", now - timedelta(minutes=minutes)))
    found = case.store.marks.between("web-1", now - timedelta(hours=1), now)
    assert [mark.id for mark in found] == ["m10", "m20", "m50"]


def test_only_marks_between_two_moments_and_at_most_twenty(case: Case) -> None:
    now = case.clock.now()
    for minutes in range(40):
        case.store.marks.add(Mark(f"m{minutes:02}", "", "changed", "ci", now - timedelta(minutes=minutes)))
    assert len(case.store.marks.between("web-1", now - timedelta(hours=1), now)) == 20
    found = case.store.marks.between("web-1", now - timedelta(minutes=3), now - timedelta(minutes=2))
    assert [mark.id for mark in found] == ["m02", "m03"]
