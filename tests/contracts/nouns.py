"""Sample nouns for contract tests, each with the few fields that a test cares about."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.capability import PlannedEffect, Risk, Verb
from core.card import Card, CardKind
from core.episode import Episode
from core.incident import Attempt, Ending, Outcome
from core.origin import Origin, Value
from core.proposal import Choices, Evidence, Proposal, Question, Tier
from core.report import Report
from core.world import Measurement

DISK = Signal.parse("disk.used_percent:/var")


def alert(
    id: str, at: datetime, *, host: str = "web-1", status: AlertStatus = AlertStatus.FIRING, source: str = "probe"
) -> Alert:
    """An alert about the disk of one host."""
    return Alert(id, host, DISK, source, status, at, value=95.5, limit=90.0, text="df: 95%", labels=(("team", "夜班"),))


def proposal(incident: str, round: int = 1, risk: Risk = Risk.MEDIUM, skill: str = "free_rotated_logs") -> Proposal:
    """A repair with one effect."""
    return Proposal(
        incident,
        round,
        skill,
        "ab" * 32,
        "web-1",
        (
            ("directory", Value("/var/log", Origin.OBSERVED, "find_what_grows on web-1")),
            ("days", Value(7, Origin.DEFAULT)),
        ),
        (PlannedEffect(Verb.FS_DELETE, "/var/log/app.log.3", risk, True),),
        ("fs.delete:/var/log/**",),
        risk,
        Tier.RULES,
        "deletes rotated logs",
        evidence=(Evidence("find_what_grows", "app.log.3 is 2 GB"),),
    )


def approval(
    incident: str,
    at: datetime,
    *,
    asks: Proposal | Choices | Question | None = None,
    answer: Answer = Answer.ASK1,
    verdict: Verdict = Verdict.PENDING,
) -> Approval:
    """A question that waits four hours."""
    content = asks or proposal(incident)
    expires = at + timedelta(hours=4)
    digest = digest_of(content, expires)
    is_open = verdict is Verdict.PENDING
    return Approval(
        short_id(digest),
        incident,
        content.round,
        digest,
        content,
        answer,
        "approve medium owned probe: ask 1",
        at,
        at + timedelta(hours=2),
        expires,
        verdict,
        () if is_open else ("policy",),
        "",
        None if is_open else at,
    )


def choices(incident: str) -> Choices:
    """Two skills to pick from."""
    return Choices(incident, 1, "web-1", ("free_rotated_logs", "truncate_deleted"), ("old logs", "a deleted file"))


def question(incident: str) -> Question:
    """What only a person knows."""
    return Question(incident, 1, "web-1", "May /var/log/app.log.1 go? 可以删吗？", ("yes", "no"))


def attempt(of: Approval, at: datetime) -> Attempt:
    """An attempt that has just begun."""
    assert of.proposal is not None
    return Attempt(
        of.id,
        of.incident,
        of.round,
        of.id,
        of.proposal,
        None,
        at,
        at,
        at + timedelta(minutes=1),
        at + timedelta(seconds=10),
    )


def outcome(run: str, at: datetime) -> Outcome:
    """A run that says it worked."""
    return Outcome(run, True, "freed 2 GB", (("bytes", 2_000_000), ("files", ["a", "b"])), 1, 1, at, at)


def report(incident: str, at: datetime, ending: Ending = Ending.FIXED) -> Report:
    """How it ended, with one measurement as proof."""
    proof = (Measurement("web-1", DISK, 41.0, at),)
    return Report(
        incident,
        "web-1",
        str(DISK),
        ending,
        at,
        at,
        95.5,
        90.0,
        Tier.RULES,
        ("li",),
        (),
        ("free_rotated_logs: fixed",),
        (),
        proof,
        1.5,
        0.4,
    )


def episode(
    id: str, at: datetime, ending: Ending | None = Ending.FIXED, *, skill: str = "free_rotated_logs", text: str = ""
) -> Episode:
    """What is remembered of one attempt."""
    return Episode(id, "f" * 16, "web", "web-1", str(DISK), skill, "ab" * 32, ending, "i1", at, text)


def card(key: str, thread: str = "t1") -> Card:
    """A line."""
    return Card(key, CardKind.NOTE, thread, thread, f"text of {key}")
