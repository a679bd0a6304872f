"""One verb for whatever runs a service: systemd, supervisord, runit, openrc, or an init script with a pid file; found by looking.

Looks go through the Host port; the broker runs the argv that starts or stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from core.ports import Host
from core.service_output import (
    PidFile,
    by_pid_file,
    parse_boot_time,
    parse_pid,
    parse_rc_service,
    parse_supervisorctl,
    parse_sv,
    parse_systemctl_show,
    parse_uptime,
    runsvdir_of,
    supervisord_of,
    unsupervised,
)
from core.skill import HostError, ServiceState
from core.world import CommandResult, FileInfo, Process

LOOK_TIMEOUT = 10.0
SYSTEMD_PROPERTIES = "LoadState,ActiveState,SubState,MainPID,NRestarts,Result,StatusText,ActiveEnterTimestampMonotonic"
_PROGRAM_FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
_RUNIT_FOLDERS = ("/etc/service", "/var/service", "/service", "/etc/runit/runsvdir/default", "/etc/sv")
_SUPERVISORD_CONFIGS = ("/etc/supervisor/supervisord.conf", "/etc/supervisord.conf")
_UNIT_SUFFIXES = (".service", ".socket", ".timer", ".mount", ".path", ".target", ".slice", ".scope")
_LSB = {"start", "stop", "restart", "reload"}


@dataclass(frozen=True, slots=True)
class Supervised:
    """Who runs a service. `program` is the absolute path of the control program, `where` its config file or service folder."""

    supervisor: str
    name: str
    program: str = ""
    where: str = ""


Found: TypeAlias = tuple[Supervised, ServiceState]


@dataclass(frozen=True, slots=True)
class Services:
    """What the broker needs of whoever runs services: how one stands, and the command that gives it an order.

    `argv` raises HostError("missing") when nobody here runs such a service.
    """

    status: Callable[[str], ServiceState]
    argv: Callable[[str, str], tuple[str, ...]]


class ServiceControl:
    """Services of one host. Only a supervisor of one of the `trusted` users is listened to, else anybody could pose as one."""

    def __init__(self, host: Host, trusted: frozenset[int]) -> None:
        self._host, self._trusted = host, trusted
        self._found: dict[str, Supervised] = {}

    @property
    def services(self) -> Services:
        """For a broker."""
        return Services(self.status, self.argv)

    def status(self, name: str) -> ServiceState:
        """What the supervisor says; `none` when none knows it, then a process of that name counts as running."""
        found, state = self._locate(name)
        self._found[name] = found
        return state

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """The supervisor's own command for a verb."""
        found = self._found.get(name) or self._locate(name)[0]
        if found.supervisor == "none" or not found.program:
            raise HostError("missing", f"nothing here starts and stops {name}")
        return argv_for(found, verb)

    def _locate(self, name: str) -> Found:
        processes = self._host.processes()
        return (
            self._systemd(name)
            or self._supervisord(name, processes)
            or self._runit(name, processes)
            or self._openrc(name)
            or self._init_script(name, processes)
            or (Supervised("none", name), unsupervised(name, processes))
        )

    def _systemd(self, name: str) -> Found | None:
        program = self._program("systemctl") if self._info("/run/systemd/system") else ""
        if not program:
            return None
        unit = name if name.endswith(_UNIT_SUFFIXES) else f"{name}.service"
        shown = self._run((program, "show", f"--property={SYSTEMD_PROPERTIES}", "--", unit))
        state = parse_systemctl_show(name, shown.out, self._uptime())
        return (Supervised("systemd", unit, program), state) if state else None

    def _supervisord(self, name: str, processes: tuple[Process, ...]) -> Found | None:
        for process in processes:
            daemon = supervisord_of(process.argv) if process.uid in self._trusted else None
            configs = (daemon,) if daemon else (_SUPERVISORD_CONFIGS if daemon == "" else ())
            for config in configs:
                program = self._program("supervisorctl") if self._is_trusted(config) else ""
                answer = self._run((program, "-c", config, "status", name)) if program else None
                state = parse_supervisorctl(name, answer.out) if answer else None
                if state:
                    return Supervised("supervisord", name, program, config), state
        return None

    def _runit(self, name: str, processes: tuple[Process, ...]) -> Found | None:
        running = [folder for p in processes if p.uid in self._trusted and (folder := runsvdir_of(p.argv))]
        for folder in dict.fromkeys((*running, *_RUNIT_FOLDERS)):
            program = self._program("sv") if self._is_service_folder(f"{folder}/{name}") else ""
            answer = self._run((program, "status", f"{folder}/{name}")) if program else None
            state = parse_sv(name, answer.out) if answer else None
            if state:
                return Supervised("runit", name, program, f"{folder}/{name}"), state
        return None

    def _openrc(self, name: str) -> Found | None:
        is_here = self._info("/run/openrc/softlevel") and self._is_trusted(f"/etc/init.d/{name}")
        program = self._program("rc-service") if is_here else ""
        if not program:
            return None
        state = parse_rc_service(name, self._run((program, name, "status")))
        return Supervised("openrc", name, program), state

    def _init_script(self, name: str, processes: tuple[Process, ...]) -> Found | None:
        script = f"/etc/init.d/{name}"
        program = script if self._is_trusted(script) else ""
        for path in (f"/run/{name}.pid", f"/var/run/{name}.pid", f"/run/{name}/{name}.pid"):
            info = self._info(path)
            if info is not None and info.kind == "file":
                file = PidFile(path, parse_pid(self._host.read(path, 64).data), info.mtime)
                state = by_pid_file(name, file, processes, self._boot_time(), self._uptime())
                return Supervised("pidfile", name, program, path), state
        if program:
            return Supervised("pidfile", name, program), ServiceState(
                name, "pidfile", False, 0, -1, -1.0, "there is no pid file"
            )
        return None

    def _run(self, argv: tuple[str, ...]) -> CommandResult:
        return self._host.run(argv, LOOK_TIMEOUT, lambda _pid, _start: None)

    def _info(self, path: str) -> FileInfo | None:
        """What stands at a path; nothing where it is missing or behind a link."""
        try:
            return self._host.read(path, 0).info
        except HostError as error:
            if error.code in ("missing", "denied"):
                return None
            raise

    def _is_trusted(self, path: str) -> bool:
        """A plain file that nobody but the trusted users can write."""
        info = self._info(path)
        return info is not None and info.kind == "file" and info.uid in self._trusted and not info.mode & 0o022

    def _is_service_folder(self, path: str) -> bool:
        info = self._info(path)
        is_link = info is not None and info.kind == "link"
        return info is not None and info.uid in self._trusted and (is_link or info.kind == "dir")

    def _program(self, name: str) -> str:
        return next((f"{folder}/{name}" for folder in _PROGRAM_FOLDERS if self._info(f"{folder}/{name}")), "")

    def _uptime(self) -> float:
        return parse_uptime(self._host.read("/proc/uptime", 256).data)

    def _boot_time(self) -> float:
        return parse_boot_time(self._host.read("/proc/stat", 65536).data)


# ---- argv ---------------------------------------------------------------------------------------------------------------------------


def argv_for(found: Supervised, verb: str) -> tuple[str, ...]:
    """The command line for start, stop, restart or reload; a name never stands where an option could."""
    if verb not in _LSB:
        raise HostError("denied", f"no such order: {verb}")
    if found.supervisor == "systemd":
        return (found.program, verb, "--", found.name)
    if found.supervisor == "supervisord":
        order = ("signal", "HUP") if verb == "reload" else (verb,)
        return (found.program, "-c", found.where, *order, found.name)
    if found.supervisor == "runit":
        return (found.program, "-w", "8", verb, found.where)
    if found.supervisor == "openrc":
        return (found.program, found.name, verb)
    return (found.program, verb)
