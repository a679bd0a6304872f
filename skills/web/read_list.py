# /// script
# requires-python = ">=3.11"
# dependencies = ["beautifulsoup4==4.15.0"]
# [tool.nightshift]
# risk = "low"
# timeout = 120
# settles = 0
# on_request = true
# capabilities = ["http.GET:{url};listed;private;site"]
# triggers = [
#   "read a list over several pages", "all pages of a list", "paginated list", "scrape the items of a list",
#   "collect all entries page by page", "follow next page", "crawl a listing", "读取分页列表", "翻页读取列表",
#   "抓取列表", "爬取所有分页", "把每一页的条目都读出来", "采集列表数据", "逐页读取",
# ]
# ///
"""Reads the items of a list that goes on over several pages: what a CSS selector finds, page after page of one site, none twice."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction, Tag

from core.skill import Host, Outcome

MOST_BYTES = 524288
MOST_PAGES = 20
MOST_ITEMS = 500
MOST_TEXT = 200
NEXT = ('link[rel~="next"]', 'a[rel~="next"]', "a.next", ".next a", ".pagination-next a")
NOT_SAID = (Comment, Declaration, Doctype, ProcessingInstruction)
SAYS_NEXT = ("next", "next page", "older", "»", "›", "下一页", "下页")


def run(host: Host, url: str, item: str = "li", pages: int = 5) -> Outcome:
    items, seen, why, at = list[str](), list[str](), "", url
    while at and at not in seen and len(seen) < min(pages, MOST_PAGES):
        seen.append(at)
        status, body = host.http_get(at, limit=MOST_BYTES)
        if status != 200:
            return Outcome(
                False, f"page {len(seen)}, {at}, answers with {status}", {"items": items, "pages": len(seen)}
            )
        page = BeautifulSoup(body, "html.parser")
        items += texts_of(page, item)
        at, why = next_of(page, at)
    facts: dict[str, object] = {
        "items": items[:MOST_ITEMS],
        "item_count": len(items),
        "pages": len(seen),
        "is_complete": not at and not why,
        "left_at": why or at,
    }
    end = "" if facts["is_complete"] else f"; it goes on at {facts['left_at']}"
    return Outcome(
        ok=True, summary=f"{len(items)} items on {len(seen)} pages{end}: {'; '.join(items[:5])}"[:500], facts=facts
    )


def texts_of(page: BeautifulSoup, item: str) -> list[str]:
    """The words of each, without those of one inside it: few pages close their items."""
    words: dict[int, list[str]] = {id(found): [] for found in page.select(item)}
    owners = {id(page): 0}
    for node in page.descendants:
        owner = owners[id(node.parent)]
        if isinstance(node, Tag):
            owners[id(node)] = id(node) if id(node) in words else owner
        elif owner and not isinstance(node, NOT_SAID):
            words[owner] += str(node).split()
    return [" ".join(own)[:MOST_TEXT] for own in words.values() if own]


def next_of(page: BeautifulSoup, at: str) -> tuple[str, str]:
    """The next page, and the one that is none because it lies on another site; '' for none."""
    links = [tag for selector in NEXT for tag in page.select(selector)]
    links += [tag for tag in page.select("a") if tag.get_text().strip().lower() in SAYS_NEXT]
    hrefs = [str(tag["href"]) for tag in links if tag.get("href")]
    if not hrefs:
        return "", ""
    found = urldefrag(urljoin(at, hrefs[0].strip())).url
    return (found, "") if site_of(found) == site_of(at) else ("", found)


def site_of(url: str) -> tuple[str, str]:
    """Scheme, and host with port, as they are written."""
    split = urlsplit(url)
    return split.scheme, split.netloc.lower()


CASES = [
    {
        "name": "page after page by rel=next, until there is none",
        "params": {"url": "https://shop.example/list", "item": "li.row"},
        "world": {
            "web": {
                "GET https://shop.example/list": "<ul><li class=row>a  <!-- no --><b>1</b></li><li class=row> </li><li>m</ul>"
                "<a rel='nofollow next' href='?page=2#top'>on</a>",
                "GET https://shop.example/list?page=2": "<li class=row>b</li><link rel=next href=/list/3>",
                "GET https://shop.example/list/3": "<li class=row>c</li><a rel=prev href=/list>back</a><a>next</a>",
            }
        },
        "expect": {
            "ok": True,
            "effects": [
                "http.GET https://shop.example/list",
                "http.GET https://shop.example/list?page=2",
                "http.GET https://shop.example/list/3",
            ],
            "facts": {"items": ["a 1", "b", "c"], "item_count": 3, "pages": 3, "is_complete": True, "left_at": ""},
        },
    },
    {
        "name": "no further than was asked for, and it says where it goes on",
        "params": {"url": "https://shop.example/1", "pages": 2},
        "world": {
            "web": {
                "GET https://shop.example/1": "<li>a</li><div class=next><a href=2>x</a></div>",
                "GET https://shop.example/2": "<li>b</li><a href=3> NEXT </a>",
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://shop.example/1", "http.GET https://shop.example/2"],
            "facts": {
                "items": ["a", "b"],
                "pages": 2,
                "is_complete": False,
                "left_at": "https://shop.example/3",
            },
        },
    },
    {
        "name": "a next page elsewhere is named and not asked",
        "params": {"url": "https://shop.example/1"},
        "world": {
            "web": {"GET https://shop.example/1": "<li>a</li><a class=next href=' https://evil.example/2'>x</a>"}
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://shop.example/1"],
            "facts": {"items": ["a"], "pages": 1, "is_complete": False, "left_at": "https://evil.example/2"},
        },
    },
    {
        "name": "nor is the same host by another scheme",
        "params": {"url": "https://shop.example/1"},
        "world": {"web": {"GET https://shop.example/1": "<li>a</li><a class=next href='http://shop.example/1'>x</a>"}},
        "expect": {
            "ok": True,
            "effects": ["http.GET https://shop.example/1"],
            "facts": {"pages": 1, "is_complete": False, "left_at": "http://shop.example/1"},
        },
    },
    {
        "name": "a list that goes in circles is read once",
        "params": {"url": "https://shop.example/1"},
        "world": {
            "web": {
                "GET https://shop.example/1": "<li>a</li><span class=pagination-next><a href=/2>x</a></span>",
                "GET https://shop.example/2": "<li>b</li><a href=1>下一页</a>",
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://shop.example/1", "http.GET https://shop.example/2"],
            "facts": {"items": ["a", "b"], "pages": 2, "is_complete": False, "left_at": "https://shop.example/1"},
        },
    },
    {
        "name": "a page in the middle that fails is no end",
        "params": {"url": "https://shop.example/1"},
        "world": {
            "web": {
                "GET https://shop.example/1": "<li>a</li><a class=next href=2>x</a>",
                "GET https://shop.example/2": {"status": 503, "body": "<li>b</li>"},
            }
        },
        "expect": {
            "ok": False,
            "effects": ["http.GET https://shop.example/1", "http.GET https://shop.example/2"],
            "facts": {"items": ["a"], "pages": 2},
        },
    },
]
