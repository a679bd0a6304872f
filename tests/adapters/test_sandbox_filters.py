"""The seccomp programs themselves, run on every system call number: built and shipped ones decide alike, on both machines."""

from __future__ import annotations

import operator
import struct

import pytest

from adapters.sandbox import seccomp

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x00000000
ENOSYS, EPERM = 38, 1
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
I386, X32 = 0x40000003, 0x40000000

NUMBERS = {
    "x86_64": {
        **{"read": 0, "write": 1, "mmap": 9, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62},
        **{
            "socket": 41,
            "connect": 42,
            "ptrace": 101,
            "unshare": 272,
            "memfd_create": 319,
            "bpf": 321,
            "execveat": 322,
        },
        **{"io_uring_setup": 425, "clone3": 435, "pidfd_open": 434, "openat": 257, "prctl": 157, "mount": 165},
    },
    "aarch64": {
        **{
            "read": 63,
            "write": 64,
            "mmap": 222,
            "clone": 220,
            "execve": 221,
            "kill": 129,
            "socket": 198,
            "connect": 203,
        },
        **{"ptrace": 117, "unshare": 97, "memfd_create": 279, "bpf": 280, "execveat": 281, "io_uring_setup": 425},
        **{"clone3": 435, "pidfd_open": 434, "openat": 56, "prctl": 167, "mount": 40},
    },
}
NEEDED = ("read", "write", "mmap", "openat")
JUMPS = {0x15: operator.eq, 0x25: operator.gt, 0x35: operator.ge}
ARGUMENTS = (
    (0,) * 6,
    (1,) * 6,
    (17, 1, 2, 0, 0, 0),
    (0x7E020080, 0x5412, 0, 0, 0, 0),
    (16, 0x5401, 3, 0, 0, 0),
    (2, 1030, 0, 0, 0, 0),
)


def verdict(program: bytes, arch: int, number: int, arguments: tuple[int, ...]) -> int:
    """Runs a classic BPF program as the kernel does (RFC: linux/Documentation/networking/filter)."""
    data = struct.pack("<iIQ6Q", number - (1 << 32) * (number >> 31), arch, 0, *arguments)
    code = list(struct.iter_unpack("<HBBI", program))
    accumulator = at = 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        match operation:
            case 0x20:  # load a word
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:  # and
                accumulator &= value
            case 0x05:  # jump
                at += value
            case 0x15 | 0x25 | 0x35:  # compare and jump
                at += yes if JUMPS[operation](accumulator, value) else no
            case 0x06:  # return
                return int(value)
            case _:
                raise AssertionError(f"operation {operation:#x}")


def shipped(machine: str) -> seccomp.Filters:
    found = seccomp.shipped(machine)
    assert found is not None
    return found


@pytest.mark.skipif(seccomp.build("x86_64") is None, reason="libseccomp is not installed")
@pytest.mark.parametrize("machine", ARCH)
def test_the_shipped_filters_decide_like_the_built_ones(machine: str) -> None:
    built = seccomp.build(machine)
    assert built is not None
    ours = shipped(machine)
    for number in range(463):
        for arguments in ARGUMENTS:
            call = (ARCH[machine], number, arguments)
            assert verdict(built.stage1, *call) == verdict(ours.stage1, *call), (number, arguments)
            assert verdict(built.stage2, *call) == verdict(ours.stage2, *call), (number, arguments)


@pytest.mark.parametrize("machine", ARCH)
def test_the_second_filter_allows_what_computing_needs_and_nothing_else(machine: str) -> None:
    filters = shipped(machine)
    decided = {name: verdict(filters.stage2, ARCH[machine], n, (0,) * 6) for name, n in NUMBERS[machine].items()}
    assert decided == {name: ALLOW if name in NEEDED else ERRNO | ENOSYS for name in NUMBERS[machine]}
    allowed = [n for n in range(1000) if verdict(filters.stage2, ARCH[machine], n, (0,) * 6) == ALLOW]
    assert len(allowed) <= len(seccomp.ALLOWED.split())


@pytest.mark.parametrize("machine", ARCH)
@pytest.mark.parametrize("name", ["ptrace", "unshare", "memfd_create", "bpf", "io_uring_setup", "pidfd_open", "mount"])
def test_the_first_filter_denies_what_nobody_needs(machine: str, name: str) -> None:
    assert verdict(shipped(machine).stage1, ARCH[machine], NUMBERS[machine][name], (0,) * 6) == ERRNO | EPERM


@pytest.mark.parametrize("machine", ARCH)
def test_the_first_filter_looks_at_arguments(machine: str) -> None:
    program, numbers = shipped(machine).stage1, NUMBERS[machine]

    def decided(name: str, *arguments: int) -> int:
        return verdict(program, ARCH[machine], numbers[name], (*arguments, *(0,) * (6 - len(arguments))))

    assert decided("clone", 17) == ALLOW
    assert {decided("clone", 17 | bit) for bit in (0x80, 0x20000, 0x10000000, 0x40000000)} == {ERRNO | EPERM}
    assert decided("clone3") == ERRNO | ENOSYS
    assert decided("socket", 1, 1) == ALLOW
    assert {decided("socket", family) for family in (2, 10, 16, 38, 40, 1 << 32 | 1)} == {ERRNO | EPERM}
    assert decided("execve") == ALLOW


@pytest.mark.parametrize("stage", ["stage1", "stage2"])
def test_calls_of_another_architecture_kill(stage: str) -> None:
    program = getattr(shipped("x86_64"), stage)
    assert verdict(program, I386, 2, (0,) * 6) == KILL
    assert verdict(program, ARCH["x86_64"], X32 + 57, (0,) * 6) == KILL
    assert verdict(program, ARCH["aarch64"], 63, (0,) * 6) == KILL
