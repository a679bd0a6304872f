"""Letting a skill exist: what changed is asked about once, what is admitted is on trial, a trial is owned where it has earned it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from core.admission import Admission
from core.approval import short_id
from core.authority import POLICY
from core.card import Card, CardKind
from core.diagnosis import group_of
from core.episode import FAILURES, Episode
from core.errors import ChangedError, TamperedError, UnknownError
from core.grant import Grant
from core.incident import Ending
from core.inventory import Inventory
from core.people_ports import Standing as LaidDown
from core.ports import ApprovalBook, Catalog, Clock, Memory, Outbox
from core.run import canonical
from core.skill import VERSION
from core.skill_manifest import Skill, SkillState

RUNS_NEEDED = 3
DAYS_NEEDED = 2


def everywhere(_skill: Skill, _host: str) -> bool:
    """Skills are for every host."""
    return True


class AdmittedCatalog:
    """A catalog in which a changed skill that somebody has admitted, in exactly this text, is on trial."""

    def __init__(self, catalog: Catalog, admissions: LaidDown[Admission]) -> None:
        self._catalog, self._admissions = catalog, admissions

    def skills(self) -> tuple[Skill, ...]:
        """See `core.ports.Catalog`."""
        skills = self._catalog.skills()
        if all(skill.state is not SkillState.CHANGED for skill in skills):
            return skills
        known = self._holding()
        return tuple(_admitted(skill, known) for skill in skills)

    def get(self, name: str) -> Skill:
        """See `core.ports.Catalog`."""
        skill = self._catalog.get(name)
        return _admitted(skill, self._holding()) if skill.state is SkillState.CHANGED else skill

    def _holding(self) -> tuple[Admission, ...]:
        """None where the list does not verify: then nothing changed runs."""
        try:
            return tuple(one for one in self._admissions.all() if one.holds)
        except TamperedError:
            return ()


class Maturity:
    """Where in its life a skill stands on one host: trust is kept by host group."""

    def __init__(
        self,
        admissions: LaidDown[Admission],
        memory: Memory,
        book: ApprovalBook,
        inventory: Inventory,
        zone: tzinfo | None = None,
        is_for: Callable[[Skill, str], bool] = everywhere,
    ) -> None:
        """`is_for` says whether a skill is for a host at all: an operator's own line may name its hosts."""
        self._is_for = is_for
        self._admissions, self._memory, self._book = admissions, memory, book
        self._inventory, self._zone = inventory, zone

    def state_on(self, skill: Skill, host: str) -> SkillState:
        """CHANGED where it was not admitted for all of the host's groups; a trial is owned where it has earned it."""
        if not self._is_for(skill, host):
            return SkillState.RETIRED
        if skill.state is not SkillState.TRIAL:
            return skill.state
        if not self._is_admitted(skill, self._inventory.groups(host)):
            return SkillState.CHANGED
        return SkillState.OWNED if self.is_earned(skill, group_of(self._inventory, host)) else SkillState.TRIAL

    def is_earned(self, skill: Skill, group: str) -> bool:
        """Three runs, each approved by a person and verified, on at least two days, since the last failure there."""
        days = []
        for episode in self._memory.episodes(group, skill.name, skill.sha256):
            if episode.ending in FAILURES:
                break
            if episode.ending is Ending.FIXED and self._was_approved(episode):
                days.append(episode.at.astimezone(self._zone).date())
        return len(days) >= RUNS_NEEDED and len(set(days)) >= DAYS_NEEDED

    def _was_approved(self, episode: Episode) -> bool:
        try:
            yes = self._book.load(episode.id)
        except (UnknownError, TamperedError):
            return False
        return bool(yes.by) and POLICY not in yes.by

    def _is_admitted(self, skill: Skill, groups: tuple[str, ...]) -> bool:
        """What no question was ever asked about came on trial by another door, which is not bound to groups."""
        try:
            asked = [one for one in self._admissions.all() if is_about(one, skill)]
        except TamperedError:
            return False
        return not asked or any(one.holds and (not one.groups or set(groups) <= set(one.groups)) for one in asked)


class SkillAdmission:
    """Asks whether what changed may exist again, and writes down the answer."""

    def __init__(
        self,
        catalog: Catalog,
        admissions: LaidDown[Admission],
        maturity: Maturity,
        inventory: Inventory,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        """`catalog` is the one without admissions."""
        self._catalog, self._admissions, self._maturity = catalog, admissions, maturity
        self._inventory, self._outbox, self._clock = inventory, outbox, clock

    def tick(self) -> None:
        """Asks about each changed skill, once per text; says once where a trial has become owned; takes back what is moot."""
        now = self._clock.now()
        changed = tuple(skill for skill in self._catalog.skills() if skill.state is SkillState.CHANGED)
        wanted = {one.id: one for one in (question(skill, self._groups(), now) for skill in changed)}
        for known in self._admissions.all():
            if known.admitted is None and known.ended is None and known.id not in wanted:
                self._end(known, "the file is another one by now", now)
        for asked in wanted.values():
            laid = self._admissions.put(asked, "catalog", now)
            if laid.admitted is None:
                self._outbox.post(Card(f"admit:{laid.digest}", CardKind.ADMIT, "", laid.id), now)
        self._tell_owned(changed, now)

    def question_of(self, id: str) -> Admission:
        """By its id, however it is spelled; raises UnknownError."""
        known = self._admissions.all()
        found = next((one for one in known if one.id == id.upper()), None)
        if found is None:
            raise UnknownError("question about a skill", id, tuple(one.id for one in known if _is_open(one)))
        return found

    def open_questions(self) -> tuple[Admission, ...]:
        """What waits for an approver."""
        return tuple(one for one in self._admissions.all() if _is_open(one))

    def admit(self, id: str, by: str) -> Admission:
        """From now on it exists, on trial; raises ChangedError where the file is not what was asked about any more."""
        asked, now = self.question_of(id), self._clock.now()
        skill = next((one for one in self._catalog.skills() if one.name == asked.skill), None)
        if skill is None or question(skill, asked.groups, now).digest != asked.digest:
            raise ChangedError(f"{asked.skill} has changed again since that was asked; a new question follows")

        def admitted(one: Admission) -> Admission:
            return replace(one, admitted=now, by=by) if _is_open(one) else one

        return self._admissions.change(asked.id, admitted, by, now)

    def _groups(self) -> tuple[str, ...]:
        return tuple(sorted({g for entry in self._inventory.hosts for g in self._inventory.groups(entry.name)}))

    def _end(self, asked: Admission, why: str, now: datetime) -> None:
        def over(one: Admission) -> Admission:
            return replace(one, ended=now, ended_why=why) if _is_open(one) else one

        self._admissions.change(asked.id, over, "catalog", now)

    def _tell_owned(self, changed: Sequence[Skill], now: datetime) -> None:
        for skill in changed:
            on_trial = replace(skill, state=SkillState.TRIAL)
            for host in self._inventory.hosts:
                if self._maturity.state_on(on_trial, host.name) is SkillState.OWNED:
                    group = group_of(self._inventory, host.name)
                    text = f"{skill.name} is owned on {group} now: {RUNS_NEEDED} approved runs there were verified"
                    key = f"owned:{skill.sha256[:16]}:{group}"
                    self._outbox.post(Card(key, CardKind.NOTE, "", f"{skill.name}@{group}", text), now)


def question(skill: Skill, groups: tuple[str, ...], now: datetime) -> Admission:
    """What is asked about one text of a skill; its digest binds text, canonical grants, SDK major version and groups (TRUST 2)."""
    grants = canonical(tuple(map(Grant.parse, skill.capabilities)))
    bound: dict[str, object] = {"skill": skill.sha256, "grants": [*grants], "sdk": VERSION, "groups": [*groups]}
    if skill.libraries:
        bound["libraries"] = [f"{library.pin} {library.sha256}" for library in skill.libraries]
    digest = hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()
    return Admission(short_id(digest), skill.name, skill.sha256, grants, groups, digest, now)


def is_about(asked: Admission, skill: Skill) -> bool:
    """True for exactly this text of this skill, with these grants, under this SDK."""
    is_named = (asked.skill, asked.sha256) == (skill.name, skill.sha256)
    return is_named and question(skill, asked.groups, asked.opened).digest == asked.digest


def _is_open(one: Admission) -> bool:
    return one.admitted is None and one.ended is None


def _admitted(skill: Skill, known: tuple[Admission, ...]) -> Skill:
    is_changed = skill.state is SkillState.CHANGED
    return (
        replace(skill, state=SkillState.TRIAL) if is_changed and any(is_about(one, skill) for one in known) else skill
    )
