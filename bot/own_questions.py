"""Questions about the night and about Nightshift itself, in words: which view answers each; no model is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.answers import MOST_LISTED, Answer, Views
from bot.app import Rows
from bot.commands import Command, Verb
from bot.json_view import jsonable
from bot.messages.units import plain
from bot.roster import Roster
from core.alert import PERSON
from core.intent import without_courtesy
from core.inventory import Inventory
from core.message import Message
from core.ports import Catalog
from core.skill_manifest import SkillState

MOST_HOSTS = 3
_SERVES = frozenset({SkillState.OWNED, SkillState.TRIAL})


class Topic(StrEnum):
    """What is asked about."""

    NIGHT = "night"
    WOKEN = "woken"
    OPEN = "open"
    WAITING = "waiting"
    ABLE = "able"
    APPROVERS = "approvers"


_WHEN = r"(?: (?:last night|tonight|today|yesterday|overnight|over night|at night|in the night|during the night|this night|this morning))"
_SLEPT = r"(?: while i (?:slept|was (?:away|asleep|sleeping|gone)))"
_WHEN_ZH = r"(?:昨天?晚上?|昨夜|昨天|夜里|半夜|今晚|今天|刚才|我睡觉的?时候|我不在的?时候)"
_PATTERNS = {
    Topic.NIGHT: (
        rf"(?:what(?:'s| has| have| did| was)?|anything|did anything) (?:you )?(?:happen(?:ed)?|do(?:ne)?|did|going on|break|broke)"
        rf"(?:{_WHEN}|{_SLEPT})|how was (?:the|your|last|my) night|what did i miss"
        r"|(?:what|how much) (?:do|does|did) (?:you|it|the brain|the models?) cost(?: me| us)?(?: last night| today)?"
        rf"|{_WHEN_ZH}(?:你)?(?:都)?(?:有没有|有)?(?:发生|出|做|干)了?(?:些)?(?:什么|啥)?(?:事|事情|问题|情况)?(?:吗)?"
        rf"|{_WHEN_ZH}(?:怎么样|还好吗|太平吗|有(?:什么|啥)?(?:事|情况|动静)吗)|我错过了(?:什么|啥)"
        rf"|{_WHEN_ZH}?(?:大模型|模型)?(?:花|用)了多少(?:钱|token)"
    ),
    Topic.WOKEN: (
        rf"why (?:was i|were we|did you|did (?:it|they|nightshift)|have you|am i)(?: being)? "
        rf"(?:wake|woken|woke|waked|page|paged|call|called|alert|alerted)(?: me| us)?(?: up)?{_WHEN}?"
        rf"|what (?:woke|paged|called) (?:me|us)(?: up)?{_WHEN}?"
        rf"|{_WHEN_ZH}?(?:你)?{_WHEN_ZH}?(?:为什么|为何|为啥|干嘛|怎么)(?:要)?{_WHEN_ZH}?(?:把我)?(?:叫醒|吵醒|叫|呼|呼叫|打电话给)我?(?:起来|了)?"
    ),
    Topic.OPEN: (
        r"what(?:'s| is) (?:going on|open|happening|wrong|broken|the status|the matter)(?: now| right now| at the moment)?"
        r"|(?:is|are) (?:anything|something|there any(?:thing)?) (?:wrong|broken|open|going on)(?: now| right now)?"
        r"|is everything (?:ok|okay|all right|alright|fine|in order)|how are things"
        r"|(?:现在|目前)?(?:有|是)(?:什么|啥)?(?:情况|问题|故障|异常)(?:吗)?|(?:现在|目前)(?:怎么样|什么情况|还好吗)"
        r"|(?:现在|目前)?(?:一切|都)(?:都)?(?:正常|还好|好)吗"
    ),
    Topic.WAITING: (
        r"what(?:'s| is) waiting(?: for (?:me|us|a yes))?|is (?:anything|something) waiting(?: for (?:me|us|a yes))?"
        r"|what do you (?:need|want)(?: from me)?|what (?:do|should|must|can) i (?:have to )?(?:approve|decide)"
        r"|(?:现在)?(?:有)?(?:什么|哪些|啥)(?:要|需要|等)我?(?:来)?(?:批准|审批|处理|决定)的?(?:吗)?"
        r"|有(?:没有)?(?:什么)?(?:要|需要|等)我(?:批准|审批|处理|决定)的(?:吗)?|(?:你)?需要我做(?:什么|啥)|(?:你)?在等(?:什么|啥)"
    ),
    Topic.ABLE: (
        r"what (?:can|could|do) you (?:do|know|offer)(?: for (?:me|us))?|what are you(?: able to do| good at)?|what are you good for"
        r"|who are you|how (?:can|do) (?:you help(?: me)?|i use you|i talk to you|you work)|what (?:can|may) i (?:ask|say)(?: you| to you)?"
        r"|你(?:都)?(?:会|能|可以|能够)(?:做|干|帮我做|帮我)?(?:些)?(?:什么|啥|哪些(?:事|事情)?)(?:事|事情)?|你是(?:谁|什么|干什么的)"
        r"|你有(?:什么|哪些)(?:用|功能|本事|技能)|(?:你)?怎么用(?:你)?|我(?:能|可以)(?:问|说)(?:你)?(?:什么|啥)"
    ),
    Topic.APPROVERS: (
        r"who (?:may|can|could|must|should|has to|is allowed to) (?:approve|say yes|decide|give a yes)(?: (?:things|it|this|that|here))?"
        r"|who (?:is|are) (?:an? |the )?approvers?|who (?:decides|approves)(?: here)?"
        r"|谁(?:能|可以|有权|有权限|来|负责|能够|该)?(?:批准|审批|点头|决定|拍板)|(?:审批人|批准人)(?:是|有)(?:谁|哪些|哪些人)|谁是(?:审批人|批准人)"
    ),
}
_TOPICS = tuple((topic, re.compile(f"(?:{pattern})", re.IGNORECASE)) for topic, pattern in _PATTERNS.items())
_MOST = 80
_END = " \t?？!！.。,，~～呢啊呀"


def topic_of(words: str) -> Topic | None:
    """None for everything that is not wholly such a question: `what happened to nginx last night?` is one about a machine."""
    bare = " ".join(words[: 4 * _MOST].split()).strip(_END).replace("’", "'")
    if len(bare) > _MOST:
        return None
    asked = (bare, without_courtesy(bare))
    return next((topic for topic, pattern in _TOPICS if any(pattern.fullmatch(one) for one in asked)), None)


_VIEWS = {Topic.NIGHT: Verb.DIGEST, Topic.OPEN: Verb.STATUS, Topic.WAITING: Verb.APPROVALS}


@dataclass(frozen=True, slots=True)
class OwnQuestions:
    """Answers them. What has a command of its own is that command, with the role that it takes."""

    rows: Rows
    inventory: Inventory
    roster: Roster
    views: Views
    catalog: Catalog
    carry_out: Callable[[Command, Message], Answer]

    def answer(self, words: str, message: Message) -> Answer | None:
        """None where the words ask for nothing of it."""
        topic = topic_of(words)
        if topic is None:
            return None
        found = self._answered(topic, message)
        shown = jsonable(found.data) if found.data is not None else None
        data = {"answer": found.text, "kind": "view", "about": str(topic), "evidence": [], "view": shown}
        return Answer(found.text, data, found.ok)

    def _answered(self, topic: Topic, message: Message) -> Answer:
        if topic is Topic.ABLE:
            return self._able()
        if topic is Topic.APPROVERS:
            return self._approvers()
        if topic is Topic.WOKEN:
            return self._woken(message)
        return self.carry_out(Command(_VIEWS[topic]), message)

    def _woken(self, message: Message) -> Answer:
        """The incident of this thread, else the last one that called somebody, else the last that nobody typed, else the night."""
        if message.thread:
            return self.carry_out(Command(Verb.WHY), message)
        latest = [
            one
            for one in self.rows.log.incidents(only_open=False, limit=MOST_LISTED)
            if not one.alert.source.startswith(PERSON)
        ]
        called = (one for one in latest if any(self.rows.pages.of(key) for key in (one.id, one.storm, one.lead) if key))
        woke = next(called, latest[0] if latest else None)
        return self.carry_out(Command(Verb.WHY, woke.id) if woke else Command(Verb.DIGEST), message)

    def _able(self) -> Answer:
        skills = [one for one in self.catalog.skills() if one.state in _SERVES]
        looks = sum(one.is_looker for one in skills)
        hosts = [plain(entry.name) for entry in self.inventory.hosts]
        more = f" +{len(hosts) - MOST_HOSTS}" if len(hosts) > MOST_HOSTS else ""
        listed = ", ".join(hosts[:MOST_HOSTS]) + more
        return Answer(self.views.words.say("about.able", hosts=listed, looks=looks, acts=len(skills) - looks))

    def _approvers(self) -> Answer:
        say = self.views.words.say
        lines = [say("about.approver.owner", name=plain(self.roster.owner))]
        for name, role, groups in self.roster.deciders():
            where = say("about.approver.groups", list=plain(", ".join(groups))) if groups else say("about.approver.all")
            lines.append(say("about.approver", name=plain(name), role=role.word, groups=where))
        return Answer("\n".join((say("about.approvers"), *lines, say("about.approvers.how"))))
