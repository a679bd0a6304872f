# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 120
# settles = 0
# on_request = true
# capabilities = ["http.GET:{urls};listed;private"]
# triggers = [
#   "are the providers up", "check status pages", "is github down", "is aws down", "is cloudflare having problems",
#   "status of our providers", "third party outage", "is it us or them", "vendor incident",
#   "upstream provider outage", "检查状态页", "上游是否正常", "github 挂了吗", "云厂商是不是挂了", "第三方服务正常吗",
#   "阿里云故障了吗", "是我们的问题还是对方的问题", "供应商状态", "服务商状态页", "外部服务是不是挂了",
# ]
# ///
"""Asks listed status pages how the services behind them are: by their JSON, else by whether they answer and what words they show."""

from __future__ import annotations

import json
import re

from core.skill import Host, HostError, Outcome

MOST_BYTES = 262144
MOST_WORDS = 120
TROUBLE = re.compile(
    r"major outage|partial outage|degraded|service disruption|under maintenance|故障|服务中断|维护中", re.I
)


def run(host: Host, urls: tuple[str, ...]) -> Outcome:
    states = {url: state_of(host, url) for url in urls}
    bad = {url: state for url, state in states.items() if state != "ok"}
    facts: dict[str, object] = {"asked": len(states), "troubled": len(bad), "states": states}
    said = "; ".join(f"{url}: {state}" for url, state in bad.items()) or f"all {len(states)} are well"
    return Outcome(ok=not bad, summary=said[:500], facts=facts)


def state_of(host: Host, url: str) -> str:
    """`ok`, or a few words of what is wrong."""
    try:
        status, body = host.http_get(url, limit=MOST_BYTES)
    except HostError as error:
        return f"no answer ({error.code})"
    if status != 200:
        return f"answers with {status}"
    try:
        page = json.loads(body)
    except ValueError:
        found = TROUBLE.search(re.sub(r"<script.*?</script>", "", body, flags=re.S | re.I))
        return found[0].lower() if found else "ok"
    state = page.get("status") if isinstance(page, dict) else None
    level = state.get("indicator", "none") if isinstance(state, dict) else state
    if str(level).lower() in ("none", "ok", "up", "healthy", "pass"):
        return "ok"
    words = state.get("description") if isinstance(state, dict) else level
    return str(words)[:MOST_WORDS]


CASES = [
    {
        "name": "all are well, each in its own words",
        "params": {
            "urls": [
                "https://a.example/",
                "https://b.example/status.json",
                "https://c.example/health",
                "https://d.example/up",
            ]
        },
        "world": {
            "web": {
                "GET https://a.example/": "<script>if (x) 'degraded'\n</script><p>All systems go",
                "GET https://b.example/status.json": '{"status": {"indicator": "none", "description": "All Systems Operational"}}',
                "GET https://c.example/health": '{"status": "UP"}',
                "GET https://d.example/up": '{"status": {"page": "x"}}',
            }
        },
        "expect": {
            "ok": True,
            "effects": [
                "http.GET https://a.example/",
                "http.GET https://b.example/status.json",
                "http.GET https://c.example/health",
                "http.GET https://d.example/up",
            ],
            "facts": {
                "asked": 4,
                "troubled": 0,
                "states": {
                    "https://a.example/": "ok",
                    "https://b.example/status.json": "ok",
                    "https://c.example/health": "ok",
                    "https://d.example/up": "ok",
                },
            },
        },
    },
    {
        "name": "other words for being well",
        "params": {"urls": ["https://a.example/1", "https://a.example/2", "https://a.example/3"]},
        "world": {
            "web": {
                "GET https://a.example/1": '{"status": "ok"}',
                "GET https://a.example/2": '{"status": "healthy"}',
                "GET https://a.example/3": '{"status": "pass"}',
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://a.example/1", "http.GET https://a.example/2", "http.GET https://a.example/3"],
            "facts": {"asked": 3, "troubled": 0},
        },
    },
    {
        "name": "each trouble by its name",
        "params": {
            "urls": [
                "https://a.example/",
                "https://b.example/status.json",
                "https://c.example/health",
                "https://d.example/",
                "https://e.example/",
            ]
        },
        "world": {
            "web": {
                "GET https://a.example/": "<p>Partial Outage of mail",
                "GET https://b.example/status.json": '{"status": {"indicator": "minor", "description": "Slow logins"}}',
                "GET https://c.example/health": '{"status": "down"}',
                "GET https://d.example/": {"status": 503, "body": "all good"},
                "GET https://e.example/": "[1]",
            }
        },
        "expect": {
            "ok": False,
            "effects": [
                "http.GET https://a.example/",
                "http.GET https://b.example/status.json",
                "http.GET https://c.example/health",
                "http.GET https://d.example/",
                "http.GET https://e.example/",
            ],
            "facts": {
                "asked": 5,
                "troubled": 4,
                "states": {
                    "https://a.example/": "partial outage",
                    "https://b.example/status.json": "Slow logins",
                    "https://c.example/health": "down",
                    "https://d.example/": "answers with 503",
                    "https://e.example/": "ok",
                },
            },
        },
    },
]
