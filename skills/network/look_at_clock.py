# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["tls.expires_days"]
# capabilities = ["exec:/usr/bin/chronyc tracking", "exec:/usr/bin/timedatectl show"]
# triggers = [
#   "is the clock right", "time is not synchronised", "clock skew", "ntp is not working", "chrony out of sync",
#   "system time is wrong", "clock is minutes ahead", "clock drift", "wrong date", "NTP offset too high",
#   "time jumped", "系统时间准不准", "时间没有同步", "时间不对", "时钟偏差", "服务器时间快了", "服务器时间慢了",
#   "ntp 同步失败", "chrony 没同步", "时间差了几分钟", "时钟漂移", "系统时间错误",
# ]
# ///
"""Says whether this host's clock is kept by a time server and how far it is off; a wrong clock makes good certificates look bad."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

MOST = 1.0
OFF = re.compile(r"(?m)^System time\s*: (\d+\.\d+) seconds (slow|fast)")


def run(host: Host) -> Outcome:
    chrony = host.run(["/usr/bin/chronyc", "tracking"]).out
    kept = re.search(r"(?m)^NTPSynchronized=(yes|no)$", host.run(["/usr/bin/timedatectl", "show"]).out)
    off = OFF.search(chrony)
    seconds = round(float(off[1]) * (1 if off[2] == "fast" else -1), 6) if off else 0.0
    is_known = bool(off or kept)
    is_kept = "Leap status     : Normal" in chrony or bool(kept and kept[1] == "yes")
    facts = {
        "clock_is_known": is_known,
        "clock_is_kept": is_kept,
        "clock_ahead_seconds": seconds,
        "clock_is_wrong": abs(seconds) >= MOST,
    }
    if not is_known:
        return Outcome(ok=True, summary="nothing here says whether the clock is kept by a time server", facts=facts)
    how = f", {abs(seconds)} seconds {'ahead' if seconds > 0 else 'behind'}" if off else ""
    return Outcome(
        ok=True, summary=f"the clock is {'kept' if is_kept else 'not kept'} by a time server{how}", facts=facts
    )


CASES = [
    {
        "name": "chrony keeps it",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": (
                    "Reference ID    : C0A80001\nSystem time     : 0.000012 seconds fast of NTP "
                    "time\nLeap status     : Normal\n"
                ),
                "/usr/bin/timedatectl show": "Timezone=UTC\nNTPSynchronized=yes\nNTP=yes\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": True,
                "clock_ahead_seconds": 1.2e-05,
                "clock_is_wrong": False,
            },
        },
    },
    {
        "name": "it is seconds behind",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": (
                    "Reference ID    : C0A80001\nSystem time     : 2.500000 seconds slow of NTP "
                    "time\nLeap status     : Not synchronised\n"
                ),
                "/usr/bin/timedatectl show": "Timezone=UTC\nNTPSynchronized=no\nNTP=yes\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": False,
                "clock_ahead_seconds": -2.5,
                "clock_is_wrong": True,
            },
        },
    },
    {
        "name": "a second ahead is wrong, and systemd keeps it",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": (
                    "Reference ID    : C0A80001\nSystem time     : 1.000000 seconds fast of NTP "
                    "time\nLeap status     : Not synchronised\n"
                ),
                "/usr/bin/timedatectl show": "Timezone=UTC\nNTPSynchronized=yes\nNTP=yes\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": True,
                "clock_ahead_seconds": 1.0,
                "clock_is_wrong": True,
            },
        },
    },
    {
        "name": "only systemd tells, and it keeps it",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": {"status": 127},
                "/usr/bin/timedatectl show": "Timezone=UTC\nNTPSynchronized=yes\nNTP=yes\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": True,
                "clock_ahead_seconds": 0.0,
                "clock_is_wrong": False,
            },
        },
    },
    {
        "name": "only systemd tells, and it does not",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": {"status": 127},
                "/usr/bin/timedatectl show": "Timezone=UTC\nNTPSynchronized=no\nNTP=yes\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": False,
                "clock_ahead_seconds": 0.0,
                "clock_is_wrong": False,
            },
        },
    },
    {
        "name": "only chrony tells",
        "params": {},
        "world": {
            "exec": {
                "/usr/bin/chronyc tracking": (
                    "Reference ID    : C0A80001\nSystem time     : 0.500000 seconds slow of NTP "
                    "time\nLeap status     : Normal\n"
                ),
                "/usr/bin/timedatectl show": {"status": 1},
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": True,
                "clock_is_kept": True,
                "clock_ahead_seconds": -0.5,
                "clock_is_wrong": False,
            },
        },
    },
    {
        "name": "nobody tells",
        "params": {},
        "world": {"exec": {"/usr/bin/chronyc tracking": {"status": 127}, "/usr/bin/timedatectl show": {"status": 1}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "clock_is_known": False,
                "clock_is_kept": False,
                "clock_ahead_seconds": 0.0,
                "clock_is_wrong": False,
            },
        },
    },
]
