"""The broker: answers every call of one run, checks each effect before it, and journals around it.

One object per run. Order for an effect: never list, grants, approved plan, live gate, intent row with its undo record (durable), gate once
more, effect, outcome row. Nothing that comes out of the guest is trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from core import undo as undoing
from core.action import Action
from core.adopted_files import guarded, require_undo_adopted
from core.alert import LOCALHOST
from core.capability import LOCAL_LOOKS, NO_UNDO, PlannedEffect, Risk, Undo, Verb
from core.effect import Prepared, World, prepare, ready_to_undo
from core.errors import (
    CapabilityDeniedError,
    ChangedError,
    ExpiredError,
    FencedError,
    InvalidError,
    NightshiftError,
    PlanExceededError,
    QuotaError,
    RefusedError,
    StoppedError,
    TamperedError,
    UnavailableError,
)
from core.grant import Grant
from core.grant_target import WEB
from core.host_call import HostCall, parse_call
from core.journal import EffectRow
from core.look import look
from core.permission import Rules, check_step
from core.ports import Blobs, Clock, EffectLog, Host
from core.rehearsal import ImaginedHost, ImaginedNotebook, ImaginedServices
from core.service_control import Services
from core.skill import HostError
from core.vetted_shapes import is_self_test
from core.web import Fetch, WebAnswer, WebRequest
from core.world import Json, size_of

ENDING_ERRORS = (QuotaError, StoppedError, FencedError, ExpiredError, PlanExceededError, TamperedError)
"""After one of these the run is over: every later call gets the same error, and nothing acts any more."""


LIVE_ERRORS = (StoppedError, FencedError, ExpiredError)
"""What the live gate refuses with; a TamperedError of one saved file must not keep the rest of an undo from being done."""


IMAGINED_PASS: Mapping[str, Json] = {"status": 0, "out": "", "err": ""}
"""What a dry run is told by a program's own test after a change that was only imagined; the run itself asks the program."""


class RunMode(StrEnum):
    """How far one run goes."""

    LOOK = "look"
    REHEARSE = "rehearse"
    EXECUTE = "execute"


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas of one run; going over one ends it. `bytes` are written, `read` is given to the guest, `web` sent and received."""

    calls: int = 2500
    effects: int = 200
    bytes: int = 8 << 20
    read: int = 64 << 20
    web: int = 8 << 20
    notices: int = 3
    refusals: int = 25


@dataclass(frozen=True, slots=True)
class Errand:
    """What one run may do. `ceiling` is the plan that was approved, None where nobody was to be asked; `timeout` in seconds per command.

    `disposable` and `listed_hosts` are what the operator listed (TRUST 1).
    """

    run: str
    skill: str
    host: str
    mode: RunMode
    grants: tuple[Grant, ...]
    ceiling: tuple[PlannedEffect, ...] | None = None
    timeout: float = 30.0
    disposable: tuple[str, ...] = ()
    listed_hosts: tuple[str, ...] = ()
    limits: Limits = Limits()
    action: Action | None = None


def not_armed(_action: int, _undo: Undo, _saved: bytes | None) -> None:
    """Refuses: nothing here could take a change of the network back."""
    raise RefusedError("a change of the network is only made where the host itself can take it back")


def no_fetch(request: WebRequest) -> WebAnswer:
    """Refuses: no HTTP is configured."""
    raise HostError("denied", f"no HTTP from here: {request.url}")


def no_notice(_to: str, _text: str) -> None:
    """Refuses: nobody to notify is configured."""
    raise HostError("denied", "nobody to notify is configured")


def nothing_kept(_key: str) -> str | None:
    """There is no notebook here, so nothing was kept."""
    return None


def no_notebook(_key: str, _text: str) -> None:
    """Refuses: there is no notebook here."""
    raise HostError("denied", "nothing is kept here between runs")


def no_secret(name: str) -> str:
    """Refuses: no such secret is configured."""
    raise HostError("denied", f"no secret {name} is configured")


@dataclass(frozen=True, slots=True)
class Doors:
    """What the broker works through.

    - `permit` reads live whether an effect may begin at this instant, and raises when not: stop, expiry, lease.
    - `refused` notes a refused call in the audit.
    - `arm` has the undo of a change of the network armed on the host, and raises where that cannot be; `is_kept` waits until the path
      we need has been measured after it, or the host has taken it back.
    - `fetch` asks a URL at an address it has checked; `notify` tells a group of people something; `secret` gives the value of one, which
      leaves the broker only in a header; `recall` and `keep` are what this skill keeps on this host between its runs.
    """

    host: Host
    services: Services
    effects: EffectLog
    blobs: Blobs
    clock: Clock
    permit: Callable[[], None]
    refused: Callable[[str, str], None]
    arm: Callable[[int, Undo, bytes | None], None] = not_armed
    is_kept: Callable[[], bool] = lambda: True
    fetch: Fetch = no_fetch
    notify: Callable[[str, str], None] = no_notice
    secret: Callable[[str], str] = no_secret
    recall: Callable[[str], str | None] = nothing_kept
    keep: Callable[[str, str], None] = no_notebook


class Broker:
    """Answers the calls of one run. After it, `plan` holds what a rehearsal would have done, `effects` counts what a run did."""

    def __init__(self, errand: Errand, doors: Doors) -> None:
        self._errand, self._doors = errand, doors
        is_dry = errand.mode is RunMode.REHEARSE
        beyond = (doors.fetch, doors.notify, doors.secret)
        self._real = World(doors.host, doors.services, *beyond, errand.timeout, doors.recall, doors.keep)
        self._world = _imagined(self._real) if is_dry else self._real
        is_here = errand.host == LOCALHOST
        self._rules = Rules(errand.skill, errand.grants, errand.disposable, errand.listed_hosts, is_here, errand.action)
        self._own_back: set[tuple[str, str, str]] = set()
        self._left = None if errand.ceiling is None else Counter(map(_key, errand.ceiling))
        self._used: Counter[str] = Counter()
        self._ended: NightshiftError | None = None
        self.plan: tuple[PlannedEffect, ...] = ()
        self.effects = 0
        self.undoable = 0

    @property
    def ended(self) -> NightshiftError | None:
        """What ended the run before its own end, None if nothing did."""
        return self._ended

    def is_kept(self) -> bool:
        """After the last call: False where the host took the changes of its network back. Takes up to a minute."""
        return self._doors.is_kept()

    def answer(self, method: str, args: dict[str, Json]) -> Json:
        """One call. Raises HostError for a refusal or a failure that the skill may handle, one of ENDING_ERRORS when the run is over."""
        if self._ended is not None:
            raise self._ended
        try:
            return self._answer(method, args)
        except ENDING_ERRORS as error:
            self._ended = error
            raise

    def _answer(self, method: str, args: dict[str, Json]) -> Json:
        self._use("calls", self._errand.limits.calls)
        try:
            answer = self._perform(parse_call(method, args))
            self._use("bytes read", self._errand.limits.read, size_of(answer))
            return answer
        except ENDING_ERRORS:
            raise
        except (RefusedError, InvalidError) as error:
            raise self._refusal(method, str(error)) from error
        except ChangedError as error:
            raise HostError("changed", str(error)) from error
        except UnavailableError as error:
            raise HostError("failed", str(error)) from error
        except HostError as error:
            if error.code != "denied":
                raise
            raise self._refusal(method, str(error)) from error

    def _refusal(self, method: str, reason: str) -> HostError:
        """Notes it; the refusal that is one too many ends the run."""
        self._doors.refused(str(method)[:80], reason[:300])
        self._use("refusals", self._errand.limits.refusals)
        return HostError("denied", reason[:300])

    def _perform(self, call: HostCall) -> Json:
        risk = self._rules.check(call, self._world.host)
        if (
            call.verb is None
            or call.verb in LOCAL_LOOKS
            or call.is_recall
            or (call.verb is Verb.EXEC and risk is Risk.LOW)
        ):
            if self._errand.mode is RunMode.EXECUTE:
                self._doors.permit()
            if self.plan and call.verb is Verb.EXEC and is_self_test(call.argv):
                return dict(IMAGINED_PASS)
            return look(call, self._real if call.verb is Verb.EXEC else self._world, self._doors.clock)
        if call.verb is Verb.NOTIFY:
            self._use("notifications", self._errand.limits.notices)
        if call.verb is Verb.FS_WRITE or call.verb is Verb.KV:
            self._use("bytes written", self._errand.limits.bytes, len(call.text("text").encode()))
        self._use("effects", self._errand.limits.effects)
        if call.verb not in WEB:
            return self._effect(self._ready(call), risk)
        self._use(
            "bytes of HTTP", self._errand.limits.web, size_of(call.headers) + size_of(dict(call.arguments).get("body"))
        )
        answer = self._effect(prepare(call, self._world, is_private=self._rules.is_private(call)), risk)
        self._use("bytes of HTTP", self._errand.limits.web, size_of(answer))
        return answer

    def _ready(self, call: HostCall) -> Prepared:
        ready, action = prepare(call, self._world), self._errand.action
        return guarded(ready, action, self._world) if action is not None and self._rules.is_action(call) else ready

    def _effect(self, ready: Prepared, risk: Risk) -> Json:
        if ready.is_network and not ready.way_back.is_possible:
            raise RefusedError(f"nothing is known that would take this change of the network back: {ready.target}")
        planned = PlannedEffect(ready.verb, ready.target, risk, ready.undo.is_possible, ready.content)
        if self._errand.mode is RunMode.REHEARSE:
            self.plan = (*self.plan, planned)
            return ready.act(_nobody_started).result
        if self._errand.mode is RunMode.LOOK and risk > Risk.LOW:
            raise CapabilityDeniedError(self._errand.skill, f"{planned} while it only looks")
        self._take_from_plan(planned)
        return self._carry_out(str(planned), ready, {"risk": risk.word, "content": ready.content})

    def take_back(self, row: EffectRow, step: undoing.Step) -> str:
        """Undoes one effect through the same gate and journal; returns what was done. Raises ChangedError when it was changed since."""
        if self._ended is not None:
            raise self._ended
        try:
            check_step(step, is_adopted=row.undo.kind == "command")
            self._doors.permit()
            undoing.verify(row.undo, self._world.host)
            if row.undo.kind == "command":
                require_undo_adopted(row.undo, self._world.host)
            ready = ready_to_undo(undoing.with_blob(step, row.undo, self._doors.blobs), self._world)
            self._carry_out(f"undo {row.effect}", ready, {"undoes": row.action})
        except LIVE_ERRORS as error:
            self._ended = error
            raise
        return undoing.describe(step)

    def _carry_out(self, effect: str, ready: Prepared, detail: dict[str, Json]) -> Json:
        """Intent, effect, outcome. A HostError says that nothing happened; when the host went away, what happened is not known."""
        doors = self._doors
        doors.permit()
        if ready.saved is not None:
            doors.blobs.put(ready.saved)
        body: dict[str, Json] = {**detail, "undo": {**undoing.to_json(ready.undo)}}
        action = doors.effects.intend(self._errand.run, self._errand.host, effect, body, doors.clock.now())
        try:
            if ready.is_network:
                doors.arm(action, ready.way_back, ready.saved)
            doors.permit()
            done = ready.act(lambda pid, start: doors.effects.started(action, pid, start))
        except UnavailableError as error:
            self._close(action, f"unknown: {error}", ready.undo, is_ok=False)
            raise
        except (HostError, NightshiftError) as error:
            doors.effects.done(action, False, f"not done: {error}"[:500], NO_UNDO, doors.clock.now())
            raise
        undo = ready.undo if done.undo is None else done.undo
        if ready.verb is Verb.FS_WRITE and undo.kind == "restore":
            self._own_back.add((Verb.FS_WRITE, undo.target, undo.blob))
        if done.saved is not None:
            doors.blobs.put(done.saved)
        self._close(action, done.line, undo, is_ok=done.ok)
        if done.fails_as is not None:
            raise done.fails_as
        return done.result

    def _close(self, action: int, line: str, undo: Undo, *, is_ok: bool) -> None:
        self.effects += 1
        self.undoable += undo.is_possible
        self._doors.effects.done(action, is_ok, line[:500], undo, self._doors.clock.now())

    def _take_from_plan(self, planned: PlannedEffect) -> None:
        """Every effect of the plan may happen once; fewer is fine, another one or one more ends the run."""
        if self._left is None or _key(planned) in self._own_back:
            return
        if self._left[_key(planned)] < 1:
            raise PlanExceededError(str(planned))
        self._left[_key(planned)] -= 1

    def _use(self, quota: str, limit: int, amount: int = 1) -> None:
        self._used[quota] += amount
        if self._used[quota] > limit:
            raise QuotaError(quota, limit)


def _key(effect: PlannedEffect) -> tuple[str, str, str]:
    return (effect.verb, effect.target, effect.content)


def _nobody_started(_pid: int, _start: int) -> None:
    """A dry run starts no process."""


def _imagined(real: World) -> World:
    notebook = ImaginedNotebook(real.recall)
    return replace(
        real,
        host=ImaginedHost(real.host),
        services=ImaginedServices(real.services).services,
        fetch=lambda _request: WebAnswer(200, ""),
        notify=lambda _to, _text: None,
        secret=lambda _name: "",
        recall=notebook.recall,
        keep=notebook.keep,
    )
