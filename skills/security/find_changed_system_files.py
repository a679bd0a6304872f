# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 30
# settles = 0
# on_request = true
# capabilities = ["exec:/usr/bin/dpkg -V {package:word}", "fs.stat:/**"]
# triggers = [
#   "changed system files", "verify a package", "system binary was modified", "was a binary tampered with", "debsums",
#   "dpkg --verify", "rootkit", "integrity check", "trojaned command", "which files of the package differ",
#   "系统文件被改动", "校验软件包", "系统命令被替换", "系统文件被篡改", "命令被替换了", "文件完整性检查",
#   "是不是中了木马", "二进制被改了", "系统程序被动过", "did someone tamper with a system program",
#   "有人动过系统程序吗",
# ]
# ///
"""Compares the files of one Debian package with what was installed: changed programs apart from changed settings, and when they changed."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome

LINE = re.compile(r"^(?P<marks>[?.5SMDLUGTPC]{9}|missing)\s+(?P<kind>c )?\s*(?P<path>/\S+)")


def run(host: Host, package: str) -> Outcome:
    checked = host.run(["/usr/bin/dpkg", "-V", package])
    if checked.status not in {0, 1} or "not installed" in checked.err:
        return Outcome(ok=False, summary=f"dpkg cannot check {package}: {checked.err.strip()[:200]}")
    found = [match for line in checked.out.splitlines() if (match := LINE.match(line))]
    settings = [one["path"] for one in found if one["kind"] and one["marks"] != "missing"]
    programs = [one["path"] for one in found if not one["kind"] and one["marks"] != "missing"]
    missing = [one["path"] for one in found if one["marks"] == "missing"]
    facts: dict[str, object] = {
        "changed_programs": len(programs),
        "changed_settings": len(settings),
        "missing_files": len(missing),
        "first_changed_program": programs[0] if programs else "",
    }
    said = [f"programs: {', '.join(f'{path} ({age(host, path)})' for path in programs[:5])}"] if programs else []
    said += [f"settings: {', '.join(settings[:8])}"] if settings else []
    said += [f"missing: {', '.join(missing[:5])}"] if missing else []
    words = "; ".join(said) or "nothing differs"
    return Outcome(ok=True, summary=f"{package} as installed, and now: {words}"[:500], facts=facts)


def age(host: Host, path: str) -> str:
    """When a file was last written, in days."""
    try:
        return f"written {host.stat(path).age_days:.1f} days ago"
    except HostError as error:
        if error.code != "missing":
            raise
        return "gone"


CASES = [
    {
        "name": "a program that nobody should have changed",
        "params": {"package": "openssh-server"},
        "world": {
            "files": {"/usr/sbin/sshd": {"text": "", "age_days": 2.0}, "/usr/lib/x": None},
            "exec": {
                "/usr/bin/dpkg -V openssh-server": {
                    "status": 1,
                    "out": "??5?????? c /etc/default/ssh\n??5??????   /usr/sbin/sshd\n??5??????   /usr/lib/x\n"
                    "missing     /usr/lib/y\nmissing   c /etc/z\n",
                }
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "changed_programs": 2,
                "changed_settings": 1,
                "missing_files": 2,
                "first_changed_program": "/usr/sbin/sshd",
            },
        },
    },
    {
        "name": "as it was installed",
        "params": {"package": "nginx"},
        "world": {"exec": {"/usr/bin/dpkg -V nginx": ""}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"changed_programs": 0, "changed_settings": 0, "missing_files": 0, "first_changed_program": ""},
        },
    },
    {
        "name": "not installed",
        "params": {"package": "nginx"},
        "world": {"exec": {"/usr/bin/dpkg -V nginx": {"status": 1, "err": "dpkg: package 'nginx' is not installed"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "no dpkg database",
        "params": {"package": "nginx"},
        "world": {"exec": {"/usr/bin/dpkg -V nginx": {"status": 2, "err": "failed to open"}}},
        "expect": {"ok": False, "effects": []},
    },
]
