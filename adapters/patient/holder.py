"""The patient's first process: builds the host from inside, breaks and heals it on request, and is the host as long as it lives."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from adapters.patient import layout

_ROOT = Path(__file__).resolve().parents[2]
_CHUNK = b"2026-01-01T03:00:00Z GET /basket 200 a line that nobody will ever read\n" * 1024
_DELETED_SHARE, _ROTATED_SHARE, _ROTATED_LOGS = 0.70, 0.08, 3

INIT_SCRIPT = """#!/bin/sh
# {service}: started and stopped by hand or by whoever watches; nobody restarts it by itself
alive() {{ [ -s {pid_file} ] && kill -0 "$(cat {pid_file})" 2>/dev/null; }}
start() {{ alive || {{ rm -f {pid_file}; {command}; }}; }}
stop() {{ alive && kill "$(cat {pid_file})"; n=0; while alive && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.1; done; rm -f {pid_file}; }}
case "$1" in
  start) start ;;
  stop) stop ;;
  restart|force-reload) stop; start ;;
  status) alive ;;
  *) echo "usage: $0 start|stop|restart|status" >&2; exit 2 ;;
esac
"""


class Holder:
    """Everything that is done inside."""

    def __init__(self) -> None:
        self._upstream: subprocess.Popen[bytes] | None = None
        self.orders: dict[str, Callable[[], None]] = {
            "crash": self.crash,
            "fill_disk": self.fill_disk,
            "cut_network": self.cut_network,
            "break_resolver": self.break_resolver,
            "reset": self.reset,
        }

    # ---- building ---------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """From bare namespaces to a host that serves."""
        _command("ip", "link", "set", "lo", "up")
        self._plug_in()
        script = Path(layout.INIT_SCRIPT)
        script.parent.mkdir(parents=True)
        script.write_text(_init_script(), encoding="utf-8")
        script.chmod(0o755)
        Path(layout.SERVICE_LOG).parent.mkdir(parents=True)
        self.reset()

    def _plug_in(self) -> None:
        """A cable to a second network namespace, both of our own user namespace, so that no privilege outside is needed."""
        self._upstream = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-P", "-m", "adapters.patient.upstream"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._upstream.stdin is not None
        assert self._upstream.stdout is not None
        _until(lambda: _network_of(self._upstream) != _network_of(None), "the network beyond the gateway")
        far = ("peer", "name", layout.FAR_DEVICE, "netns", str(self._upstream.pid))
        _command("ip", "link", "add", layout.DEVICE, "type", "veth", *far)
        self._upstream.stdin.write(b"plugged\n")
        self._upstream.stdin.flush()
        if self._upstream.stdout.readline() != b"ready\n":
            raise RuntimeError("the network beyond the gateway did not come up")

    # ---- breaking ---------------------------------------------------------------------------------------------------

    def crash(self) -> None:
        """The service dies where it stands; its pid file stays behind."""
        pid = _service_pid()
        if pid:
            os.kill(pid, signal.SIGKILL)
            _until(lambda: _reaped(pid), "the end of the service")

    def fill_disk(self) -> None:
        """The access log runs away and is deleted by somebody in a hurry, while the service still writes to it; old logs lie about."""
        size = shutil.disk_usage(layout.MOUNT).total
        for number in range(1, _ROTATED_LOGS + 1):
            _fill(Path(f"{layout.ACCESS_LOG}.{number}"), int(size * _ROTATED_SHARE))
        log = Path(layout.ACCESS_LOG)
        _fill(log, int(size * _DELETED_SHARE))
        log.unlink()

    def cut_network(self) -> None:
        """The default route is gone."""
        _command("ip", "route", "del", "default")

    def break_resolver(self) -> None:
        """The resolver is set to an address where nobody answers."""
        impatient = "options timeout:1 attempts:1\n"
        Path("/etc/resolv.conf").write_text(f"{impatient}nameserver {layout.DEAD_RESOLVER}\n", encoding="ascii")

    # ---- healing, between two nights ----------------------------------------------------------------------------------

    def reset(self) -> None:
        """As on the first day, whatever happened since."""
        self.crash()
        Path(layout.PID_FILE).unlink(missing_ok=True)
        for path, text in layout.ETC.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="ascii")
        shutil.rmtree(layout.LOGS, ignore_errors=True)
        Path(layout.LOGS).mkdir()
        _command("ip", "link", "set", layout.DEVICE, "up")
        _command("ip", "addr", "replace", f"{layout.ADDRESS}/{layout.PREFIX}", "dev", layout.DEVICE)
        _command("ip", "route", "replace", "default", "via", layout.GATEWAY, "dev", layout.DEVICE)
        _command(layout.INIT_SCRIPT, "start")


def main() -> None:
    """Says `ready`, then one order per line, until the line closes: then the kernel ends everything else in here."""
    wakeup, poke = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(poke)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    holder = Holder()
    _answer(holder.build)
    with os.fdopen(0, "rb", buffering=0) as orders:
        while True:
            ready, _, _ = select.select([orders.fileno(), wakeup], [], [])
            if wakeup in ready:
                os.read(wakeup, 4096)
            _reap_orphans()
            if orders.fileno() in ready:
                order = orders.readline().decode().strip()
                if order not in holder.orders:
                    return
                _answer(holder.orders[order])


def _answer(act: Callable[[], None]) -> None:
    trouble = ""
    try:
        act()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        trouble = f"{type(error).__name__}: {error}"
    os.write(1, json.dumps({"error": trouble}).encode() + b"\n")


def _init_script() -> str:
    shop = (sys.executable, "-I", str(_ROOT / "adapters" / "patient" / "shop.py"), layout.SERVICE, str(layout.PORT))
    files = (layout.PID_FILE, layout.ACCESS_LOG, layout.SERVICE_LOG)
    command = shlex.join((*shop, *files))
    return INIT_SCRIPT.format(service=layout.SERVICE, pid_file=layout.PID_FILE, command=command)


def _command(*words: str) -> None:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:4])}: {done.stderr.strip() or f'exit status {done.returncode}'}")


def _service_pid() -> int:
    """The live service by its pid file; 0 if that is missing, stale, or names somebody else by now."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(Path(layout.PID_FILE).read_text(encoding="ascii"))
        if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == layout.SERVICE:
            return pid
    return 0


def _fill(path: Path, size: int) -> None:
    with path.open("ab", buffering=0) as file:
        while size > 0:
            size -= file.write(_CHUNK[:size])


def _network_of(process: subprocess.Popen[bytes] | None) -> str:
    return str(Path(f"/proc/{process.pid if process else 'self'}/ns/net").readlink())


def _reaped(pid: int) -> bool:
    _reap_orphans()
    return not Path(f"/proc/{pid}").exists()


def _reap_orphans() -> None:
    """As the first process we inherit every orphan; a child of our own that ends is an orphan too, its Popen notices."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come about in 10 s")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
