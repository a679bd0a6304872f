# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = [
#   "fs.read:/run/reboot-required.pkgs", "fs.read:/var/lib/update-notifier/updates-available",
#   "fs.stat:/var/lib/apt/periodic/update-success-stamp", "fs.stat:/var/log/dpkg.log", "fs.read:/var/log/dpkg.log",
# ]
# triggers = [
#   "pending security updates", "half configured packages", "are there updates", "unpatched packages",
#   "which packages can be upgraded", "CVE patches waiting", "does it need a reboot", "reboot required",
#   "dpkg was interrupted", "apt is broken", "missing patches", "vulnerable packages", "有哪些安全更新",
#   "软件包没有配置完", "有没有更新", "哪些补丁没打", "系统补丁", "漏洞补丁", "需要重启吗", "待升级的软件包",
#   "dpkg 中断", "安全补丁", "软件包坏了",
# ]
# ///
"""Says which updates wait on a Debian or Ubuntu host, whether it has to restart for some, and which packages are half installed."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome

MOST_LOG = 1048576
STATUS = re.compile(r"(?m)^\S+ \S+ status (\S+) ([^\s:]+)")
BROKEN = {"half-installed", "half-configured", "unpacked", "triggers-awaited", "triggers-pending"}


def run(host: Host) -> Outcome:
    waiting = text_of(host, "/var/lib/update-notifier/updates-available")
    restart = sorted(set(text_of(host, "/run/reboot-required.pkgs").split()))
    states = {package: state for state, package in STATUS.findall(log_of(host))}
    broken = sorted(package for package, state in states.items() if state in BROKEN)
    age = age_of(host, "/var/lib/apt/periodic/update-success-stamp")
    facts = {
        "updates_pending": figure(r"(\d+) updates? can be", waiting),
        "security_updates_pending": figure(
            r"(\d+) (?:of these )?updates? (?:is|are) (?:a )?(?:standard )?security", waiting
        ),
        "package_lists_age_days": round(age, 1),
        "restart_is_required": bool(restart),
        "restart_for": ", ".join(restart)[:200],
        "packages_half_installed": len(broken),
        "half_installed": ", ".join(broken)[:200],
    }
    known = (
        f"{facts['updates_pending']} updates wait, {facts['security_updates_pending']} for security"
        if waiting
        else "no count is kept here"
    )
    said = f"{known}; a restart is wanted for {facts['restart_for'] or 'nothing'}; half installed: {facts['half_installed'] or 'none'}"
    return Outcome(ok=True, summary=said, facts=facts)


def figure(pattern: str, text: str) -> int:
    """The figure; -1 where nothing is said of it."""
    found = re.search(pattern, text)
    return int(found[1]) if found else -1


def text_of(host: Host, path: str) -> str:
    """A file; empty where there is none."""
    try:
        return host.read(path)
    except HostError as error:
        if error.code != "missing":
            raise
        return ""


def age_of(host: Host, path: str) -> float:
    """Days since it was written; -1 where there is none."""
    try:
        return host.stat(path).age_days
    except HostError as error:
        if error.code != "missing":
            raise
        return -1.0


def log_of(host: Host) -> str:
    """What the package tool wrote this month; empty where it wrote nothing, or more than can be read to its end."""
    try:
        is_short = host.stat("/var/log/dpkg.log").size <= MOST_LOG
        return host.read("/var/log/dpkg.log", MOST_LOG) if is_short else ""
    except HostError as error:
        if error.code != "missing":
            raise
        return ""


CASES = [
    {
        "name": "security updates wait, and one package was left half done",
        "params": {},
        "world": {
            "files": {
                "/var/lib/update-notifier/updates-available": (
                    "\n12 updates can be applied immediately.\n5 of these updates are standard security updates.\n"
                ),
                "/run/reboot-required.pkgs": "linux-image\nlibc6\nlinux-image\n",
                "/var/lib/apt/periodic/update-success-stamp": {"size": 0, "age_days": 3.26},
                "/var/log/dpkg.log": (
                    "2026-01-01 03:00:00 status half-configured nginx:amd64 1.2\n2026-01-01 "
                    "03:00:01 status installed nginx:amd64 1.2\n2026-01-01 03:00:02 status unpacked "
                    "redis-server:amd64 7.0\n2026-01-01 03:00:03 status half-configured bird 2.0\n"
                    "2026-01-01 03:00:04 configure shop 1\n"
                ),
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "updates_pending": 12,
                "security_updates_pending": 5,
                "package_lists_age_days": 3.3,
                "restart_is_required": True,
                "restart_for": "libc6, linux-image",
                "packages_half_installed": 2,
                "half_installed": "bird, redis-server",
            },
        },
    },
    {
        "name": "one update, for security",
        "params": {},
        "world": {
            "files": {
                "/var/lib/update-notifier/updates-available": (
                    "1 update can be applied immediately.\n1 of these updates is a standard security update.\n"
                ),
                "/run/reboot-required.pkgs": None,
                "/var/lib/apt/periodic/update-success-stamp": {"size": 0},
                "/var/log/dpkg.log": {"size": 1048577},
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "updates_pending": 1,
                "security_updates_pending": 1,
                "package_lists_age_days": 0.0,
                "restart_is_required": False,
                "restart_for": "",
                "packages_half_installed": 0,
                "half_installed": "",
            },
        },
    },
    {
        "name": "this host keeps no count, and its log was read to its last byte",
        "params": {},
        "world": {
            "files": {
                "/var/lib/update-notifier/updates-available": None,
                "/run/reboot-required.pkgs": None,
                "/var/lib/apt/periodic/update-success-stamp": None,
                "/var/log/dpkg.log": (
                    "2026-01-01 03:00:00 status half-installed a 1\n2026-01-01 03:00:00 status "
                    "triggers-awaited b 1\n2026-01-01 03:00:00 status triggers-pending c 1\n"
                ),
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "updates_pending": -1,
                "security_updates_pending": -1,
                "package_lists_age_days": -1.0,
                "packages_half_installed": 3,
                "half_installed": "a, b, c",
            },
        },
    },
    {
        "name": "nothing is logged",
        "params": {},
        "world": {
            "files": {
                "/var/lib/update-notifier/updates-available": "0 updates can be applied immediately.\n",
                "/run/reboot-required.pkgs": "",
                "/var/lib/apt/periodic/update-success-stamp": None,
                "/var/log/dpkg.log": None,
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "updates_pending": 0,
                "security_updates_pending": -1,
                "restart_is_required": False,
                "packages_half_installed": 0,
            },
        },
    },
]
