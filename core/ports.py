"""Every door to the outside, as Protocols of at most five methods. The contract stands here; adapters do not repeat it.

Every method may raise `UnavailableError` when what is behind the door is gone; other errors are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from core.alert import Alert, Signal
from core.approval import Approval, Verdict
from core.capability import Undo
from core.card import Card, OutboxItem
from core.episode import Episode, Recall
from core.guest import GuestResult, GuestRun
from core.host_change import Change, Changed
from core.incident import Attempt, Incident, Refusal
from core.inventory import Inventory
from core.journal import AuditRow, AuditState, EffectRow
from core.message import Message, any_message
from core.report import Report
from core.skill_manifest import Skill
from core.world import CommandResult, FileContent, FileInfo, Json, Measurement, Process

T = TypeVar("T")
Bytes: TypeAlias = bytes


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class Seal(Protocol):
    """The instance key: rows that carry authority are signed with it (TRUST 6)."""

    def sign(self, body: bytes) -> str:
        """HMAC-SHA-256 of the body under the instance key, as hex."""
        ...

    def verifies(self, body: bytes, mark: str) -> bool:
        """True if `mark` is the signature of `body`; compared in constant time."""
        ...


class Probe(Protocol):
    """Measures; changes nothing."""

    def measure(self, host: str, signal: Signal) -> Measurement:
        """One measurement now, within 10 s; raises UnavailableError where it could not be taken, UnknownError for a signal it lacks."""
        ...


# ---- hosts: only the broker holds one ---------------------------------------------------------------------------------------------


class Host(Protocol):
    """One machine's hands. Paths are absolute and walked without following links; never-listed places raise NeverError.

    Raises UnavailableError only where the host is gone; a missing file is `core.skill.HostError("missing")`, an existing one "exists", a
    full disk "full", anything else of the operating system "failed".
    """

    def read(self, path: str, limit: int) -> FileContent:
        """A plain file up to `limit` bytes; 0 gives its info alone (any kind of entry)."""
        ...

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """Entries of a directory, sorted by name, at most `limit`."""
        ...

    def change(self, change: Change) -> Changed:
        """One effect, done completely or not at all."""
        ...

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """Runs a command without a shell in its own process group, with a fixed environment; it dies with us.

        `started(pid, start ticks)` is called, and must return, before the command's first instruction; the whole group is ended at
        `timeout` seconds.
        """
        ...

    def processes(self) -> tuple[Process, ...]:
        """Every process on the host."""
        ...


class Hosts(Protocol):
    """The machines we may act on, by name."""

    def open(self, name: str) -> Host:
        """The host as those who only look reach it, over there without privileges; raises UnknownError."""
        ...

    def hand(self, name: str) -> AbstractContextManager[Host]:
        """The host for one approved run, with the rights to change it; over there connected only while this is entered.

        Raises UnknownError; entering may raise UnavailableError.
        """
        ...

    def trusted(self, name: str) -> frozenset[int]:
        """User ids of that host whose supervisors are listened to; raises UnknownError."""
        ...

    def names(self) -> tuple[str, ...]:
        """All names, this machine first."""
        ...


# ---- sandbox ------------------------------------------------------------------------------------------------------------------------


class Sandbox(Protocol):
    """Runs a skill where it can touch nothing; every call it makes comes to `answer`."""

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it in a fresh guest, gone when this returns; several threads may run at once. UnavailableError where none can be started.

        What `answer` raises: HostError reaches the skill as it is; a RefusedError as code "denied", any other NightshiftError as
        "failed"; QuotaError, StoppedError and FencedError end the run as `failed`; anything else is our own fault, ends the guest
        and is raised from here. The time `answer` takes counts. At most 2,500 calls and 25 refusals, then the run ends as `protocol`.
        """
        ...

    def self_test(self) -> tuple[str, ...]:
        """One honest and five hostile probes; the reasons why it is not fit, empty when it is."""
        ...

    def close(self) -> None:
        """Ends every guest."""
        ...


class Catalog(Protocol):
    """The skills there are, as data."""

    def skills(self) -> tuple[Skill, ...]:
        """All, with their state; one whose hash differs from `skills.lock` is CHANGED."""
        ...

    def get(self, name: str) -> Skill:
        """One by name; raises UnknownError."""
        ...


# ---- the store --------------------------------------------------------------------------------------------------------------------


class Intake(Protocol):
    """Alerts come in."""

    def know(self, inventory: Inventory) -> None:
        """Who talks to whom, by which alarms of one fault are put together; said once, before the first alert."""
        ...

    def take_in(self, alerts: Sequence[Alert], now: datetime) -> tuple[str, ...]:
        """Durable before it returns: one transaction writes alerts, opens or counts up incidents, and the first leg of new ones.

        Returns one incident id per alert ('' for a resolved one without incident). A resolved claim is noted on its incident.
        """
        ...

    def source_says_over(self, incident: str) -> datetime | None:
        """Since when the source of a claim has said resolved; None while it says firing."""
        ...


class IncidentLog(Protocol):
    """Incidents and attempts."""

    def load(self, id: str) -> Incident:
        """With everything tried; `id` may be a unique beginning; raises UnknownError."""
        ...

    def incidents(self, only_open: bool, limit: int) -> tuple[Incident, ...]:
        """Newest first."""
        ...

    def save_attempt(self, attempt: Attempt, leg: bool) -> None:
        """Inserts or updates by id; `leg` writes the `conclude` leg in the same transaction."""
        ...

    def watching(self, due: datetime) -> tuple[Attempt, ...]:
        """Attempts without an ending whose `next_measure` has come."""
        ...

    def close(self, report: Report, episodes: Sequence[Episode], cards: Sequence[Card]) -> Report:
        """One transaction: the ending, the report (with the audit's head and count filled in), what is remembered, what is said."""
        ...


class ApprovalBook(Protocol):
    """Questions and answers."""

    def open(self, approval: Approval, cards: Sequence[Card]) -> Approval:
        """Writes row and cards, and the `act` leg if it is already decided; the same id again changes nothing. Returns the row."""
        ...

    def decide(self, id: str, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
        """Compare and set from PENDING plus the next leg, one transaction; returns the row as it now is, whoever won.

        ASK2 stays PENDING until two people have approved, of whom at most one is in `asked_by`. After `expires` every verdict is EXPIRED.
        """
        ...

    def load(self, id: str) -> Approval:
        """Verified by its seal; raises UnknownError, TamperedError."""
        ...

    def pending(self) -> tuple[Approval, ...]:
        """Oldest first."""
        ...

    def refuse(self, refusal: Refusal, incident: str, next_leg: str) -> None:
        """Notes why a round ended without an effect, and starts `next_leg` of the next round, one transaction."""
        ...


class History(Protocol):
    """What was, for people who ask later; read only."""

    def report(self, incident: str) -> Report | None:
        """The report an incident ended with; None while it is open."""
        ...

    def approvals(self, incident: str) -> tuple[Approval, ...]:
        """Every question that was asked in it, oldest first, decided or not."""
        ...

    def run_of(self, action: int) -> tuple[str, str]:
        """The run that had this effect, and its host; raises UnknownError."""
        ...

    def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        """Every attempt that began since then, oldest first, whatever became of it."""
        ...

    def reports(self, since: datetime) -> tuple[Report, ...]:
        """Every report of an incident that was closed since then, oldest first."""
        ...


class EffectLog(Protocol):
    """The journal of effects and the audit trail in one: intent before, outcome after (TRUST 6)."""

    def intend(self, run: str, host: str, effect: str, detail: dict[str, Json], now: datetime) -> int:
        """Durable before it returns; the row number names the action."""
        ...

    def started(self, action: int, pid: int, start: int) -> None:
        """Notes the process that carries out an intent."""
        ...

    def done(self, action: int, ok: bool, result: str, undo: Undo, now: datetime) -> None:
        """The outcome. What `undoes` another is noted on that; where that was an undo itself, the effect before it stands again."""
        ...

    def of_run(self, run: str) -> tuple[EffectRow, ...]:
        """All effects of one run, in order; a row with a broken seal raises TamperedError."""
        ...

    def unfinished(self) -> tuple[EffectRow, ...]:
        """Intents without an outcome."""
        ...


class Audit(Protocol):
    """The HMAC chain over everything that mattered."""

    def append(self, kind: str, subject: str, body: dict[str, Json], now: datetime) -> int:
        """One row more; returns its number."""
        ...

    def verify(self, head: str = "") -> AuditState:
        """Walks the chain and the anchors; never raises for a broken one. `head`, from a report that somebody kept, must be in it."""
        ...

    def tail(self, limit: int, subject: str = "") -> tuple[AuditRow, ...]:
        """The newest rows, oldest of them first; of one subject where given."""
        ...

    def anchor(self, why: str) -> tuple[int, str]:
        """How many rows there are and the mark of the last, noted where cutting off the end of the trail does not reach it."""
        ...


class Gate(Protocol):
    """What may change between any two effects, read live and never from a journal (TRUST 3)."""

    def check(self, host: str, groups: tuple[str, ...], incident: str, approval: str, now: datetime) -> Approval | None:
        """Raises StoppedError, ExpiredError or TamperedError; returns when nothing forbids an effect at this instant.

        What comes back is the yes as it stands, verified; None where no approval was named.
        """
        ...

    def stop(self, scope: str, by: str, now: datetime) -> None:
        """`scope` is `all`, `host:H`, `group:G` or `incident:ID`; from here on no effect begins there. Each person's stop counts."""
        ...

    def go(self, scope: str, by: str, now: datetime, typed: datetime | None = None) -> bool:
        """Lifts all stops of a scope; False if there was none.

        False too, and nothing is lifted, where somebody else said stop in the very second in which this go was typed, or anybody later.
        """
        ...

    def stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """(scope, by, when they last said it), oldest first; includes the STOP file as scope `all` by `file STOP`."""
        ...


class Leases(Protocol):
    """Who works on what, with fencing tokens."""

    def take(self, resource: str, owner: str, seconds: float) -> int | None:
        """The fence, or None while somebody else holds it; the same owner gets it again with a new fence."""
        ...

    def holds(self, resource: str, fence: int) -> bool:
        """True while this fence is the newest and has not run out."""
        ...

    def release(self, resource: str, owner: str) -> None:
        """Gives it back; nothing happens if it is not held."""
        ...


class Memory(Protocol):
    """Exact memory of what worked."""

    def recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        """What was tried for this fault in this host group, best first; under 5 ms with 100,000 episodes."""
        ...

    def remember(self, episode: Episode) -> None:
        """Adds one; the same id again changes nothing."""
        ...

    def episodes(self, group: str, skill: str, sha256: str) -> tuple[Episode, ...]:
        """What became of this very text of a skill in a host group, whatever the fault: ended attempts, newest first, at most 100."""
        ...

    def search(self, text: str, limit: int) -> tuple[Episode, ...]:
        """Episodes that contain the words, newest first."""
        ...


class Blobs(Protocol):
    """Bytes by their SHA-256, at most 1 MiB each."""

    def put(self, data: bytes) -> str:
        """Durable before it returns; InvalidError over 1 MiB."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes, verified; raises UnknownError, TamperedError."""
        ...


class Outbox(Protocol):
    """Cards on their way out, one row per channel and key."""

    def post(self, card: Card, now: datetime) -> None:
        """To every channel that is configured; the same key again changes nothing."""
        ...

    def due(self, channel: str, limit: int, now: datetime) -> tuple[OutboxItem, ...]:
        """The next to send, in order, marked as being sent for 60 s.

        In a channel that has taken nothing for over 2 minutes the last card of each incident is left; earlier ones and notes are given up.
        """
        ...

    def sent(self, item: int, now: datetime) -> None:
        """It arrived."""
        ...

    def retry(self, item: int, due: datetime) -> None:
        """It did not; later again."""
        ...

    def cut_off(self, now: datetime) -> datetime | None:
        """Since when no channel takes anything although each has something to say, for over 2 minutes; None where one does."""
        ...


class Inbox(Protocol):
    """What people said, durable and once."""

    def put(self, message: Message) -> bool:
        """False if this id of this channel is known already."""
        ...

    def next(self, wanted: Callable[[Message], bool] = any_message) -> Message | None:
        """The oldest that is not done and is wanted; verified by its seal."""
        ...

    def done(self, message: Message, reply: str) -> None:
        """Handled; `reply` is what it led to, kept for whoever waits for it."""
        ...

    def reply(self, channel: str, id: str) -> str | None:
        """What came of a message; None while it is not done."""
        ...


class Channel(Protocol):
    """One way to people: two verbs, it decides nothing."""

    def receive(self, wait: float) -> Message | None:
        """The next message within `wait` seconds."""
        ...

    def send(self, rendered: str, card: Card) -> None:
        """Shows one card, whose words were made by the chat desk."""
        ...


class Ticks(Protocol):
    """What the watch remembers between two ticks, and which replica runs one."""

    def claim(self, job: str, slot: int, now: datetime) -> bool:
        """True for exactly one caller per job and slot."""
        ...

    def states(self) -> dict[str, str]:
        """Detector states as JSON text, by check key."""
        ...

    def save(self, states: dict[str, str]) -> None:
        """Replaces the given ones, one transaction."""
        ...


# ---- durable flow -------------------------------------------------------------------------------------------------------------------


class Flow(Protocol):
    """One leg of a story as it is played: what is journalled is not done again on a replay."""

    def step(self, name: str, call: Callable[..., T], *args: object) -> T:
        """Runs and journals; at least once, so `call` is idempotent. The value is the journalled one, on the first run too."""
        ...

    def once(self, name: str, call: Callable[..., T], *args: object) -> T | None:
        """Runs at most once for ever; None if a former play died inside it."""
        ...

    def lease(self, resource: str, owner: str) -> AbstractContextManager[int]:
        """Holds the lease while the block runs, never journalled; raises BusyError after 2 s, which ends the leg with a due time."""
        ...

    def go_on(self, leg: str, subject: str, round: int) -> None:
        """Starts another leg: a row, idempotent by (subject, round, leg)."""
        ...


class Engine(Protocol):
    """Plays legs durably: each row once to its end, however often the process dies."""

    def launch(self) -> None:
        """Starts the engine and goes on at once with what this replica left unfinished."""
        ...

    def sweep(self, now: datetime) -> int:
        """Starts every due row that has no workflow yet; returns how many."""
        ...

    def wait_idle(self, seconds: float) -> bool:
        """True once no leg is running or due, False after `seconds`."""
        ...

    def close(self) -> None:
        """Lets running steps end, at most 20 s, then stops; what is unfinished goes on at the next launch."""
        ...
