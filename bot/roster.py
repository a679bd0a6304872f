"""Who is who and who may what: accounts to people to roles."""

from __future__ import annotations

import pwd
from collections.abc import Callable

from bot.verbs import Command, Role, Verb, is_safer, least_role
from core.inventory import Inventory, Person

LOCAL_CHANNELS = frozenset({"console", "cli"})
"""Channels on this machine whose account is the operating system's word; elsewhere `os:` proves nothing."""

UNCHANGED: Inventory = Inventory(())
"""Where nothing can change."""


class Roster:
    """The people of the settings, and the OS user who owns the data folder, who has every role in the terminal.

    `now` is what the file says at this moment, None while it cannot be read: a role that was taken away is gone at once, and what cannot
    be read gives nobody more than the role of a responder. What was added counts after a restart.
    """

    def __init__(
        self, inventory: Inventory, owner_uid: int, now: Callable[[], Inventory | None] = lambda: UNCHANGED
    ) -> None:
        self._people, self._now = inventory.people, now
        self._owner = f"os:{owner_uid}"

    def name(self, account: str) -> str:
        """One id for a person with all their accounts, so that two accounts are never two people."""
        person = self._person(account)
        return person.name if person else account

    def names(self) -> dict[str, str]:
        """Accounts to names, for cards; who owns the data folder and is not listed is called as they log in."""
        listed = {account: person.name for person in self._people for account in person.accounts}
        return {self._owner: _login_name(self._owner, set(listed.values())), **listed}

    def is_member(self, channel: str, account: str) -> bool:
        """False for somebody no line of the settings lets in: an empty allow-list means nobody."""
        return self._is_owner(channel, account) or self._reached(channel, account) is not None

    def may(self, channel: str, account: str, wanted: Verb | Command, groups: tuple[str, ...] | None) -> bool:
        """Whether the account has the least role of a word, or of a whole command, for a host in these groups (None: it concerns no host).

        What takes authority away is for every member.
        """
        if self._is_owner(channel, account):
            return True
        person = self._reached(channel, account)
        if person is None:
            return False
        if is_safer(wanted):
            return True
        return _holds(self._as_now(person, account), groups) and self._role(person, account) >= least_role(wanted)

    def highest(self, channel: str, account: str) -> Role | None:
        """The highest role of an account anywhere; None for a stranger."""
        if self._is_owner(channel, account):
            return Role.ADMIN
        person = self._reached(channel, account)
        return self._role(person, account) if person else None

    def approvers(self, groups: tuple[str, ...]) -> tuple[str, ...]:
        """Names of those who may approve for a host in these groups, the owner not counted unless they are listed."""
        return tuple(p.name for p in self._people if _highest(p) >= Role.APPROVER and _holds(p, groups))

    def deciders(self) -> tuple[tuple[str, Role, tuple[str, ...]], ...]:
        """Everybody listed who may say yes, with their highest role and the groups that it holds for; none: all."""
        return tuple((p.name, _highest(p), p.groups) for p in self._people if _highest(p) >= Role.APPROVER)

    @property
    def owner(self) -> str:
        """What who owns the data folder is called."""
        return self.names()[self._owner]

    def yes_counts(self, name: str, groups: tuple[str, ...]) -> bool:
        """Whether who is called so, in a row that was decided, may still say yes for a host in these groups."""
        person = next((person for person in self._people if person.name == name), None)
        if person is None:
            return name == self._owner
        return self._owner in person.accounts or (_highest(person) >= Role.APPROVER and _holds(person, groups))

    def _is_owner(self, channel: str, account: str) -> bool:
        return channel in LOCAL_CHANNELS and account == self._owner

    def _reached(self, channel: str, account: str) -> Person | None:
        kind = account.partition(":")[0]
        is_believable = channel in LOCAL_CHANNELS if kind == "os" else kind == channel
        return self._person(account) if is_believable else None

    def _person(self, account: str) -> Person | None:
        return _of(self._people, account)

    def _role(self, person: Person, account: str) -> Role:
        """The lesser of the roles at the start and now."""
        inventory = self._now()
        if inventory is None:
            return min(Role.RESPONDER, _highest(person))
        return min(_highest(person), _highest(self._as_now(person, account)))

    def _as_now(self, person: Person, account: str) -> Person:
        """The line of the same account in the file as it is; one without roles where it is gone."""
        inventory = self._now()
        if inventory is None or inventory is UNCHANGED:
            return person
        return _of(inventory.people, account) or Person(person.name, (), person.groups)


def _of(people: tuple[Person, ...], account: str) -> Person | None:
    return next((person for person in people if account in person.accounts), None)


def _login_name(account: str, taken: set[str]) -> str:
    """The name of `os:1000` on this machine, with the account where a listed person is called the same."""
    try:
        name = pwd.getpwuid(int(account.removeprefix("os:"))).pw_name
    except (KeyError, ValueError):
        return account
    return f"{name} ({account})" if name in taken else name


def _highest(person: Person) -> Role:
    return max((Role[role.upper()] for role in person.roles), default=Role.VIEWER)


def _holds(person: Person, groups: tuple[str, ...] | None) -> bool:
    return groups is None or not person.groups or bool(set(person.groups) & set(groups))
