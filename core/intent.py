"""What kind of sentence a person's words are, English or Chinese, by grammar alone: a question, an order, a greeting, a word against."""

from __future__ import annotations

import re
from enum import StrEnum


class Intent(StrEnum):
    """What kind of words they are. ABOUT: what was seen or done before; YES: an approval, or another word of authority."""

    HELLO = "hello"
    THANKS = "thanks"
    YES = "yes"
    AGAINST = "against"
    LEARN = "learn"
    ABOUT = "about"
    QUESTION = "question"
    COMMAND = "command"
    REMARK = "remark"


def _words(text: str) -> str:
    """Alternatives, one a word of ASCII with its edges, or a piece of Chinese; `_` stands for a blank inside one."""
    parts = sorted(text.split(), key=len, reverse=True)
    ascii_ = "|".join(part.replace("_", r"\s+") for part in parts if part.isascii())
    chinese = "|".join(part for part in parts if not part.isascii())
    return "|".join(filter(None, [rf"(?<![A-Za-z0-9])(?:{ascii_})(?![A-Za-z0-9])" if ascii_ else "", chinese]))


_END = r"[\s,.!?;~、。，！？；…]*"
_FLAGS = re.IGNORECASE | re.DOTALL


def _only(text: str, more: str = "") -> re.Pattern[str]:
    """A sentence of nothing but these words."""
    return re.compile(rf"(?:(?:{_words(text)}{more}){_END})+", _FLAGS)


_COURTESY = _words("""
    hey hi hello nightshift please pls kindly now then ok and can_you could_you would_you will_you i_want_you_to i_would_like_you_to
    i'd_like_you_to i_need_you_to you_should let's go_and try_to try instead
    请问 想问 问一下 问下 我想知道 想知道
    请 麻烦 劳驾 你 您 帮我 帮忙 给我 帮 能不能 能否 可不可以 可以 可否 试试 试着 先 再 那就 那 现在 马上 立刻 赶紧 快
""")
_POLITE = re.compile(rf"(?:(?:{_COURTESY})[\s,:，：]*)+", _FLAGS)
_ORDER = re.compile(
    _words("""
    start restart reload bounce kill clean cleanup clear free delete remove purge prune rotate truncate restore repair fix renew bring_up
    end terminate close change set reopen move reset replace unblock resolve save roll_back rerun execute run drop trim shrink make
    take_care_of get_rid_of switch turn raise lower tell announce empty flush vacuum recycle revive reboot tidy
    restarting starting reloading cleaning clearing freeing deleting removing rotating killing fixing rebooting
    """),
    _FLAGS,
)
_ORDER_ZH = re.compile(
    _words("""
    重启 重新启动 重载 重新加载 启动 拉起 清理 清掉 清空 清除 清一下 删除 删掉 删一下 修复 修一下 恢复 续签 杀掉 干掉
    结束掉 关闭 关掉 释放 腾出 替换 修改 改成 改为 移走 移开 回收 轮转 切割 截断 通知 告诉 处理 停掉 运行 执行
    """)
)
_WONDERS = re.compile(
    _words("""
    what what's why which who who's whose when where where's how
    什么 为何 怎么 怎样 如何 哪 谁 多少 几个 是否 有没有 是不是 咋 啥
    """),
    _FLAGS,
)
_ASKS_FIRST = re.compile(
    _words("""
    is are was were does do did has have had any anything anybody show list check look see inspect find tell_me give_me describe
    take_a_look have_a_look
    """),
    _FLAGS,
)
_ASKS = re.compile(rf"[?？]|{_words('吗 呢 看看 看一下 看下 查看 查一下 查下 查查 检查 显示 列出 瞧瞧 正常')}")
_LEARN = re.compile(
    r"(?:learn|teach yourself|you (?:should|must|need to) learn)\b(?: how\b)?(?: to\b)?\s*(?P<en>.*)"
    r"|(?:学会|学一下|学学|学习一下|学习)(?:怎么|如何|怎样)?[ ，,：:]*(?P<zh>.*)",
    _FLAGS,
)
_HELLO = _only("""
    hi hello hey yo good_morning good_evening good_night good_day good_afternoon morning are_you_there ping there nightshift
    你好 您好 嗨 哈喽 早上好 早安 早 晚上好 晚安 在吗 在不在 啊 呀
""")
_THANKS = _only("""
    many thanks thank_you thx ty cheers great nice cool perfect good_job good_work well_done so_much a_lot very_much for the help your
    谢谢 多谢 谢了 感谢 辛苦 不错 很好 真棒 太好了 干得好 您 你 了 啦 啊
""")
_YES = _only(
    """
    yes yep yeah ok okay sure fine go_ahead do_it do_that do_so approve approved lgtm please just now then and i we would agree agreed
    sounds_good go_for_it it that this all them both confirm confirmed permitted allowed anyway absolutely right of_course
    好的 好 行 可以 没问题 同意 批准 就这么办 这么办 干吧 执行 做吧 做 来吧 确认 准了 吧 了 的 我 都 全部 照办 就这样 去做 动手
    """,
    "|(?-i:[A-Z0-9]{6})",
)
_AUTHORITY = re.compile(
    r"\bapprov(?:e|ed|es|ing)\b|\b(?:lift|cancel|undo|remove|end)\s+(?:the\s+|every\s+|all\s+)?stops?\b|\bauto(?:matic)?\s+mode\b"
    r"|\bmode\b.*\bauto|\bstanding order\b|\b(?:make|give) me\b.*\b(?:admin|approver|order|role)"
    r"|批准|同意|解除停止|取消停止|自动模式|常令",
    _FLAGS,
)
_AGAINST = re.compile(
    r"(?<![A-Za-z0-9])(?:do not|don't|dont|never|must not|mustn't|should not|shouldn't|stop|halt|wait|hold on"
    r"|leave (?:it|that|them) alone)\b"
    r"|(?<![特分识个级类区差])别(?![的人])|不要|勿|不许|不准|停下|停止|等等|等一下|住手",
    _FLAGS,
)
_ABOUT = re.compile(
    r"(?:and )?(?:why(?: (?:that|this|so|did you .*|do you .*))?"
    r"|what did you (?:see|find|do|look at|notice|measure)(?: there| exactly)?|what (?:happened|was it|is (?:this|it) about|do you know)"
    r"|how do you know(?: that)?|on what evidence|evidence|explain(?: (?:it|this|that))?|details|more|tell me more"
    r"|为什么(?:呢|这样|会这样|啊)?|为何|你看到(?:了)?(?:什么|啥)|看到了什么|发现了什么|依据(?:是什么|呢)?|凭什么|怎么回事|解释一下|证据(?:呢)?"
    rf"|详细(?:点|一点|说说)?|具体呢){_END}",
    _FLAGS,
)
_MORE = _only(
    "and also there too what about how same again now on for the of at please 呢 那 那么 还有 也 上 再 一样 的 看看 同样"
)
_IT = re.compile(
    _words("it them that_one this_one that_service this_service the_same 它 它们 这个 那个 该服务"), _FLAGS
)
_NAME = r"[A-Za-z][A-Za-z0-9_.@-]{1,80}"
_DONE_TO = _words("重启 重新启动 重载 重新加载 启动 拉起 修复 修一下")
_DONE_TO_EN = _words("start restart reload bounce kill fix repair revive")
_IS = _words("is are does did why_is why_did why_does")
_SO = _words("running up down alive healthy ok okay all_right dead working stop stopped crash crashed not")
_SO_ZH = _words("在运行 运行 正常 挂了 为什么 怎么 起不来 还活着 停了")
_SUBJECT = re.compile(
    rf"(?:{_DONE_TO_EN}|(?:{_DONE_TO})(?:一下|下)?)\s*(?:(?:the|a|service|unit|container|服务|容器)\s+)*(?P<after>{_NAME})"
    rf"|(?:把|的|将)\s*(?P<before>{_NAME})\s*(?:服务|容器|进程)?\s*(?:给我)?(?:{_DONE_TO})"
    rf"|(?:{_IS})\s+(?:the\s+)?(?P<asked>{_NAME})\s+(?:{_SO})"
    rf"|(?<![A-Za-z0-9_./-])(?P<told>{_NAME})\s*(?:服务)?\s*(?:是否|还)?(?:{_SO_ZH})",
    _FLAGS,
)
_NO_SUBJECT = re.compile(
    _words("""
    the it that this them everything all my our service services server servers machine machines host hosts container containers web
    website site app application database db disk network process processes unit units with and or on in at now please again nightshift
    what who something anything nothing everybody stuff things one
    """),
    _FLAGS,
)


def intent_of(words: str) -> Intent:
    """Authority, and what is said against an action, come first: whatever else the words say, they are taken for no order."""
    bare = words.strip()
    for intent, pattern in (
        (Intent.HELLO, _HELLO),
        (Intent.THANKS, _THANKS),
        (Intent.YES, _YES),
        (Intent.ABOUT, _ABOUT),
    ):
        if pattern.fullmatch(bare):
            return intent
    rest = without_courtesy(bare)
    if _LEARN.match(rest):
        return Intent.LEARN
    if _WONDERS.search(bare):
        return Intent.QUESTION
    if _AUTHORITY.search(bare):
        return Intent.YES
    if _AGAINST.search(bare):
        return Intent.AGAINST
    return _asked_or_ordered(rest, is_polite=rest != bare)


def _asked_or_ordered(rest: str, *, is_polite: bool) -> Intent:
    if _ORDER.match(rest):
        return Intent.COMMAND
    asks = _ASKS_FIRST.match(rest) is not None or _ASKS.search(rest) is not None
    if _ORDER_ZH.search(rest) and (is_polite or not asks):
        return Intent.COMMAND
    return Intent.QUESTION if asks else Intent.REMARK


def without_courtesy(words: str) -> str:
    """The words from where they say something: `could you please restart it` begins with restart."""
    bare = words.strip()
    begin = _POLITE.match(bare)
    return bare[begin.end() :] if begin else bare


def is_more_of_the_same(words: str) -> bool:
    """True for what is left of `and on web-2?` without the host: it only points at what was asked before."""
    bare = words.strip(" ?？,，.。!！")
    return not bare or _MORE.fullmatch(bare) is not None


def points_back(words: str) -> bool:
    """True for `restart it` and `the same there`: what they are about was said before."""
    return is_more_of_the_same(words) or _IT.search(words) is not None


def wanted_in(words: str) -> str:
    """What is to be learned, '' where that is not said."""
    found = _LEARN.match(without_courtesy(words))
    return (found["en"] or found["zh"] or "").strip() if found else ""


def subject_in(words: str) -> str:
    """The one thing that words without a host are about by their grammar, as `nginx` in `restart nginx`; '' where they name none."""
    for match in _SUBJECT.finditer(words):
        found = next(group for group in match.groups() if group).rstrip(".-").removesuffix(".service")
        if not _NO_SUBJECT.fullmatch(found):
            return found
    return ""
