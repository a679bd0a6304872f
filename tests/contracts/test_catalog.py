"""What every Catalog does: the fake and the one on files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.skill_catalog_files import FileCatalog
from core.errors import UnknownError
from core.ports import Catalog
from core.skill_catalog import parse_skill
from core.skill_manifest import SkillState
from tests.core.skill_texts import FREE_LOGS
from tests.fakes.catalog import FakeCatalog

NAMES = ("free_logs", "clean_logs")


def fake(_folder: Path) -> Catalog:
    return FakeCatalog(*(parse_skill(f"skills/disk/{name}.py", FREE_LOGS) for name in NAMES))


def files(folder: Path) -> Catalog:
    group = folder / "skills" / "disk"
    group.mkdir(parents=True)
    for name in NAMES:
        (group / f"{name}.py").write_text(FREE_LOGS)
    lock = folder / "skills.lock"
    lock.write_text(json.dumps(dict.fromkeys(NAMES, hashlib.sha256(FREE_LOGS.encode()).hexdigest())))
    return FileCatalog(folder / "skills", lock)


@pytest.fixture(params=[fake, files], ids=["fake", "files"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    make: Callable[[Path], Catalog] = request.param
    return make(tmp_path)


def test_skills_come_by_name(catalog: Catalog) -> None:
    assert [skill.name for skill in catalog.skills()] == ["clean_logs", "free_logs"]


def test_one_skill_is_found_by_its_name_with_its_source(catalog: Catalog) -> None:
    skill = catalog.get("free_logs")
    assert skill.source == FREE_LOGS
    assert skill.sha256 == hashlib.sha256(FREE_LOGS.encode()).hexdigest()
    assert skill.state is SkillState.OWNED


def test_an_unknown_name_is_said_with_the_known_ones(catalog: Catalog) -> None:
    with pytest.raises(UnknownError, match=r"unknown skill 'nothing'; known: clean_logs, free_logs"):
        catalog.get("nothing")
