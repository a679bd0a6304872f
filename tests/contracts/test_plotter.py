"""Contract of port Plotter: a picture becomes a PNG, whatever its words are; what cannot be drawn is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.plotter.by_matplotlib import MatplotlibPlotter
from core.document import Line, Picture
from core.errors import UnavailableError
from core.people_ports import Plotter
from tests.fakes.plotter import FakePlotter

NIGHT = 1_767_225_600.0
TREND = Picture(
    "disk / 磁盘 $\\frac{1}{0$",
    "%",
    (Line("/srv", tuple((NIGHT + 60 * at, 70.0 + at) for at in range(20))), Line("_hidden", ((NIGHT, -1e300),))),
    ((NIGHT + 300, "repair"), (NIGHT + 600, "verified")),
)


@dataclass
class Case:
    """A plotter, and how to put it out of order."""

    plotter: Plotter
    breaks: Callable[[], None]


@pytest.fixture(params=["fake", "matplotlib"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    fake = FakePlotter()
    child = tmp_path / "broken.py"
    child.write_text("raise SystemExit('no room')")
    return {
        "fake": Case(fake, lambda: setattr(fake, "is_broken", True)),
        "matplotlib": Case(
            MatplotlibPlotter(tmp_path / "cache"),
            lambda: monkeypatch.setattr("adapters.plotter.by_matplotlib._CHILD", child),
        ),
    }[request.param]


def test_a_trend_with_marks_and_words_of_any_kind_is_a_png(case: Case) -> None:
    assert case.plotter.plot(TREND).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_picture_without_a_point_is_one_too(case: Case) -> None:
    assert case.plotter.plot(Picture("", "", (Line("", ()),))).startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said(case: Case) -> None:
    case.breaks()
    with pytest.raises(UnavailableError, match="no plot"):
        case.plotter.plot(TREND)


def test_drawing_ends_when_its_time_is_over(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no plot was drawn"):
        MatplotlibPlotter(tmp_path, seconds=0.05).plot(TREND)
