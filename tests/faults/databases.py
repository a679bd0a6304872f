"""A real PostgreSQL and a real Redis on a patient, each under its own init script, and how a test asks them."""

from __future__ import annotations

from tests.skills.patient import Patient, eventually

BIN = "/usr/lib/postgresql/15/bin"
LOG = "/var/log/postgresql/postgresql-15-main.log"
SLOW = "/run/slow-disk"
"""What stands in this file is put before the command that starts the server."""
AS_POSTGRES = "setpriv --reuid postgres --regid postgres --clear-groups --"
POSTGRES_PORT, REDIS_PORT = 5432, 6379
POSTGRES_SIGNAL, REDIS_SIGNAL = f"postgres.failed:127.0.0.1:{POSTGRES_PORT}", f"redis.failed:127.0.0.1:{REDIS_PORT}"

_POSTGRES_SCRIPT = f"""#!/bin/sh
case "$1" in
  start)
    $(cat {SLOW} 2>/dev/null) {AS_POSTGRES} {BIN}/pg_ctl -w -t 2 -s -D {{data}} -l {LOG} start </dev/null
    [ -s {{data}}/postmaster.pid ] ;;
  stop) exec {AS_POSTGRES} {BIN}/pg_ctl -s -m fast -D {{data}} stop ;;
  restart) {AS_POSTGRES} {BIN}/pg_ctl -s -m fast -D {{data}} stop; exec "$0" start ;;
  reload) exec {AS_POSTGRES} {BIN}/pg_ctl -s -D {{data}} reload ;;
esac
"""

_REDIS_SCRIPT = """#!/bin/sh
case "$1" in
  start)
    redis-server /etc/redis/redis.conf
    for _ in 1 2 3 4 5 6 7 8 9; do redis-cli ping >/dev/null 2>&1 && exit 0; sleep 0.1; done ;;
  stop) kill "$(cat /run/redis-server.pid)" ;;
  restart) kill "$(cat /run/redis-server.pid)" 2>/dev/null; sleep 0.5; exec redis-server /etc/redis/redis.conf ;;
esac
"""


class Postgres:
    """A cluster with a table of orders in it."""

    def __init__(self, patient: Patient, data: str, more: str = "") -> None:
        self._patient, self.data = patient, data
        patient.write("/etc/init.d/postgresql", _POSTGRES_SCRIPT.format(data=data))
        patient.write("/etc/postgresql/15/main/postgresql.conf", f"data_directory = '{data}'\nport = {POSTGRES_PORT}\n")
        patient.shell(
            "chmod 755 /etc/init.d/postgresql; mkdir -p /var/log/postgresql /run/postgresql; "
            f"mkdir -p {data}; chown postgres /var/log/postgresql /run/postgresql {data}; chmod 700 {data}; "
            f"{AS_POSTGRES} {BIN}/initdb --no-sync --wal-segsize=1 -A trust -D {data} >/dev/null"
        )
        patient.shell(
            f"cat >> {data}/postgresql.conf <<'END'\n"
            "unix_socket_directories = '/run/postgresql'\nshared_buffers = 8MB\nmin_wal_size = 2MB\nmax_wal_size = 4MB\n"
            "listen_addresses = '127.0.0.1'\n"
            f"external_pid_file = '/run/postgresql.pid'\nautovacuum = off\nlog_destination = stderr\n{more}\nEND\n"
            "touch /run/postgresql.pid; chown postgres /run/postgresql.pid"
        )

    def start(self) -> None:
        """Up, and accepting."""
        self._patient.shell("/etc/init.d/postgresql start")
        assert eventually(self.accepts, 10), self._patient.shell("cat /var/log/postgresql/*.log")

    def restart(self) -> None:
        """As its administrator does."""
        self._patient.shell("/etc/init.d/postgresql restart")
        assert eventually(self.accepts, 10), self._patient.shell("cat /var/log/postgresql/*.log")

    def accepts(self) -> bool:
        """Whether a session can be opened."""
        return "ok" in self._patient.shell(f"{BIN}/pg_isready -q -h 127.0.0.1 -p {POSTGRES_PORT} && echo ok || true")

    def sql(self, statement: str) -> str:
        """One statement as the superuser; what it prints, bare."""
        quoted = statement.replace('"', '\\"')
        return self._patient.shell(
            f'{BIN}/psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p {POSTGRES_PORT} -U postgres -c "{quoted}"'
        ).strip()

    def plant(self, rows: int = 1000) -> str:
        """Canary rows, and what `canaries` says of them."""
        self.sql(f"create table orders as select g as id, md5(g::text) as what from generate_series(1, {rows}) g")
        return self.canaries()

    def canaries(self) -> str:
        """Their number and their hash."""
        return self.sql("select count(*) || ' ' || md5(string_agg(what, ',' order by id)) from orders")


class Redis:
    """A Redis that saves into a folder of its own."""

    def __init__(self, patient: Patient, folder: str, more: str = "") -> None:
        self._patient = patient
        patient.write("/etc/init.d/redis-server", _REDIS_SCRIPT)
        patient.write(
            "/etc/redis/redis.conf",
            f"port {REDIS_PORT}\ndir {folder}\ndaemonize yes\npidfile /run/redis-server.pid\nlogfile /var/log/redis.log\n{more}\n",
        )
        patient.shell(f"chmod 755 /etc/init.d/redis-server; mkdir -p {folder}")

    def start(self) -> None:
        """Up, with its data in memory."""
        self._patient.shell("/etc/init.d/redis-server start")
        assert eventually(lambda: self.ask("ping") == "PONG", 10)

    def restart(self) -> None:
        """As its administrator does."""
        self._patient.shell("/etc/init.d/redis-server restart")
        assert eventually(lambda: self.ask("ping") == "PONG", 10)

    def ask(self, command: str) -> str:
        """What it answers, errors too."""
        return self._patient.shell(f"redis-cli -p {REDIS_PORT} {command} 2>&1 || true").strip()

    def plant(self, keys: int = 500) -> str:
        """Canary keys, and what `canaries` says of them."""
        self.ask(f'eval \'for i = 1, {keys} do redis.call("set", "canary:" .. i, i) end\' 0')
        return self.canaries()

    def canaries(self) -> str:
        """Their number and their sum."""
        each = 'for _, k in ipairs(redis.call("keys", "canary:*")) do n = n + 1; s = s + redis.call("get", k) end'
        script = f'local n, s = 0, 0; {each}; return n .. " " .. s'
        return self.ask(f"eval '{script}' 0")
