"""Service control: runit and supervisord for real where they are installed, the others on recorded output and invented hosts."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.host.local import LocalHost
from core.ports import Host
from core.service_control import ServiceControl, Supervised, argv_for
from core.service_output import parse_supervisorctl, parse_sv, parse_systemctl_show, runsvdir_of, supervisord_of
from core.skill import HostError, ServiceState
from tests.fakes.host import FakeHost

RECORDED = Path(__file__).parent / "recorded"
ROOT_ONLY = frozenset({0})


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


def wait_for(control: ServiceControl, name: str, is_so: Callable[[ServiceState], bool]) -> ServiceState:
    state = control.status(name)
    for _ in range(100):
        if is_so(state):
            break
        threading.Event().wait(0.1)
        state = control.status(name)
    return state


def order(host: Host, control: ServiceControl, verb: str, name: str) -> int:
    return host.run(control.argv(verb, name), 20.0, lambda _pid, _start: None).status


@pytest.fixture
def here() -> Iterator[LocalHost]:
    host = LocalHost(())
    yield host
    host.close()


def ended(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def runit_ended(process: subprocess.Popen[bytes], service: Path) -> None:
    """runsvdir does not wait for its runsv, which still writes into the folder until it lets go of its lock."""
    ended(process, signal.SIGHUP)
    with (service / "supervise" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


# ---- for real -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def runit(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "service"
    run = folder / "shop-r" / "run"
    run.parent.mkdir(parents=True)
    run.write_text("#!/bin/sh\nexec sleep 600\n", encoding="ascii")
    run.chmod(0o755)
    with subprocess.Popen(
        ["/usr/bin/runsvdir", "-P", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        yield folder
        runit_ended(process, folder / "shop-r")


@pytest.mark.needs("runsvdir", "sv")
@pytest.mark.usefixtures("runit")
def test_a_service_under_a_running_runit_is_found_and_obeys(here: LocalHost) -> None:
    control = ServiceControl(here, frozenset({os.geteuid()}))
    first = wait_for(control, "shop-r", lambda state: state.is_running)
    assert (first.supervisor, first.is_running) == ("runit", True)
    assert order(here, control, "stop", "shop-r") == 0
    assert not control.status("shop-r").is_running
    assert order(here, control, "start", "shop-r") == 0
    assert order(here, control, "restart", "shop-r") == 0
    last = wait_for(control, "shop-r", lambda state: state.is_running)
    assert (last.is_running, last.pid not in {0, first.pid}) == (True, True)


SUPERVISORD = """[unix_http_server]
file={folder}/s.sock
[supervisord]
logfile={folder}/s.log
pidfile={folder}/s.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/s.sock
[program:shop-s]
command=/bin/sleep 600
[program:crash-s]
command=/bin/false
startretries=0
[program:many-s]
command=/bin/sleep 600
numprocs=2
process_name=%(program_name)s_%(process_num)d
"""


@pytest.fixture
def supervisord(tmp_path: Path) -> Iterator[Path]:
    config = tmp_path / "s.conf"
    config.write_text(SUPERVISORD.format(folder=tmp_path), encoding="ascii")
    config.chmod(0o644)
    argv = ["/usr/bin/supervisord", "-n", "-c", str(config)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path) as process:
        yield config
        ended(process, signal.SIGTERM)


@pytest.mark.needs("supervisord", "supervisorctl")
@pytest.mark.usefixtures("supervisord")
def test_a_service_under_a_running_supervisord_is_found_and_obeys(here: LocalHost) -> None:
    control = ServiceControl(here, frozenset({os.geteuid()}))
    first = wait_for(control, "shop-s", lambda state: state.is_running)
    assert (first.supervisor, first.is_running, first.pid > 0) == ("supervisord", True, True)
    assert order(here, control, "stop", "shop-s") == 0
    assert not control.status("shop-s").is_running
    assert order(here, control, "restart", "shop-s") == 0
    last = control.status("shop-s")
    assert (last.is_running, last.pid not in {0, first.pid}) == (True, True)
    crashing = control.status("crash-s")
    assert (crashing.supervisor, crashing.is_running) == ("supervisord", False)
    assert control.status("nobody-s").supervisor == "none"


@pytest.mark.needs("supervisord", "supervisorctl")
@pytest.mark.usefixtures("supervisord")
def test_a_group_runs_when_each_of_its_processes_runs(here: LocalHost) -> None:
    control = ServiceControl(here, frozenset({os.geteuid()}))
    both = wait_for(control, "many-s", lambda state: state.is_running)
    assert (both.is_running, both.detail) == (True, "all 2 processes are RUNNING")
    assert control.argv("restart", "many-s")[-2:] == ("restart", "many-s:*")
    assert order(here, control, "stop", "many-s:many-s_1") == 0
    half = control.status("many-s")
    assert (half.is_running, half.pid, half.detail.partition(" ")[0]) == (False, 0, "STOPPED")
    assert order(here, control, "restart", "many-s") == 0
    assert control.status("many-s").is_running


@pytest.mark.needs("supervisord", "supervisorctl")
@pytest.mark.usefixtures("supervisord")
def test_a_supervisor_of_an_untrusted_user_is_not_listened_to(here: LocalHost) -> None:
    wait_for(ServiceControl(here, frozenset({os.geteuid()})), "shop-s", lambda state: state.is_running)
    control = ServiceControl(here, frozenset({os.geteuid() + 1}))
    assert control.status("shop-s").supervisor == "none"


# ---- recorded output ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "is_running", "pid", "restarts", "since", "detail"),
    [
        ("running", True, 812, 0, 87.654322, "active running success Processing requests..."),
        ("failed", False, 0, 5, -1.0, "failed failed exit-code"),
        ("auto_restart", False, 0, 3, -1.0, "activating auto-restart exit-code"),
    ],
)
def test_systemd_is_read(record: str, is_running: bool, pid: int, restarts: int, since: float, detail: str) -> None:
    state = parse_systemctl_show("web", recorded(f"systemctl_show_{record}"), 100.0)
    assert state is not None
    assert state.since == pytest.approx(since)
    assert replace(state, since=0.0) == ServiceState("web", "systemd", is_running, pid, restarts, 0.0, detail)


@pytest.mark.parametrize("out", [recorded("systemctl_show_not_found"), "", "System has not been booted with systemd\n"])
def test_what_systemd_does_not_know_is_not_its_service(out: str) -> None:
    assert parse_systemctl_show("web", out, 100.0) is None


def test_supervisord_is_read() -> None:
    states = [parse_supervisorctl("x", line) for line in recorded("supervisorctl_status").splitlines()]
    assert [(state.is_running, state.pid, state.since) for state in states if state] == [
        (True, 4242, 93784.0),
        (True, 4243, 9.0),
        (False, 0, -1.0),
        (False, 0, -1.0),
        (False, 0, -1.0),
        (False, 0, -1.0),
    ]
    assert "Exited too quickly" in states[2].detail  # type: ignore[union-attr]


@pytest.mark.parametrize("record", ["supervisorctl_no_such_process", "supervisorctl_refused"])
def test_what_supervisord_does_not_know_is_not_its_service(record: str) -> None:
    assert parse_supervisorctl("web", recorded(record)) is None


def test_runit_is_read() -> None:
    states = [parse_sv("web", line) for line in recorded("sv_status").splitlines()]
    assert [state and (state.is_running, state.pid, state.since) for state in states] == [
        (True, 4242, 91.0),
        (True, 4242, 91.0),
        (False, 0, -1.0),
        (False, 0, -1.0),
        (False, 4300, -1.0),
        None,
        None,
    ]


# ---- invented hosts -----------------------------------------------------------------------------------------------------------------

BOOT = {"/proc/uptime": "1000.00 900.00\n", "/proc/stat": "cpu 1 2\nbtime 1767224000\n"}
"""The case happens at 1767225600, 1,600 s after this boot."""


def on(files: dict[str, object], **parts: object) -> ServiceControl:
    return ServiceControl(FakeHost({"files": {**BOOT, **files}, **parts}), ROOT_ONLY)


def test_systemd_is_asked_only_where_it_runs() -> None:
    show = (
        "/usr/bin/systemctl show "
        "--property=LoadState,ActiveState,SubState,MainPID,NRestarts,Result,StatusText,ActiveEnterTimestampMonotonic -- web.service"
    )
    files: dict[str, object] = {"/run/systemd/system": {"kind": "dir"}, "/usr/bin/systemctl": ""}
    control = on(files, exec={show: recorded("systemctl_show_running")})
    assert control.status("web").supervisor == "systemd"
    assert control.argv("restart", "web") == ("/usr/bin/systemctl", "restart", "--", "web.service")
    assert (
        on({"/usr/bin/systemctl": ""}, exec={show: recorded("systemctl_show_running")}).status("web").supervisor
        == "none"
    )


SCRIPT = {"kind": "file", "text": "#!/bin/sh\n", "mode": 0o755}


def test_an_init_script_and_its_pid_file_run_a_service() -> None:
    control = on(
        {"/run/shop.pid": "42\n", "/etc/init.d/shop": SCRIPT},
        processes=[{"pid": 42, "name": "shop", "started": 50_000}],
    )
    state = control.status("shop")
    assert (state.supervisor, state.is_running, state.pid, state.since) == ("pidfile", True, 42, 500.0)
    assert control.argv("restart", "shop") == ("/etc/init.d/shop", "restart")


@pytest.mark.parametrize(
    ("pid_file", "process", "detail"),
    [
        ("42\n", {"pid": 43, "name": "shop"}, "not running"),
        ("42\n", {"pid": 42, "name": "shop", "state": "Z"}, "not running"),
        ("42\n", {"pid": 42, "name": "other", "started": 200_000}, "later process"),
        ("-1\n", {"pid": 1, "name": "init"}, "not running"),
        ("0x2a\n", {"pid": 42, "name": "shop"}, "not running"),
        ("", {"pid": 42, "name": "shop"}, "not running"),
    ],
)
def test_a_pid_file_proves_nothing_by_itself(pid_file: str, process: dict[str, object], detail: str) -> None:
    state = on({"/run/shop.pid": pid_file, "/etc/init.d/shop": SCRIPT}, processes=[process]).status("shop")
    assert (state.supervisor, state.is_running) == ("pidfile", False)
    assert detail in state.detail


@pytest.mark.parametrize(
    "script", [{**SCRIPT, "mode": 0o777}, {**SCRIPT, "uid": 1000}, {"kind": "link", "target": "/tmp/x"}, None]
)
def test_an_init_script_that_others_can_write_is_never_run(script: object) -> None:
    control = on({"/run/shop.pid": "42\n", "/etc/init.d/shop": script}, processes=[{"pid": 42, "name": "shop"}])
    with pytest.raises(HostError, match="missing"):
        control.argv("start", "shop")


def test_openrc_is_asked_where_it_runs() -> None:
    control = on(
        {"/run/openrc/softlevel": "default", "/etc/init.d/shop": SCRIPT, "/sbin/rc-service": ""},
        exec={"/sbin/rc-service shop status": {"status": 32, "out": " * status: crashed\n"}},
    )
    state = control.status("shop")
    assert (state.supervisor, state.is_running, state.detail) == ("openrc", False, "status: crashed")
    assert control.argv("start", "shop") == ("/sbin/rc-service", "shop", "start")


def test_what_nobody_supervises_is_running_by_its_name_and_cannot_be_ordered() -> None:
    control = on({}, processes=[{"pid": 42, "name": "shop"}])
    state = control.status("shop")
    assert (state.supervisor, state.is_running, state.pid) == ("none", True, 42)
    with pytest.raises(HostError, match="missing"):
        control.argv("start", "shop")


@pytest.mark.parametrize(
    ("argv", "config"),
    [
        (("/usr/bin/python3", "/usr/bin/supervisord", "-n", "-c", "/etc/s.conf"), "/etc/s.conf"),
        (("/usr/bin/supervisord", "--configuration=/etc/s.conf"), "/etc/s.conf"),
        (("/usr/bin/supervisord",), ""),
        (("/usr/bin/supervisord", "-c", "s.conf"), ""),
        (("/usr/bin/supervisord", "-c", "/etc/../tmp/s.conf"), ""),
        (("/bin/sleep", "600"), None),
        ((), None),
    ],
)
def test_a_running_supervisord_names_its_config(argv: tuple[str, ...], config: str | None) -> None:
    assert supervisord_of(argv) == config


def test_a_running_runsvdir_names_its_folder() -> None:
    assert runsvdir_of(("runsvdir", "-P", "/etc/service", "log: ....")) == "/etc/service"
    assert runsvdir_of(("/bin/sleep", "600")) == ""


@pytest.mark.parametrize("supervisor", ["systemd", "supervisord", "runit", "openrc", "pidfile"])
@pytest.mark.parametrize("verb", ["start", "stop", "restart", "reload"])
def test_every_order_is_one_argv_without_a_shell(supervisor: str, verb: str) -> None:
    argv = argv_for(Supervised(supervisor, "shop", "/usr/bin/program", "/etc/where"), verb)
    assert argv[0] == "/usr/bin/program"
    assert verb in argv or argv[-3:] == ("signal", "HUP", "shop")


def test_no_other_order_exists() -> None:
    with pytest.raises(HostError, match="denied"):
        argv_for(Supervised("systemd", "shop", "/usr/bin/systemctl"), "enable")
