"""`skills/proven.toml`: which skill was proven on which real fault, by which test, as which text. Written by the proofs themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.action_skill import is_action
from core.errors import InvalidError
from core.skill_manifest import Skill

PROVEN = "proven.toml"


@dataclass(frozen=True, slots=True)
class Proof:
    """One real fault that a skill in this text has repaired in a test."""

    sha256: str
    fault: str
    test: str


def proofs_in(folder: Path) -> Mapping[str, Proof]:
    """Skill name -> its proof; empty where there is no list."""
    path = folder / PROVEN
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Proof(**entry) for name, entry in table.items()}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise InvalidError(
            f"{path} is not a list of proofs; write it again: pytest tests/faults --write-proven"
        ) from error


def proofs_text(proofs: Mapping[str, Proof]) -> str:
    """The list as TOML, sorted."""
    head = "# Written by: pytest tests/faults --write-proven\n"
    return head + "".join(_entry(name, proofs[name]) for name in sorted(proofs))


def state_of(skill: Skill, proofs: Mapping[str, Proof]) -> str:
    """looks, action (a team's own script), proven, changed (since it was proven) or unproven."""
    if is_action(skill):
        return "action"
    if skill.is_looker:
        return "looks"
    proof = proofs.get(skill.name)
    if proof is None:
        return "unproven"
    return "proven" if proof.sha256 == skill.sha256 else "changed"


def _entry(name: str, proof: Proof) -> str:
    lines = (
        f"{key} = {_quoted(value)}"
        for key, value in (("sha256", proof.sha256), ("fault", proof.fault), ("test", proof.test))
    )
    return "\n".join((f"\n[{name}]", *lines, ""))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
