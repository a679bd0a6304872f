"""A house that people talk to in free words: two hosts, a few skills, a desk, and a brain where a test gives one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.answers import Answer, Views
from bot.chat_desk import ChatDesk
from bot.commands import Command
from bot.conversing import Conversing, Recent
from bot.minds import Minds
from bot.roster import Roster
from bot.team import Team
from bot.wiring import rows_of
from core.check import Check
from core.execution import Operator
from core.inventory import HostEntry, Inventory, Mode, Person
from core.message import Message
from core.skill_manifest import Skill
from tests.fakes.catalog import FakeCatalog
from tests.fakes.channel import FakeChannel
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.probe import FakeProbe
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose
from tests.nights.remedies import Header, skill

OWNER = "os:1000"
PEOPLE = (
    Person("li", ("approver",), (), ("slack:U1",)),
    Person("vi", ("viewer",), (), ("slack:U2",)),
    Person("re", ("requester",), ("web",), ("slack:U3",)),
)
HOSTS = (HostEntry("web-1", "local", ("web",)), HostEntry("db-1", "local", ("databases",)))


def heard(name: str, triggers: Sequence[str], body: str, *capabilities: str, **header: Header) -> Skill:
    """A skill with triggers of its own."""
    return replace(skill(name, body, *capabilities, **header), triggers=tuple(triggers))


def look(name: str, triggers: Sequence[str], says: str, **header: Header) -> Skill:
    """A looker that says this, and changes nothing."""
    body = f'host.list("/var/log")\nreturn Outcome(ok=True, summary={says!r}, facts={{"seen": {says!r}}})'
    return heard(name, triggers, body, "fs.list:/var/log", looks_at=["load.per_core"], risk="low", **header)


def skills() -> tuple[Skill, ...]:
    """Those of this house."""
    touch = """
host.write(f"/var/tmp/{service}.restarted", "on")
return Outcome(ok=True, summary=f"restarted {service}")
"""
    clean = """
old = [file.path for file in host.list("/var/log") if file.name.endswith(".1")]
freed = sum(host.delete(path) for path in old)
return Outcome(ok=bool(old), summary=f"deleted {len(old)} rotated logs", facts={"bytes": freed})
"""
    return (
        look("find_load_cause", ("why is the load high", "what waits for the disk", "负载为什么高"), "the load is 7"),
        look("look_at_memory", ("who uses the memory", "out of memory", "谁占用内存"), "python uses most of it"),
        look("look_at_cron", ("did the scheduled jobs run", "look at cron", "定时任务执行了吗"), "all jobs ran"),
        look(
            "look_at_service",
            ("is the service running", "why did the service stop", "服务是否在运行", "服务为什么停了"),
            "the service runs",
            parameters=", service: str",
        ),
        heard(
            "restart_service",
            ("restart the service", "restart nginx", "service is down", "重启服务", "重启 nginx", "服务挂了"),
            touch,
            "fs.write:/var/tmp/*",
            cures=["process.down"],
            lookers=["look_at_service"],
            parameters=", service: str",
        ),
        heard(
            "free_rotated_logs",
            ("clean up the old logs", "tidy the machine up", "disk full", "清理旧日志", "磁盘满了"),
            clean,
            "fs.list:/var/log",
            "fs.delete:/var/log/*;rotated",
        ),
        heard(
            "remove_lock",
            ("remove the lock file", "删除锁文件"),
            'host.delete(path)\nreturn Outcome(ok=True, summary=f"removed {path}")',
            "fs.delete:{path}",
            risk="high",
            parameters=", path: str",
        ),
        heard(
            "clear_old_files",
            ("clean up old files", "tidy the machine up", "delete old temporary files", "清理旧文件"),
            clean,
            "fs.list:/var/log",
            "fs.delete:/var/log/*;rotated",
        ),
    )


@dataclass
class Talks:
    """`say` is what somebody types; `settle` lets the legs that follow be played."""

    language: str = "en"
    minds: Minds = field(default_factory=Minds)
    hosts: tuple[HostEntry, ...] = HOSTS
    checks: tuple[Check, ...] = ()
    said: int = 0

    def __post_init__(self) -> None:
        self.store = FakeStore(channels=("console", "slack"))
        self.inventory = Inventory(self.hosts, (("web", Mode.APPROVE), ("databases", Mode.APPROVE)), None, PEOPLE)
        files = {"/var/log/app.log": "live", "/var/log/app.log.1": "old and large"}
        self.machines = {one.name: FakeHost({"files": files}) for one in self.hosts}
        self.catalog = FakeCatalog(*skills())
        self.shown: list[str] = []
        self.compose()

    def compose(self) -> None:
        """As after a restart: rows are what is left of it."""
        operator = Operator(may_approve=lambda name, _host: name in {"li", OWNER})
        world = World(
            FakeHosts(cast("Mapping[str, Any]", self.machines)),
            FakeProbe(self.store.clock),
            self.checks,
            self.inventory,
            self.catalog,
            FakeSandbox(),
            operator,
            minds=self.minds,
        )
        self.team: Team = compose(self.store, world)
        self.engine = FakeEngine(self.store, self.team.plays)
        self.channels = {name: FakeChannel(name, self.store.clock) for name in ("console", "slack")}
        self.desk = desk_on(self.store, self.team, self.inventory, self.language, self.channels)

    def message(self, text: str, by: str = OWNER, channel: str = "console", thread: str = "", id: str = "") -> Message:
        """What one person types, each time another message unless `id` says which."""
        self.said += 1
        return Message(id or f"m{self.said}", channel, by, text, thread, self.store.clock.now())

    def say(self, text: str, by: str = OWNER, channel: str = "console", thread: str = "", id: str = "") -> Answer:
        """The answer to it."""
        return self.desk.answer(self.message(text, by, channel, thread, id), self.shown.append)

    def settle(self) -> None:
        """Until nothing is left to be played now."""
        for _ in range(40):
            self.team.watch.tick()
            self.engine.wait_idle(0)
            self.store.clock.advance(10)

    def effects(self, host: str) -> list[object]:
        """What was really done there."""
        return [one for one in self.machines[host].done if not isinstance(one, tuple)]


def desk_on(
    store: Any,
    team: Team,
    inventory: Inventory,
    language: str = "en",
    channels: Mapping[str, FakeChannel] | None = None,
    recent: Recent | None = None,
) -> ChatDesk:
    """The desk with a conversation, as `bot.wiring.desk_of` composes it, without hands."""
    rows, roster = rows_of(store), Roster(inventory, 1000)
    views = Views(rows, inventory, roster, language)

    def act(command: Command, _: Message) -> Answer:
        return Answer(f"would {command.verb}")

    talk = Conversing(
        team.conversation,
        rows,
        inventory,
        roster,
        views,
        recent or Recent(),
        lambda command, message: desk.carry_out(command, message),
    )
    desk = ChatDesk(rows, inventory, roster, language, act, dict(channels or {}), None, talk.converse)
    return desk
