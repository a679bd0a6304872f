"""PostgreSQL: crashed, stopped, out of connections; canary rows are counted and hashed before and after."""

from __future__ import annotations

import pytest

from tests.faults.databases import BIN, POSTGRES_PORT, POSTGRES_SIGNAL, Postgres
from tests.faults.ward import Ward
from tests.skills.patient import eventually

pytestmark = [pytest.mark.root, pytest.mark.needs(f"{BIN}/postgres", "setpriv")]

DATA = "/srv/db/main"
CLIENTS = """
import socket, struct, signal
words = b"user\\0postgres\\0database\\0postgres\\0\\0"
held = []
for _ in range({count}):
    one = socket.create_connection(("127.0.0.1", {port}))
    one.sendall(struct.pack("!II", 8 + len(words), 3 << 16) + words)
    said = b"{said}\\0"
    one.sendall(b"Q" + struct.pack("!I", 4 + len(said)) + said)
    held.append(one)
print("held", flush=True)
signal.pause()
"""
FEW = "max_connections = 20\nsuperuser_reserved_connections = 0"


def sessions(ward: Ward, count: int, said: str) -> None:
    """So many sessions of an application, as far as there is room, that say this, and then nothing more as long as the patient lives."""
    ward.patient.start(CLIENTS.format(port=POSTGRES_PORT, count=count, said=said))
    assert eventually(lambda: ward.value(POSTGRES_SIGNAL) == 1)


def crash(ward: Ward) -> None:
    """The whole server at once, as the kernel does it for want of memory."""
    ward.shell(f"kill -9 $(head -1 {DATA}/postmaster.pid); sleep 0.3")


@pytest.mark.proves("start_postgres", fault="PostgreSQL was killed and leaves the pid file of a dead process")
def test_a_killed_server_is_started_and_recovers_by_itself(ward: Ward) -> None:
    postgres = Postgres(ward.patient, DATA)
    postgres.start()
    planted = postgres.plant()
    ward.plant("/srv/orders", "/srv/db/notes")
    crash(ward)
    assert ward.shell(f"ls {DATA}/postmaster.pid")
    ward.heals(POSTGRES_SIGNAL, by="start_postgres", only=("service.start postgresql",), restart=postgres.restart)
    assert postgres.canaries() == planted


@pytest.mark.proves("end_idle_sessions", fault="a leaking pool holds every connection idle")
def test_idle_sessions_are_ended_and_working_ones_live(ward: Ward) -> None:
    postgres = Postgres(ward.patient, DATA, FEW)
    postgres.start()
    planted = postgres.plant()
    ward.shell(
        f"(echo 'select pg_sleep(600)' | {BIN}/psql -X -q -h 127.0.0.1 -U postgres >/dev/null 2>&1 &) ; sleep 0.2"
    )
    sessions(ward, 30, "select 1")
    ward.heals(POSTGRES_SIGNAL, by="end_idle_sessions")
    assert (
        postgres.sql(
            "select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()"
        )
        == "1"
    )
    assert postgres.canaries() == planted


@pytest.mark.proves("end_abandoned_transactions", fault="a client left every connection inside a transaction")
def test_abandoned_transactions_are_rolled_back(ward: Ward) -> None:
    postgres = Postgres(ward.patient, DATA, FEW)
    postgres.start()
    planted = postgres.plant()
    sessions(ward, 30, "begin; insert into orders values (0, 'never said')")
    ward.heals(POSTGRES_SIGNAL, by="end_abandoned_transactions")
    assert postgres.canaries() == planted


def test_a_server_whose_settings_are_wrong_is_not_started_again_and_again(ward: Ward) -> None:
    postgres = Postgres(ward.patient, DATA)
    ward.shell(f"echo 'shared_buffers = lots' >> {DATA}/postgresql.conf")
    ward.shell("/etc/init.d/postgresql start 2>/dev/null || true")
    assert not postgres.accepts()
    ward.leaves_alone(POSTGRES_SIGNAL)
