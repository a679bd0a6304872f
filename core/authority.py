"""Whether a yes still holds at this instant: it is the one that was given, the mode still lets it, and who gave it still may (TRUST 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.approval import TYPED, Answer, Approval, Verdict, are_two
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


def no_orders(yes: Approval, _host: str) -> str:
    """No standing orders are configured, so that none holds."""
    return f"there is no standing order {yes.order}"


@dataclass(frozen=True, slots=True)
class Authority:
    """All are asked before every effect: `mode` is a host's, `may_approve` says of a person's name whether their yes counts there.

    `why_no_order` says why the standing order behind a yes does not hold on a host at this instant, '' where it does.
    """

    mode: Callable[[str], Mode]
    may_approve: Callable[[str, str], bool]
    why_no_order: Callable[[Approval, str], str] = no_orders

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
            if yes.order:
                return self._require_order(wanted, yes)
            if mode is not Mode.AUTO and not _only_looks(yes):
                raise ExpiredError(yes.id, f"nobody said it, and {wanted.host} is in {mode.word} now")
            return None
        return self._require_people(wanted, yes)

    def _require_order(self, wanted: Wanted, yes: Approval) -> None:
        """Revoked, lapsed, or its people without the role: from that instant on it carries nothing."""
        if why := self.why_no_order(yes, wanted.host):
            raise ExpiredError(yes.id, why)

    def _require_people(self, wanted: Wanted, yes: Approval) -> None:
        """One, at two yeses two who did not both ask for it; the host's name typed at the machine stands for the second."""
        standing = [name for name in yes.by if self.may_approve(name, wanted.host)]
        typed = [said for name in standing if (said := typed_name(name, wanted.host)) in yes.by]
        is_one, is_two = bool(standing), are_two((*standing, *typed), yes.asked_by)
        if not {Answer.GO: is_one, Answer.ASK1: is_one, Answer.ASK2: is_two}.get(yes.answer, False):
            raise ExpiredError(
                yes.id, f"not enough of who gave it may approve on {wanted.host} now: {', '.join(yes.by)}"
            )


def typed_name(person: str, host: str) -> str:
    """How the second yes is written down where there is no second person."""
    return f"{person}{TYPED}{host}"


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
