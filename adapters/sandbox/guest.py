"""The program inside the sandbox: locks itself in, then runs one skill whose host calls go over one socket. Nobody trusts it.

Standard library only; it is sent in as text and started as `python3 -I -S -B guest.py CHANNEL_FD`, or with `-c TEXT stdio` where its
channel is stdin and stdout. A frame is a 4-byte length and JSON:

    in   {"sdk": text of core/skill.py, "filter": base64 of the second seccomp filter}         before anything else
    out  {"op": "ready"}                                                                        locked in; blocks on the next read
    in   {"name", "source", "parameters"} and, where it has any, "libraries": {path: text}
    out  {"op": "call", "method", "args"}   in  {"result"} or {"error": {"code", "message"}}    any number of times, one at a time
    out  {"op": "done", "ok", "summary", "facts"}, {"op": "fail", "error"} or {"op": "memory"}
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import linecache
import os
import resource
import sys
import traceback
import types
from typing import Any

PRELOADED = (
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "hashlib",
    "ipaddress",
    "itertools",
    "math",
    "re",
    "shlex",
    "string",
)
"""Imported before the guest is ready, so that a skill does not pay for them."""

FRAME = 1 << 20
FACTS = 64 << 10
ANSWER = 8 << 20

LIMITS = (
    (resource.RLIMIT_AS, 192 << 20),
    (resource.RLIMIT_CPU, 60),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_MEMLOCK, 0),
    (resource.RLIMIT_NOFILE, 32),
    (resource.RLIMIT_NPROC, 16),
)

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 4, 22, 38, 2


class Channel:
    """Frames over one inherited socket or two pipes, with plain read and write: the filter allows nothing else on them."""

    def __init__(self, fd: int, reading: int | None = None) -> None:
        self.fd = fd
        self.reading = fd if reading is None else reading

    @classmethod
    def opened(cls, name: str) -> Channel:
        """The one that the command line names; every other descriptor but the standard three is closed."""
        if name != "stdio":
            fd = int(name)
            os.closerange(3, fd)
            os.closerange(fd + 1, 1 << 16)
            return cls(fd)
        os.closerange(3, 1 << 16)
        channel = cls(os.dup(1), os.dup(0))
        os.dup2(2, 1)  # what a skill prints is no frame
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        return channel

    def ends(self) -> None:
        """Prints the sign that nothing more is printed; over a socket and a pipe of our own nobody waits for it."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):  # a skill may have closed or replaced it
                stream.flush()
        if self.fd != self.reading:
            with contextlib.suppress(OSError):
                os.write(2, b"\0")

    def receive(self) -> Any:
        """The next frame; EOFError when the parent is gone."""
        size = int.from_bytes(self._exactly(4), "big")
        if size > ANSWER:
            raise EOFError
        return json.loads(self._exactly(size))

    def send(self, frame: dict[str, Any]) -> None:
        """Sends one frame; ValueError when it is too large or not JSON."""
        body = json.dumps(frame, separators=(",", ":"), allow_nan=False).encode()
        if len(body) > FRAME:
            raise ValueError(f"a message of {len(body)} bytes is over the limit of {FRAME}")
        self.write(len(body).to_bytes(4, "big") + body)

    def write(self, data: bytes) -> None:
        """All of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.fd, rest) :]

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self.reading, min(size - len(parts), 1 << 16))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def lock_in(code: bytes) -> None:
    """Resource limits, then the second seccomp filter; OSError if the kernel refuses, and then no skill runs."""
    for which, limit in LIMITS:
        resource.setrlimit(which, (limit, limit))
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    for call in (
        (PR_SET_DUMPABLE, 0, 0, 0, 0),
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*call):
            raise OSError(ctypes.get_errno(), "the sandbox could not lock itself in")


def load(name: str, source: str, file: str) -> types.ModuleType:
    """A module from its text; tracebacks show its lines."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102 - running it is what this place is for
    return module


class Libraries:
    """The one place where a declared library comes from: its text, as it was sent. The standard library is looked through first."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._files = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources}
        self._sources = sources

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        """Where Python asks for a module of this name."""
        from importlib.machinery import ModuleSpec  # noqa: PLC0415 - who declares nothing does not pay for it

        file = self._files.get(name)
        if file is None:
            return None
        return ModuleSpec(name, self, origin=file, is_package=file.endswith("/__init__.py"))  # type: ignore[arg-type]

    def create_module(self, _spec: Any) -> None:
        """A usual one."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Fills it."""
        file = self._files[module.__name__]
        exec(compile(self._sources[file], file, "exec"), module.__dict__)  # noqa: S102 - as in load


def host_of(channel: Channel, sdk: Any) -> Any:
    """The Host of the SDK, whose calls become frames."""

    def call(method: str, args: dict[str, Any]) -> Any:
        try:
            channel.send({"op": "call", "method": method, "args": args})
        except (TypeError, ValueError) as error:
            raise sdk.HostError("failed", f"{method}: {error}") from error
        answer = channel.receive()
        if "error" in answer:
            raise sdk.HostError(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    return sdk.Host(call)


def outcome_of(run: dict[str, Any], channel: Channel, sdk: Any) -> dict[str, Any]:
    """Runs the skill and makes its outcome a frame."""
    if "libraries" in run:
        sys.meta_path.append(Libraries(run["libraries"]))
    skill = load("skill", run["source"], f"{run['name']}.py")
    parameters = {name: tuple(value) if isinstance(value, list) else value for name, value in run["parameters"].items()}
    outcome = skill.run(host_of(channel, sdk), **parameters)
    if not isinstance(outcome, sdk.Outcome):
        raise TypeError(f"run returned {type(outcome).__name__}, not an Outcome")
    if len(json.dumps(outcome.facts, allow_nan=False)) > FACTS:
        raise ValueError(f"the facts are over the limit of {FACTS} bytes")
    return {"op": "done", "ok": bool(outcome.ok), "summary": str(outcome.summary), "facts": outcome.facts}


def prepare(channel: Channel) -> Any:
    """The SDK and the usual modules, then the lock; from here on this process can compute, read and talk to its parent, no more."""
    first = channel.receive()
    package = sys.modules["core"] = types.ModuleType("core")
    sdk = load("core.skill", first["sdk"], "core/skill.py")
    package.skill = sdk  # type: ignore[attr-defined]
    for name in PRELOADED:
        __import__(name)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    lock_in(base64.b64decode(first["filter"]))
    return sdk


def main() -> None:
    """One guest, one run."""
    channel = Channel.opened(sys.argv[1])
    sys.argv[:] = ["skill"]
    os.environ.clear()
    try:
        sdk = prepare(channel)
    except EOFError:
        return
    channel.send({"op": "ready"})
    try:
        run = channel.receive()
    except EOFError:
        return
    no_memory = b'\0\0\0\x0f{"op":"memory"}'
    try:
        last = outcome_of(run, channel, sdk)
        channel.ends()
        channel.send(last)
    except MemoryError:
        channel.write(no_memory)
    except BaseException as error:  # noqa: BLE001 - whatever a skill raises, SystemExit too, is how its run ended
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it may have closed or replaced where this goes
            traceback.print_exc()
        channel.ends()
        channel.send({"op": "fail", "error": traceback.format_exception_only(error)[-1].strip()[:2000]})
    os._exit(0)


if __name__ == "__main__":
    main()
