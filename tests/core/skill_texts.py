"""Skill files as text, for tests of what reads them."""

from __future__ import annotations

HEADER = """# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 20
# settles = 5
# cures = ["disk.used_percent"]
# lookers = ["find_old_logs"]
# when = ["rotated_bytes >= 1000000"]
# share = "rotated_share"
# fill = {directory = "rotated_directory"}
# capabilities = ["fs.list:{directory}", "fs.delete:{directory}/*;rotated"]
# triggers = ["disk full", "磁盘满了"]
# ///
"""

BODY = '''"""Delete rotated logs."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

OLD = re.compile(r".*[.][0-9]+")


def run(host: Host, directory: str = "/var/log", days: int = 7) -> Outcome:
    old = [file for file in host.list(directory) if OLD.fullmatch(file.name) and file.age_days > days]
    freed = sum(host.delete(file.path) for file in old)
    return Outcome(ok=bool(old), summary=f"freed {freed}", facts={"bytes": freed})


CASES = [
    {
        "name": "deletes one",
        "params": {"directory": "/var/log"},
        "world": {"files": {"/var/log/app.log.1": {"size": 9, "age_days": 9.0}}},
        "expect": {"ok": True, "effects": ["fs.delete /var/log/app.log.1"]},
    }
]
'''

FREE_LOGS = HEADER + BODY


def with_header(old: str, new: str) -> str:
    """The skill with one piece of its header replaced."""
    assert old in HEADER
    return HEADER.replace(old, new) + BODY


def with_body(old: str, new: str) -> str:
    """The skill with one piece of its code replaced."""
    assert old in BODY
    return HEADER + BODY.replace(old, new)
