"""A host of its own for faults that are real: user, mount, network and pid namespaces with small file systems, gone after the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from adapters.host.namespace import Holder, NamespaceHost
from adapters.host.process_table import started

INIT = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); print('up', flush=True); [signal.pause() for _ in iter(int, 1)]"
"""Process 1: collects whoever dies, and holds the namespaces until it is killed."""

WITH_US = ("setpriv", "--pdeathsig", "KILL")
"""Put before a command, it dies with the thread that started it: nothing is left of a test run that was killed."""

PLACES = ("/etc", "/run", "/srv", "/var/log", "/var/lib")
KEPT_OF_ETC = "passwd group ld.so.cache ld.so.conf ld.so.conf.d nsswitch.conf protocols alternatives"
SHOP = """
import http.server, sys
log = open("/srv/app.log", "a")
print("shop is up", file=log, flush=True)
http.server.HTTPServer(("127.0.0.1", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
SHOP_SCRIPT = f"""#!/bin/sh
case "$1" in
  start) setsid {sys.executable} /srv/shop.py </dev/null >>/var/log/shop.log 2>&1 & echo $! > /run/shop.pid ;;
  stop) kill "$(cat /run/shop.pid)"; rm -f /run/shop.pid ;;
  restart) kill "$(cat /run/shop.pid)" 2>/dev/null; sleep 0.2; "$0" start ;;
  reload) kill -HUP "$(cat /run/shop.pid)" ;;
esac
"""


def code_below(*places: str) -> list[Path]:
    """What the helpers inside are run from, where it lies below a place that gets a file system of its own."""
    code = {Path(__file__).resolve().parents[2], Path(sys.prefix), Path(sys.base_prefix).resolve()}
    return sorted(path for path in code if any(path.is_relative_to(place) for place in places))


class Patient:
    """The namespaces, how to be inside them, and the Host port on them."""

    def __init__(self) -> None:
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        words = [*WITH_US, "unshare", *user, "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._children: list[subprocess.Popen[str]] = []
        assert self._first_line([*words, sys.executable, "-c", INIT]) == "up\n"
        holder = self._children[0].pid
        self._init = int(Path(f"/proc/{holder}/task/{holder}/children").read_text().split()[0])
        self._enter = ["nsenter", "--target", str(self._init), *(["--user", "--preserve-credentials"] if user else [])]
        self._enter += ["--mount", "--net", "--pid", "--"]
        self.enter = Holder(self._init, started(self._init) or 0)
        self.host = NamespaceHost(self._init, self.enter.started)

    def furnish(self) -> None:
        """Gives it small file systems of its own where a fault may happen, and what programs need of the old /etc."""
        keep = f"mkdir /tmp/kept && cd /etc && cp -rP $(ls -d {KEPT_OF_ETC} 2>/dev/null) /tmp/kept"
        aside = {path: f"/mnt/{n}" for n, path in enumerate(code_below("/tmp", *PLACES))}
        self.shell("mount -t tmpfs -o size=1m t /mnt")
        for path, kept in aside.items():
            self.shell(f"mkdir {kept} && mount --bind '{path}' {kept}")
        self.shell(f"mount -t tmpfs -o size=32m t /tmp && {keep}")
        for place in PLACES:
            self.shell(f"mount -t tmpfs -o size=64m t {place}")
        for path, kept in aside.items():
            self.shell(f"mkdir -p '{path}' && mount --bind {kept} '{path}'")
        self.shell("cp -rP /tmp/kept/. /etc && mkdir /etc/init.d /run/lock && ip link set lo up")

    def shell(self, script: str) -> str:
        """Runs a script inside and returns what it prints; raises when it fails."""
        done = subprocess.run(
            [*self._enter, "sh", "-ec", script], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, program: str) -> int:
        """Starts a Python program inside and returns its pid there, once it has printed a line."""
        words = [*self._enter, sys.executable, "-c", f"import os; print(os.getpid(), flush=True)\n{program}"]
        return int(self._first_line(words))

    def _first_line(self, words: list[str]) -> str:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self._children.append(process)
        assert process.stdout is not None
        return process.stdout.readline()

    def install_shop(self) -> None:
        """A web service on 127.0.0.1:8080 under an init script, not started yet."""
        self.write("/srv/shop.py", SHOP)
        self.write("/etc/init.d/shop", SHOP_SCRIPT)
        self.shell("chmod 755 /etc/init.d/shop")

    def write(self, path: str, text: str) -> None:
        """A file inside."""
        quoted = text.replace("'", "'\\''")
        self.shell(f"mkdir -p \"$(dirname '{path}')\" && printf %s '{quoted}' > '{path}'")

    def used(self, mount: str) -> int:
        """Bytes used on a mount inside."""
        return int(self.shell(f"df -Pk {mount}").splitlines()[1].split()[2]) * 1024

    def default_routes(self) -> list[str]:
        """Gateways of the default routes inside."""
        return [
            route["gateway"]
            for route in json.loads(self.shell("ip -j -4 route show") or "[]")
            if route["dst"] == "default"
        ]

    def close(self) -> None:
        """Ends everything inside."""
        self.host.close()
        for process in self._children:
            process.kill()
            process.communicate()


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """True as soon as it holds, False when it never did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
