# /// script
# requires-python = ">=3.11"
# dependencies = ["beautifulsoup4==4.15.0"]
# [tool.nightshift]
# risk = "low"
# timeout = 60
# settles = 0
# on_request = true
# capabilities = ["http.GET:{url};listed;private", "kv:page-*"]
# triggers = [
#   "what changed on a page", "watch a web page", "did the page change", "monitor a url for changes",
#   "compare the page with last time", "diff of a website", "has the website been updated", "网页有什么变化",
#   "关注网页变化", "页面变了没有", "监控网页", "网页更新了吗", "跟上次比网页有什么不同", "盯着这个网页",
#   "网站内容有没有变",
# ]
# ///
"""Says what changed on a listed web page since it last looked: the lines that came and went, in their order."""

from __future__ import annotations

import difflib
import hashlib

from bs4 import BeautifulSoup

from core.skill import Host, Outcome

MOST_BYTES = 524288
MOST_KEPT = 48000
MOST_DIFF = 4000
NO_WORDS = ("script", "style", "noscript", "template", "svg", "iframe", "head")


def run(host: Host, url: str) -> Outcome:
    status, body = host.http_get(url, limit=MOST_BYTES)
    if status != 200:
        return Outcome(ok=False, summary=f"{url} answers with {status}")
    key = "page-" + hashlib.sha256(url.encode()).hexdigest()[:16]
    before, now = host.recall(key), lines_of(body)
    host.keep(key, "\n".join(now))
    old = now if before is None else before.splitlines()
    changes = [line for line in difflib.unified_diff(old, now, lineterm="", n=1) if not line.startswith(("---", "+++"))]
    added = sum(line.startswith("+") for line in changes)
    removed = sum(line.startswith("-") for line in changes)
    facts: dict[str, object] = {
        "was_known": before is not None,
        "is_changed": bool(changes),
        "added": added,
        "removed": removed,
        "diff": "\n".join(changes)[:MOST_DIFF],
    }
    if before is None:
        return Outcome(True, f"{url}: {len(now)} lines are kept, to compare with the next time", facts)
    said = f"{added} lines came, {removed} went: {facts['diff']}" if changes else "nothing has changed"
    return Outcome(ok=True, summary=f"{url}: {said}"[:500], facts=facts)


def lines_of(body: str) -> list[str]:
    """The words of a page, one text after the other, as much as is kept; a line never looks like a line of a difference."""
    page = BeautifulSoup(body, "html.parser")
    for dead in page.find_all(NO_WORDS):
        dead.extract()
    lines = [" ".join(text.split()) for text in page.get_text("\n").splitlines()]
    kept = "\n".join(line for line in lines if line).encode()[:MOST_KEPT].decode("utf-8", "ignore")
    return kept.splitlines()


CASES = [
    {
        "name": "the first look only remembers",
        "params": {"url": "https://wiki.example/prices"},
        "world": {
            "web": {
                "GET https://wiki.example/prices": "<title>t</title><head>x</head><style>s</style><p>a  <b>1</b>\n\n"
                "<p>c<script>now()</script>"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://wiki.example/prices", "kv page-a6488c380f1ba3f5"],
            "facts": {"was_known": False, "is_changed": False, "added": 0, "removed": 0, "diff": ""},
            "kept": {"page-a6488c380f1ba3f5": "t\na\n1\nc"},
        },
    },
    {
        "name": "what came and what went, with a line around it",
        "params": {"url": "https://wiki.example/prices"},
        "world": {
            "kept": {"page-a6488c380f1ba3f5": "one\ntwo\nthree\nfour\nfive"},
            "web": {"GET https://wiki.example/prices": "<p>one<p>two<p>3<p>3b<p>four<p>five"},
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://wiki.example/prices", "kv page-a6488c380f1ba3f5"],
            "facts": {
                "was_known": True,
                "is_changed": True,
                "added": 2,
                "removed": 1,
                "diff": "@@ -2,3 +2,4 @@\n two\n-three\n+3\n+3b\n four",
            },
            "kept": {"page-a6488c380f1ba3f5": "one\ntwo\n3\n3b\nfour\nfive"},
        },
    },
    {
        "name": "the same words in another dress are the same",
        "params": {"url": "https://wiki.example/prices"},
        "world": {
            "kept": {"page-a6488c380f1ba3f5": "one\ntwo"},
            "web": {"GET https://wiki.example/prices": "<div>one</div>\n<b class=new> two </b>"},
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://wiki.example/prices", "kv page-a6488c380f1ba3f5"],
            "facts": {"was_known": True, "is_changed": False, "added": 0, "removed": 0, "diff": ""},
        },
    },
    {
        "name": "an error page is not what the page has become",
        "params": {"url": "https://wiki.example/prices"},
        "world": {
            "kept": {"page-a6488c380f1ba3f5": "one"},
            "web": {"GET https://wiki.example/prices": {"status": 502, "body": "bad gateway"}},
        },
        "expect": {
            "ok": False,
            "effects": ["http.GET https://wiki.example/prices"],
            "kept": {"page-a6488c380f1ba3f5": "one"},
        },
    },
]
