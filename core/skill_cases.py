"""A skill's CASES, played on an invented host: the same broker, journal and sandbox as at night, only the target is a literal.

    CASES = [{
        "name": "deletes the old log",              # required
        "params": {"directory": "/var/log"},        # of run, after host; a required one may not be left out
        "world": {                                  # every key is optional
            "now": 1767225600.0,                    # seconds since 1970
            "files": {
                "/var/log/app.log": "text",         # a plain file with this content
                "/var/log/app.log.1": {"size": 900, "age_days": 9.0},
                "/var/cache/apt": {"kind": "dir"},  # only an empty one; those above a file are there by themselves
                "/run/app.pid": None,               # looked for, and not there
            },
            "processes": [{"pid": 7, "name": "app"}],
            "services": {"app": {"is_running": False}},
            "exec": {                               # key: the argv, joined as a shell would quote it
                "/usr/bin/df -Pkl": "output",
                "/usr/bin/apt-get clean": {"status": 1, "out": "", "err": "no", "timed_out": False},
                "/usr/bin/uptime": ["first", "second"],   # one answer per call, the last one repeated
            },
            "web": {"GET https://a.example/": "page", "POST https://a.example/x": {"status": 201, "body": ""}},
            "kept": {"yesterday": "text"},          # what host.recall finds
            "secrets": ["gitlab"],                  # names of secrets that are there
        },
        "expect": {                                 # ok and effects are required
            "ok": True,                             # what the Outcome says; False also where the run fails
            "effects": ["fs.delete /var/log/app.log.1"],   # all of them, in order; looks are none
            "facts": {"bytes": 900},                # these, equal; there may be more
            "files": {"/etc/resolv.conf": "nameserver 10.0.0.1\n", "/run/app.pid": None},   # after the run, None: gone
            "kept": {"yesterday": "other text"},    # after the run, None: nothing
            "told": ["disk is full"],               # all notices, in order; "web: …" to others than those on call
            "sent": ["PRIVATE-TOKEN: the secret gitlab", "body"],   # headers and bodies of all requests, in order
        },
    }]

- A file: text | size, age_days 0, kind file (dir, link, other; closed: who asks for it is denied),
  mode 0o644, uid 0, links 1, target "" (of a link). An entry of
  `/proc/PID/fd` is `{"kind": "link", "target": "/var/log/app.log (deleted)", "size": 5000000, "links": 0}`.
- A process: pid and name, started 100, parent 1, argv (name,), state "S", uid 0, rss 0.
- A service: supervisor "systemd", is_running True, pid 0, restarts 0, since 100.0, detail "", fails False (its orders fail).
- An effect, as on a card: `fs.write P`, `fs.delete P`, `fs.truncate P`, `fs.move P -> Q`, `exec ARGV`, `service.restart NAME` (start,
  stop, reload), `process.signal TERM NAME PID`, `notify oncall`, `http.GET URL`, `http.POST URL`, `kv KEY` (kept), `secret NAME`.

Each case runs twice, as a night does: a dry run whose plan is then the ceiling of the real run. In a dry run every page is empty, so
what a skill does may not hang on one unless it is a looker: lookers have no plan. A call that the case does not describe (a file,
command, service or page that is not in its world) fails the case, whatever the skill makes of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.broker import Broker, Doors, Errand, RunMode
from core.capability import PlannedEffect, Risk, Verb
from core.case_host import CLOSED, CaseBeyond, CaseHost, CaseJournal
from core.case_world import Case, parse_case
from core.errors import NightshiftError, RefusedError
from core.grant import Grant, fill, risk_of_skill
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from core.service_control import Services
from core.skill import HostError
from core.skill_manifest import Skill
from core.world import Json

CASE_HOST_NAME = "localhost"
"""The same in a case as at night, so that a skill finds nothing to tell them apart by."""

MUTANT_SECONDS = 3.0
"""How long a mutant may run, which may well be endless; one that is still at it has been noticed."""

_PATHS = ("path", "to")
_MOST_FAULTS = 60


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; no problem means that it passed. `plan` is what its dry run showed, `calls` how many host calls the run made.

    `has_answered`: the run came to an Outcome, whatever it says.
    """

    name: str
    problems: tuple[str, ...]
    plan: tuple[PlannedEffect, ...] = ()
    calls: int = 0
    has_answered: bool = True

    @property
    def passed(self) -> bool:
        """True when everything was as the case expects."""
        return not self.problems


def run_cases(skill: Skill, cases: Sequence[Mapping[str, object]], sandbox: Sandbox) -> tuple[CaseResult, ...]:
    """Plays every case; raises InvalidError for one that is not written as above."""
    return tuple(_play(skill, case, sandbox) for case in map(parse_case, cases))


@dataclass(frozen=True, slots=True)
class Faults:
    """How many host calls were made to fail, and those after which the skill still said that it was ok."""

    tried: int
    swallowed: tuple[str, ...]


def fails_honestly(skill: Skill, cases: Sequence[Mapping[str, object]], sandbox: Sandbox) -> tuple[str, ...]:
    """Makes every host call of every case fail once; returns those after which the skill still said that it was ok."""
    return faults_of(skill, cases, sandbox).swallowed


def faults_of(skill: Skill, cases: Sequence[Mapping[str, object]], sandbox: Sandbox) -> Faults:
    """The same, with how many there were."""
    tried, swallowed = 0, []
    for case in map(parse_case, cases):
        calls = min(_play(skill, case, sandbox).calls, _MOST_FAULTS)
        tried += calls
        for at in range(1, calls + 1):
            stage = _Stage(skill, case, fails_at=at)
            result = stage.run(sandbox, RunMode.EXECUTE, None)
            if result.status == "done" and result.ok:
                swallowed.append(f"{case.name}: call {at} ({stage.failed}) failed and the skill said ok")
    return Faults(tried, tuple(swallowed))


def why_noticed(skill: Skill, source: str, played: Sequence[tuple[Case, CaseResult]], sandbox: Sandbox) -> str:
    """The name of the first case that another text of this skill does not pass, '' where all of them let it pass.

    Each case is played once, under the plan that the skill itself had in it; the shortest ones come first. A text that breaks off
    where the skill answers has been noticed, also where the case expects no success.
    """
    mutant = replace(skill, source=source, timeout=min(skill.timeout, MUTANT_SECONDS))
    for case, honest in sorted(played, key=lambda one: one[1].calls):
        stage = _Stage(mutant, case)
        result = stage.run(sandbox, RunMode.EXECUTE, _ceiling(skill, case, honest.plan))
        if stage.problems or _differences(case, result, stage) or (result.status == "done") != honest.has_answered:
            return case.name
    return ""


def _play(skill: Skill, case: Case, sandbox: Sandbox) -> CaseResult:
    rehearsal = _Stage(skill, case)
    rehearsal.run(sandbox, RunMode.REHEARSE, None)
    stage = _Stage(skill, case)
    result = stage.run(sandbox, RunMode.EXECUTE, _ceiling(skill, case, rehearsal.plan))
    problems = (*stage.problems, *_differences(case, result, stage))
    return CaseResult(case.name, tuple(dict.fromkeys(problems)), rehearsal.plan, stage.calls, result.status == "done")


def _ceiling(skill: Skill, case: Case, plan: tuple[PlannedEffect, ...]) -> tuple[PlannedEffect, ...] | None:
    """What the run may do at most; of a looker nobody is asked, so nothing binds it but its grants."""
    is_looker = skill.is_looker and risk_of_skill(skill, listed_hosts=case.world.web_hosts) is Risk.LOW
    return None if is_looker else plan


def _differences(case: Case, result: GuestResult, stage: _Stage) -> tuple[str, ...]:
    is_ok = result.status == "done" and result.ok
    said = "; ".join(part for part in (result.status, result.summary, result.error) if part)[:500]
    problems = [] if is_ok == case.is_ok else [f"expected ok {case.is_ok}, got {is_ok}: {said}"]
    if stage.effects != case.effects:
        problems.append(f"expected effects {list(case.effects)}, got {list(stage.effects)}")
    for name, fact in case.facts.items():
        if name not in result.facts or result.facts[name] != fact:
            problems.append(f"expected fact {name} = {fact!r}, got {result.facts.get(name)!r}")
    for path, text in case.files_after.items():
        if stage.host.files.get(path) != text:
            problems.append(f"expected {path} to hold {text!r}, got {stage.host.files.get(path)!r}")
    return (*problems, *_differences_beyond(case, stage))


def _differences_beyond(case: Case, stage: _Stage) -> Iterator[str]:
    for key, text in case.kept_after.items():
        if stage.beyond.kept.get(key) != text:
            yield f"expected {text!r} to be kept as {key}, got {stage.beyond.kept.get(key)!r}"
    for what, expected, got in (("told", case.told, stage.beyond.told), ("sent", case.sent, stage.beyond.sent)):
        if expected is not None and list(expected) != got:
            yield f"expected {what} {list(expected)}, got {got}"


class _Stage:
    """One play of one case: host, journal, broker, and what it asked for that is not described."""

    def __init__(self, skill: Skill, case: Case, fails_at: int = 0) -> None:
        self._skill, self._case, self._fails_at = skill, case, fails_at
        self.host = CaseHost(case.world)
        self._journal = CaseJournal(case.world.now)
        self.beyond = CaseBeyond(case.world, self._note)
        self.problems: tuple[str, ...] = ()
        self.plan: tuple[PlannedEffect, ...] = ()
        self.calls = 0
        self.failed = ""

    @property
    def effects(self) -> tuple[str, ...]:
        """What took effect, in order."""
        return tuple(row.effect for row in self._journal.rows if row.ok)

    def run(self, sandbox: Sandbox, mode: RunMode, ceiling: tuple[PlannedEffect, ...] | None) -> GuestResult:
        """One run in the sandbox; an error of ours that ended it is its result."""
        try:
            broker = self._broker(mode, ceiling)
            skill, given = self._skill, dict(self._case.parameters)
            guest = GuestRun(skill.name, skill.source, given, skill.timeout, skill.libraries)
            result = sandbox.run(guest, self._answered_by(broker))
            self.plan = broker.plan
        except RefusedError as error:
            return GuestResult("failed", False, "", {}, f"{type(error).__name__}: {error}", "")
        if broker.ended is not None:
            self._note(f"ended: {broker.ended}")
        return result

    def _broker(self, mode: RunMode, ceiling: tuple[PlannedEffect, ...] | None) -> Broker:
        # As at night: what a case leaves out has the skill's default, which is known before the run, too.
        parameters = {spec.name: spec.default for spec in self._skill.parameters if spec.default is not None}
        parameters |= {name: _scalar(value) for name, value in self._case.parameters.items()}
        grants = fill(map(Grant.parse, self._skill.capabilities), parameters)
        listed = self._case.world.web_hosts
        errand = Errand(
            "case", self._skill.name, CASE_HOST_NAME, mode, grants, ceiling, self._skill.timeout, listed_hosts=listed
        )
        doors = Doors(
            host=self.host,
            services=Services(self.host.status, self.host.argv),
            effects=self._journal,
            blobs=self._journal,
            clock=self._journal,
            permit=lambda: None,
            refused=self._refused,
            arm=lambda _action, _undo, _saved: None,
            fetch=self.beyond.fetch,
            notify=self.beyond.tell,
            secret=self.beyond.secret,
            recall=self.beyond.kept.get,
            keep=self.beyond.keep,
        )
        return Broker(errand, doors)

    def _answered_by(self, broker: Broker) -> Callable[[str, dict[str, Json]], Json]:
        def answer(method: str, args: dict[str, Json]) -> Json:
            self.calls += 1
            if self.calls == self._fails_at:
                self.failed = method
                raise HostError("failed", "No space left on device")
            self._require_described(method, args)
            return broker.answer(method, args)

        return answer

    def _require_described(self, method: str, args: dict[str, Json]) -> None:
        world = self._case.world
        if method.startswith("fs.") and method != Verb.FS_WRITE:
            names = [str(args[key]) for key in _PATHS if key in args and (key == "path" or method != Verb.FS_MOVE)]
            undescribed = [path for path in names if not _is_described(path, self.host)]
        elif method == Verb.EXEC:
            argv = args.get("argv")
            line = shlex.join(map(str, argv)) if isinstance(argv, list) else ""
            undescribed = [] if line in world.commands else [line]
        elif method.startswith("service."):
            undescribed = [] if args.get("name") in world.services else [str(args.get("name"))]
        else:
            undescribed = []
        if undescribed:
            self._note(f"not in this case: {method} {undescribed[0]}")
            raise HostError("failed", f"not in this case: {undescribed[0]}"[:300])

    def _refused(self, method: str, reason: str) -> None:
        """A refusal that the case describes is part of it."""
        if not reason.endswith(CLOSED):
            self._note(f"refused {method}: {reason}")

    def _note(self, problem: str) -> None:
        self.problems = (*self.problems, problem)


def _is_described(path: str, host: CaseHost) -> bool:
    return path in host.files or any(other.startswith(f"{path.rstrip('/')}/") for other in host.files)


def _scalar(value: Json) -> str | int | float | bool | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    if isinstance(value, str | int | float | bool):
        return value
    raise NightshiftError(f"a parameter cannot be {value!r}")
