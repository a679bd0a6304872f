"""Backups that are late, cut short or not what they are called, on a real disk: seen and said, and never touched."""

from __future__ import annotations

import pytest

from tests.faults.ward import Ward
from tests.skills.hands import Hands

KEPT = "/srv/kept"
MAKE = f"""mkdir -p {KEPT} && cd {KEPT}
for day in 4 3 2; do
  head -c 40000 /dev/urandom | gzip > shop-$(date -d "-$day days" +%F).sql.gz
  touch -d "-$day days" shop-$(date -d "-$day days" +%F).sql.gz
done"""


@pytest.fixture
def hands(ward: Ward) -> Hands:
    return Hands(ward.patient.host, ward.sandbox)


def test_a_late_backup_is_told_and_nothing_is_touched(ward: Ward) -> None:
    ward.shell(MAKE)
    ward.plant(*ward.shell(f"ls -d {KEPT}/*").split())
    assert ward.value(f"backup.age_hours:{KEPT}") == pytest.approx(48, abs=1)
    told = ward.leaves_alone(f"backup.age_hours:{KEPT}", over=26)
    assert [str(one.signal) for one in told] == [f"backup.age_hours:{KEPT}"]


def test_a_backup_that_was_cut_short_is_smaller_than_those_before(ward: Ward, hands: Hands) -> None:
    ward.shell(f"{MAKE}; head -c 9000 $(ls -t | head -1) > shop-$(date +%F).sql.gz")
    facts = hands.look("look_at_backups", directory=KEPT)
    assert (facts["backup_is_small"], facts["backup_begins_right"], facts["backup_count"]) == (True, True, 4)


def test_an_error_message_in_place_of_a_backup_is_noticed(ward: Ward, hands: Hands) -> None:
    ward.shell(
        f"{MAKE}; (echo 'pg_dump: error: connection refused'; head -c 60000 /dev/zero) > shop-$(date +%F).sql.gz"
    )
    facts = hands.look("look_at_backups", directory=KEPT)
    assert (facts["backup_is_small"], facts["backup_begins_right"]) == (False, False)


def test_the_day_that_was_skipped_is_named(ward: Ward, hands: Hands) -> None:
    ward.shell(f"{MAKE}; rm shop-$(date -d '-3 days' +%F).sql.gz")
    facts = hands.look("find_missing_backups", directory=KEPT)
    days = [ward.shell(f"date -d '-{n} days' +%F").strip() for n in (3, 1)]
    assert facts["backup_missing"] == days
