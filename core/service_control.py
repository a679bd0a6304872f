"""One verb for whatever runs a service: systemd, supervisord, runit, openrc, docker, or an init script with a pid file; found by looking.

Looks go through the Host port; the broker runs the argv that starts or stops. A supervisor that is there but does not tell us ends the
look with HostError instead of "not running". What users supervise for themselves (`systemctl --user`, a runsvdir of their own) is not
served: there is no telling it from an impostor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from core.ports import Host
from core.service_output import (
    DOCKER_FORMAT,
    PidFile,
    by_pid_file,
    parse_boot_time,
    parse_docker,
    parse_pid,
    parse_rc_service,
    parse_supervisorctl,
    parse_sv,
    parse_systemctl_show,
    parse_uptime,
    runsvdir_of,
    supervisord_of,
    unsupervised,
    why_not_told,
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
DOCKER_SOCKET = "/run/docker.sock"


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

    def __init__(self, host: Host, trusted: frozenset[int], docker_socket: str = DOCKER_SOCKET) -> None:
        self._host, self._trusted, self._docker_socket = host, trusted, docker_socket
        self._found: dict[str, Supervised] = {}

    @property
    def services(self) -> Services:
        """For a broker."""
        return Services(self.status, self.argv)

    def status(self, name: str) -> ServiceState:
        """What the supervisor says; `none` when none knows it, then a process of that name counts as running.

        Raises HostError("denied") where that cannot be told, because a supervisor that is there does not answer us.
        """
        found, state = self._locate(name)
        self._found[name] = found
        return state

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """The supervisor's own command for a verb."""
        found = self._found.get(name) or self._locate(name)[0]
        if found.supervisor == "none" or not found.program:
            raise HostError("missing", f"nothing here starts and stops {name}")
        return argv_for(found, verb)

    def lines(self, name: str, verbs: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """The very command lines that these verbs come to on this host, `status` among them; none where nobody runs it."""
        found = self._found.get(name) or self._locate(name)[0]
        return service_lines(found, verbs)

    def _locate(self, name: str) -> Found:
        processes, silent = self._host.processes(), list[str]()
        found = (
            self._systemd(name, silent)
            or self._supervisord(name, processes, silent)
            or self._runit(name, processes, silent)
            or self._openrc(name, silent)
            or self._docker(name, silent)
            or self._init_script(name, processes)
        )
        if found is None and silent:
            raise HostError("denied", f"{' and '.join(silent)}, so nothing is known of {name}")
        return found or (Supervised("none", name), unsupervised(name, processes))

    def _systemd(self, name: str, silent: list[str]) -> Found | None:
        program = self._program("systemctl") if self._info("/run/systemd/system") else ""
        if not program:
            return None
        unit = name if name.endswith(_UNIT_SUFFIXES) else f"{name}.service"
        found = Supervised("systemd", unit, program)
        shown = self._told(status_argv(found), "systemd", silent)
        state = parse_systemctl_show(name, shown.out, self._uptime())
        return (found, state) if state else None

    def _supervisord(self, name: str, processes: tuple[Process, ...], silent: list[str]) -> Found | None:
        for process in processes:
            daemon = supervisord_of(process.argv) if process.uid in self._trusted else None
            configs = (daemon,) if daemon else (_SUPERVISORD_CONFIGS if daemon == "" else ())
            for config in configs:
                program = self._program("supervisorctl") if self._is_trusted(config) else ""
                for known_as in (name, f"{name}:*") if program else ():
                    found = Supervised("supervisord", known_as, program, config)
                    state = parse_supervisorctl(name, self._told(status_argv(found), "supervisord", silent).out)
                    if state:
                        return found, state
        return None

    def _runit(self, name: str, processes: tuple[Process, ...], silent: list[str]) -> Found | None:
        running = [folder for p in processes if p.uid in self._trusted and (folder := runsvdir_of(p.argv))]
        for folder in dict.fromkeys((*running, *_RUNIT_FOLDERS)):
            program = self._program("sv") if self._is_service_folder(f"{folder}/{name}") else ""
            found = Supervised("runit", name, program, f"{folder}/{name}")
            state = parse_sv(name, self._told(status_argv(found), "runit", silent).out) if program else None
            if state:
                return found, state
        return None

    def _openrc(self, name: str, silent: list[str]) -> Found | None:
        is_here = self._info("/run/openrc/softlevel") and self._is_trusted(f"/etc/init.d/{name}")
        program = self._program("rc-service") if is_here else ""
        if not program:
            return None
        found = Supervised("openrc", name, program)
        told: list[str] = []
        state = parse_rc_service(name, self._told(status_argv(found), "openrc", told))
        silent += told
        return None if told else (found, state)

    def _docker(self, name: str, silent: list[str]) -> Found | None:
        """A container of exactly this name, where a daemon of a trusted user listens."""
        socket = self._info(self._docker_socket)
        is_here = socket is not None and socket.kind == "other" and socket.uid in self._trusted
        program = self._program("docker") if is_here else ""
        if not program:
            return None
        found = Supervised("docker", name, program, f"unix://{self._docker_socket}")
        shown = self._told(status_argv(found), "docker", silent)
        state = parse_docker(name, shown.out, self._boot_time() + self._uptime())
        return (found, state) if state else None

    def _init_script(self, name: str, processes: tuple[Process, ...]) -> Found | None:
        script = f"/etc/init.d/{name}"
        program = script if self._is_trusted(script) else ""
        for path in (f"/run/{name}.pid", f"/var/run/{name}.pid", f"/run/{name}/{name}.pid"):
            info = self._info(path)
            if info is not None and info.kind == "file":
                self._require_all_shown(processes, path)
                file = PidFile(path, parse_pid(self._host.read(path, 64).data), info.mtime, info.uid)
                state = by_pid_file(name, file, processes, self._boot_time(), self._uptime())
                return Supervised("pidfile", name, program, path), state
        if program:
            return Supervised("pidfile", name, program), ServiceState(
                name, "pidfile", False, 0, -1, -1.0, "there is no pid file"
            )
        return None

    def _told(self, argv: tuple[str, ...], supervisor: str, silent: list[str]) -> CommandResult:
        """What a supervisor says; `silent` gets the reason where it does not tell us."""
        result = self._host.run(argv, LOOK_TIMEOUT, lambda _pid, _start: None)
        why = why_not_told(supervisor, result)
        if why and why not in silent:
            silent.append(why)
        return result

    def _require_all_shown(self, processes: tuple[Process, ...], path: str) -> None:
        """Raises HostError where /proc hides the processes of other users: what a pid file names would look dead."""
        if any(process.pid == 1 for process in processes) or self._info("/proc/mounts") is None:
            return
        if b"hidepid=" in self._host.read("/proc/mounts", 65536).data:
            raise HostError(
                "denied", f"/proc hides other users' processes here, so nothing is known of what {path} names"
            )

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
    if found.supervisor == "docker":
        order = ("kill", "--signal=HUP") if verb == "reload" else (verb,)
        return (found.program, "-H", found.where, *order, "--", found.name)
    return (found.program, verb)


def status_argv(found: Supervised) -> tuple[str, ...]:
    """The command line that asks how it stands; nothing for an init script, whose pid file is read instead."""
    asked: dict[str, tuple[str, ...]] = {
        "systemd": ("show", f"--property={SYSTEMD_PROPERTIES}", "--", found.name),
        "supervisord": ("-c", found.where, "status", found.name),
        "runit": ("status", found.where),
        "openrc": (found.name, "status"),
        "docker": ("-H", found.where, "container", "inspect", f"--format={DOCKER_FORMAT}", "--", found.name),
    }
    return (found.program, *asked[found.supervisor]) if found.supervisor in asked else ()


def service_lines(found: Supervised, verbs: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """What these verbs, `status` among them, come to as command lines: the same that a run uses, for whoever has to allow them."""
    if found.supervisor == "none" or not found.program:
        return ()
    lines = (status_argv(found) if verb == "status" else argv_for(found, verb) for verb in verbs)
    return tuple(line for line in lines if line)
