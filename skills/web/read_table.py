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
#   "read a table from a web page", "table of a page", "extract a table", "scrape the table", "html table to rows",
#   "get the numbers from the table on the page", "读取网页表格", "网页上的表格", "抓取表格", "提取网页里的表格",
#   "把页面上的表读出来", "表格数据采集",
# ]
# ///
"""Reads one table of a listed web page as rows: the one whose caption or headings hold a word, or the one with a number, counted from 1."""

from __future__ import annotations

from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction, Tag

from core.skill import Host, Outcome

MOST_BYTES = 524288
MOST_ROWS = 200
MOST_COLUMNS = 40
MOST_CELL = 200
MOST_TABLES = 100
NOT_SAID = (Comment, Declaration, Doctype, ProcessingInstruction)


def run(host: Host, url: str, which: str = "1") -> Outcome:
    status, body = host.http_get(url, limit=MOST_BYTES)
    if status != 200:
        return Outcome(ok=False, summary=f"{url} answers with {status}")
    tables = [Table(table) for table in BeautifulSoup(body, "html.parser").find_all("table", limit=MOST_TABLES)]
    wanted = [table for number, table in enumerate(tables, 1) if table.is_meant(number, which)]
    if not wanted:
        return Outcome(ok=False, summary=f"none of the {len(tables)} tables of {url} is called {which}")
    rows = [row for row in wanted[0].rows() if any(row)]
    has_head = bool(rows) and wanted[0].has_head
    columns = rows[0] if has_head else []
    below = rows[1:] if has_head else rows
    facts: dict[str, object] = {
        "tables": len(tables),
        "caption": plain(wanted[0].caption),
        "columns": columns,
        "rows": below[:MOST_ROWS],
        "row_count": len(below),
    }
    first = "; ".join(" | ".join(row) for row in below[:3])
    return Outcome(
        ok=True, summary=f"{len(below)} rows of {', '.join(columns) or 'no headings'}: {first}"[:500], facts=facts
    )


class Table:
    """One table, read in one pass: few pages close their cells, and a table inside it is another one."""

    def __init__(self, table: Tag) -> None:
        self.caption = list[str]()
        self.has_head = False
        self.cells = list[list[list[str]]]()
        homes: dict[int, list[str]] = {id(table): []}
        for node in table.descendants:
            home = homes.get(id(node.parent))
            if home is None or isinstance(node, NOT_SAID):
                continue
            if not isinstance(node, Tag):
                home.append(str(node))
            elif node.name != "table":
                homes[id(node)] = self.home_of(node, home)

    def home_of(self, tag: Tag, home: list[str]) -> list[str]:
        """Where the words below a tag belong."""
        if tag.name == "caption":
            return self.caption
        if tag.name == "tr" or (tag.name in ("td", "th") and not self.cells):
            self.cells.append([])
        if tag.name not in ("td", "th"):
            return home
        self.has_head = self.has_head or tag.name == "th"
        cell, span = list[str](), str(tag.get("colspan", "1"))
        blanks = int(span) - 1 if span.isdecimal() and len(span) < 3 else 0
        self.cells[-1] += [cell, *([] for _ in range(blanks))]
        return cell

    def rows(self) -> list[list[str]]:
        """One text for each column; a cell over several columns stands in the first of them."""
        return [[plain(cell) for cell in row[:MOST_COLUMNS]] for row in self.cells]

    def is_meant(self, number: int, which: str) -> bool:
        """A number counts tables; any other text is looked for in what the table is called."""
        if which.isdecimal():
            return which == str(number)
        names = [plain(self.caption), *(plain(cell) for row in self.cells[:1] for cell in row)]
        return any(which.lower() in name.lower() for name in names)


def plain(texts: list[str]) -> str:
    """Words on one line."""
    return " ".join(" ".join(texts).split())[:MOST_CELL]


CASES = [
    {
        "name": "by a word of its caption, with headings, a wide cell, and a table inside that is another one",
        "params": {"url": "https://status.example/", "which": "quota"},
        "world": {
            "web": {
                "GET https://status.example/": "<table><caption>Hosts</caption><tr><th>host</table>"
                "<table><caption>Disk  <b>Quota</b></caption><thead><tr><th>who<th>used<th>of</thead><tr></tr>"
                "<tr><td>web<table><tr><td>inner</td></tr></table></td><td colspan=2>all<tr><td colspan=x>db<!-- no --><td colspan=100>5"
                "<td> 9 <i>GB</i></tr></table>"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://status.example/"],
            "facts": {
                "tables": 3,
                "caption": "Disk Quota",
                "columns": ["who", "used", "of"],
                "rows": [["web", "all", ""], ["db", "5", "9 GB"]],
                "row_count": 2,
            },
        },
    },
    {
        "name": "by its number, without headings",
        "params": {"url": "https://status.example/", "which": "2"},
        "world": {
            "web": {
                "GET https://status.example/": "<table><tr><td>1</table><table><tr><td>a<td>b<tr><td>c<td>d</table>"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://status.example/"],
            "facts": {"tables": 2, "caption": "", "columns": [], "rows": [["a", "b"], ["c", "d"]], "row_count": 2},
        },
    },
    {
        "name": "by a heading of its first row, whose letters may be large; a word further down is no name",
        "params": {"url": "https://status.example/", "which": "State"},
        "world": {
            "web": {
                "GET https://status.example/": "<table><tr><td>x<tr><td>state</table><table><tr><th>host<th>STATE<tr><td>a<td>up</table>"
            }
        },
        "expect": {
            "ok": True,
            "effects": ["http.GET https://status.example/"],
            "facts": {"columns": ["host", "STATE"], "rows": [["a", "up"]], "row_count": 1},
        },
    },
    {
        "name": "an empty table has no rows",
        "params": {"url": "https://status.example/"},
        "world": {"web": {"GET https://status.example/": "<table><tr><th></th></tr></table><table><tr><td>1</table>"}},
        "expect": {
            "ok": True,
            "effects": ["http.GET https://status.example/"],
            "facts": {"tables": 2, "columns": [], "rows": [], "row_count": 0},
        },
    },
    {
        "name": "no table of that name",
        "params": {"url": "https://status.example/", "which": "3"},
        "world": {"web": {"GET https://status.example/": "<table><tr><td>3</table>"}},
        "expect": {"ok": False, "effects": ["http.GET https://status.example/"]},
    },
    {
        "name": "an error page has no tables",
        "params": {"url": "https://status.example/"},
        "world": {"web": {"GET https://status.example/": {"status": 500, "body": "<table><tr><td>1</table>"}}},
        "expect": {"ok": False, "effects": ["http.GET https://status.example/"]},
    },
]
