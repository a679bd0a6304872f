"""Whether a container does its work: it runs, and what it says of its own health is not that it is ill."""

from __future__ import annotations

from collections.abc import Callable

from adapters.probe.system import Reading

Tell = Callable[[str], tuple[str, str, int, bool, int]]
"""As `raw_containers.container`."""


def container_down(tell: Tell, name: str) -> Reading:
    """1 when no container of this name runs, or it calls itself unhealthy; one that still starts up is given its time."""
    status, health, code, is_killed, restarts = tell(name)
    if not status:
        return Reading(1, f"there is no container {name}")
    if status == "running":
        words = f"{name} is running" + (f", health: {health}" if health not in {"", "none"} else "")
        return Reading(1 if health == "unhealthy" else 0, words)
    why = " for want of memory" if is_killed else ""
    again = f", restarted {restarts} times" if restarts else ""
    return Reading(1, f"{name} is {status}{why}, exit code {code}{again}")
