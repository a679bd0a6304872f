"""What every process of one run asked the kernel to change, recorded by strace and told apart by the part that each process plays."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.source_tree import ROOT

WRITES = (
    "open,openat,creat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,mknod,mknodat,"
    "chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,truncate,ftruncate,setxattr,lsetxattr,fsetxattr"
)
REACHES = "connect,bind,sendto"
ENDS = "kill,tkill,tgkill,pidfd_send_signal,pidfd_open"
STARTS = "execve,execveat,fork,vfork,clone,clone3"
REST = "mount,umount2,setns,unshare,reboot,init_module,finit_module,ptrace"

PARTS = (
    (r'"/\S*/(?:bwrap|setpriv)", ', "walls"),
    (r'"/bin/sh", \["/bin/sh", "-c", "echo \$\$ > /sys/fs/cgroup/', "walls"),
    (r'"/\S*/nsenter", ', "entering"),
    (r'"/\S*/unshare", ', "patient"),
    (r'"-m", "adapters\.host\.serve"', "hands"),
    (r'"-m", "adapters\.probe\.serve"', "eyes"),
    (r'"-m", "adapters\.patient\.', "patient"),
    (r'"/guest\.py"', "guest"),
    (r"A program for the interpreter", "interpreter"),
)
"""What a command line says -> the part that process plays from then on; whatever else it starts keeps the part of who started it."""

_CALL = re.compile(
    r"(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+)(?P<on><[^>]*>)?(?: /\* (?P<outside>\d+) in strace's PID NS \*/)?"
)
_NEW = re.compile(r"^(?:fork|vfork|clone|clone3)\(")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>")
_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")


@dataclass(frozen=True)
class Call:
    """One successful call; `path` is what it is about, where it is about one."""

    part: str
    pid: int
    name: str
    path: str
    text: str


@dataclass
class Recording:
    """All processes of one run."""

    folder: Path
    first: int
    _texts: dict[int, list[str]] = field(default_factory=dict)
    _parents: dict[int, tuple[int, int]] = field(default_factory=dict)

    def calls(self) -> list[Call]:
        """Every call that changed something, or could have, with the part of the process at that moment."""
        for file in self.folder.glob("log.*"):
            self._texts[int(file.suffix[1:])] = file.read_text("utf-8", "replace").splitlines()
        for pid, lines in self._texts.items():
            for at, line in enumerate(lines):
                call = _CALL.match(line)
                if call and _NEW.match(line) and int(call["result"]) > 0:
                    self._parents[int(call["outside"] or call["result"])] = (pid, at)
        return [call for pid in sorted(self._texts) for call in self._of(pid)]

    def is_ours(self, pid: int) -> bool:
        """Whether this run started that process."""
        return pid in self._texts

    def _of(self, pid: int) -> list[Call]:
        part, found = self._part_at_birth(pid), []
        for line in self._texts[pid]:
            call = _CALL.match(line)
            if call is None or int(call["result"]) < 0:
                continue
            if call["name"].startswith("execve"):
                part = _part(call["arguments"], part)
            if call["name"] in ("open", "openat", "creat") and not _WRITING.search(call["arguments"]):
                continue
            if not _NEW.match(line):
                found.append(Call(part, pid, call["name"], _path(call), line))
        return found

    def _part_at_birth(self, pid: int) -> str:
        if pid not in self._parents:
            return "nightshift" if pid == self.first else "unknown"
        parent, at = self._parents[pid]
        part = self._part_at_birth(parent)
        for line in self._texts[parent][:at]:
            call = _CALL.match(line)
            if call and call["name"].startswith("execve") and int(call["result"]) == 0:
                part = _part(call["arguments"], part)
        # What a hand starts is a command; the patient's own life goes on from what the patient starts.
        return "command" if part == "hands" else part


def record(folder: Path, *arguments: str, environment: dict[str, str], seconds: float) -> Recording:
    """Runs `nightshift …` under strace to its end."""
    traced = ",".join((WRITES, REACHES, ENDS, STARTS, REST))
    words = [
        "strace",
        "-ff",
        "-qq",
        "-y",
        "--pidns-translation",
        "-s",
        "400",
        "-e",
        f"trace={traced}",
        "-o",
        str(folder / "log"),
    ]
    started = subprocess.Popen(
        [*words, sys.executable, "-B", "-m", "bot", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = started.communicate(timeout=seconds)
    assert started.returncode == 0, said[-3000:]
    (first,) = [file for file in folder.glob("log.*") if '"-m", "bot"' in file.read_text("utf-8", "replace")[:4000]]
    return Recording(folder, int(first.suffix[1:]))


def _part(arguments: str, before: str) -> str:
    return next((part for words, part in PARTS if re.search(words, arguments)), before)


def _path(call: re.Match[str]) -> str:
    """Of an open the file that came of it, else the first name in the arguments, below the directory that is named before it."""
    if call["on"]:
        return call["on"][1:-1]
    on = _FOLDER.match(call["arguments"])
    quoted = _QUOTED.search(call["arguments"])
    if quoted is None:
        return on[1] if on else ""
    return quoted[1] if quoted[1].startswith("/") or on is None else f"{on[1]}/{quoted[1]}"
