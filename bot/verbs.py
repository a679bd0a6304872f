"""Every word there is between people and Nightshift: its verb, the ways it is written, its parts, and the least role of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """What a person may do, least first; each role includes those below it."""

    VIEWER = 0
    RESPONDER = 1
    REQUESTER = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The word in settings."""
        return self.name.lower()


class Verb(StrEnum):
    """Every command there is; UNKNOWN is text that is none."""

    APPROVE = "approve"
    REJECT = "reject"
    PICK = "pick"
    ANSWER = "answer"
    STOP = "stop"
    GO = "go"
    TAKE = "take"
    ACK = "ack"
    SNOOZE = "snooze"
    MUTE = "mute"
    MAINTENANCE = "maintenance"
    RESOLVE = "resolve"
    WRONG = "wrong"
    ORDERS = "orders"
    RULES = "rules"
    RULE = "rule"
    MODE = "mode"
    NOTE = "note"
    DIGEST = "digest"
    ADMIT = "admit"
    WHY = "why"
    PLAN = "plan"
    DRY_RUN = "dry run"
    STATUS = "status"
    INCIDENTS = "incidents"
    APPROVALS = "approvals"
    MEMORY = "memory"
    RUN = "run"
    UNDO = "undo"
    ALERT = "alert"
    ASK = "ask"
    HELP = "help"
    UNKNOWN = "unknown"


TEXTS = "texts"
"""After `why ID`: with what each model saw and said."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `target` is an id, scope, skill, signal or number as typed; `text` a reason, a confirmation or unknown words.

    `part` is what is done with the verb's object (`orders revoke`, `mute web-1 off`, `mode web observe`), '' the plain word;
    `lasts` how long a pause is to hold, the word's usual length where none was typed.
    """

    verb: Verb
    target: str = ""
    text: str = ""
    options: tuple[tuple[str, str], ...] = ()
    part: str = ""
    lasts: timedelta | None = None

    @property
    def word(self) -> str:
        """The word with its part, for a sentence: `orders confirm`."""
        return f"{self.verb} {self.part}".strip()

    def option(self, name: str) -> str:
        """The value given for a name, '' if none."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a verb does beside its plain meaning; `others` are further ways to write it."""

    word: str
    role: Role
    others: tuple[str, ...] = ()
    is_safer: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the grammar. `is_safer`: it takes authority away, so it is understood generously; all others are taken literally.

    `words` may stand with a space before what follows; `glyphs` (Chinese) also without one. `lasts` is how long a pause holds unless said.
    """

    verb: Verb
    role: Role
    words: tuple[str, ...]
    glyphs: tuple[str, ...]
    usage: str
    is_safer: bool = False
    parts: tuple[Part, ...] = ()
    lasts: timedelta | None = None


def _off(role: Role) -> tuple[Part, ...]:
    """The end of a pause: it lets Nightshift act or speak again."""
    return (Part("off", role, ("end", "cancel", "取消", "结束")),)


RULES = (
    Rule(
        Verb.STOP,
        Role.VIEWER,
        ("stop", "halt", "freeze"),
        ("停止", "停一下", "停下", "停"),
        "stop [host|group|incident]",
        is_safer=True,
    ),
    Rule(
        Verb.TAKE,
        Role.VIEWER,
        ("take", "mine"),
        ("我来处理", "接手", "我来"),
        "take ID|HOST [off]",
        is_safer=True,
        parts=_off(Role.VIEWER),
    ),
    Rule(
        Verb.REJECT,
        Role.VIEWER,
        ("reject", "no", "deny"),
        ("拒绝", "不同意", "不行", "否"),
        "reject ID [why]",
        is_safer=True,
    ),
    Rule(Verb.WRONG, Role.VIEWER, ("wrong fix", "wrong"), ("修错了",), "wrong ID [why]", is_safer=True),
    Rule(Verb.ACK, Role.VIEWER, ("acknowledge", "ack"), ("知道了", "收到"), "ack ID"),
    Rule(
        Verb.SNOOZE,
        Role.RESPONDER,
        ("snooze", "later"),
        ("稍后", "睡"),
        "snooze ID 30m|off",
        parts=_off(Role.RESPONDER),
        lasts=timedelta(minutes=30),
    ),
    Rule(
        Verb.MUTE,
        Role.RESPONDER,
        ("mute", "silence"),
        ("静音",),
        "mute HOST|SIGNAL 2h|off",
        parts=_off(Role.RESPONDER),
        lasts=timedelta(hours=2),
    ),
    Rule(
        Verb.MAINTENANCE,
        Role.RESPONDER,
        ("maintenance",),
        ("维护",),
        "maintenance HOST|GROUP 2h|off [why]",
        parts=_off(Role.RESPONDER),
        lasts=timedelta(hours=1),
    ),
    Rule(Verb.RESOLVE, Role.RESPONDER, ("resolve", "close"), ("关闭", "解决"), "resolve ID"),
    Rule(Verb.APPROVE, Role.APPROVER, ("approve", "yes"), ("同意", "批准"), "approve ID"),
    Rule(Verb.PICK, Role.REQUESTER, ("pick", "choose"), ("选择", "选"), "pick ID N"),
    Rule(Verb.ANSWER, Role.REQUESTER, ("answer",), ("回答", "答复"), "answer ID WORDS"),
    Rule(Verb.GO, Role.APPROVER, ("go", "resume"), ("继续", "恢复"), "go [host|group|incident]"),
    Rule(
        Verb.MODE,
        Role.VIEWER,
        ("mode",),
        ("模式",),
        "mode [HOST|GROUP|all observe|approve|auto|reset]",
        parts=(
            Part("observe", Role.RESPONDER, ("观察", "只看"), is_safer=True),
            Part("approve", Role.RESPONDER, ("审批", "批准")),
            Part("auto", Role.RESPONDER, ("自动",)),
            Part("reset", Role.ADMIN, ("重置",)),
        ),
    ),
    Rule(
        Verb.ORDERS,
        Role.VIEWER,
        ("orders", "order"),
        ("常令",),
        "orders [new INCIDENT | confirm ID [NAME] | renew ID | revoke ID]",
        parts=(
            Part("new", Role.APPROVER, ("新建",)),
            Part("confirm", Role.APPROVER, ("确认",)),
            Part("renew", Role.APPROVER, ("续期",)),
            Part("revoke", Role.VIEWER, ("撤回", "废除"), is_safer=True),
        ),
    ),
    Rule(
        Verb.RULES,
        Role.VIEWER,
        ("rules",),
        ("规矩",),
        "rules [confirm ID | drop ID]",
        parts=(Part("confirm", Role.RESPONDER, ("确认",)), Part("drop", Role.APPROVER, ("删除", "作废"))),
    ),
    Rule(Verb.RULE, Role.RESPONDER, ("rule",), ("规则",), "rule WORDS, e.g. never restart billing on the 1st"),
    Rule(Verb.ADMIT, Role.APPROVER, ("admit",), ("准入",), "admit ID"),
    Rule(Verb.NOTE, Role.RESPONDER, ("note",), ("记一笔", "变更"), "note WORDS [host=H]"),
    Rule(
        Verb.DRY_RUN,
        Role.RESPONDER,
        ("dry run", "dry-run", "dryrun"),
        ("试运行", "演练"),
        "dry run ID | SKILL host=H …",
    ),
    Rule(Verb.PLAN, Role.VIEWER, ("plan",), ("计划",), "plan ID"),
    Rule(Verb.WHY, Role.VIEWER, ("why",), ("为什么", "为何"), "why ID [texts]"),
    Rule(Verb.STATUS, Role.VIEWER, ("status",), ("状态",), "status"),
    Rule(Verb.DIGEST, Role.VIEWER, ("digest",), ("早报",), "digest"),
    Rule(Verb.INCIDENTS, Role.VIEWER, ("incidents", "incident"), ("事件", "故障"), "incidents [ID]"),
    Rule(Verb.APPROVALS, Role.VIEWER, ("approvals",), ("审批", "待批"), "approvals"),
    Rule(Verb.MEMORY, Role.VIEWER, ("memory search", "memory", "remember"), ("记忆", "回忆"), "memory WORDS"),
    Rule(Verb.RUN, Role.REQUESTER, ("run skill", "run"), ("运行", "执行"), "run SKILL host=H key=value …"),
    Rule(Verb.UNDO, Role.REQUESTER, ("undo",), ("撤销", "撤消"), "undo N"),
    Rule(Verb.ALERT, Role.RESPONDER, ("alert",), ("告警", "报警"), "alert SIGNAL host=H [value=V]"),
    Rule(Verb.ASK, Role.VIEWER, ("ask",), ("问",), "ask WORDS"),
    Rule(Verb.HELP, Role.VIEWER, ("help", "?", "h"), ("帮助", "？"), "help"),
)
"""The order counts: what takes authority away is looked for first."""

LEAST_ROLE: dict[Verb, Role] = {rule.verb: rule.role for rule in RULES} | {Verb.UNKNOWN: Role.VIEWER}
"""The least role of each plain word; see `least_role` for its parts."""

LOOSER = frozenset(
    {
        (Verb.APPROVE, ""),
        (Verb.PICK, ""),
        (Verb.GO, ""),
        (Verb.RUN, ""),
        (Verb.UNDO, ""),
        (Verb.ADMIT, ""),
        (Verb.ORDERS, "new"),
        (Verb.ORDERS, "confirm"),
        (Verb.ORDERS, "renew"),
        (Verb.RULES, "drop"),
        (Verb.MODE, "auto"),
        (Verb.MODE, "reset"),
        *((verb, "off") for verb in (Verb.TAKE, Verb.SNOOZE, Verb.MUTE, Verb.MAINTENANCE)),
    }
)
"""What lets Nightshift do more than before: one of these beside a safer word in one message is nothing."""

_RULE_OF = {rule.verb: rule for rule in RULES}
_PARTS = {(rule.verb, part.word): part for rule in RULES for part in rule.parts}


def rule_of(verb: Verb) -> Rule:
    """The row of a verb; KeyError for UNKNOWN, which has none."""
    return _RULE_OF[verb]


def least_role(wanted: Verb | Command) -> Role:
    """The least role of a word, or of a command with the part of it that was typed."""
    if isinstance(wanted, Verb):
        return LEAST_ROLE[wanted]
    part = _PARTS.get((wanted.verb, wanted.part))
    return part.role if part else LEAST_ROLE[wanted.verb]


def is_safer(wanted: Verb | Command) -> bool:
    """True for what takes authority away and is for every member, whatever groups they hold."""
    verb, part = (wanted, "") if isinstance(wanted, Verb) else (wanted.verb, wanted.part)
    if part:
        found = _PARTS[verb, part]
        return found.is_safer and found.role is Role.VIEWER
    return verb is not Verb.UNKNOWN and _RULE_OF[verb].is_safer
