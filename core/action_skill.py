"""An action as a skill: a text of one host call, made from the operator's line, that goes the way of every other skill."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

from core.action import ACTIONS, Action
from core.capability import Risk
from core.errors import InvalidError, NightshiftError
from core.grant import Grant
from core.skill_catalog import parse_skill
from core.skill_manifest import Skill, SkillState

_TEXT = '''# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = {risk}
# timeout = {timeout:g}
# settles = {settles:g}
# {purpose}
# capabilities = [{grant}]
# triggers = [{trigger}]
# ///
"""Runs the team's own command {line}; {back}

The operator wrote it into nightshift.toml; it runs only while these files are what was adopted:
{files}
"""

from core.skill import Host, Outcome


def run(host: Host) -> Outcome:
    done = host.run({argv})
    return Outcome(ok=done.status == 0, summary=(done.out or done.err).strip()[-300:] or "it said nothing")


CASES = [
    {{
        "name": "it succeeds",
        "world": {{"exec": {{{key}: "done"}}}},
        "expect": {{"ok": True, "effects": [{effect}]}},
    }},
    {{
        "name": "it fails, and that is said",
        "world": {{"exec": {{{key}: {{"status": 1, "err": "no"}}}}}},
        "expect": {{"ok": False, "effects": []}},
    }},
]
'''


def skill_of(action: Action, state: SkillState) -> Skill:
    """The skill; raises InvalidError with one sentence for a command that nothing may run."""
    _require(action)
    line = shlex.join(action.command)
    back = f"taken back by {shlex.join(action.undo)}" if action.undo else "nothing takes it back"
    source = _TEXT.format(
        risk=json.dumps(action.risk.word),
        timeout=action.timeout,
        settles=action.settles,
        purpose=f"cures = {json.dumps(action.cures)}" if action.cures else "on_request = true",
        grant=json.dumps(action.grant),
        trigger=json.dumps(action.name),
        line=line,
        back=back,
        files="\n".join(f"{path} {sha256}" for path, sha256 in action.files) or "none",
        argv=json.dumps(action.command),
        key=json.dumps(line),
        effect=json.dumps(f"exec {line}"),
    )
    return parse_skill(ACTIONS + action.skill, source, state)


def is_action(skill: Skill) -> bool:
    """Whether a skill of the catalog is an operator's line."""
    return skill.path.startswith(ACTIONS)


def _require(action: Action) -> None:
    if action.risk not in (Risk.MEDIUM, Risk.HIGH):
        raise InvalidError('risk: write "medium" or "high"; what an own command does is at least medium')
    for key, argv in (("command", action.command), ("undo", action.undo)):
        if key == "command" or argv:
            _require_argv(key, argv)


def _require_argv(key: str, argv: tuple[str, ...]) -> None:
    """As a grant would: literal words, no interpreter, nothing on the never list."""
    if not argv or not argv[0].startswith("/"):
        raise InvalidError(f"{key}: begin with the absolute path of your script, and write each word for itself")
    if any(not word or set(word) & set(" {}*;") for word in argv):
        raise InvalidError(f"{key}: each word is literal: no blank, no wildcard, no placeholder, no semicolon")
    try:
        Grant.parse(f"exec:{' '.join(argv)};adopted")
    except NightshiftError as error:
        raise InvalidError(f"{key}: {error}") from error


def adopted_as(action: Action, files: tuple[tuple[str, str], ...]) -> Action:
    """The same action over other contents of its files."""
    return replace(action, files=tuple(sorted(files)))
