# /// script
# requires-python = ">=3.11"
# dependencies = ["beautifulsoup4==4.15.0"]
# [tool.nightshift]
# risk = "low"
# timeout = 60
# settles = 0
# on_request = true
# capabilities = ["http.GET:{url};listed;private"]
# triggers = [
#   "read a web page", "page as text", "fetch a url", "open this link", "what does the page say",
#   "get the text of a website", "summarise a web page", "read the article", "download the page text", "读取网页",
#   "网页正文", "打开这个链接", "网页上写了什么", "抓取网页内容", "读一下这个网址", "看看这篇文章", "获取网页文字",
#   "读取这个页面",
# ]
# ///
"""Reads a listed web page as clean text: its title, its words without menus, scripts and hidden parts, how many links it has."""

from __future__ import annotations

from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction, Tag

from core.skill import Host, Outcome

MOST_BYTES = 524288
MOST_TEXT = 20000
MOST_TITLE = 300
NO_WORDS = (
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "head",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "button",
)
BLOCKS = (
    "p",
    "div",
    "br",
    "hr",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "blockquote",
    "section",
    "article",
    "main",
)
NOT_SAID = (Comment, Declaration, Doctype, ProcessingInstruction)


def run(host: Host, url: str) -> Outcome:
    status, body = host.http_get(url, limit=MOST_BYTES)
    if status != 200:
        return Outcome(ok=False, summary=f"{url} answers with {status}")
    page = BeautifulSoup(body, "html.parser")
    title = " ".join(page.title.get_text(" ").split())[:MOST_TITLE] if page.title else ""
    links = len(page.find_all("a", href=True))
    text = words_of(page.find("main") or page.find("article") or page)
    facts: dict[str, object] = {
        "title": title,
        "text": text[:MOST_TEXT],
        "lines": len(text.splitlines()),
        "links": links,
        "is_cut": len(text) > MOST_TEXT,
    }
    return Outcome(ok=True, summary=f"{title or url}: {facts['lines']} lines, {links} links; {text[:300]}", facts=facts)


def words_of(part: Tag) -> str:
    """What a reader sees there, one line for each block; in one pass, for a page may be nested as deep as it likes."""
    blocks = {id(part): id(part)}
    lines, last = list[str](), 0
    for node in part.descendants:
        block = blocks.get(id(node.parent))
        if block is None or isinstance(node, NOT_SAID):
            continue
        if not isinstance(node, Tag):
            lines += [""] if block != last else []
            lines[-1] += str(node)
            last = block
        elif node.name in BLOCKS:
            last = 0
        if isinstance(node, Tag) and node.name not in NO_WORDS and not is_hidden(node):
            blocks[id(node)] = id(node) if node.name in BLOCKS else block
    plain = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in plain if line)


def is_hidden(tag: Tag) -> bool:
    """Whether the page itself says that nobody sees it."""
    style = str(tag.get("style", "")).replace(" ", "").lower()
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style


CASES = [
    {
        "name": "a page is its own words, block by block",
        "params": {"url": "https://wiki.example/runbook"},
        "world": {
            "web": {
                "GET https://wiki.example/runbook": "<!DOCTYPE html><html><head><title> Run\n book </title><style>p{}</style></head><body>"
                "<nav><a href=/>home</a></nav><header>logo</header><!-- secret --><h1>Disk  full</h1><p>First <b>look</b>,\nthen"
                "<br>act.<ul><li>one<li>two</ul><script>evil()</script><p hidden>gone</p><p style='Display: NONE'>gone too</p>"
                "<p style='visibility:hidden'>x</p>"
                "</p><table><tr><td>a<td>b</table><a href=/x>more</a><a>no link</a><footer>imprint</footer></body>"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://wiki.example/runbook"],
            "facts": {
                "title": "Run book",
                "text": "Disk full\nFirst look, then\nact.\none\ntwo\na\nb\nmoreno link",
                "links": 2,
                "is_cut": False,
            },
        },
    },
    {
        "name": "what a page calls its main part is all that is read",
        "params": {"url": "https://wiki.example/a"},
        "world": {
            "web": {
                "GET https://wiki.example/a": "<p>before<article>part</article><main><p>this<aside>not this</aside></main>after"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://wiki.example/a"],
            "facts": {"title": "", "text": "this", "lines": 1, "links": 0},
        },
    },
    {
        "name": "else its article",
        "params": {"url": "https://wiki.example/a"},
        "world": {"web": {"GET https://wiki.example/a": "before<article>part</article>after"}},
        "expect": {"ok": True, "effects": ["http.GET https://wiki.example/a"], "facts": {"text": "part"}},
    },
    {
        "name": "a page that is not there has no words",
        "params": {"url": "https://wiki.example/a"},
        "world": {"web": {"GET https://wiki.example/a": {"status": 404, "body": "<p>not found"}}},
        "expect": {"ok": False, "effects": ["http.GET https://wiki.example/a"]},
    },
]
