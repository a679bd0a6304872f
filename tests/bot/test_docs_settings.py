"""What our pages tell people to write into nightshift.toml is taken as it stands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from bot.settings_files import read_toml
from tests.source_tree import ROOT

PAGES = ("README.md", "README.zh.md", "SECURITY.md", "docs/hosts.md", "docs/hosts.zh.md")
_BLOCK = re.compile(r"^ *```toml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Page and text, without what stands on another machine."""
    found = ((page, text) for page in PAGES for text in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8")))
    return [(page, textwrap.dedent(text)) for page, text in found if "[inventory]" not in text]


@pytest.mark.parametrize(("page", "text"), blocks())
def test_a_block_of_settings_on_a_page_is_accepted(page: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "nightshift.toml"
    path.write_text(text, encoding="utf-8")
    assert read_toml(path).hosts is not None, page
