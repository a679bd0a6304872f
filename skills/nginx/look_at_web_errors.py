# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["exec:/usr/bin/tail -c 60000 /var/log/nginx/access.log"]
# quotes = ["worst_path"]
# triggers = [
#   "which requests fail", "5xx rate of the website", "how many 500 errors", "HTTP 500 Internal Server Error",
#   "count errors in the access log", "slowest requests", "which urls return 5xx", "access log statistics",
#   "error rate of the api", "HighErrorRate", "slow pages", "哪些请求失败", "网站 5xx 比例", "统计 5xx",
#   "500 错误有多少", "哪些接口报 500", "访问日志统计", "哪些 url 报错", "接口错误率高", "最慢的请求", "接口很慢",
#   "错误率告警", "访问日志分析",
# ]
# ///
"""Counts the latest answers of nginx by status: how many failed, at which paths; and the slowest, where the log ends with a time."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, Outcome

LINE = re.compile(r'"\w+ (?P<path>[^ ?"]+)[^"]*" (?P<status>\d{3}) \d+(?P<rest>.*)$')
SECONDS = re.compile(r"(?:^|[ =\"])(\d+\.\d{3})\"?\s*$")


def run(host: Host) -> Outcome:
    tail = host.run(["/usr/bin/tail", "-c", "60000", "/var/log/nginx/access.log"])
    if tail.status != 0:
        return Outcome(ok=False, summary=f"the access log cannot be read: {tail.err.strip()[:200]}")
    found = [match for line in tail.out.splitlines() if (match := LINE.search(line))]
    failed = Counter(match["path"] for match in found if match["status"].startswith("5"))
    slow = sorted(
        ((float(time[1]), match["path"]) for match in found if (time := SECONDS.search(match["rest"]))), reverse=True
    )
    facts: dict[str, object] = {
        "requests": len(found),
        "failed_requests": failed.total(),
        "failed_percent": round(100 * failed.total() / len(found), 1) if found else 0.0,
        "worst_path": failed.most_common(1)[0][0] if failed else "",
        "slowest_seconds": slow[0][0] if slow else 0.0,
    }
    paths = ", ".join(f"{path} {count}" for path, count in failed.most_common(5))
    said = f"{failed.total()} of the latest {len(found)} answers are 5xx ({facts['failed_percent']} %)"
    slowest = f"; slowest: {slow[0][1]} {slow[0][0]} s" if slow else ""
    return Outcome(ok=True, summary=f"{said}{': ' + paths if paths else ''}{slowest}"[:500], facts=facts)


CASES = [
    {
        "name": "one path fails, another is slow",
        "world": {
            "exec": {
                "/usr/bin/tail -c 60000 /var/log/nginx/access.log": 'cut off" 200 1\n'
                '1.2.3.4 - - [22/Nov/2026:23:00:00 +0000] "GET /cart?x=1 HTTP/1.1" 502 150 "-" "curl" 0.010\n'
                '1.2.3.4 - - [22/Nov/2026:23:00:01 +0000] "POST /cart HTTP/1.1" 500 150 "-" "curl" 0.020\n'
                '1.2.3.4 - - [22/Nov/2026:23:00:02 +0000] "GET /report HTTP/1.1" 200 5 "-" "curl" rt=9.500\n'
                '1.2.3.4 - - [22/Nov/2026:23:00:03 +0000] "GET / HTTP/1.1" 404 5 "-" "curl"\n'
                '1.2.3.4 - - [22/Nov/2026:23:00:03 +0000] "GET /a HTTP/1.1" 503 5 "-" "curl"\n'
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "requests": 5,
                "failed_requests": 3,
                "failed_percent": 60.0,
                "worst_path": "/cart",
                "slowest_seconds": 9.5,
            },
        },
    },
    {
        "name": "an empty log",
        "world": {"exec": {"/usr/bin/tail -c 60000 /var/log/nginx/access.log": ""}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"requests": 0, "failed_percent": 0.0, "worst_path": "", "slowest_seconds": 0.0},
        },
    },
    {
        "name": "no log",
        "world": {"exec": {"/usr/bin/tail -c 60000 /var/log/nginx/access.log": {"status": 1, "err": "cannot open"}}},
        "expect": {"ok": False, "effects": []},
    },
]
