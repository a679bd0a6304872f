"""One verb for whatever runs a service: systemd, supervisord, runit, openrc, or an init script with a pid file; found by looking.

Looks go through the Host port and every answer of the host is parsed here, purely; the broker runs the argv that starts or stops.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from core.ports import Host
from core.skill import HostError, ServiceState
from core.world import CommandResult, FileInfo, Process

LOOK_TIMEOUT = 10.0
SYSTEMD_PROPERTIES = "LoadState,ActiveState,SubState,MainPID,NRestarts,Result,StatusText,ActiveEnterTimestampMonotonic"
_PROGRAM_FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
_RUNIT_FOLDERS = ("/etc/service", "/var/service", "/service", "/etc/runit/runsvdir/default", "/etc/sv")
_SUPERVISORD_CONFIGS = ("/etc/supervisor/supervisord.conf", "/etc/supervisord.conf")
_UNIT_SUFFIXES = (".service", ".socket", ".timer", ".mount", ".path", ".target", ".slice", ".scope")
_TICKS = 100.0
_LSB = {"start", "stop", "restart", "reload"}


@dataclass(frozen=True, slots=True)
class Supervised:
    """Who runs a service. `program` is the absolute path of the control program, `where` its config file or service folder."""

    supervisor: str
    name: str
    program: str = ""
    where: str = ""


class Services(Protocol):
    """What the broker needs of whoever runs services on one host."""

    def status(self, name: str) -> ServiceState:
        """How it stands."""
        ...

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """The command that does it; raises HostError("missing") when nobody here runs such a service."""
        ...


class ServiceControl:
    """Services of one host. Only a supervisor of one of the `trusted` users is listened to, else anybody could pose as one."""

    def __init__(self, host: Host, trusted: frozenset[int]) -> None:
        self._host, self._trusted = host, trusted
        self._found: dict[str, Supervised] = {}

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

    def _locate(self, name: str) -> tuple[Supervised, ServiceState]:
        processes = self._host.processes()
        for look in (self._systemd, self._supervisord, self._runit, self._openrc, self._init_script):
            found = look(name, processes)
            if found is not None:
                return found
        return Supervised("none", name), unsupervised(name, processes)

    def _systemd(self, name: str, processes: tuple[Process, ...]) -> tuple[Supervised, ServiceState] | None:
        program = self._program("systemctl") if self._info("/run/systemd/system") else ""
        if not program:
            return None
        unit = name if name.endswith(_UNIT_SUFFIXES) else f"{name}.service"
        shown = self._run((program, "show", f"--property={SYSTEMD_PROPERTIES}", "--", unit))
        state = parse_systemctl_show(name, shown.out, self._uptime())
        return (Supervised("systemd", unit, program), state) if state else None

    def _supervisord(self, name: str, processes: tuple[Process, ...]) -> tuple[Supervised, ServiceState] | None:
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

    def _runit(self, name: str, processes: tuple[Process, ...]) -> tuple[Supervised, ServiceState] | None:
        running = [folder for p in processes if p.uid in self._trusted and (folder := runsvdir_of(p.argv))]
        for folder in dict.fromkeys((*running, *_RUNIT_FOLDERS)):
            program = self._program("sv") if self._is_service_folder(f"{folder}/{name}") else ""
            answer = self._run((program, "status", f"{folder}/{name}")) if program else None
            state = parse_sv(name, answer.out) if answer else None
            if state:
                return Supervised("runit", name, program, f"{folder}/{name}"), state
        return None

    def _openrc(self, name: str, processes: tuple[Process, ...]) -> tuple[Supervised, ServiceState] | None:
        is_here = self._info("/run/openrc/softlevel") and self._is_trusted(f"/etc/init.d/{name}")
        program = self._program("rc-service") if is_here else ""
        if not program:
            return None
        state = parse_rc_service(name, self._run((program, name, "status")))
        return Supervised("openrc", name, program), state

    def _init_script(self, name: str, processes: tuple[Process, ...]) -> tuple[Supervised, ServiceState] | None:
        script = f"/etc/init.d/{name}"
        program = script if self._is_trusted(script) else ""
        for path in (f"/run/{name}.pid", f"/var/run/{name}.pid", f"/run/{name}/{name}.pid"):
            info = self._info(path)
            if info is not None and info.kind == "file":
                pid = parse_pid(self._host.read(path, 64).data)
                state = by_pid_file(name, path, pid, info.mtime, processes, self._boot_time(), self._uptime())
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


# ---- parsing ------------------------------------------------------------------------------------------------------------------------


def parse_systemctl_show(name: str, out: str, uptime: float) -> ServiceState | None:
    """Reads `systemctl show`; None when systemd has no such unit. `restarts` is systemd's own count since the last start by hand."""
    shown = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    if shown.get("LoadState", "not-found") in ("not-found", ""):
        return None
    is_running = shown.get("ActiveState") in ("active", "reloading")
    entered = _number(shown.get("ActiveEnterTimestampMonotonic", "")) / 1e6
    since = max(0.0, uptime - entered) if is_running and entered else -1.0
    words = (
        shown.get("ActiveState", ""),
        shown.get("SubState", ""),
        shown.get("Result", ""),
        shown.get("StatusText", ""),
    )
    restarts = _number(shown["NRestarts"]) if "NRestarts" in shown else -1
    return ServiceState(
        name, "systemd", is_running, _number(shown.get("MainPID", "")), restarts, since, " ".join(w for w in words if w)
    )


_SUPERVISORCTL = re.compile(r"(?P<name>\S+)\s+(?P<state>[A-Z]+)\s*(?P<detail>.*)")
_UPTIME = re.compile(r"pid (?P<pid>\d+), uptime (?:(?P<days>\d+) days?, )?(?P<h>\d+):(?P<m>\d+):(?P<s>\d+)")
_SUPERVISORD_STATES = {"RUNNING", "STARTING", "STOPPED", "STOPPING", "BACKOFF", "EXITED", "FATAL", "UNKNOWN"}


def parse_supervisorctl(name: str, out: str) -> ServiceState | None:
    """Reads one line of `supervisorctl status`; None when it has no such process."""
    line = next((found for text in out.splitlines() if (found := _SUPERVISORCTL.fullmatch(text.strip()))), None)
    if line is None or line["state"] not in _SUPERVISORD_STATES:
        return None
    up = _UPTIME.match(line["detail"])
    pid = int(up["pid"]) if up else 0
    since = ((int(up["days"] or 0) * 24 + int(up["h"])) * 60 + int(up["m"])) * 60.0 + int(up["s"]) if up else -1.0
    detail = f"{line['state']} {line['detail']}".strip()[:500]
    return ServiceState(name, "supervisord", line["state"] == "RUNNING", pid, -1, since, detail)


_SV = re.compile(r"(?P<state>run|down|finish): \S+: (?:\(pid (?P<pid>\d+)\) )?(?P<since>\d+)s(?P<more>[^;]*)")


def parse_sv(name: str, out: str) -> ServiceState | None:
    """Reads `sv status`; None when no runsv watches that folder. The log service after the semicolon is left out."""
    line = out.strip().splitlines()[0] if out.strip() else ""
    found = _SV.match(line)
    if found is None:
        return None
    is_running = found["state"] == "run"
    since = float(found["since"]) if is_running else -1.0
    detail = f"{found['state']}{found['more']} since {found['since']} s".replace("  ", " ")
    return ServiceState(name, "runit", is_running, int(found["pid"] or 0), -1, since, detail[:500])


def parse_rc_service(name: str, result: CommandResult) -> ServiceState:
    """Reads `rc-service NAME status`: exit code 0 is started, 3 stopped, 32 crashed."""
    lines = result.out.strip().splitlines()
    detail = lines[-1].strip(" *")[:500] if lines else f"status {result.status}"
    return ServiceState(name, "openrc", result.status == 0, 0, -1, -1.0, detail)


def by_pid_file(
    name: str, path: str, pid: int, written: float, processes: tuple[Process, ...], boot: float, uptime: float
) -> ServiceState:
    """A pid counts only while it is alive, no zombie, and older than the file: a recycled pid is another process."""
    process = next((p for p in processes if p.pid == pid and p.state != "Z"), None)
    if process is None:
        return ServiceState(name, "pidfile", False, 0, -1, -1.0, f"{path} names pid {pid}, which is not running")
    if boot + process.started / _TICKS > written + 2.0:
        return ServiceState(
            name, "pidfile", False, 0, -1, -1.0, f"{path} names pid {pid}, which is a later process ({process.name})"
        )
    since = max(0.0, uptime - process.started / _TICKS)
    return ServiceState(name, "pidfile", True, pid, -1, since, f"pid {pid} from {path}")


def unsupervised(name: str, processes: tuple[Process, ...]) -> ServiceState:
    """Nobody supervises it: running is what has a process of exactly that name."""
    process = next((p for p in processes if p.name == name[:15] and p.state != "Z"), None)
    detail = "no supervisor here knows it" + (f"; pid {process.pid} has its name" if process else "")
    return ServiceState(name, "none", process is not None, process.pid if process else 0, -1, -1.0, detail)


def supervisord_of(argv: tuple[str, ...]) -> str | None:
    """The config file that a running supervisord was given, empty when it was given none, None when this is no supervisord."""
    program = next((at for at, word in enumerate(argv[:4]) if word.rpartition("/")[2] == "supervisord"), None)
    if program is None:
        return None
    words = argv[program + 1 :]
    for at, word in enumerate(words):
        if word in ("-c", "--configuration") and at + 1 < len(words):
            return _absolute(words[at + 1])
        if word.startswith("--configuration="):
            return _absolute(word.partition("=")[2])
    return ""


def runsvdir_of(argv: tuple[str, ...]) -> str:
    """The folder that a running runsvdir watches, empty when this is no runsvdir."""
    if not argv or argv[0].rpartition("/")[2] != "runsvdir":
        return ""
    return next((_absolute(word).rstrip("/") for word in argv[1:] if not word.startswith("-")), "")


def parse_pid(data: bytes) -> int:
    """The number in a pid file; 0 when there is none."""
    text = data.decode("ascii", "replace").strip().split("\n")[0].strip()
    return int(text) if re.fullmatch(r"[1-9]\d{0,9}", text) else 0


def parse_uptime(data: bytes) -> float:
    """Seconds since boot, from /proc/uptime."""
    found = re.match(rb"\d+(?:\.\d+)?", data)
    return float(found[0]) if found else 0.0


def parse_boot_time(data: bytes) -> float:
    """When the host booted, in seconds since 1970, from /proc/stat."""
    found = re.search(rb"^btime (\d+)$", data, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _absolute(path: str) -> str:
    return path if path.startswith("/") and "/../" not in f"{path}/" else ""


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0
