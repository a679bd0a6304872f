"""Memory, looked at for real: who grows, and that a machine whose log is closed to us is told as such."""

from __future__ import annotations

from tests.faults.ward import Ward
from tests.skills.hands import Hands
from tests.skills.patient import eventually

GROWS = "held = []\nfor n in range(1, 61):\n    held.append(bytearray(2_000_000))\nprint('held', flush=True)\nimport signal; signal.pause()"


def test_the_process_that_grew_is_named_and_is_at_its_peak(ward: Ward) -> None:
    pid = ward.patient.start(GROWS)
    hands = Hands(ward.patient.host, ward.sandbox)
    assert eventually(lambda: max(one.rss for one in ward.patient.host.processes()) > 100_000_000)
    biggest = max(ward.patient.host.processes(), key=lambda one: one.rss)
    assert biggest.pid == pid
    facts = hands.look("look_at_memory")
    assert (facts["memory_hog_pid"], facts["memory_hog_may_restart"]) == (pid, False)


def test_kills_by_the_kernel_are_counted_as_the_kernel_counts_them(ward: Ward) -> None:
    counted = int(ward.shell("sed -n 's/^oom_kill //p' /proc/vmstat"))
    facts = Hands(ward.patient.host, ward.sandbox).look("look_at_oom_kills")
    assert counted <= int(str(facts["oom_kills_since_boot"])) <= counted + 5
