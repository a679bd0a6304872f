"""Skills that read pages: from a real server by way of the command line, and pages that were made to hurt."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from core.world import Json
from tests.skills.hands import CATALOG

ROOT = Path(__file__).parents[2]

PAGES = {
    "/page": "<title>Run book</title><nav>menu</nav><h1>Grüße</h1><script>evil()</script><p>look \u202efirst</p>",
    "/table": "<table><tr><th>host<th>state<tr><td>web-1<td>up</table>",
    "/1": "<li>a</li><a class=next href=/2>on</a>",
    "/2": "<li>b</li><a class=next href=http://127.0.0.1:1/3>on</a>",
}

HURT = {
    "ten megabytes": "word " * 2_000_000,
    "many tags": "<p>x" * 40_000,
    "deeply nested": "<div>" * 60_000 + "deep",
    "nested, nobody reads it": "<form>" * 20_000 + "deep",
    "items without an end": "<li>" * 20_000 + "deep",
    "rows without an end": "<table>" + "<tr><td>x" * 10_000,
    "tables in tables": "<table><tr><td>x" * 5_000,
    "entities in entities": "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><p>&b;&b;</p>"
    + "&" * 100_000,
    "attributes": "<a " + "x=1 " * 100_000 + ">end",
    "sections that do not end": "<![CDATA[" + "]]" * 50_000,
    "a marked section of no kind": "<![if foo",
    "numbers that are none": "<table><tr><td colspan=99999999999999999999>x<td colspan=-1>y<td colspan='²'>z</table>",
    "a character that is none": "<p>&#x110000;&#xd800;&#0;\x00\x1e\ufffe",
    "nothing": "",
}
CLEAN_ENDS = {"done", "memory", "timeout"}
"""What a page may bring a skill to; never one that breaks, or that its sandbox cannot end."""


@dataclass
class Site:
    """A server on this machine, and what it was asked for."""

    port: int
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """As somebody would type it."""
        return f"url=http://localhost:{self.port}{path}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = PAGES.get(self.path, "nothing here").encode()
            self.send_response(200 if self.path in PAGES else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(server.server_port, asked)
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "var"
    folder.mkdir(mode=0o700)
    (folder / "nightshift.toml").write_text('[web]\nhosts = ["localhost"]\n[server]\nport = 18472\n')
    return folder


def nightshift(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {"NIGHTSHIFT_HOME": str(home), "NIGHTSHIFT_KEY_FILE": str(home.parent / "key"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        argv, env={**os.environ, **own}, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )


def test_a_page_of_a_listed_host_is_read_from_the_command_line(home: Path, site: Site) -> None:
    done = nightshift(home, "run", "read_page", "--host", "localhost", site.url("/page"))
    assert done.returncode == 0, done.stderr
    assert "title: Run book" in done.stdout
    assert "Grüße" in done.stdout
    assert "menu" not in done.stdout
    assert "evil" not in done.stdout
    assert "\u202e" not in done.stdout


def test_a_table_is_read_from_the_command_line(home: Path, site: Site) -> None:
    done = nightshift(home, "run", "read_table", "--host", "localhost", site.url("/table"), "which=state")
    assert "rows: web-1, up" in done.stdout, done.stdout + done.stderr


def test_a_list_goes_on_where_its_pages_say_and_never_to_another_port(home: Path, site: Site) -> None:
    done = nightshift(home, "run", "read_list", "--host", "localhost", site.url("/1"))
    assert "items: a, b" in done.stdout, done.stdout + done.stderr
    assert "127.0.0.1:1/3" in done.stdout
    assert site.asked[-2:] == ["/1", "/2"]


def test_a_host_that_is_not_listed_is_not_asked(home: Path, site: Site) -> None:
    before = len(site.asked)
    done = nightshift(home, "run", "read_page", "--host", "localhost", f"url=http://127.0.0.1:{site.port}/page")
    assert done.returncode == 1
    assert len(site.asked) == before


def test_a_report_becomes_a_document_with_a_plot(home: Path) -> None:
    done = nightshift(home, "run", "make_host_report", "--host", "localhost")
    assert "Document: " in done.stdout, done.stdout + done.stderr
    assert nightshift(home, "documents", "show", "host").stdout.startswith("# Host")
    files = nightshift(home, "documents", "open", "host").stdout.splitlines()
    assert {Path(file).name for file in files} >= {"document.html", "document.md", "plot-2.png", "table-1.csv"}
    assert (Path(files[0]).parent / "plot-2.png").read_bytes().startswith(b"\x89PNG")


def read(sandbox: Sandbox, name: str, page: str) -> GuestResult:
    """The skill in its sandbox, with this page wherever it looks; the first 512 KiB of it, as the broker would give them."""
    skill = CATALOG.get(name)

    def answer(method: str, args: dict[str, Json]) -> Json:
        return [200, page[: int(str(args.get("limit", 0)))]] if method == "http.GET" else None

    run = GuestRun(name, skill.source, {"url": "https://a.example/"}, 20.0, skill.libraries)
    return sandbox.run(run, answer)


@pytest.mark.parametrize("kind", HURT)
@pytest.mark.parametrize("name", ["read_page", "read_table", "read_list", "watch_page"])
def test_a_page_that_was_made_to_hurt_ends_in_one_sentence(name: str, kind: str, sandbox: Sandbox) -> None:
    result = read(sandbox, name, HURT[kind])
    assert result.status in CLEAN_ENDS, result
    assert len(result.summary) <= 2000


@pytest.mark.parametrize(
    "kind", ["deeply nested", "nested, nobody reads it", "items without an end", "entities in entities"]
)
def test_reading_a_page_takes_no_longer_for_being_nested(kind: str, sandbox: Sandbox) -> None:
    assert read(sandbox, "read_page", HURT[kind]).status == "done"
