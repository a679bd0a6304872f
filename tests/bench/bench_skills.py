"""Skills that exist for measuring only: lookers that look at this machine, one repair that deletes a file of ours, and their lock."""

from __future__ import annotations

from pathlib import Path

from adapters.skill_catalog_files import lock_text

SIGNAL = "process.down"
"""What the repair cures: always bad for a process that never existed, and measured by looking for it."""

_LOOKER = '''# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# looks_at = ["bench.never"]
# capabilities = [{capabilities}]
# triggers = ["bench", "测量"]
# ///
"""Looks at this machine."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host) -> Outcome:
    seen = {look}
    return Outcome(ok=True, summary=f"{seen} seen", facts={"seen_NUMBER": seen})


CASES = [{"name": "looks", "expect": {"ok": True}}]
'''

_LOOKS = (
    ('"process.list"', "len(host.process.list())"),
    ('"fs.list:/var/log", "fs.read:/proc/loadavg"', 'len(host.list("/var/log")) + len(host.read("/proc/loadavg"))'),
    ('"fs.list:/etc"', 'len(host.list("/etc"))'),
    ('"fs.read:/proc/meminfo"', 'len(host.read("/proc/meminfo"))'),
    ('"process.list", "fs.read:/proc/loadavg"', 'len(host.process.list()) + len(host.read("/proc/loadavg"))'),
)
"""What one looker after the other does; lookers of real faults do about as much each."""

_CURE = '''# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 10
# settles = 0
# cures = ["process.down"]
# lookers = [{lookers}]
# when = ["seen_1 >= 1"]
# capabilities = ["fs.list:{folder}", "fs.delete:{folder}/*;rotated"]
# triggers = ["bench", "测量"]
# ///
"""Deletes one rotated log."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host) -> Outcome:
    files = host.list("{folder}")
    host.delete("{folder}/bench.log.1")
    return Outcome(ok=True, summary="deleted it", facts={"files": len(files)})


CASES = [{"name": "deletes", "expect": {"ok": True}}]
'''


def write_skills(place: Path, lookers: int, target: Path) -> Path:
    """A folder of skills, owned because its lock pins them: so many lookers, and the repair, which works in `target`."""
    folder = place / "skills"
    group = folder / "bench"
    group.mkdir(parents=True)
    names = [f"look_at_bench_{number}" for number in range(1, lookers + 1)]
    for number, name in enumerate(names, 1):
        capabilities, look = _LOOKS[number - 1]
        source = _LOOKER.replace("{capabilities}", capabilities).replace("{look}", look)
        source = source.replace("NUMBER", str(number))
        (group / f"{name}.py").write_text(source)
    quoted = ", ".join(f'"{name}"' for name in names)
    (group / "clear_bench.py").write_text(_CURE.replace("{lookers}", quoted).replace("{folder}", str(target)))
    (folder / "skills.lock").write_text(lock_text(folder))
    return folder
