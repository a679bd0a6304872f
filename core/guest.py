"""One skill as it goes into the sandbox, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from core.skill_library import Library
from core.world import Json


@dataclass(frozen=True, slots=True)
class GuestRun:
    """One skill to be run: source text, parameters (JSON), wall limit in seconds, libraries that it may import."""

    name: str
    source: str
    parameters: dict[str, Json]
    timeout: float
    libraries: tuple[Library, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestResult:
    """What came out. `status` is done, failed, timeout, protocol, memory or died; everything in it is untrusted."""

    status: str
    ok: bool
    summary: str
    facts: dict[str, Json]
    error: str
    stderr: str
