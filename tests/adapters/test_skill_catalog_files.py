"""The catalog on files: what the lock pins, what a broken file does, and that an edit is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.skill_catalog_files import FileCatalog, lock_text, main
from core.errors import InvalidError
from core.skill_manifest import SkillState
from tests.core.skill_texts import FREE_LOGS
from tests.source_tree import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "skills" / "disk").mkdir(parents=True)
    (tmp_path / "skills" / "disk" / "free_logs.py").write_text(FREE_LOGS)
    return tmp_path / "skills"


@pytest.fixture
def lock(folder: Path) -> Path:
    path = folder.parent / "skills.lock"
    path.write_text(lock_text(folder))
    return path


def test_a_pinned_skill_is_owned_and_a_changed_byte_is_seen_at_once(folder: Path, lock: Path) -> None:
    catalog = FileCatalog(folder, lock)
    assert catalog.get("free_logs").state is SkillState.OWNED
    (folder / "disk" / "free_logs.py").write_text(FREE_LOGS + "\n")
    assert catalog.get("free_logs").state is SkillState.CHANGED


def test_what_is_not_in_the_lock_is_a_draft(folder: Path, lock: Path) -> None:
    (folder / "disk" / "free_more.py").write_text(FREE_LOGS)
    states = {skill.name: skill.state for skill in FileCatalog(folder, lock).skills()}
    assert states == {"free_logs": SkillState.OWNED, "free_more": SkillState.DRAFT}


@pytest.mark.parametrize("missing", [None, Path("/nonexistent/skills.lock")])
def test_without_a_lock_nothing_is_owned(folder: Path, missing: Path | None) -> None:
    assert FileCatalog(folder, missing).get("free_logs").state is SkillState.DRAFT


@pytest.mark.parametrize("text", ["", "[]", '{"free_logs": 3}', '{"free_logs": "short"}', "[" * 100_000])
def test_a_broken_lock_is_one_sentence(folder: Path, lock: Path, text: str) -> None:
    lock.write_text(text)
    with pytest.raises(InvalidError, match=r"skills\.lock"):
        FileCatalog(folder, lock).skills()


def test_a_broken_file_is_named_and_leaves_the_rest(folder: Path, lock: Path) -> None:
    (folder / "disk" / "broken_one.py").write_text(FREE_LOGS.replace('risk = "medium"', 'risk = "small"'))
    (folder / "disk" / "no_text.py").write_bytes(b"\xff\xfe")
    catalog = FileCatalog(folder, lock)
    assert [skill.name for skill in catalog.skills()] == ["free_logs"]
    broken, no_text = catalog.problems
    assert broken == "skills/disk/broken_one.py: risk: must be one of low, medium, high"
    assert no_text.startswith("skills/disk/no_text.py: cannot be read")


def test_the_second_file_of_a_name_is_left_out_and_said(folder: Path, lock: Path) -> None:
    (folder / "process").mkdir()
    (folder / "process" / "free_logs.py").write_text(FREE_LOGS + "\n")
    catalog = FileCatalog(folder, lock)
    assert catalog.get("free_logs").path == "skills/disk/free_logs.py"
    assert "skills/process/free_logs.py: skills/disk/free_logs.py has the same name" in catalog.problems[0]


def test_links_are_not_followed(folder: Path, lock: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text(FREE_LOGS)
    (folder / "disk" / "link_in.py").symlink_to(tmp_path / "elsewhere.py")
    (folder / "linked").symlink_to(tmp_path)
    assert [skill.name for skill in FileCatalog(folder, lock).skills()] == ["free_logs"]


def test_a_deleted_file_is_gone(folder: Path, lock: Path) -> None:
    catalog = FileCatalog(folder, lock)
    assert len(catalog.skills()) == 1
    (folder / "disk" / "free_logs.py").unlink()
    assert catalog.skills() == ()


def test_the_lock_is_printed_the_same_every_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    first = capsys.readouterr().out
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out == first
    assert list(json.loads(first)) == ["free_logs"]


def test_a_broken_skill_is_not_locked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "disk" / "broken_one.py").write_text("")
    assert main([str(folder)]) == 1
    assert "broken_one.py" in capsys.readouterr().err


def test_every_skill_of_ours_can_be_read() -> None:
    assert FileCatalog(ROOT / "skills", None).problems == ()
