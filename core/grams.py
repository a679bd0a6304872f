"""Text cut into what is compared: words and their parts in Latin letters, single characters and pairs of them in Chinese."""

from __future__ import annotations

import re
import unicodedata

MOST = 2000
"""Characters of a text that are looked at."""
MOST_GRAMS = 400
"""Different ones of one text, first come first kept: what a long text is about stands near its beginning."""

_INNER_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
"""Where names of alerts are put together: HostOutOfDiskSpace."""
_RUNS = re.compile(r"[a-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]+")
_LONGEST_WORD = 24
_NOISE = re.compile(
    r"<(?:n|id)>|https?://\S{1,300}"
    r"|(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z0-9]{0,30}-(?:[0-9]{1,4}|<n>)(?![A-Za-z0-9_-])"
    r"|(?<![A-Za-z0-9])(?=[0-9a-f-]{0,40}[0-9])[0-9a-f]{8,40}(?:-[0-9a-f]{4,12}){0,4}(?![A-Za-z0-9])"
)
"""What says nothing of what is meant: what was masked, addresses of pages, names as hosts have them (`web-1`), ids."""
_EMPTY_ENGLISH = (
    "a an the is are was were be been being am to of in on at for from with by as and or if then than so but it its this that these"
    " those there here i we you he she they me my our your us im ive id do does did doing done can could should would will shall may"
    " might must please pls plz just get got gets some any have has had having let lets need needs want wants hey hi hello ok okay"
    " firing resolved alertname severity critical warning instance labels annotations summary description runbook"
    " now again still really very help check see show tell look into about up out what whats s t re ve ll"
)
_EMPTY = frozenset(_EMPTY_ENGLISH.split())
_EMPTY_CHINESE = re.compile(
    "为什么|什么|怎么|咋|一下|一个|帮我|帮忙|麻烦|请问|请|谢谢|现在|这个|那个|这台|那台|我们|你们|他们|是不是|有没有|能不能|可以|"
    "[的了吗呢吧啊呀嘛哦喔哈我你您他她它们这那着过就都也还又很在是有把被给让]"
)
_TRADITIONAL = (
    "磁碟滿記憶體網絡連線資料庫憑證過期備份務務啟動進程檔案訊錯誤機號個後來檢查誰佔開關閉埠擋牆斷動態麼問題時間顯權關鍵裡們這還發現應該無響應"
    "載釋鎖隊異報負載總結構帳戶監聽視線"
)
_SIMPLIFIED = (
    "磁盘满记忆体网络连线资料库凭证过期备份务务启动进程档案讯错误机号个后来检查谁占开关闭端挡墙断动态么问题时间显权关键里们这还发现应该无响应"
    "载释锁队异报负载总结构帐户监听视线"
)
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_SAID_ELSEWHERE = tuple(
    (re.compile(said), meant)
    for said, meant in (
        ("记忆体", "内存"),
        ("资料库", "数据库"),
        ("凭证|凭據", "证书"),
        ("档案", "文件"),
        ("磁碟|硬碟|硬盘", "磁盘"),
        ("网路", "网络"),
        ("连线", "连接"),
        ("伺服器", "服务器"),
        ("重起|重新启动", "重启"),
        ("宕机了?|宕了|宕掉|挂掉", "挂了"),
        ("到期", "过期"),
        ("文件句柄|文件描述符", "句柄"),
        ("干掉|杀死", "杀掉"),
        ("清掉|清除", "清理"),
        ("删掉|删除", "删"),
        ("用光|用尽|耗尽|用完", "用满"),
    )
)
"""The same thing in other words: of Taiwan and Hong Kong, once their characters are the simplified ones, and of people at work."""
_SHORT_FOR = {
    short: meant
    for meant, shorts in {
        "memory": "mem ram",
        "certificate": "cert certs certificates",
        "postgres": "pg pgsql psql postgresql",
        "config": "cfg conf configuration configurations configs",
        "database": "db dbs databases",
        "restart": "bounce kick cycle",
        "delete": "nuke purge wipe remove",
        "process": "proc procs processes",
        "service": "svc services",
        "connection": "conn conns connections",
        "package": "pkg pkgs packages",
        "directory": "dir dirs directories folder",
        "firewall": "fw",
        "zombie": "defunct zombies",
        "logs": "logfile logfiles",
        "filesystem": "fs",
    }.items()
    for short in shorts.split()
}
"""Words of the trade that mean the same thing, and do not look like it."""


def grams(text: str, seen: dict[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
    """What the text consists of, each once; never raises, never more than MOST_GRAMS. `seen` remembers words between calls."""
    memo: dict[str, tuple[str, ...]] = {} if seen is None else seen
    found: dict[str, None] = {}
    for run in _RUNS.findall(_plain(text)):
        parts = memo.get(run)
        if parts is None:
            parts = memo[run] = _of_chinese(run) if run[0] > "\u33ff" else _of_word(run)
        found.update(dict.fromkeys(parts))
        if len(found) > MOST_GRAMS:
            break
    return tuple(found)[:MOST_GRAMS]


def _plain(text: str) -> str:
    """Lower case, full width as half, traditional as simplified, without what every sentence has."""
    text = _INNER_WORD.sub(" ", unicodedata.normalize("NFKC", _NOISE.sub(" ", text[:MOST]))[:MOST])
    text = text.lower().translate(_TO_SIMPLIFIED)
    if text.isascii():
        return text
    for said, meant in _SAID_ELSEWHERE:
        text = said.sub(meant, text)
    return _EMPTY_CHINESE.sub(" ", text)


def _of_word(word: str) -> tuple[str, ...]:
    if word in _EMPTY or (len(word) == 1 and not word.isdigit()):
        return ()
    if word.isdigit():
        return (word,) if 2 < len(word) < 6 else ()
    word = _SHORT_FOR.get(word, word)
    padded = f"<{word[:_LONGEST_WORD]}>"
    parts = (padded[at : at + size] for size in (3, 4) for at in range(len(padded) - size + 1))
    return tuple(dict.fromkeys((word[:_LONGEST_WORD], *parts)))


def _of_chinese(run: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*run, *(run[at : at + 2] for at in range(len(run) - 1)))))
