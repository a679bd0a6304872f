# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["fs.stat:{path}", "fs.read:{path}", "exec:/usr/bin/tail -c 60000 /var/log/syslog"]
# quotes = ["worst_error"]
# triggers = [
#   "errors in the log", "when did the errors begin", "group the errors in the log", "exceptions in app.log",
#   "stack traces", "what errors are most frequent", "count errors", "grep ERROR", "sudden burst of errors",
#   "error rate in the log", "what is going wrong in the log", "summarise the log errors", "日志里的报错",
#   "什么时候开始报错", "统计日志错误", "日志里的异常", "日志报错归类", "哪种错误最多", "查日志报错",
#   "日志里大量 ERROR", "异常堆栈", "报错突然增多", "看下日志有什么错误", "分析错误日志",
# ]
# ///
"""Groups the errors in a log by what they say, with numbers and names masked, and tells how often and since when."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

ERROR = re.compile(
    r"\b(?:error|fail\w*|fatal|panic|critical|emerg|alert|exception|traceback|refused|timed out)\b", re.I
)
TIME = re.compile(r"^\[?(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)[^\s\]]*\]?\s*")
MASKED = re.compile(r"\"[^\"]*\"|'[^']*'|\b[0-9a-f]{8,}\b|\d+(?:[.:]\d+)*", re.I)
MOST_SHOWN = 3
MOST_LOG = 1048576
SYSLOG = "/var/log/syslog"


def run(host: Host, path: str) -> Outcome:
    is_long = host.stat(path).size > MOST_LOG
    if is_long and path != SYSLOG:
        return Outcome(ok=False, summary=f"{path} is longer than {MOST_LOG} bytes, so that its end is out of reach")
    text = host.run(["/usr/bin/tail", "-c", "60000", SYSLOG]).out if is_long else host.read(path, MOST_LOG)
    lines = text.splitlines()
    groups: dict[str, list[str]] = {}
    for line in lines:
        if ERROR.search(line):
            groups.setdefault(MASKED.sub("#", TIME.sub("", line))[:160], []).append(line)
    worst = sorted(groups, key=lambda group: -len(groups[group]))[:MOST_SHOWN]
    facts = {
        "log_lines": len(lines),
        "error_lines": sum(map(len, groups.values())),
        "error_kinds": len(groups),
        "worst_error": worst[0] if worst else "",
        "worst_error_lines": len(groups[worst[0]]) if worst else 0,
        "worst_error_since": time_of(groups[worst[0]][0]) if worst else "",
    }
    shown = [f"{len(groups[group])} times since {time_of(groups[group][0]) or 'unknown'}: {group}" for group in worst]
    return Outcome(ok=True, summary=f"{path}: " + ("; ".join(shown) or "no error"), facts=facts)


def time_of(line: str) -> str:
    """What stands at its beginning, where that is a time."""
    found = TIME.match(line)
    return found[1] if found else ""


CASES = [
    {
        "name": "one error comes again and again, another once",
        "params": {"path": "/var/log/shop.log"},
        "world": {
            "files": {
                "/var/log/shop.log": (
                    "2026-01-01T03:00:00.123Z shop started, no errors seen so far\n"
                    "2026-01-01T03:00:05Z shop: error: order 17 of 'li' at 10.0.0.5:5432 refused\n"
                    "2026-01-01T03:00:06Z shop: error: order 18 of 'bo' at 10.0.0.6:5432 refused\n"
                    "2026-01-01T03:00:07Z shop: FATAL out of memory at deadbeef01\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "log_lines": 4,
                "error_lines": 3,
                "error_kinds": 2,
                "worst_error": "shop: error: order # of # at # refused",
                "worst_error_lines": 2,
                "worst_error_since": "2026-01-01T03:00:05",
            },
        },
    },
    {
        "name": "syslog and nginx write their times otherwise",
        "params": {"path": "/var/log/shop.log"},
        "world": {
            "files": {
                "/var/log/shop.log": (
                    'Jan  1 03:00:00 web kernel: "sda" timed out\n2026/01/01 03:00:01 [error] 7#7: '
                    "connect() failed\n2026/01/01 03:00:02 [error] 8#8: connect() failed\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "log_lines": 3,
                "error_lines": 3,
                "error_kinds": 2,
                "worst_error": "[error] ###: connect() failed",
                "worst_error_lines": 2,
                "worst_error_since": "2026/01/01 03:00:01",
            },
        },
    },
    {
        "name": "a time in brackets, as Apache writes it, and none at all",
        "params": {"path": "/var/log/shop.log"},
        "world": {"files": {"/var/log/shop.log": "panic in deadbeef01\n[2026-01-01 03:00:00] panic in cafebabe02\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"error_kinds": 1, "worst_error": "panic in #", "worst_error_lines": 2, "worst_error_since": ""},
        },
    },
    {
        "name": "syslog alone",
        "params": {"path": "/var/log/shop.log"},
        "world": {"files": {"/var/log/shop.log": "Jan 11 03:00:00 web exception\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"worst_error": "web exception", "worst_error_since": "Jan 11 03:00:00"},
        },
    },
    {
        "name": "there is no error",
        "params": {"path": "/var/log/shop.log"},
        "world": {"files": {"/var/log/shop.log": "all is well\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "log_lines": 1,
                "error_lines": 0,
                "error_kinds": 0,
                "worst_error": "",
                "worst_error_lines": 0,
                "worst_error_since": "",
            },
        },
    },
    {
        "name": "another long log has an end that is out of reach",
        "params": {"path": "/var/log/shop.log"},
        "world": {"files": {"/var/log/shop.log": {"size": 1048577}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "of a long syslog the end is read",
        "params": {"path": "/var/log/syslog"},
        "world": {
            "files": {"/var/log/syslog": {"size": 9000000}},
            "exec": {"/usr/bin/tail -c 60000 /var/log/syslog": "Jan 11 03:00:00 web panic\n"},
        },
        "expect": {"ok": True, "effects": [], "facts": {"worst_error": "web panic", "error_lines": 1}},
    },
    {
        "name": "a short one is read whole",
        "params": {"path": "/var/log/syslog"},
        "world": {"files": {"/var/log/syslog": "Jan 11 03:00:00 web fatal\n"}},
        "expect": {"ok": True, "effects": [], "facts": {"worst_error": "web fatal"}},
    },
]
