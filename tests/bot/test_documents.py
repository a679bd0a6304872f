"""Filing: a look's document lies in the data folder, for its owner alone; what goes wrong takes nothing from the look."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.store.documents import DocumentFolder
from bot.answers import Answer
from bot.documents import Filing
from bot.messages import words_of
from core.errors import UnavailableError, UnknownError
from core.incident import Outcome
from core.world import Json
from tests.fakes.clock import FakeClock
from tests.fakes.plotter import FakePlotter

NIGHT = datetime(2026, 1, 1, 3, tzinfo=UTC)
DOCUMENT: Json = {
    "title": "Disks",
    "sections": [{"heading": "h", "series": {"unit": "%", "lines": {"/": [[10, 1]]}}}],
}


def looked(document: Json, *, ok: bool = True) -> Answer:
    outcome = Outcome("r", ok, "seen", (("disks", 1), ("document", document)), 0, 0, NIGHT, NIGHT)
    return Answer("seen", outcome, ok=ok)


@pytest.fixture
def plotter() -> FakePlotter:
    return FakePlotter()


@pytest.fixture
def filing(tmp_path: Path, plotter: FakePlotter) -> Filing:
    return Filing(DocumentFolder(tmp_path), plotter, FakeClock(NIGHT), words_of("en"))


def test_a_document_is_written_for_its_owner_alone_and_the_answer_says_where(filing: Filing, tmp_path: Path) -> None:
    answer = filing.filed(looked(DOCUMENT), "make_disk_report", "web/../1")
    (name,) = filing.folder.names()
    folder = tmp_path / "documents" / name
    assert name.startswith("20260101-030000-make_disk_report-web-1-")
    assert str(folder / "document.html") in answer.text
    assert sorted(path.name for path in folder.iterdir()) == [
        "document.html",
        "document.md",
        "plot-1.png",
        "table-1.csv",
    ]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
    assert filing.folder.path(name[-4:]) == folder


def test_two_in_the_same_second_are_two(filing: Filing) -> None:
    filing.filed(looked(DOCUMENT), "a", "h")
    filing.filed(looked(DOCUMENT), "a", "h")
    assert len(filing.folder.names()) == 2
    with pytest.raises(UnknownError):
        filing.folder.path("-a-h-")


def test_without_a_plot_the_document_is_made_anyway(filing: Filing, plotter: FakePlotter) -> None:
    plotter.is_broken = True
    filing.filed(looked(DOCUMENT), "a", "h")
    text = (filing.folder.path("a-h") / "document.md").read_text()
    assert "could not be drawn" in text


def test_a_document_of_another_shape_is_said_and_the_look_stays(filing: Filing) -> None:
    answer = filing.filed(looked({"title": "t", "html": "<b>"}), "a", "h")
    assert answer.text.startswith("seen\nNo document was made: document: ")
    assert (answer.ok, filing.folder.names()) == (True, ())


def test_a_look_that_failed_makes_none(filing: Filing) -> None:
    answer = looked(DOCUMENT, ok=False)
    assert filing.filed(answer, "a", "h") is answer


def test_an_answer_that_is_no_look_stays_as_it_is(filing: Filing) -> None:
    answer = Answer("hello", {"incidents": ["1"]})
    assert filing.filed(answer, "a", "h") is answer


def test_what_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    folder = DocumentFolder(tmp_path)
    with pytest.raises(UnavailableError, match="cannot be written"):
        folder.save("a", {"fine.md": b"x", "no/such/place.md": b"x"}, NIGHT)
    assert [*(tmp_path / "documents").iterdir()] == []


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    folder = DocumentFolder(tmp_path)
    path = folder.save("a", {"document.md": b"x"}, NIGHT)
    (tmp_path / "secret").write_text("x")
    with pytest.raises(UnknownError):
        folder.path("../secret")
    with pytest.raises(UnknownError):
        folder.path("")
    assert folder.path(path.name) == path
