"""What supervisors and their files say, read into one form; pure, so that what no machine here runs is tested on recorded output."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.skill import ServiceState
from core.world import CommandResult, Process

_TICKS = 100.0
"""Clock ticks a second in /proc, the same on every Linux that Python runs on."""


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


@dataclass(frozen=True, slots=True)
class PidFile:
    """A pid file: where, the number in it, when it was written in seconds since 1970."""

    path: str
    pid: int
    written: float


def by_pid_file(name: str, file: PidFile, processes: tuple[Process, ...], boot: float, uptime: float) -> ServiceState:
    """A pid counts only while it is alive, no zombie, and older than the file: a recycled pid is another process."""
    process = next((p for p in processes if p.pid == file.pid and p.state != "Z"), None)
    if process is None:
        return ServiceState(
            name, "pidfile", False, 0, -1, -1.0, f"{file.path} names pid {file.pid}, which is not running"
        )
    if boot + process.started / _TICKS > file.written + 2.0:
        return ServiceState(
            name,
            "pidfile",
            False,
            0,
            -1,
            -1.0,
            f"{file.path} names pid {file.pid}, which is a later process ({process.name})",
        )
    since = max(0.0, uptime - process.started / _TICKS)
    return ServiceState(name, "pidfile", True, file.pid, -1, since, f"pid {file.pid} from {file.path}")


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
