"""The two seccomp filters of a guest, as BPF programs: built by libseccomp for this machine, else the shipped ones.

Filters stack, the strictest answer wins. Stage 1 is loaded by bubblewrap, must let Python start, and denies what nobody needs. Stage 2 is
loaded by the guest before a skill's first byte is read, and allows only what computing, importing and talking over the channel need.
"""

from __future__ import annotations

import base64
import errno
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from adapters.sandbox.prebuilt import PREBUILT
from core.errors import UnavailableError

DENIED = """
 acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick
 init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl
 landlock_create_ruleset lookup_dcookie mbind memfd_create memfd_secret migrate_pages mknod mknodat modify_ldt mount mount_setattr
 move_mount move_pages mq_open msgget name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open personality
 pidfd_getfd pidfd_open pidfd_send_signal pivot_root process_madvise process_mrelease process_vm_readv process_vm_writev ptrace
 quotactl quotactl_fd reboot request_key semget set_mempolicy setdomainname sethostname setns settimeofday shmat shmget splice
 swapoff swapon sysfs syslog umount2 unshare userfaultfd uselib ustat vhangup vmsplice
"""

ALLOWED = """
 access brk clock_getres clock_gettime clock_nanosleep close dup exit exit_group faccessat faccessat2 fstat fstatfs futex
 getcwd getdents64 getegid geteuid getgid getpid getppid getrandom getresgid getresuid getrusage gettid gettimeofday getuid lseek lstat
 madvise mmap mprotect mremap munmap nanosleep newfstatat open openat poll ppoll pread64 pselect6 read readlink readlinkat readv
 restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield select sigaltstack stat statx sysinfo
 time times uname write writev
"""

NAMESPACES = 0x7E020080
"""CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET,TIME}."""

AF_UNIX, TIOCSTI, TIOCLINUX, TCGETS, FIOCLEX = 1, 0x5412, 0x541C, 0x5401, 0x5451
F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC = 1, 2, 3, 1030
LOW = 0xFFFFFFFF
"""The kernel looks at 32 bits of these arguments, so the filter must not look at more."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Both programs, ready for the kernel, and where they are from."""

    stage1: bytes
    stage2: bytes
    origin: str


def _export(rules: object) -> bytes:
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:  # in memory: on a full disk no skill would run any more
        rules.export_bpf(file)  # type: ignore[attr-defined]
        file.seek(0)
        return file.read()


def _rules(lib: ModuleType, default: int, machine: str) -> object:
    rules = lib.SyscallFilter(default)
    wanted = {"x86_64": lib.Arch.X86_64, "aarch64": lib.Arch.AARCH64}[machine]
    if wanted != lib.system_arch():
        rules.add_arch(wanted)
        rules.remove_arch(lib.system_arch())
    return rules


def _stage1(lib: ModuleType, machine: str) -> bytes:
    rules = _rules(lib, lib.ALLOW, machine)
    refuse = lib.ERRNO(errno.EPERM)
    for name in DENIED.split():
        if _is_known(lib, name):
            rules.add_rule(refuse, name)  # type: ignore[attr-defined]
    # The flags of clone3 are behind a pointer and cannot be looked at; with ENOSYS the C library takes clone.
    rules.add_rule(lib.ERRNO(errno.ENOSYS), "clone3")  # type: ignore[attr-defined]
    for bit in (1 << number for number in range(32) if NAMESPACES >> number & 1):
        rules.add_rule(refuse, "clone", lib.Arg(0, lib.MASKED_EQ, bit, bit))  # type: ignore[attr-defined]
    for name in ("socket", "socketpair"):
        rules.add_rule(refuse, name, lib.Arg(0, lib.NE, AF_UNIX))  # type: ignore[attr-defined]
    for request in (TIOCSTI, TIOCLINUX):
        rules.add_rule(refuse, "ioctl", lib.Arg(1, lib.MASKED_EQ, LOW, request))  # type: ignore[attr-defined]
    return _export(rules)


def _stage2(lib: ModuleType, machine: str) -> bytes:
    # ENOSYS and not EPERM: for a call the C library knows a replacement of, it then takes the replacement.
    rules = _rules(lib, lib.ERRNO(errno.ENOSYS), machine)
    for name in ALLOWED.split():
        if _is_known(lib, name):
            rules.add_rule(lib.ALLOW, name)  # type: ignore[attr-defined]
    for request in (TCGETS, FIOCLEX):
        rules.add_rule(lib.ALLOW, "ioctl", lib.Arg(1, lib.MASKED_EQ, LOW, request))  # type: ignore[attr-defined]
    for command in (F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC):
        rules.add_rule(lib.ALLOW, "fcntl", lib.Arg(1, lib.MASKED_EQ, LOW, command))  # type: ignore[attr-defined]
    return _export(rules)


def _is_known(lib: ModuleType, name: str) -> bool:
    """False for a system call that this libseccomp has never heard of."""
    try:
        return int(lib.resolve_syscall(lib.system_arch(), name)) != -1
    except (OSError, ValueError):
        return False


def build(machine: str) -> Filters | None:
    """Both filters by libseccomp; None where it is not installed or does not know the machine."""
    try:
        import pyseccomp  # noqa: PLC0415 - raises where the C library is missing, which is no error here
    except (ImportError, RuntimeError, OSError):
        return None
    if machine not in ("x86_64", "aarch64"):
        return None
    return Filters(_stage1(pyseccomp, machine), _stage2(pyseccomp, machine), "libseccomp")


def shipped(machine: str) -> Filters | None:
    """The filters that came with us."""
    if machine not in PREBUILT:
        return None
    stage1, stage2 = PREBUILT[machine]
    return Filters(base64.b64decode(stage1), base64.b64decode(stage2), "prebuilt")


def filters() -> Filters:
    """For this machine; UnavailableError where there are none, for without them no skill runs."""
    machine = platform.machine()
    found = build(machine) or shipped(machine)
    if found is None:
        raise UnavailableError(f"the sandbox has no seccomp filter for {machine}: it runs on x86_64 and aarch64")
    return found


def write_prebuilt() -> None:
    """Writes `prebuilt.py` anew: `python -m adapters.sandbox.seccomp`."""
    lines = [
        '"""The filters of `seccomp.py` for machines without libseccomp, as base64; written by `python -m adapters.sandbox.seccomp`."""',
        "",
    ]
    lines.append("PREBUILT: dict[str, tuple[str, str]] = {")
    for machine in ("x86_64", "aarch64"):
        built = build(machine)
        if built is None:
            raise UnavailableError("libseccomp is needed to build the filters")
        lines.append(f'    "{machine}": (')
        for stage in (built.stage1, built.stage2):
            text = base64.b64encode(stage).decode()
            lines += [f'        "{text[start : start + 100]}"' for start in range(0, len(text), 100)]
            lines[-1] += ","
        lines.append("    ),")
    Path(__file__).with_name("prebuilt.py").write_text("\n".join([*lines, "}", ""]))


if __name__ == "__main__":
    write_prebuilt()
