"""Yeses given ahead, from confirmation to end: which covers a repair, whether it holds at this instant, what it dies of (TRUST 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from core.approval import Approval
from core.card import Card, CardKind
from core.diagnosis import group_of
from core.episode import FAILURES, episode_of
from core.errors import NoOrderError, TamperedError, UnknownError
from core.incident import Ending, Incident
from core.inventory import Inventory, Mode
from core.journal import AuditRow
from core.people_ports import Standing as LaidDown
from core.policy import Asker
from core.ports import Audit, Catalog, Clock, Memory, Outbox
from core.proposal import Proposal
from core.skill_manifest import SkillState
from core.standing_order import LIFE_DAYS, OrderState, StandingOrder, Use, is_wider
from core.verification import Standing

CLOCK = "clock"
"""Who ends an order that nobody revoked."""

LIFE = timedelta(days=LIFE_DAYS)
BACKWARDS = timedelta(seconds=60)
"""By how much the clock may step back before open orders are void (TRUST 3)."""

TOLD_FOR = timedelta(hours=1)
"""How long after its end the card about it is written again: a kill may have come between the two."""

_RECENT_ROWS = 64
_OPEN = frozenset({OrderState.PROPOSED, OrderState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Served:
    """The order that covers a repair, None where none does; `why_not` says why one that is there must not be used now."""

    order: StandingOrder | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What orders stand on. `may_approve` and `mode` are read live; `zone` is where nights are counted, None: where the machine is."""

    inventory: Inventory
    may_approve: Callable[[str, str], bool]
    mode: Callable[[str], Mode]
    zone: tzinfo | None = None

    def hosts_of(self, group: str) -> tuple[str, ...]:
        """The hosts under whose name trust is kept as that group."""
        return tuple(e.name for e in self.inventory.hosts if group_of(self.inventory, e.name) == group)


class StandingOrders:
    """Serves and ends them. Whatever cannot be read or does not verify stands for nothing."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        orders: LaidDown[StandingOrder],
        memory: Memory,
        catalog: Catalog,
        audit: Audit,
        outbox: Outbox,
        clock: Clock,
        ground: Ground,
    ) -> None:
        self._orders, self._memory, self._catalog = orders, memory, catalog
        self._audit, self._outbox, self._clock, self._ground = audit, outbox, clock, ground

    # ---- serving ----------------------------------------------------------------------------------------------------------------

    def covering(self, incident: Incident, proposal: Proposal, standing: Standing) -> Served:
        """The order that may stand for the yes to this repair now; only for a fault that our own probe found and measures as bad."""
        if standing.asker is not Asker.PROBE or incident.alert.is_claim:
            return Served()
        now, why_not = self._clock.now(), ""
        try:
            known = tuple(order for order in self._orders.all() if order.is_on(now))
        except TamperedError:
            return Served(None, "the standing orders do not verify")
        for order in known:
            if not self._is_for(order, incident, proposal) or self._why_over(order, now):
                continue
            if self._why_not_here(order, proposal.host):
                continue
            if order.used_tonight(now, incident.id, self._ground.zone) < order.most_a_night:
                return Served(order)
            why_not = f"standing order {order.id} was used {order.most_a_night} times tonight"
        return Served(None, why_not)

    def use(self, order: str, incident: str) -> bool:
        """Notes that it stands for the yes to one incident, before that yes is written; once per incident, however often it is asked."""
        now = self._clock.now()

        def used(order: StandingOrder) -> StandingOrder:
            is_known = any(use.incident == incident for use in order.uses)
            is_full = order.used_tonight(now, incident, self._ground.zone) >= order.most_a_night
            if is_known or is_full or not order.is_on(now):
                return order
            kept = tuple(use for use in order.uses if use.at > now - LIFE)
            return replace(order, uses=(*kept, Use(incident, now)))

        try:
            after = self._orders.change(order, used, CLOCK, now)
        except (TamperedError, UnknownError):
            return False
        return after.is_on(now) and any(use.incident == incident for use in after.uses)

    def why_not(self, yes: Approval, host: str) -> str:
        """Asked before every effect: why the order behind a yes does not hold at this instant, '' where it does. Raises TamperedError."""
        now, proposal = self._clock.now(), yes.proposal
        order = self.find(yes.order)
        if order is None or proposal is None:
            return f"there is no standing order {yes.order}"
        if not order.is_on(now):
            return f"standing order {order.id} is over: {order.ended_why or 'its time is up'}"
        if now < order.made - BACKWARDS:
            return f"the clock went back since standing order {order.id} was made"
        if not any(use.incident == yes.incident for use in order.uses) or not self._is_of(order, proposal):
            return f"standing order {order.id} is for something else"
        return self._why_not_here(order, host)

    def find(self, id: str) -> StandingOrder | None:
        """By its id, however it is spelled; None for one nobody knows."""
        return next((order for order in self._orders.all() if order.id == id.upper()), None)

    def hosts_of(self, order: StandingOrder) -> tuple[str, ...]:
        """The hosts it is for."""
        return self._ground.hosts_of(order.group)

    def known(self) -> tuple[StandingOrder, ...]:
        """All, oldest first, those that are over too."""
        return self._orders.all()

    # ---- what people say --------------------------------------------------------------------------------------------------------

    def put(self, order: StandingOrder, *, is_for_others: bool) -> StandingOrder:
        """Lays a new one down; the same one again changes nothing. One that waits for another person is said to everybody."""
        laid = self._orders.put(order, order.author, order.made)
        if is_for_others and laid.state is OrderState.PROPOSED and laid.ended is None:
            self._say(laid, "proposed")
        return laid

    def confirm(self, id: str, by: str, typed: str = "") -> StandingOrder:
        """Makes a proposed one work; `typed` is the object's name where author and confirmer are one person. Raises NoOrderError."""
        now = self._clock.now()
        order = self._require(id)
        if over := self._why_over(order, now):
            raise NoOrderError("over", over)

        def confirmed(order: StandingOrder) -> StandingOrder:
            if order.state is not OrderState.PROPOSED or order.ended is not None:
                return order
            return replace(order, state=OrderState.ACTIVE, confirmed_by=by, typed=typed)

        after = self._orders.change(order.id, confirmed, by, now)
        if after.state is OrderState.ACTIVE:
            self._say(after, "active")
        return after

    def renew(self, id: str, by: str) -> StandingOrder:
        """30 days more for one that was used in the last 30; what nobody needed dies of disuse. Raises NoOrderError."""
        now = self._clock.now()
        order = self._require(id)
        if not order.is_on(now) or self._why_over(order, now):
            raise NoOrderError("over", order.ended_why or "its time is up")
        if not any(use.at > now - LIFE for use in order.uses):
            raise NoOrderError("unused", order.id)
        return self._orders.change(
            order.id, lambda one: replace(one, expires=now + LIFE) if one.is_on(now) else one, by, now
        )

    def revoke(self, id: str, by: str) -> StandingOrder:
        """Ends it from this instant on. What has ended stays as it ended."""
        return self._end(self._require(id), OrderState.REVOKED, f"revoked by {by}", by)

    def wrong(self, incident: Incident, by: str) -> tuple[StandingOrder, ...]:
        """Somebody said that its repair was the wrong one: its orders end, and the trust is gone. Returns the orders that ended."""
        group, now = group_of(self._ground.inventory, incident.host), self._clock.now()
        ended: list[StandingOrder] = []
        for attempt in incident.attempts:
            if attempt.ending is not Ending.FIXED:
                continue
            proposal = attempt.proposal
            fault = (incident.alert.fingerprint, group, proposal.skill, proposal.sha256)
            known = [one for one in self._readable() if one.ended is None]
            wrong = [one for one in known if (one.fingerprint, one.group, one.skill, one.sha256) == fault]
            ended += [self._end(one, OrderState.REVOKED, f"wrong fix, said {by}", by) for one in wrong]
            self._memory.remember(episode_of(incident, proposal, group, Ending.WRONG, f"{attempt.id}:wrong", now))
        return tuple(ended)

    # ---- time -------------------------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """Ends what has died: expired, failed, changed, its people gone, the clock set back. Returns how many. From rows alone."""
        now, count = self._clock.now(), 0
        for order in self._readable():
            if order.ended is not None:
                if now < order.ended + TOLD_FOR:
                    self._say(order, "ended")
            elif over := self._why_over(order, now) or self._why_forsaken(order):
                self._end(order, OrderState.LAPSED, over, CLOCK)
                count += 1
        return count

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _readable(self) -> tuple[StandingOrder, ...]:
        """None where the list does not verify: that is an incident of its own."""
        try:
            return self._orders.all()
        except TamperedError:
            return ()

    def _is_for(self, order: StandingOrder, incident: Incident, proposal: Proposal) -> bool:
        fault = (str(incident.signal), incident.alert.fingerprint)
        return fault == (order.signal, order.fingerprint) and self._is_of(order, proposal)

    def _is_of(self, order: StandingOrder, proposal: Proposal) -> bool:
        group = group_of(self._ground.inventory, proposal.host)
        wanted = (proposal.skill, proposal.sha256, group)
        values = ((name, value.value) for name, value in proposal.parameters)
        return wanted == (order.skill, order.sha256, order.group) and order.allows(values)

    def _why_over(self, order: StandingOrder, now: datetime) -> str:
        """What has ended it, whoever may approve now."""
        if now >= order.expires:
            return "its time is up"
        if self._is_backwards(order, now):
            return "the clock was set back"
        skill = next((one for one in self._catalog.skills() if one.name == order.skill), None)
        if skill is None or skill.sha256 != order.sha256 or skill.state not in {SkillState.OWNED, SkillState.TRIAL}:
            return "its skill has changed"
        if is_wider(order.bounds, skill):
            return "it is wider than its skill"
        for episode in self._memory.episodes(order.group, order.skill, order.sha256):
            if episode.fingerprint == order.fingerprint and episode.ending in FAILURES and episode.at >= order.made:
                return f"the repair ended as {episode.ending}"
        return ""

    def _why_not_here(self, order: StandingOrder, host: str) -> str:
        """Who signed must have the right at this instant, where it is used."""
        if not self._ground.may_approve(order.author, host):
            return f"{order.author}, whose standing order it is, may not approve on {host} now"
        if not self._ground.may_approve(order.confirmed_by, host):
            return f"{order.confirmed_by or 'nobody'}, who confirmed it, may not approve on {host} now"
        return "" if order.typed or order.confirmed_by != order.author else "nobody else has confirmed it"

    def _why_forsaken(self, order: StandingOrder) -> str:
        """Settings that cannot be read make every host observed: that is no reason to forget what people decided."""
        people = (order.author, order.confirmed_by) if order.state is OrderState.ACTIVE else (order.author,)
        for host in self._ground.hosts_of(order.group):
            gone = [one for one in people if not self._ground.may_approve(one, host)]
            if gone and self._ground.mode(host) is not Mode.OBSERVE:
                return f"{gone[0]} may not approve there any more"
        return ""

    def _is_backwards(self, order: StandingOrder, now: datetime) -> bool:
        """True if something was written down after it under a time that is not yet: whoever sets the clock back cannot make it last."""
        rows = self._audit.tail(_RECENT_ROWS)
        latest = max((row.at for row in _after(rows, order)), default=order.made)
        return now < max(latest, order.made) - BACKWARDS

    def _require(self, id: str) -> StandingOrder:
        order = self.find(id)
        if order is None:
            open_ones = tuple(one.id for one in self._orders.all() if one.state in _OPEN)
            raise UnknownError("standing order", id, open_ones)
        return order

    def _end(self, order: StandingOrder, state: OrderState, why: str, by: str) -> StandingOrder:
        now = self._clock.now()

        def over(order: StandingOrder) -> StandingOrder:
            return order if order.ended is not None else replace(order, state=state, ended=now, ended_why=why)

        ended = self._orders.change(order.id, over, by, now)
        self._say(ended, "ended")
        return ended

    def _say(self, order: StandingOrder, what: str) -> None:
        """One line in every channel, whose words are made from the order as it stands when it is sent."""
        text = f"standing order {order.id}: {order.ended_why or order.state}"
        self._outbox.post(Card(f"{order.id}:{what}", CardKind.NOTE, order.born_of, order.id, text), self._clock.now())


def _after(rows: Sequence[AuditRow], order: StandingOrder) -> Sequence[AuditRow]:
    """The rows since it was laid down or last changed; all of them where that is longer ago."""
    at = max((n for n, row in enumerate(rows) if (row.kind, row.subject) == ("order", order.id)), default=0)
    return rows[at:]
