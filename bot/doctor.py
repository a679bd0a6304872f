"""`doctor`: what works, what does not, what to do about it; it reports what keeps Nightshift from working instead of failing on it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping

from bot import jobs
from bot.app import Finding
from bot.json_view import as_json
from bot.messages import words_of
from bot.roster_rules import replaced
from bot.settings import Settings
from bot.settings_files import load
from core.errors import NightshiftError

_MARKS = {"ok": "ok  ", "warn": "note", "bad": "BAD "}


def findings(environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Every line; one that is bad keeps Nightshift from working."""
    python = Finding("python", "ok", platform.python_version())
    try:
        settings = load(environ)
    except NightshiftError as error:
        return (python, Finding("settings", "bad", error.message, "correct it, then run doctor again"))
    found = Finding("settings", "ok", f"data folder {settings.home}")
    try:
        return (
            python,
            found,
            *_people(settings),
            *jobs.examine(settings),
            *jobs.examine_hosts(settings),
            *jobs.examine_waking(settings),
            *jobs.examine_brain(settings),
            *jobs.examine_cerebellum(settings),
        )
    except NightshiftError as error:
        return (python, found, Finding("nightshift", "bad", error.message))


def _people(settings: Settings) -> tuple[Finding, ...]:
    """Which rules one person replaces, in the words of `up`; a rule that nobody could fulfil is a mistake in the settings."""
    lines = replaced(settings.inventory())
    if not lines:
        return (Finding("people", "ok", f"{len(settings.file.people)} listed; every rule is in force"),)
    detail = " ".join(words_of("en").say(key, **facts) for key, facts in lines)
    return (Finding("people", "warn", detail, "list a second approver in [people] of nightshift.toml"),)


def show_findings(environ: Mapping[str, str], *, wants_json: bool) -> int:
    """On stdout; 1 when something needed is broken."""
    if sys.stderr.isatty():
        sys.stderr.write("Trying database, sandbox, hands, probes and skills; this takes some seconds …\n")
    found = findings(environ)
    sys.stdout.write(as_json(found, indent=2) + "\n" if wants_json else "".join(_line(one) for one in found))
    return int(any(one.state == "bad" for one in found))


def _line(one: Finding) -> str:
    advice = f"\n      -> {one.advice}" if one.advice else ""
    return f"{_MARKS.get(one.state, 'BAD ')} {one.what}: {one.detail}{advice}\n"
