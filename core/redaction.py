"""What may leave in words: text from hosts, alerts and errors with secrets hidden and everything that fools a reader's eye taken out."""

from __future__ import annotations

import re
import unicodedata

from core.paths import has_hidden_character

HIDDEN = "[hidden]"

MOST = 20_000
"""Characters of one text that are looked at; what is longer is cut, because patterns must not take long on a hostile text."""

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]?"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]{0,4}[0-~]?"
)
_MENTION = re.compile(
    r"<(?:!(?:channel|here|everyone|all)|!subteam\^[^>\s]{1,40}|@(?:all|everyone|here|channel))[^>\s]{0,40}>"
    "|[@\uff20](?:all|channel|here|everyone|所有人|全体成员)",
    re.IGNORECASE,
)

_SHAPES = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|OPENSSH|SECRET)[A-Z0-9 ]{0,20}-----.{0,10000}?"
        r"(?:-----END [A-Z0-9 ]{0,60}-----|\Z)",
        re.DOTALL,
    ),
    re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    re.compile(
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}|npm_[A-Za-z0-9]{30,64})"
    ),
    re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{8,255}|hooks\.slack\.com/services/[\w/]{10,100}"),
    re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|rk)[-_](?:live|test|proj|ant|svcacct)?[-_]?[A-Za-z0-9_-]{20,255}"),
    re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8,4000}\.[\w-]{4,4000}(?:\.[\w-]{0,4000})?"),
    re.compile(r"(?<![A-Za-z0-9])AIza[\w-]{30,60}|(?<![A-Za-z0-9])ya29\.[\w-]{20,400}"),
    re.compile(r"(?i)(?<=[?&]key=)[\w-]{16,100}"),
)
"""Secrets that are told by their shape alone: keys, and tokens of clouds and services."""

_AUTHORIZATION = re.compile(
    r"(?i)((?:proxy-)?authorization[\"']?+\s{0,3}+[:=]\s{0,3}+[\"']?+(?:basic|bearer|digest|token|negotiate|apikey)?+\s{0,3}+|\bbearer\s{1,3}+)"
    r"([A-Za-z0-9._~+/=-]{6,4000})"
)
_NAMED = re.compile(
    r"(?i)((?:password|passwd|passphrase|(?<![A-Za-z])(?:pass|pwd|passcode)|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key"
    r"|signing[_-]?key|session[_-]?id|cookie|密码|口令|令牌|密钥)[A-Za-z0-9_-]{0,40}+[\"']?+\s{0,3}+(?:[:=\uff1a]|=>|是|为)\s{0,3})"
    r"(\"[^\"\n]{1,1000}\"?|'[^'\n]{1,1000}'?|[^\s,;&\"'<>]{1,1000})"
)
_OPTION = re.compile(
    r"(?i)(--?(?:password|passwd|pass|token|secret|api-?key|auth)[ =])(\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"']{1,500})"
)
_IN_URL = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://)[^\s/?#@]{1,300}@")


def redact(text: str) -> str:
    """The text with passwords, tokens and keys replaced by `[hidden]`; doing it again changes nothing."""
    text = _IN_URL.sub(rf"\g<1>{HIDDEN}@", text[:MOST])
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    for pattern in (_AUTHORIZATION, _OPTION, _NAMED):
        text = pattern.sub(_keep_name, text)
    return text[:MOST]


def clean(text: str, limit: int = MOST) -> str:
    """The text redacted, without escape sequences, control characters, mass mentions, and marks that reorder or hide what is read.

    These go first: inside a word they would hide a secret from the patterns. At most `limit` characters are left.
    """
    harmless = "".join(map(_harmless, _ESCAPES.sub("", str(text)[:MOST])))
    return redact(_MENTION.sub(_disarmed, harmless))[:limit]


def visible(text: str) -> str:
    """The text without escape sequences, control characters and what fools the eye; nothing is redacted, and nothing cut."""
    return "".join(map(_harmless, _ESCAPES.sub("", text)))


def _keep_name(match: re.Match[str]) -> str:
    return match[0] if match[2].startswith(HIDDEN) else f"{match[1]}{HIDDEN}"


def _disarmed(match: re.Match[str]) -> str:
    return "[at] " + re.sub(r"[^\w]", "", match[0])


def _harmless(letter: str) -> str:
    """The letter; a blank for what separates lines or words; nothing for what is not seen or changes the order of what is."""
    if letter in "\n\t" or (letter.isascii() and letter.isprintable()):
        return letter
    kind = unicodedata.category(letter)
    if kind in {"Zl", "Zp", "Zs"} or letter in "\r\x0b\x0c\x85":
        return " "
    return "" if kind in {"Cc", "Cf", "Cs", "Co", "Cn"} or has_hidden_character(letter) else letter
