"""The doors to people: what they laid down, who is logged in, what they changed, who is woken. Contracts as in `core.ports`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from core.card import Card
from core.document import Picture
from core.episode import Episode
from core.host_change import BackStep, Fired
from core.incident import Incident
from core.laid_down import LaidDown
from core.page import Page, Receipt
from core.report import Report
from core.scene import HostEvent, Login, Mark, Scene
from core.storm import Storm

S = TypeVar("S", bound=LaidDown)


class Standing(Protocol[S]):
    """What people laid down and what holds until it is taken back or runs out: pauses, orders, rules, tightenings, admissions.

    All of one kind are one sealed list, so that none can be changed or taken away unnoticed; every method raises TamperedError then.
    """

    def all(self) -> tuple[S, ...]:
        """Oldest first, those that are over too."""
        ...

    def put(self, item: S, by: str, now: datetime) -> S:
        """Adds it, with its row in the audit trail; what has this id already stays as it is. Returns the one that stands."""
        ...

    def change(self, id: str, change: Callable[[S], S], by: str, now: datetime) -> S:
        """Replaces one by what `change` makes of it as it stands now, in one transaction; raises UnknownError."""
        ...


class Holds(Protocol):
    """Incidents that are held: nothing is done about them now, and they are looked at from time to time."""

    def hold(self, incident: str) -> None:
        """Its state is HELD from now on, unless it is closed."""
        ...

    def release(self, incident: str, reason: str, now: datetime) -> None:
        """It is open again, led by nothing, and investigated afresh, in a new round where something was decided in this one.

        `reason`, a short word, makes the leg its own: the same again changes nothing.
        """
        ...

    def held(self) -> tuple[Incident, ...]:
        """Oldest first."""
        ...

    def follow(self, incident: str, lead: str) -> None:
        """It is HELD as part of a deeper one from now on, unless it is closed; `grouping.AWAITED` where that one is still to come."""
        ...

    def members(self, lead: str) -> tuple[Incident, ...]:
        """All that are or were part of it, oldest first."""
        ...


class Sequels(Protocol):
    """What is left of a trouble once its cause is gone goes on in the same incident."""

    def go_on(self, incident: str, left: Report, episodes: Sequence[Episode], now: datetime) -> None:
        """One transaction: what `left` reports on ends without a word, its alert is this incident's from now on, which is investigated
        in a further round; what was learned so far is remembered. Changes nothing once what `left` reports on is closed.
        """
        ...


class Storms(Protocol):
    """Storms, which the intake begins, and what came in them."""

    def running(self) -> tuple[Storm, ...]:
        """Those that are not over, oldest first."""
        ...

    def load(self, id: str) -> Storm:
        """One by its whole id; raises UnknownError."""
        ...

    def incidents(self, id: str) -> tuple[Incident, ...]:
        """All that came in it, oldest first, closed or not."""
        ...

    def change(self, id: str, change: Callable[[Storm], Storm], cards: Sequence[Card], now: datetime) -> Storm:
        """Replaces it by what `change` makes of it as it stands now, with these cards, in one transaction; raises UnknownError.

        Where nothing is changed, nothing is said.
        """
        ...


class Presence(Protocol):
    """Who is on a box."""

    def logins(self, host: str) -> tuple[Login, ...]:
        """Interactive sessions now, without our own; raises UnknownError for a host, UnavailableError where it cannot be seen."""
        ...


class Changes(Protocol):
    """What changed on a host, by looking at it; at most 20 events, newest first."""

    def since(self, host: str, moment: datetime) -> tuple[HostEvent, ...]:
        """Units, configuration, packages and service files changed since then; raises UnknownError, UnavailableError."""
        ...


class Marks(Protocol):
    """What people and pipelines say they changed."""

    def add(self, mark: Mark) -> bool:
        """Durable before it returns; False if this id is known already."""
        ...

    def between(self, host: str, since: datetime, until: datetime) -> tuple[Mark, ...]:
        """Those of one host and those of all hosts, newest first, at most 20."""
        ...


class Scenes(Protocol):
    """The surroundings of incidents, as they were when first looked at."""

    def save(self, scene: Scene) -> Scene:
        """The first one of an incident stays; returns it."""
        ...

    def of(self, incident: str) -> Scene | None:
        """None where nobody looked yet."""
        ...


MOST_NOTES = 100
"""Keys that one skill may have on one host."""


class Notebook(Protocol):
    """What a skill keeps on one host for its next run there; it decides nothing and carries no authority."""

    def recall(self, skill: str, host: str, key: str) -> str | None:
        """What was kept last; None if nothing was, or what is there is not what was kept."""
        ...

    def keep(self, skill: str, host: str, key: str, text: str, now: datetime) -> None:
        """Durable before it returns; raises HostError("full") for one key more than a skill may have on a host."""
        ...


class Pager(Protocol):
    """Wakes people: a phone, not a chat."""

    def reaches(self, person: str) -> bool:
        """False where nothing is configured that could wake this person."""
        ...

    def page(self, person: str, line: str, link: str) -> Receipt:
        """One page, within 20 s; never raises for a service that fails: the receipt says so. UnknownError for who cannot be reached."""
        ...


class Plotter(Protocol):
    """Draws; knows nothing of what is drawn."""

    def plot(self, picture: Picture) -> bytes:
        """A PNG; raises UnavailableError where none can be drawn in time and memory."""
        ...


class Heartbeat(Protocol):
    """Being missed: who waits for us calls somebody when we stay away."""

    def beat(self) -> None:
        """One sign of life, within 10 s; raises UnavailableError."""
        ...


class PageLog(Protocol):
    """Pages, as rows: what is due, what was sent, who answered."""

    def put(self, page: Page) -> Page:
        """Adds it; what has this id already stays as it is. Returns the one that stands."""
        ...

    def change(self, id: str, change: Callable[[Page], Page]) -> Page:
        """Replaces one by what `change` makes of it, in one transaction; raises UnknownError."""
        ...

    def open(self) -> tuple[Page, ...]:
        """Without acknowledgement, oldest first."""
        ...

    def of(self, incident: str) -> tuple[Page, ...]:
        """All pages about an incident, oldest first."""
        ...

    def since(self, moment: datetime) -> tuple[Page, ...]:
        """All that were due since then, oldest first."""
        ...


class RollbackTimer(Protocol):
    """A confirmed commit: an undo armed on the host itself, which happens by itself unless it is disarmed in time (TRUST 4).

    It happens when its seconds are over, or at once when whoever armed it is gone, however they went; and never twice.
    """

    def arm(self, host: str, run: str, steps: Sequence[BackStep], seconds: float) -> None:
        """Stands on the host before it returns; the same run again replaces the steps and begins the time anew.

        Raises UnavailableError where it could not be armed, or has begun already; UnknownError for a host.
        """
        ...

    def disarm(self, host: str, run: str) -> bool:
        """True if it did not and will not happen; False if it has begun. Raises UnknownError for a run that was not armed there."""
        ...

    def has_fired(self, host: str, run: str, within: float) -> bool:
        """Waits at most `within` seconds until the undo has happened by itself; True as soon as it is done.

        Raises UnknownError for a run that was not armed there, UnavailableError where what was armed is gone and did nothing.
        """
        ...

    def fired(self, host: str) -> tuple[Fired, ...]:
        """What this host has taken back by itself and nobody has noted yet, also while we were dead."""
        ...

    def forget(self, host: str, run: str) -> None:
        """It has been noted; what is not there is no error."""
        ...
