"""The patient from outside: made, broken, healed, and removed with everything it made, also what a dead earlier one left."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from adapters.patient import layout
from adapters.patient.walls import ROOT, on_loop, walls
from core.errors import InvalidError, UnavailableError

_TOOLS = {
    "bwrap": "bubblewrap",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "ip": "iproute2",
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS = 30.0


class Patient:
    """One host in namespaces. `folder` is the demo's own, `hidden` what the patient must not even read, such as the data folder.

    Its holder lives as long as a pipe that this process holds: however we end, the kernel removes processes, mounts, network
    and loop device; only the files below `folder` stay, and the next start removes them.
    """

    def __init__(self, folder: Path, hidden: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._hidden = (folder, *hidden)
        self._process: subprocess.Popen[bytes] | None = None
        self._holder = (0, 0)

    def __enter__(self) -> Patient:
        self.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def holder(self) -> tuple[int, int]:
        """(pid, start ticks) of the process whose namespaces are the host."""
        if self._process is None:
            raise UnavailableError("the patient is not there")
        return self._holder

    def start(self) -> None:
        """Makes it; UnavailableError says why it cannot be made here."""
        for tool, package in _TOOLS.items():
            if shutil.which(tool, path=_PATH) is None:
                raise UnavailableError(f"{tool} is missing; install the package {package}")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_leftovers()
        try:
            self._launch(self._make_disk())
        except BaseException:
            self.stop()
            raise

    def crash(self) -> None:
        """The service is killed, and nothing brings it back by itself."""
        self._order("crash")

    def fill_disk(self) -> None:
        """The service's disk is nearly full: most of it a log that is deleted and still open, the rest rotated logs."""
        self._order("fill_disk")

    def cut_network(self) -> None:
        """The default route is gone."""
        self._order("cut_network")

    def break_resolver(self) -> None:
        """The resolver is one that does not answer."""
        self._order("break_resolver")

    def reset(self) -> None:
        """Everything as on the first day."""
        self._order("reset")

    def stop(self) -> None:
        """Removes all it made; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                _end(*self._holder)
                process.kill()
                process.wait(5)
            _wait_gone(*self._holder)
        self._remove_files()

    # ---- making -----------------------------------------------------------------------------------------------------

    def _launch(self, disk: list[Path]) -> None:
        status, tell = os.pipe()
        command = walls(disk[1] if disk else None, self._hidden, tell)
        command += [sys.executable, "-P", "-m", "adapters.patient.holder"]
        try:
            with (self._folder / "patient.log").open("wb") as log:
                self._process = subprocess.Popen(
                    on_loop(disk[0], disk[1], command) if disk else command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    pass_fds=(tell,),
                    cwd="/",
                    env={"PATH": _PATH, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)},
                    start_new_session=True,  # Ctrl-C is for us; we end it in order
                )
        finally:
            os.close(tell)
        with os.fdopen(status, "rb") as told:
            text = told.read()
        if not text.strip():
            raise UnavailableError(f"a host of its own cannot be made here: {self._last_words()}")
        pid = int(json.loads(text)["child-pid"])
        self._holder = (pid, _started(pid) or 0)
        (self._folder / "patient.json").write_text(json.dumps({"holder": self._holder}), encoding="ascii")
        self._read()

    def _make_disk(self) -> list[Path]:
        """As root a real ext4 on a loop device: [image, mount point]; empty where that cannot be had, then memory serves."""
        mkfs = shutil.which("mkfs.ext4", path=_PATH)
        if os.geteuid() != 0 or mkfs is None:
            return []
        image, at = self._folder / "disk.img", self._folder / "disk"
        at.mkdir(exist_ok=True)
        with image.open("wb") as file:
            file.truncate(layout.DISK_BYTES)
        made = subprocess.run([mkfs, "-q", "-F", "-m", "0", str(image)], capture_output=True, check=False)
        if made.returncode != 0:
            return []
        tried = subprocess.run(on_loop(image, at, ["true"]), capture_output=True, check=False, env={"PATH": _PATH})
        return [image, at] if tried.returncode == 0 else []

    # ---- talking ----------------------------------------------------------------------------------------------------

    def _order(self, word: str) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise UnavailableError("the patient is not there")
        try:
            process.stdin.write(word.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise UnavailableError(f"the patient is gone: {self._last_words()}") from error
        self._read()

    def _read(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            raise UnavailableError("the patient is not there")
        if not select.select([process.stdout], [], [], _SECONDS)[0]:
            raise UnavailableError(f"the patient did not answer within {_SECONDS:g} s")
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise UnavailableError(f"the patient is gone: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if answer["error"]:
            raise UnavailableError(f"the patient cannot: {answer['error']}")

    def _last_words(self) -> str:
        log = self._folder / "patient.log"
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return words[-1][:300] if words else "it said nothing"

    # ---- removing ---------------------------------------------------------------------------------------------------

    def _remove_leftovers(self) -> None:
        """A holder whose owner died ends by itself; one that hangs is ended here, if it is still the one that was recorded."""
        record = self._folder / "patient.json"
        if record.exists():
            try:
                pid, started = json.loads(record.read_text(encoding="ascii"))["holder"]
            except (ValueError, KeyError, TypeError) as error:
                raise InvalidError(f"{record} cannot be read; remove it") from error
            _end(pid, started)
            _wait_gone(pid, started)
        self._remove_files()

    def _remove_files(self) -> None:
        for name in ("patient.json", "disk.img"):
            (self._folder / name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self._folder / "disk").rmdir()


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(") ")[2].split()[19])


def _end(pid: int, started: int) -> None:
    """Kills exactly this process; as the first of its namespace it takes all others in there along."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        handle = os.pidfd_open(pid)
        try:
            if started and _started(pid) == started:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _wait_gone(pid: int, started: int) -> None:
    deadline = time.monotonic() + 5
    while started and _started(pid) == started and time.monotonic() < deadline:
        time.sleep(0.01)
