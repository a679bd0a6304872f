"""How a guest is started and ended through docker's API: what it is created with, and the connection that is attached to it."""

from __future__ import annotations

import base64
import contextlib
import inspect
import os
import select
import signal
import socket
import stat
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from adapters.sandbox import cgroup, seccomp
from adapters.sandbox.frames import cleaned, encode
from adapters.sandbox.line import AttachedLine, Line, LineError
from adapters.sandbox.owner import LABEL, owner
from adapters.sandbox.warm import DEAD, READY
from core import skill
from core.errors import UnavailableError

GUEST = Path(__file__).with_name("guest.py")
PYTHON = ("-I", "-S", "-B", "-X", "utf8", "-c")
LIFE = 3600
"""Seconds after which a guest is killed from within its container, whoever of us still lives; the idle ones are replaced before."""

FIRST_USER = 60_001
"""A user per slot: below 65,536, so that it exists where docker runs without root too."""

API_TIMEOUT = 30
FAULTS = (DockerException, RequestException, HTTPError, HTTPException, OSError)
"""docker-py lets those of the libraries below it through."""

KERNEL = """
 acpi asound buddyinfo cgroups cmdline config.gz consoles cpuinfo crypto devices diskstats dma driver fb filesystems
 fs interrupts iomem ioports irq kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags latency_stats
 loadavg locks mdstat meminfo misc modules mtrr pagetypeinfo partitions pressure sched_debug schedstat scsi slabinfo
 softirqs stat swaps sys sysrq-trigger sysvipc timer_list timer_stats tty uptime version version_signature
 vmallocinfo vmstat zoneinfo
"""
MASKED = ["/etc", "/sys", *(f"/proc/{name}" for name in KERNEL.split())]
"""What docker puts into a container that tells of the machine; a skill needs none of it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What every container is made of. No caller chooses any of it but the operator, in the settings."""

    image: str
    runtime: str
    filters: seccomp.Filters
    owner: str = field(default_factory=owner)

    def body(self, client: docker.APIClient, slot: int, lifetime: int = LIFE) -> dict[str, Any]:
        """The arguments of `create_container`."""
        user = f"{FIRST_USER + slot}:{FIRST_USER + slot}"
        return {
            "image": self.image,
            "command": ["/usr/bin/python3", *PYTHON, GUEST.read_text(), "stdio"],
            "entrypoint": ["/usr/bin/timeout", "-s", "KILL", str(lifetime)],
            "user": user,
            "hostname": "guest",
            "working_dir": "/",
            "environment": {"HOME": "/"},
            "labels": {LABEL: self.owner},
            "network_disabled": True,
            "stdin_open": True,
            "tty": False,
            "host_config": self._limits(client),
        }

    def _limits(self, client: docker.APIClient) -> dict[str, Any]:
        """No network, no capability, nothing to write to: not even a temporary folder, as under bubblewrap."""
        ulimits = {"nofile": 64, "fsize": 0, "core": 0, "memlock": 0, "msgqueue": 0}
        limits: dict[str, Any] = client.create_host_config(
            mem_limit=cgroup.MEMORY,
            memswap_limit=cgroup.MEMORY,
            pids_limit=cgroup.PROCESSES,
            nano_cpus=1_000_000_000,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            network_mode="none",
            ipc_mode="none",
            oom_score_adj=500,
            log_config=docker.types.LogConfig(type="none"),
            ulimits=[docker.types.Ulimit(name=name, soft=most, hard=most) for name, most in ulimits.items()],
            runtime=self.runtime or None,
        )
        return {**limits, "MaskedPaths": MASKED}


class DockerGuest:
    """One container, attached to before it was started."""

    def __init__(self, client: docker.APIClient, container: str, slot: int, attached: Any) -> None:
        self.container, self.slot = container, slot
        self._client = client
        self._attached = attached
        self._channel: socket.socket = attached._sock  # noqa: SLF001 - docker-py gives no other way; pinned, and tested
        self.line: Line = AttachedLine(self._channel)
        self._born = time.monotonic()
        self._handle = -1
        self._killing = threading.Lock()
        self._is_killed = False

    @classmethod
    def started(cls, client: docker.APIClient, form: Form, slot: int) -> DockerGuest:
        """Creates, attaches, starts: what it says first cannot be missed. UnavailableError or what docker-py raises."""
        container = str(client.create_container(**form.body(client, slot))["Id"])
        guest = None
        try:
            wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            guest = cls(client, container, slot, client.attach_socket(container, params=wanted))
            client.start(container)
            filter2 = base64.b64encode(form.filters.stage2).decode()
            guest.line.deadline = time.monotonic() + READY
            guest.line.send(encode({"sdk": inspect.getsource(skill), "filter": filter2}))
            guest._handle = _handle_on(client, container)
        except BaseException:  # nobody else knows of this container
            if guest is not None:
                guest._hang_up()
            _remove(client, container)
            raise
        return guest

    def wait_ready(self) -> None:
        """See `warm.Guest`."""
        self.line.deadline = time.monotonic() + READY
        try:
            frame = self.line.receive()
        except LineError as error:
            said = self.line.output().strip().splitlines() or [error.reason]
            raise UnavailableError(f"the docker sandbox cannot start: {cleaned(said[-1], 300)}") from error
        if frame != {"op": "ready"}:
            raise UnavailableError("the docker sandbox started a guest that did not lock itself in")
        self.line.forget()

    def is_alive(self) -> bool:
        """A silent one, with enough of its life left for any run."""
        return self.line.is_silent() and time.monotonic() - self._born < LIFE / 2

    def ran_out_of_memory(self) -> bool:
        """Asks until docker has noticed its end, which it does a moment later."""
        end = time.monotonic() + DEAD
        while time.monotonic() < end:
            try:
                state = self._client.inspect_container(self.container)["State"]
            except FAULTS:
                return False
            if not state["Running"]:
                return bool(state["OOMKilled"])
            time.sleep(0.01)
        return False

    def kill(self) -> None:
        """Hangs up first: docker does not kill one whose output nobody takes."""
        with self._killing:
            if self._is_killed:
                return
            self._is_killed = True
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)
            if self._handle >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)
                return
            with contextlib.suppress(
                *FAULTS
            ):  # it has ended by itself, or docker has: the guest then ends as its line does
                self._client.kill(self.container)

    def end(self) -> None:
        """See `warm.Guest`. Process 1 of a container is gone last, so its end is the end of all in it."""
        self.kill()
        if self._handle >= 0:
            poller = select.poll()
            poller.register(self._handle, select.POLLIN)
            poller.poll(DEAD * 1000)
            os.close(self._handle)
            self._handle = -1
        else:
            with contextlib.suppress(*FAULTS):
                self._client.wait(self.container, timeout=DEAD)
        self._hang_up()

    def _hang_up(self) -> None:
        """Hangs up, for docker waits with everything else until what it has to send is taken; then closes both halves of the socket."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._attached.close()
        self._channel.close()

    def bury(self) -> None:
        """Removes the container; where docker does not, the reaper will."""
        _remove(self._client, self.container)


def connected(url: str) -> docker.APIClient:
    """A client of the docker behind a unix socket; UnavailableError says what is in the way, within a moment."""
    path = url.removeprefix("unix://")
    if path == url:
        raise UnavailableError(f"the docker sandbox needs a unix socket, not {url!r}: set [sandbox] docker")
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116 - a path of the settings
            raise ConnectionRefusedError
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(path)
        client = docker.APIClient(base_url=url, version="auto", timeout=API_TIMEOUT)
        client.trust_env = False  # no proxy of the environment lies between us and a socket of this machine
        return client
    except PermissionError as error:
        raise UnavailableError(
            f"the docker sandbox may not open {path}: run as a member of its group (which is as good as root), or use bubblewrap"
        ) from error
    except FAULTS as error:
        raise UnavailableError(
            f"the docker sandbox finds no docker at {path}: start it, or set [sandbox] docker"
        ) from error


def _remove(client: docker.APIClient, container: str) -> None:
    with contextlib.suppress(*FAULTS):
        client.remove_container(container, force=True, v=True)


def _handle_on(client: docker.APIClient, container: str) -> int:
    """A handle on process 1 where docker's processes are ours to see and to end; -1 where they are elsewhere."""
    try:
        pid = int(client.inspect_container(container)["State"]["Pid"])
        if not pid or os.geteuid() != 0:
            return -1
        handle = os.pidfd_open(pid)
    except FAULTS:
        return -1
    with contextlib.suppress(OSError):  # it has ended already
        if container in Path(f"/proc/{pid}/cgroup").read_text():
            return handle
    os.close(handle)
    return -1
