"""What may leave in words: text from hosts, alerts and errors with secrets hidden and everything that fools a reader's eye taken out."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = "[hidden]"

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)?|[@-Z\\-_]?)")
_SECRETS = (
    re.compile(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,10000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"(?i)(?<=authorization: )\S+(?: \S+)?|(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"
    ),
)
_NAMED = re.compile(
    r"(?i)(?P<name>[\w.-]{0,40}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]{0,20}"
    r"[\"']?\s{0,3}[:=]\s{0,3})(?P<value>\"[^\"]{1,500}\"|'[^']{1,500}'|[^\s,;&\"']{1,500})"
)
_IN_URL = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,100}:)[^\s/@]{1,200}@", re.IGNORECASE)

MOST = 20_000
"""Characters of one text that are looked at; what is longer is cut, because patterns must not take long on a hostile text."""


def redact(text: str) -> str:
    """The text with passwords, tokens and keys replaced by `[hidden]`."""
    text = text[:MOST]
    for pattern in _SECRETS:
        text = pattern.sub(HIDDEN, text)
    text = _NAMED.sub(lambda match: f"{match['name']}{HIDDEN}", text)
    return _IN_URL.sub(lambda match: f"{match['scheme']}{HIDDEN}@", text)


def clean(text: str, limit: int = MOST) -> str:
    """The text redacted, without escape sequences, control characters, and marks that reorder, hide or overprint what is read.

    These go first: inside a word they would hide a secret from the patterns. At most `limit` characters are left.
    """
    return redact("".join(map(_harmless, _ESCAPES.sub("", text[:MOST]))))[:limit]


def _harmless(letter: str) -> str:
    if letter in "\n\t" or (letter.isascii() and letter.isprintable()):
        return letter
    kind = unicodedata.category(letter)
    if kind in {"Cf", "Cs", "Co", "Cn"}:
        return ""
    return " " if kind in {"Cc", "Zl", "Zp", "Zs"} else letter
