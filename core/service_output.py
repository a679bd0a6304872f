"""What supervisors and their files say, read into one form; pure, so that what no machine here runs is tested on recorded output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from core.skill import HostError, ServiceState
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
    """Reads `supervisorctl status` of one process, or of all of a group; None when it has no such process.

    A group runs when each of its processes runs; its pid is the first one's.
    """
    lines = [found for text in out.splitlines() if (found := _SUPERVISORCTL.fullmatch(text.strip()))]
    states = [_of_process(name, line) for line in lines if line["state"] in _SUPERVISORD_STATES]
    if len(states) < 2:
        return states[0] if states else None
    down = [state for state in states if not state.is_running]
    detail = "; ".join(state.detail for state in down) or f"all {len(states)} processes are RUNNING"
    since = min((state.since for state in states if state.is_running), default=-1.0)
    return ServiceState(name, "supervisord", not down, 0 if down else states[0].pid, -1, since, detail[:500])


def _of_process(name: str, line: re.Match[str]) -> ServiceState:
    up = _UPTIME.match(line["detail"])
    pid = int(up["pid"]) if up else 0
    since = ((int(up["days"] or 0) * 24 + int(up["h"])) * 60 + int(up["m"])) * 60.0 + int(up["s"]) if up else -1.0
    detail = f"{line['state']} {line['detail']}".strip()[:500]
    return ServiceState(name, "supervisord", line["state"] == "RUNNING", pid, -1, since, detail)


_REFUSALS = re.compile(
    r"permission denied|permissionerror|access denied|could not read config|not permitted|superuser|must be root|HTTP 401",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"refused connection|\.sock no such file|failed to connect|cannot connect|is the docker daemon running",
    re.IGNORECASE,
)


def why_not_told(supervisor: str, result: CommandResult) -> str:
    """Why a supervisor that is there said nothing of a service; empty when it answered, that it knows none for example.

    Who is not allowed to ask must not take silence for "down": that would start a repair.
    """
    said = f"{result.out}\n{result.err}"
    if result.timed_out:
        return f"{supervisor} does not answer"
    if _REFUSALS.search(said):
        return f"not allowed to ask {supervisor}"
    return f"{supervisor} does not answer" if _NO_ANSWER.search(said) else ""


DOCKER_FORMAT = "|".join(
    (
        "{{.Name}}|{{.State.Status}}|{{.State.Pid}}|{{.State.StartedAt}}|{{.RestartCount}}|{{.State.OOMKilled}}",
        "{{.State.ExitCode}}|{{if .State.Health}}{{.State.Health.Status}}{{end}}|{{.State.Error}}",
    )
)
"""What `docker container inspect` is asked for; never the environment, which holds secrets."""
_TEN_MINUTES = 600.0


def parse_docker(name: str, out: str, now: float) -> ServiceState | None:
    """Reads `docker container inspect --format DOCKER_FORMAT`; None when no container has exactly this name.

    `restarts` is docker's count since the last start by hand, where its last start is less than ten minutes ago; else it is calm.
    """
    fields = out.strip().split("|", 8)
    if len(fields) != 9 or fields[0] != f"/{name}":
        return None  # docker takes the beginning of an id for a name too
    _, status, pid, started, restarts, is_killed, code, health, error = fields
    is_running = status == "running"
    since = max(0.0, now - _docker_time(started)) if is_running and _docker_time(started) else -1.0
    words = [
        status,
        "" if is_running else f"exit code {code}",
        "killed for want of memory" if is_killed == "true" else "",
        f"health: {health}" if health else "",
        error,
    ]
    is_recent = now - _docker_time(started) < _TEN_MINUTES
    count = _number(restarts) if is_recent or status == "restarting" else 0
    detail = ", ".join(word for word in words if word)[:500]
    return ServiceState(name, "docker", is_running, _number(pid), count, since, detail)


def _docker_time(text: str) -> float:
    """Seconds since 1970; 0 for never."""
    found = re.match(r"(?!0001)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[.\d]*(?:Z|\+00:00)$", text)
    return datetime.fromisoformat(f"{found[1]}+00:00").timestamp() if found else 0.0


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
    """A pid file: where, the number in it, when it was written in seconds since 1970, whose it is."""

    path: str
    pid: int
    written: float
    uid: int = 0


def by_pid_file(name: str, file: PidFile, processes: tuple[Process, ...], boot: float, uptime: float) -> ServiceState:
    """A pid counts only while it is alive, no zombie, and older than the file: a recycled pid is another process.

    Raises HostError for a file in which a user names a process that is not theirs: an init script would stop that one.
    """
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
    if file.uid not in {0, process.uid}:
        raise HostError(
            "denied", f"{file.path} of user {file.uid} names pid {file.pid}, which is another user's ({process.name})"
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
