"""Every way Nightshift says no, as one tree; an error carries its facts and builds its own sentence.

NightshiftError
├── RefusedError            we may not: policy, grant, stop, fence, quota, never list
│   ├── CapabilityDeniedError   the skill's grants do not cover the call
│   ├── NeverError              no mode, order or approval opens it (TRUST 5)
│   ├── StoppedError            a person said stop, or took it over
│   ├── FencedError             somebody else holds the lease now
│   ├── ExpiredError            the yes is too old
│   ├── PlanExceededError       the run reached beyond the plan that was approved
│   ├── NoOrderError            this cannot become, or be, a standing order
│   ├── QuotaError              the run used up what it had; the run ends
│   └── BudgetError             what may be spent on models is spent
├── UnavailableError        we could not: unreachable, not measurable, timed out
│   ├── BusyError               the lease is held; try again later
│   └── ModelError              a model did not answer, or said no
│       ├── UnfitError          it refuses this one request; another may be answered
│       └── NoToolsError        it has to be told of tools in words
├── InvalidError            what we were given is wrong: settings, alert, skill, parameter
│   ├── UnknownError            a name nobody knows
│   └── AnswerError             what a model said is not what it was asked for
├── ChangedError            the world is not what it was when this was decided
├── RolledBackError         a change of the network was taken back by the host itself
└── TamperedError           a row or file does not verify

The attributes of an error are the arguments of its `__init__`, by the same names, so that a journal can raise it again.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

_MOST_NAMES, _MOST_LIKE = 12, 4
_TWICE = re.compile(r"^(\w+: )\1+")


class NightshiftError(Exception):
    """Root of every error that we raise on purpose; `str()` is one sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RefusedError(NightshiftError):
    """We may not do this."""


class CapabilityDeniedError(RefusedError):
    """A skill reached for something that its grants do not cover."""

    def __init__(self, skill: str, capability: str) -> None:
        super().__init__(f"skill {skill!r} has no capability {capability!r}")
        self.skill, self.capability = skill, capability


class NeverError(RefusedError):
    """The never list: nothing opens this, not even an approval."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is never done: {reason}")
        self.what, self.reason = what, reason


class StoppedError(RefusedError):
    """A person stopped this scope; nothing acts there until somebody says go."""

    def __init__(self, scope: str, by: str) -> None:
        super().__init__(f"stopped: {scope}, by {by}")
        self.scope, self.by = scope, by


class FencedError(RefusedError):
    """The lease under which this ran has gone to somebody else."""

    def __init__(self, resource: str, fence: int) -> None:
        super().__init__(f"lease {fence} on {resource!r} is no longer ours")
        self.resource, self.fence = resource, fence


class ExpiredError(RefusedError):
    """The approval is too old, frozen or not granted."""

    def __init__(self, approval: str, reason: str) -> None:
        super().__init__(f"approval {approval} does not hold: {reason}")
        self.approval, self.reason = approval, reason


class PlanExceededError(RefusedError):
    """The run wanted an effect that was not in the plan a person saw."""

    def __init__(self, effect: str) -> None:
        super().__init__(f"not in the approved plan: {effect}")
        self.effect = effect


class NoOrderError(RefusedError):
    """No yes is given ahead for this; `reason` is a short word of `core.order_birth`, `fact` what it is about."""

    def __init__(self, reason: str, fact: str = "") -> None:
        super().__init__(f"no standing order: {reason}" + (f" ({fact})" if fact else ""))
        self.reason, self.fact = reason, fact


class QuotaError(RefusedError):
    """The run used up one of its quotas; the run ends here."""

    def __init__(self, quota: str, limit: int) -> None:
        super().__init__(f"over the limit of {limit} {quota} in one run")
        self.quota, self.limit = quota, limit


class BudgetError(RefusedError):
    """What may be spent on models is spent; `scope` is incident, avatar or day, `limit` says how much that was."""

    def __init__(self, scope: str, limit: str) -> None:
        super().__init__(f"the budget for models is used up: {limit} per {scope}")
        self.scope, self.limit = scope, limit


class UnavailableError(NightshiftError):
    """Something could not be reached, measured or done in time."""


class BusyError(UnavailableError):
    """Somebody else works on the resource just now."""

    def __init__(self, resource: str) -> None:
        super().__init__(f"{resource!r} is being worked on; trying again later")
        self.resource = resource


class ModelError(UnavailableError):
    """A model did not answer. `is_lasting`: asking again cannot help, as with a wrong key; `retry_after` in seconds, 0 where not said.

    `is_billed`: it had the request and worked on it, so that the tokens of it may have been counted.
    """

    def __init__(
        self,
        message: str,
        is_lasting: bool = False,  # noqa: FBT001, FBT002 - rebuilt by name
        retry_after: float = 0.0,
        is_billed: bool = False,  # noqa: FBT001, FBT002 - rebuilt by name
    ) -> None:
        super().__init__(message)
        self.is_lasting, self.retry_after, self.is_billed = is_lasting, retry_after, is_billed


class UnfitError(ModelError):
    """This one request is refused, as one that is too long: asking it again cannot help, and the model is not gone."""


class NoToolsError(ModelError):
    """The model takes no tools; it has to be told of them in words."""


class InvalidError(NightshiftError):
    """What we were given cannot be used as it is."""


class UnknownError(InvalidError):
    """A name that nothing here answers to."""

    def __init__(self, what: str, name: str, known: tuple[str, ...] = ()) -> None:
        self.what, self.name, self.known = what, name, known
        super().__init__(f"unknown {what} {name!r}" + (f"; known: {', '.join(self.nearest)}" if known else ""))

    @property
    def nearest(self) -> tuple[str, ...]:
        """All of a few; of many those that are spelled most like it, so that the sentence can be read."""
        if len(self.known) <= _MOST_NAMES:
            return self.known
        return (*get_close_matches(self.name[:80], self.known, _MOST_LIKE, 0.0), "…")


class AnswerError(InvalidError):
    """What a model said cannot be used; the sentence is what it is told, so that it can mend it."""


class ChangedError(NightshiftError):
    """The world has changed since this was decided; nothing was done."""


class RolledBackError(NightshiftError):
    """A change of the network was not confirmed over the path we need, so the host took it back by itself."""

    def __init__(self, host: str) -> None:
        super().__init__(f"rolled back on {host}: the path we need was gone")
        self.host = host


class TamperedError(NightshiftError):
    """A row or a file does not carry the seal it should."""


def sentence_of(error: str) -> str:
    """The error of an Outcome, for people: without the class where it is one of ours. What a skill itself raised keeps its own."""
    name, _, said = error.removeprefix("failed: ").partition(": ")
    if name.endswith("skill.HostError"):
        return _TWICE.sub(r"\1", said)
    return said if isinstance(globals().get(name), type) else error
