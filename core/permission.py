"""Whether one call of a run may be answered: the never list first, then the grants with this run's values in them; and its risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.action import Action
from core.capability import Risk, Verb
from core.effect import SERVICE_ORDERS, find_process
from core.errors import CapabilityDeniedError, NeverError
from core.grant import Grant, host_of, risk_of, risk_of_call
from core.grant_target import LOOPBACK, WEB
from core.host_call import HostCall
from core.host_change import FileDelete, FileMove, FileWrite
from core.network_change import is_link_switched_off
from core.never_list import (
    RESOLVER,
    is_open_file,
    why_never_adopted,
    why_never_emptied,
    why_never_fetched,
    why_never_listed,
    why_never_read,
    why_never_run,
    why_never_served,
    why_never_written,
    why_not_resolver,
)
from core.ports import Host
from core.skill import HostError
from core.undo import ServiceOrder, Step
from core.vetted_shapes import program_of
from core.web import secrets_named


@dataclass(frozen=True, slots=True)
class Rules:
    """What one run is bound by. `disposable` and `listed_hosts` are what the operator listed, for the risk of a call.

    `is_here`: the run is on the machine that we run on, so that its loopback is ours. `action`: the operator's own line that this run is.
    """

    skill: str
    grants: tuple[Grant, ...]
    disposable: tuple[str, ...] = ()
    listed_hosts: tuple[str, ...] = ()
    is_here: bool = True
    action: Action | None = None

    def check(self, call: HostCall, host: Host) -> Risk:
        """The risk of a permitted call; raises NeverError or CapabilityDeniedError for any other."""
        if call.verb is None:
            return Risk.LOW
        reason = why_never_adopted(call.argv) if self.is_action(call) else why_never(call)
        if reason is not None:
            raise NeverError(f"{call.verb} {call.target}"[:300], reason)
        arguments = {**self._looked_up(call, host), "is_adopted": self.is_action(call)}
        covering = self._covering(call.verb, arguments)
        if not covering:
            raise CapabilityDeniedError(self.skill, f"{call.verb}:{call.target}"[:300])
        self._check_secrets(call)
        if self.is_action(call):
            return self.action.risk if self.action else Risk.NEVER
        risk = risk_of_call(call.verb, arguments, self.disposable, self.listed_hosts)
        if call.verb is Verb.EXEC:  # a value that the code chose costs more than one that was known before the run
            risk = max(risk, min(map(risk_of, covering)))
            _refuse_links(call.argv, host)
        if risk is Risk.NEVER:
            raise NeverError(f"{call.verb} {call.target}"[:300], "its risk is beyond every approval")
        return risk

    def is_action(self, call: HostCall) -> bool:
        """Whether it is, word by word, the line that the operator wrote: its danger is the one stated there."""
        return call.verb is Verb.EXEC and self.action is not None and call.argv == self.action.command

    def is_private(self, call: HostCall) -> bool:
        """Whether a permitted HTTP call may go to addresses that are not public."""
        arguments = {**dict(call.arguments), "is_listed": self._is_listed(call)}
        covering = self._covering(call.verb or Verb.HTTP_GET, arguments)
        return any("private" in grant.options for grant in covering)

    def _covering(self, verb: Verb, arguments: Mapping[str, object]) -> tuple[Grant, ...]:
        return tuple(grant for grant in self.grants if grant.covers(verb, arguments))

    def _looked_up(self, call: HostCall, host: Host) -> dict[str, object]:
        arguments = _looked_up(call, host)
        if call.verb in WEB:
            if not self.is_here and host_of(call.text("url")) in LOOPBACK:
                raise CapabilityDeniedError(
                    self.skill, "its own machine's web pages: from here they are those of another one"
                )
            arguments["is_listed"] = self._is_listed(call)
        return arguments

    def _is_listed(self, call: HostCall) -> bool:
        return host_of(call.text("url")) in self.listed_hosts

    def _check_secrets(self, call: HostCall) -> None:
        """A handle in a header is replaced only where a grant of that secret names the URL."""
        if call.verb not in WEB:
            return
        url = call.text("url")
        for name in secrets_named(call.headers):
            if not self._covering(Verb.SECRET, {"name": name, "url": url}):
                raise CapabilityDeniedError(self.skill, f"secret:{name}@{url}"[:300])


def why_never(call: HostCall) -> str | None:
    """The never list for a call, by its text alone."""
    if call.verb is Verb.SERVICE_STATUS or call.verb in SERVICE_ORDERS:
        return why_never_served(call.text("name"), SERVICE_ORDERS.get(call.verb, "status"))
    rule = _NEVER.get(call.verb)
    return rule(call) if rule else None


def check_step(step: Step, *, is_adopted: bool = False) -> None:
    """The never list for a step of an undo, which needs no grant: it was permitted together with the effect."""
    reason: str | None = None
    if isinstance(step, ServiceOrder):
        reason = why_never_served(step.name, step.verb)
    elif isinstance(step, FileMove):
        reason = _why_not_moved(step.path, step.to)
    elif isinstance(step, FileWrite | FileDelete):
        reason = why_never_written(step.path)
    elif is_adopted or not is_link_switched_off(step):
        reason = why_never_adopted(step) if is_adopted else why_never_run(step)
    if reason is not None:
        raise NeverError("this undo", reason)


def _why_not_written(path: str, text: str) -> str | None:
    return why_not_resolver(text) if path == RESOLVER else why_never_written(path)


def _why_not_moved(path: str, to: str) -> str | None:
    if RESOLVER in (path, to):
        return "the resolver's file is only written"
    return why_never_written(path) or why_never_written(to) or why_never_read(path)


def _why_not_gone(verb: Verb, path: str) -> str | None:
    if path == RESOLVER:
        return "the resolver's file is only written"
    if verb is Verb.FS_TRUNCATE and is_open_file(path):
        return None  # judged by the deleted file behind it, once that was looked up
    return why_never_written(path)


_NEVER: Mapping[Verb | None, Callable[[HostCall], str | None]] = {
    Verb.EXEC: lambda call: why_never_run(call.argv),
    Verb.HTTP_GET: lambda call: why_never_fetched(call.text("url")),
    Verb.HTTP_POST: lambda call: why_never_fetched(call.text("url")),
    Verb.FS_READ: lambda call: why_never_read(call.text("path")),
    Verb.FS_LIST: lambda call: why_never_listed(call.text("path")),
    Verb.FS_STAT: lambda call: why_never_listed(call.text("path")),
    Verb.FS_WRITE: lambda call: _why_not_written(call.text("path"), call.text("text")),
    Verb.FS_MOVE: lambda call: _why_not_moved(call.text("path"), call.text("to")),
    Verb.FS_DELETE: lambda call: _why_not_gone(Verb.FS_DELETE, call.text("path")),
    Verb.FS_TRUNCATE: lambda call: _why_not_gone(Verb.FS_TRUNCATE, call.text("path")),
}


def _looked_up(call: HostCall, host: Host) -> dict[str, object]:
    """The call's arguments with what a grant needs to know of the host: the name behind a pid, the file behind a descriptor."""
    arguments: dict[str, object] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in call.arguments
    }
    if call.verb is Verb.PROCESS_SIGNAL:
        arguments["process"] = find_process(call, host).name
    if call.verb is Verb.FS_TRUNCATE and is_open_file(call.text("path")):
        target = host.read(call.text("path"), 0).info.target
        reason = why_never_emptied(target)
        if reason is not None:
            raise NeverError(f"{call.verb} {call.target}", reason)
        arguments["open_file"] = target
    return arguments


_SHOW_NO_CONTENT = frozenset({"df", "du", "findmnt", "find", "haproxy", "ls", "stat", "readlink", "sv"})


def _refuse_links(argv: tuple[str, ...], host: Host) -> None:
    """A command follows links: a log that is one, in a folder of the program that writes it, would show what is never read."""
    if program_of(argv[0]) not in _SHOW_NO_CONTENT:
        for path in argv[1:]:
            _refuse_link(path, host)


def _refuse_link(path: str, host: Host) -> None:
    if not path.startswith("/"):
        return
    try:
        info = host.read(path, 0).info
    except HostError:
        return  # not there, or not for this identity to see: the command itself will say
    if info.kind == "link":
        raise NeverError(f"exec with {path}", "it is a link, and a command would follow it")
