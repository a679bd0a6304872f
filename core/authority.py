"""Whether a yes still holds at this instant: it is the one that was given, the mode still lets it, and who gave it still may (TRUST 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.approval import Answer, Approval, Verdict
from core.capability import Risk
from core.errors import ExpiredError, TamperedError
from core.inventory import Mode
from core.task import UNDO

POLICY = "policy"
"""Who a decision is by when the table answered alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is about to act: the run of a proposal by its digest, or with none the undo of a run."""

    run: str
    host: str
    incident: str
    approval: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """Both are asked before every effect: `mode` is a host's, `may_approve` says of a person's name whether their yes counts there."""

    mode: Callable[[str], Mode]
    may_approve: Callable[[str, str], bool]

    def require(self, wanted: Wanted, yes: Approval | None) -> None:
        """`yes` is the sealed row as it stands now; raises ExpiredError or TamperedError unless it carries what is wanted."""
        if yes is None or yes.verdict is not Verdict.APPROVED:
            raise ExpiredError(wanted.approval, "there is no yes to it")
        if yes.incident != wanted.incident or not _is_for(wanted, yes):
            raise TamperedError(f"approval {yes.id} is a yes to something else")
        mode = self.mode(wanted.host)
        if mode is Mode.OBSERVE:
            raise ExpiredError(yes.id, f"{wanted.host} is only observed now")
        if yes.answer is Answer.GO and yes.by == (POLICY,):
            if mode is not Mode.AUTO and not _only_looks(yes):
                raise ExpiredError(yes.id, f"nobody said it, and {wanted.host} is in {mode.word} now")
            return
        self._require_people(wanted, yes)

    def _require_people(self, wanted: Wanted, yes: Approval) -> None:
        """One, at two yeses two; the host's name typed by one of them at the machine stands for the second."""
        standing = [name for name in yes.by if self.may_approve(name, wanted.host)]
        typed = [name for name in standing if typed_name(name, wanted.host) in yes.by]
        needed = {Answer.GO: 1, Answer.ASK1: 1, Answer.ASK2: 2}.get(yes.answer)
        if needed is None or len(standing) + len(typed) < needed:
            raise ExpiredError(
                yes.id, f"not enough of who gave it may approve on {wanted.host} now: {', '.join(yes.by)}"
            )


def typed_name(person: str, host: str) -> str:
    """How the second yes is written down where there is no second person."""
    return f"{person} typed {host}"


def _is_for(wanted: Wanted, yes: Approval) -> bool:
    if wanted.digest:
        return wanted.digest == yes.digest
    return wanted.run in {f"{yes.id}.undo", f"{_undone(yes)}.undo"}


def _undone(yes: Approval) -> str:
    """The run that a yes to an undo takes back; else the yes's own, whose undo it carries."""
    if yes.proposal is None or yes.proposal.skill != UNDO:
        return yes.id
    return str(dict(yes.proposal.parameters)["run"].value)


def _only_looks(yes: Approval) -> bool:
    return yes.proposal is not None and yes.proposal.risk is Risk.LOW
