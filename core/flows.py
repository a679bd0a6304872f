"""Flows: what a run may read and where that may go, told from its grants alone; a run's result counts as outbound (TRUST 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.capability import Verb
from core.errors import InvalidError, NeverError
from core.grant import Grant, host_of
from core.grant_target import ON_CALL, WEB

READING = frozenset({Verb.FS_READ, Verb.FS_LIST, Verb.FS_STAT, Verb.PROCESS_LIST, Verb.SERVICE_STATUS})
"""Verbs that only look at the host; what a command prints and what a page answers is read as well."""

RESULT = "result"
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Out:
    """One way out. `kind` is result, web, any (a page that a parameter names), listed, secret, notify or kept.

    `to` is a web host or a group, `name` a secret.
    """

    kind: str
    to: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything in `reads` may reach every one of `outs`: what the skill does in between is not looked into."""

    reads: tuple[str, ...]
    outs: tuple[Out, ...]

    @property
    def leaves(self) -> bool:
        """True where there is a way out of the house, or to people who do not look on."""
        return any(out.kind not in (RESULT, KEPT) for out in self.outs)


def flows_of(grants: Iterable[Grant]) -> Flows:
    """What these grants let through."""
    granted = tuple(grants)
    reads = tuple(dict.fromkeys(text for grant in granted for text in _reads(grant)))
    outs = tuple(dict.fromkeys(out for grant in granted for out in _outs(grant)))
    return Flows(reads, (Out(RESULT), *outs))


def flows_of_texts(grants: Iterable[str]) -> Flows:
    """The same of grants as text; one that cannot be read grants nothing."""
    return flows_of(grant for text in grants for grant in _parsed(text))


def _parsed(text: str) -> Iterator[Grant]:
    try:
        yield Grant.parse(text)
    except (InvalidError, NeverError):
        return


def _reads(grant: Grant) -> Iterator[str]:
    if grant.verb in READING or grant.verb in WEB or grant.verb is Verb.EXEC:
        yield grant.target or str(grant.verb)


def _outs(grant: Grant) -> Iterator[Out]:
    if grant.verb in WEB:
        is_open = "{" in grant.target
        is_listed = "listed" in grant.options
        kind = "web" if not is_open else "listed" if is_listed else "any"
        yield Out(kind, host_of(grant.target))
    if grant.verb is Verb.SECRET:
        name, _, url = grant.target.partition("@")
        yield Out("secret", host_of(url), name)
    if grant.verb is Verb.NOTIFY:
        yield Out("notify", "" if grant.target in ("", ON_CALL) else grant.target)
    if grant.verb is Verb.KV:
        yield Out(KEPT)
