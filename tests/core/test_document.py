"""Documents: what a skill's fact may be, and that no word of it is ever more than a word."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from core.document import Document, Line, Picture, Section, Table, document_of
from core.document_text import files_of
from core.errors import InvalidError
from core.world import Json

GOOD: dict[str, Json] = {
    "title": "Disks",
    "sections": [
        {"heading": "In words", "text": "two\nlines"},
        {"heading": "In rows", "table": {"columns": ["a", "b"], "rows": [["x", 1.5], [None, -3]]}},
        {"heading": "Over time", "series": {"unit": "%", "lines": {"/": [[20, 2], [10, 1.5]]}}},
    ],
}
EVIL = "<script>alert(1)</script><img src=x onerror=y>\"'&amp;| [a](javascript:b) `c` \u202egnp.exe"


def test_a_document_is_read_as_it_is_described() -> None:
    assert document_of(GOOD) == Document(
        "Disks",
        (
            Section("In words", text="two\nlines"),
            Section("In rows", table=Table(("a", "b"), (("x", "1.5"), ("", "-3")))),
            Section("Over time", picture=Picture("Over time", "%", (Line("/", ((10.0, 1.5), (20.0, 2.0))),))),
        ),
    )


def with_section(section: Json) -> Json:
    return {"title": "t", "sections": [section]}


@pytest.mark.parametrize(
    "fact",
    [
        None,
        [],
        {"title": "t"},
        {**GOOD, "more": 1},
        {"title": 1, "sections": []},
        {"title": "t" * 201, "sections": []},
        {"title": "t", "sections": [{"heading": "h", "text": ""}] * 31},
        with_section("text"),
        with_section({"text": "no heading"}),
        with_section({"heading": "h"}),
        with_section({"heading": "h", "html": "<b>"}),
        with_section({"heading": "h", "text": "a", "table": {"columns": ["a"], "rows": []}}),
        with_section({"heading": "h", "table": {"columns": [], "rows": []}}),
        with_section({"heading": "h", "table": {"columns": ["a"], "rows": [["b", "c"]]}}),
        with_section({"heading": "h", "table": {"columns": ["a"], "rows": [[True]]}}),
        with_section({"heading": "h", "table": {"columns": ["a"], "rows": [["x"]] * 1001}}),
        with_section({"heading": "h", "table": {"columns": ["a"], "rows": [[{"deep": 1}]]}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {"a": [[1]]}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {"a": [[1, "2"]]}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {"a": [[-1, 2]]}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {"a": [[1e300, 2]]}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {"a": [[1, float("inf")]]}}}),
        with_section({"heading": "h", "series": {"unit": "%", "lines": {str(n): [] for n in range(9)}}}),
    ],
)
def test_what_is_described_otherwise_is_no_document(fact: Json) -> None:
    with pytest.raises(InvalidError, match="document: "):
        document_of(fact)


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def evil_files() -> dict[str, bytes]:
    picture = Picture(EVIL, EVIL, (Line(EVIL, ((1.0, -2.0),)),))
    document = Document(
        EVIL,
        (Section(EVIL, text=EVIL), Section(EVIL, table=Table((EVIL,), ((EVIL,),))), Section(EVIL, picture=picture)),
    )
    return files_of(document, {3: b"\x89PNG"}, "no plot")


def test_hostile_words_stay_words_in_a_browser() -> None:
    tags = Tags()
    page = evil_files()["document.html"].decode()
    tags.feed(page)
    names = [name for name, _ in tags.found]
    assert (names.count("script"), names.count("img")) == (0, 1)
    assert dict(tags.found)["img"] == ("alt", "src")
    assert "default-src 'none'" in page
    assert "\u202e" not in page


def test_hostile_words_stay_words_in_markdown() -> None:
    text = evil_files()["document.md"].decode()
    assert "![" in text
    assert not re.search(r"(?<!\\)<", text)
    assert not re.search(r"(?<!\\)`", text)
    assert re.findall(r"(?<!\\)\]\(([^)]*)\)", text) == ["plot-3.png"]
    assert [line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")] == [2, 2, 2]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'])
def test_no_cell_is_a_formula(cell: str) -> None:
    files = files_of(Document("t", (Section("h", table=Table(("a",), ((cell,), ("-3.5",)))),)), {}, "")
    rows = [*csv.reader(io.StringIO(files["table-1.csv"].decode()))]
    assert rows == [["a"], [f"'{cell}"], ["-3.5"]]


def test_a_plot_that_could_not_be_drawn_leaves_its_numbers() -> None:
    files = files_of(document_of(GOOD), {}, "no plot today")
    assert sorted(files) == ["document.html", "document.md", "table-2.csv", "table-3.csv"]
    assert "no plot today" in files["document.md"].decode()
    assert "no plot today" in files["document.html"].decode()
    assert files["table-3.csv"].decode() == "line,seconds,%\n/,10,1.5\n/,20,2\n"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("270.55", "270.55"),
        ("-3.5", "-3.5"),
        ("1. one", "1\\. one"),
        ("- item", "\\- item"),
        ("---", "\\---"),
        ("+", "\\+"),
        ("===", "\\==="),
        ("# head", "\\# head"),
        ("a_b", "a\\_b"),
    ],
)
def test_a_word_at_the_beginning_of_a_line_begins_nothing(said: str, written: str) -> None:
    text = files_of(Document("t", (Section("h", text=said),)), {}, "")["document.md"].decode()
    assert text == f"# t\n\n## h\n\n{written}\n"
