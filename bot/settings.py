"""What can be set: the frozen models of nightshift.toml and .env, and how they become an inventory and checks."""

from __future__ import annotations

import difflib
import re
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)

from bot.settings_actions import ActionTable, action_mistake
from bot.settings_hosts import HostTable, InventoryTable, host_mistake, mode_mistake
from bot.settings_maintenance import MaintenanceTable, maintenance_mistake
from bot.settings_minds import BrainTable, CerebellumTable, RedactionTable, RouterTable
from bot.settings_sandbox import SandboxTable
from bot.settings_table import Duration, Names, Table, zone_name
from bot.settings_waking import DrillTable, HeartbeatTable, OnCallTable, PagerTable, on_call_mistake, reference
from bot.settings_web import SHORTEST_SECRET, SecretTable, WebTable
from core.action import Action
from core.alert import LOCALHOST, Severity, Signal
from core.check import Check
from core.errors import InvalidError
from core.inventory import UNREACHED, HostEntry, Inventory, Mode, Person
from core.on_call import Schedule

_PERSON = re.compile(r"\w[\w.'-]{0,63}")
_NO_PEOPLE = frozenset({"policy", "clock", "catalog", "grouping", "quiet", "settings", "me"})
"""Who decides or lays down what no person did, in rows and on cards: nobody is called so."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HTTP_URL = re.compile(r"https?://[A-Za-z0-9.\-_:\[\]]{1,255}(/[!-~]{0,500})?")
_DATABASE_URL = re.compile(r"(sqlite:///|postgresql(\+psycopg)?://).+")

FAILURES = frozenset(
    {
        "process.down",
        "http.failed",
        "tcp.failed",
        "dns.failed",
        "postgres.failed",
        "redis.failed",
        "container.down",
        "route.missing",
        "link.down",
    }
)
"""Metrics that are 1 while failed and 0 while not: they need no threshold."""

MEASURED = FAILURES | {
    "disk.used_percent",
    "disk.inodes_percent",
    "memory.used_percent",
    "load.per_core",
    "fd.used_percent",
    "process.restarts",
    "process.zombies",
    "tls.expires_days",
    "backup.age_hours",
}
"""Signals a check can watch, without their object."""


Role = Literal["viewer", "responder", "requester", "approver", "admin"]


class GroupTable(Table):
    """[groups.NAME]: how far Nightshift goes on these hosts."""

    mode: Literal["observe", "approve", "auto"] | None = Field(
        default=None, description='"observe", "approve" or "auto"'
    )


class CheckTable(Table):
    """[[checks]]: what is measured where, and when it is trouble."""

    signal: str = Field(description='a signal, e.g. "disk.used_percent:/"')
    hosts: Names = Field(default=(LOCALHOST,), description='a list of host names, e.g. ["localhost"]')
    over: StrictFloat | StrictInt | None = Field(default=None, description="a number, e.g. 90")
    under: StrictFloat | StrictInt | None = Field(default=None, description="a number, e.g. 14")
    every: Duration = Field(default=30.0, description='a duration, e.g. "30s"', ge=1)
    lasting: Duration = Field(default=0.0, alias="for", description='a duration, e.g. "2m"')
    margin: StrictFloat | StrictInt = Field(default=0.0, description="a number, e.g. 2", ge=0)
    severity: StrictInt = Field(default=2, description="1, 2 or 3", ge=1, le=3)

    @field_validator("signal")
    @classmethod
    def _is_measured(cls, text: str) -> str:
        try:
            name = Signal.parse(text).name
        except InvalidError as error:
            raise ValueError(error.message) from error
        if name not in MEASURED:
            near = difflib.get_close_matches(name, sorted(MEASURED), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(MEASURED))}"
            raise ValueError(f"no probe measures {name!r}; {hint}")
        return text

    @model_validator(mode="after")
    def _has_one_threshold(self) -> Self:
        if self.over is not None and self.under is not None:
            raise ValueError("has both over and under; keep one")
        if self.over is None and self.under is None and Signal.parse(self.signal).name not in FAILURES:
            raise ValueError(f"{self.signal} needs a threshold; add over = NUMBER or under = NUMBER")
        return self

    def to_checks(self) -> tuple[Check, ...]:
        """One check per host."""
        over = 0.0 if self.over is None and self.under is None else self.over
        signal, severity = Signal.parse(self.signal), Severity(self.severity)
        return tuple(
            Check(signal, host, over, self.under, self.every, self.lasting, self.margin, severity)
            for host in self.hosts
        )


class PersonTable(Table):
    """[people.NAME]: one person with all their accounts."""

    roles: Annotated[tuple[Role, ...], Field(strict=False)] = Field(
        description='a list of viewer, responder, requester, approver, admin, e.g. ["approver"]'
    )
    groups: Names = Field(default=(), description='a list of group names, e.g. ["web"]')
    os: StrictInt | None = Field(default=None, description="a user id of this machine, e.g. 1000", ge=0)
    slack: str | None = Field(default=None, description='a Slack user, e.g. "U123"')
    wecom: str | None = Field(default=None, description='a WeCom user, e.g. "lisi"')
    pager: Names = Field(default=(), description='a list of references, e.g. ["env:LI_PAGER"]')

    @field_validator("pager")
    @classmethod
    def _are_references(cls, pager: tuple[str, ...]) -> tuple[str, ...]:
        for one in pager:
            reference(one)
        return pager

    @property
    def accounts(self) -> tuple[str, ...]:
        """`os:1000`, `slack:U123`, `wecom:lisi`."""
        given = (("os", self.os), ("slack", self.slack), ("wecom", self.wecom))
        return tuple(f"{kind}:{account}" for kind, account in given if account is not None)


class TokenTable(Table):
    """[tokens.NAME]: one source of outside alerts, and the host groups it may speak of."""

    sha256: str = Field(description="64 hex digits, from: printf %s TOKEN | sha256sum")
    groups: Names = Field(default=(), description='a list of group names, e.g. ["web"]')

    @field_validator("sha256")
    @classmethod
    def _is_a_hash(cls, text: str) -> str:
        if not _SHA256.fullmatch(text):
            raise ValueError(
                "is no SHA-256; write the 64 hex digits that `printf %s TOKEN | sha256sum` prints, never the token"
            )
        return text


class ServerTable(Table):
    """[server]: the doors for alerts, health and metrics; always on 127.0.0.1."""

    port: StrictInt = Field(default=8470, description="a port, e.g. 8470", ge=1, le=65535)


class ApprovalsTable(Table):
    """[approvals]: how long a card waits for an answer."""

    waits: Duration = Field(default=4 * 3600.0, description='a duration, e.g. "4h"', ge=1)
    waits_high: Duration = Field(default=3600.0, description='a duration, e.g. "1h"', ge=1)


class DigestTable(Table):
    """[digest]: the morning message."""

    at: str = Field(default="08:00", description='a time of the day, e.g. "08:00"')
    zone: str = Field(default="", description='a time zone, e.g. "Asia/Shanghai"')

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
            raise ValueError(f'{text!r} is no time of the day; write e.g. "08:00"')
        return text

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        return zone_name(name)

    @property
    def moment(self) -> time:
        """When, in local time of the zone."""
        return time.fromisoformat(self.at)

    @property
    def tz(self) -> ZoneInfo | None:
        """The zone; None is this machine's own."""
        return ZoneInfo(self.zone) if self.zone else None


class ReplicasTable(Table):
    """[replicas]: several Nightshifts on one PostgreSQL."""

    lease: Duration = Field(default=30.0, description='a duration, e.g. "30s"', ge=5)


class FileSettings(Table):
    """nightshift.toml."""

    mode: Literal["observe", "approve", "auto"] | None = Field(
        default=None, description='"observe", "approve" or "auto"'
    )
    language: Literal["en", "zh"] = Field(default="en", description='"en" or "zh"')
    server: ServerTable = ServerTable()
    approvals: ApprovalsTable = ApprovalsTable()
    digest: DigestTable = DigestTable()
    oncall: OnCallTable | None = Field(default=None, description="a table [oncall]")
    pager: PagerTable = PagerTable()
    heartbeat: HeartbeatTable = HeartbeatTable()
    drill: DrillTable = DrillTable()
    replicas: ReplicasTable = ReplicasTable()
    sandbox: SandboxTable = SandboxTable()
    web: WebTable = WebTable()
    brain: BrainTable = BrainTable()
    cerebellum: CerebellumTable = CerebellumTable()
    router: RouterTable = RouterTable()
    redaction: RedactionTable = RedactionTable()
    secrets: SecretTable = Field(
        default={}, description='a table [secrets] of names and references, e.g. gitlab = "env:GITLAB_TOKEN"'
    )
    hosts: dict[str, HostTable] = Field(default={}, description="tables [hosts.NAME]")
    inventory: InventoryTable = InventoryTable()
    groups: dict[str, GroupTable] = Field(default={}, description="tables [groups.NAME]")
    checks: Annotated[tuple[CheckTable, ...], Field(strict=False)] | None = Field(
        default=None, description="tables [[checks]]"
    )
    maintenance: Annotated[tuple[MaintenanceTable, ...], Field(strict=False)] = Field(
        default=(), description="tables [[maintenance]]"
    )
    people: dict[str, PersonTable] = Field(default={}, description="tables [people.NAME]")
    actions: dict[str, ActionTable] = Field(default={}, description="tables [actions.NAME]")
    tokens: dict[str, TokenTable] = Field(default={}, description="tables [tokens.NAME]")

    @property
    def references(self) -> frozenset[str]:
        """Names of the secrets that it wants from .env or the environment."""
        given = [
            *(one for person in self.people.values() for one in person.pager),
            self.heartbeat.url,
            *self.secrets.values(),
        ]
        return frozenset(reference(one) for one in given if one)


class EnvSettings(Table):
    """.env and the environment: what must not stand in a file that is shown around."""

    database_url: str | None = Field(
        default=None, alias="DATABASE_URL", repr=False, description="sqlite:///… or postgresql://…"
    )
    key_file: Path | None = Field(default=None, alias="NIGHTSHIFT_KEY_FILE", description="a path")
    alert_token: str | None = Field(
        default=None, alias="NIGHTSHIFT_ALERT_TOKEN", repr=False, description="at least 16 characters"
    )

    brain_api_key: str | None = Field(default=None, alias="BRAIN_API_KEY", repr=False, description="a key")
    brain_base_url: str = Field(
        default="https://api.openai.com/v1", alias="BRAIN_BASE_URL", description="an http(s) address"
    )
    brain_model: str | None = Field(default=None, alias="BRAIN_MODEL", description="a model's name")
    ollama_host: str = Field(default="http://127.0.0.1:11434", alias="OLLAMA_HOST", description="an http(s) address")
    cerebellum_model: str | None = Field(default=None, alias="CEREBELLUM_MODEL", description="a model's name")

    @field_validator("brain_base_url", "ollama_host")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not _HTTP_URL.fullmatch(url):
            raise ValueError("is no address; write e.g. https://api.example.com/v1, without a name and password in it")
        return url.rstrip("/")

    @field_validator("brain_api_key")
    @classmethod
    def _is_a_key(cls, key: str | None) -> str | None:
        if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,4096}", key):
            raise ValueError("is no key; write visible characters without spaces")
        return key

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: str | None) -> str | None:
        if url is not None and not _DATABASE_URL.fullmatch(url):
            raise ValueError("is no database; write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
        return url

    @field_validator("alert_token")
    @classmethod
    def _is_long(cls, token: str | None) -> str | None:
        if token is not None and not re.fullmatch(r"[\x21-\x7e]{16,512}", token):
            raise ValueError("is too weak; write 16 to 512 visible characters without spaces")
        return token


class Settings(BaseModel):
    """Everything that was set, in one value. `home` is the data folder."""

    model_config = ConfigDict(frozen=True)

    home: Path
    file: FileSettings = FileSettings()
    env: EnvSettings = EnvSettings()
    secrets: dict[str, str] = Field(default={}, repr=False)

    @property
    def database_url(self) -> str:
        """Where the rows are."""
        return self.env.database_url or f"sqlite:///{self.home / 'nightshift.db'}"

    def demo(self) -> Settings:
        """The demo's own data folder and SQLite below this one."""
        env = self.env.model_copy(update={"database_url": None, "alert_token": None})
        return Settings(home=self.home / "demo", file=FileSettings(language=self.file.language), env=env)

    def inventory(self) -> Inventory:
        """Hosts with this machine first, modes, people."""
        tables = {LOCALHOST: HostTable()} | self.file.hosts
        hosts = tuple(HostEntry(name, one.reach, one.groups, one.talks_to, one.acts_as) for name, one in tables.items())
        modes = tuple((name, Mode[table.mode.upper()]) for name, table in self.file.groups.items() if table.mode)
        ceiling = Mode[self.file.mode.upper()] if self.file.mode else None
        people = tuple(
            Person(name, table.roles, table.groups, table.accounts) for name, table in self.file.people.items()
        )
        return Inventory(hosts, modes, ceiling, people)

    def actions(self) -> tuple[Action, ...]:
        """The team's own commands."""
        return tuple(table.action(name) for name, table in self.file.actions.items())

    def schedule(self) -> Schedule:
        """Who is on call; without [oncall] approvers in the order of the file."""
        if self.file.oncall is not None:
            return self.file.oncall.schedule()
        approvers = (name for name, one in self.file.people.items() if {"approver", "admin"} & set(one.roles))
        return Schedule(tuple(approvers), days=0)

    def pagers(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """For each person the names and values of their addresses; one that is not set is left out."""
        named = {name: [reference(one) for one in person.pager] for name, person in self.file.people.items()}
        return {
            name: given
            for name, wanted in named.items()
            if (given := tuple((one, self.secrets[one]) for one in wanted if one in self.secrets))
        }

    @property
    def heartbeat_url(self) -> str:
        """'' where there is none."""
        url = self.file.heartbeat.url
        return self.secrets.get(reference(url), "") if url else ""

    def skill_secrets(self) -> dict[str, str]:
        """Values by the names that grants use; one that is not set, or too short to be told from other text, is left out."""
        named = {name: self.secrets.get(reference(given), "") for name, given in self.file.secrets.items()}
        return {
            name: value
            for name, value in named.items()
            if len(value) >= SHORTEST_SECRET and value.isascii() and value.isprintable()
        }

    def checks(self) -> tuple[Check, ...] | None:
        """What is watched; None while nightshift.toml does not say, and then it is what this machine has."""
        if self.file.checks is None:
            return None
        return tuple(check for table in self.file.checks for check in table.to_checks())


def roster_mistake(file: FileSettings) -> str:
    """The first thing in hosts, groups, checks, people or tokens that no night could honour, '' if there is none."""
    hosts = {LOCALHOST: HostTable()} | file.hosts
    groups = {group for table in hosts.values() for group in table.groups} | set(hosts)
    for name, host in file.hosts.items():
        if mistake := host_mistake(name, host) or _talk_mistake(name, host, hosts):
            return mistake
    if mistake := mode_mistake(hosts, {name: table.mode for name, table in file.groups.items()}):
        return mistake
    if mistake := maintenance_mistake(file.maintenance, hosts, groups):
        return mistake
    if mistake := on_call_mistake(file.oncall, file.people):
        return mistake
    if mistake := action_mistake(file.actions, hosts, groups, MEASURED):
        return mistake
    return _group_mistake(file, groups) or _check_mistake(file, hosts) or _people_mistake(file) or _twice(file)


def _group_mistake(file: FileSettings, groups: set[str]) -> str:
    for section, tables in (("people", file.people), ("tokens", file.tokens)):
        for name, table in tables.items():
            if unknown := sorted(set(table.groups) - groups):
                return f"{section}.{name}.groups: no host is in group {unknown[0]!r}; write it into hosts.NAME.groups or remove it"
    unused = sorted(set(file.groups) - groups)
    return (
        f"groups.{unused[0]}: no host is in it; write it into hosts.NAME.groups or remove the table" if unused else ""
    )


def _check_mistake(file: FileSettings, hosts: dict[str, HostTable]) -> str:
    for check in file.checks or ():
        if unknown := [host for host in check.hosts if host not in hosts]:
            return f"checks: {check.signal} names host {unknown[0]!r}, which is not in [hosts]; known are: {', '.join(sorted(hosts))}"
        if blind := [host for host in check.hosts if hosts[host].reach == UNREACHED]:
            return f'checks: {check.signal} cannot be measured on host {blind[0]!r}, which has reach = "none"; remove it from hosts'
    return ""


def _talk_mistake(name: str, host: HostTable, hosts: dict[str, HostTable]) -> str:
    if unknown := [other for other in host.talks_to if other not in hosts]:
        return f"hosts.{name}.talks_to: {unknown[0]!r} is not in [hosts]; known are: {', '.join(sorted(hosts))}"
    return f"hosts.{name}.talks_to: a host does not talk to itself; remove {name!r}" if name in host.talks_to else ""


def _people_mistake(file: FileSettings) -> str:
    owner_of: dict[str, str] = {}
    for name, person in file.people.items():
        if not _PERSON.fullmatch(name) or name in _NO_PEOPLE:
            return f"people.{name[:60]!r}: is no name of a person here; use letters, digits and hyphens, in one word"
        if not person.accounts:
            return f"people.{name}: has no account and could never answer; add os, slack or wecom"
        for account in person.accounts:
            if other := owner_of.setdefault(account, name) != name and owner_of[account]:
                return f"people.{name}: account {account} belongs to people.{other} already; one account is one person"
    return ""


def _twice(file: FileSettings) -> str:
    seen: set[tuple[str, str]] = set()
    for check in file.checks or ():
        for host in check.hosts:
            if (host, check.signal) in seen:
                return f"checks: {check.signal} on {host} is listed twice; keep one"
            seen.add((host, check.signal))
    hashes = [token.sha256 for token in file.tokens.values()]
    return "tokens: two sources have the same sha256; give each its own token" if len(set(hashes)) < len(hashes) else ""
