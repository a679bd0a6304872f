"""What may leave in words: text from hosts, alerts and errors with secrets hidden and everything that fools a reader's eye taken out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

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

_KEY_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|OPENSSH|SECRET)[A-Z0-9 ]{0,20}-----"
_SHAPES = (
    re.compile(_KEY_BEGIN + r".{0,10000}?(?:-----END [A-Z0-9 ]{0,60}-----|\Z)", re.DOTALL),
    re.compile(
        r"(?:^[ \t]{0,8}[A-Za-z0-9+/=]{1,80}\s{0,4}){1,200}-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----",
        re.MULTILINE,
    ),
    re.compile(
        r"(?:^[ \t]{0,8}[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6}|[A-Za-z0-9+/]{12})?[ \t\r]{0,4}(?:\n|\Z)){2,200}"
        r"(?:^[ \t]{0,8}[A-Za-z0-9+/]{4,76}={0,2}$)?",
        re.MULTILINE,
    ),
    re.compile(r"(?<![A-Za-z0-9+/])(?:b3BlbnNzaC1rZXktdjEA|LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,4})[A-Za-z0-9+/=\s]{0,10000}"),
    re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{20,80}|(?<=Private-Lines: )[^:]{1,10000}"),
    re.compile(
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])(?:[\s,:\"']{1,3}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?"
    ),
    re.compile(r"(?<![A-Za-z0-9])(?:LTAI[A-Za-z0-9]{12,30}|AKID[A-Za-z0-9]{13,40})(?![A-Za-z0-9])"),
    re.compile(
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[\w.-]{16,128}"
        r"|npm_[A-Za-z0-9]{30,64}|pypi-AgE[\w-]{30,300}|dckr_pat_[\w-]{20,60}|hf_[A-Za-z0-9]{20,60}|glsa_\w{20,80}"
        r"|do[opr]_v1_[a-f0-9]{32,80}"
        r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|dapi[a-f0-9]{32}|hv[sbr]\.[\w-]{20,300}|whsec_[A-Za-z0-9]{16,80}|GOCSPX-[\w-]{20,60}"
        r"|SG\.[\w-]{16,40}\.[\w-]{16,64}|SK[0-9a-f]{32}|\d{8,10}:AA[\w-]{30,40}|[\w~.-]{3}8Q~[\w~.-]{30,40})"
    ),
    re.compile(
        r"(?<![A-Za-z0-9])(?:xox[abeoprs]-|xapp-\d-)[A-Za-z0-9-]{8,255}|hooks\.slack\.com/services/[\w/]{10,100}"
    ),
    re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|rk)[-_](?:live|test|proj|ant|svcacct)?[-_]?[A-Za-z0-9_-]{20,255}"),
    re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8,4000}\.[\w-]{4,4000}(?:\.[\w-]{0,4000})?"),
    re.compile(r"(?<![A-Za-z0-9])AIza[\w-]{30,60}|(?<![A-Za-z0-9])ya29\.[\w-]{20,400}"),
    re.compile(r"\$(?:1|5|6|7|y|gy|2[abxy]|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]{0,16})\$[\w./+=,$-]{20,300}"),
    re.compile(r"SCRAM-SHA-(?:1|256|512)\$[\w+/=:$]{20,300}|(?<=['\"])md5[0-9a-f]{32}(?=['\"])"),
    re.compile(r"(?i)(?<=[?&]key=)[\w-]{16,100}"),
)
"""Secrets that are told by their shape alone: keys whole or cut, tokens of clouds and services, hashes of passwords."""

_IN_QUERY = re.compile(
    r"(?i)([?&;](?:(?:access_|refresh_|id_|auth_|x-amz-security-)?token|x-amz-signature|x-amz-credential|sig|signature"
    r"|auth|api_?key|secret"
    r"|passw(?:or)?d|pwd|passphrase|jwt|ticket|session|sid|code)=)([^&\s\"'<>#;]{4,4000})"
)
_ON_A_LINE = (
    re.compile(r"(?im)((?:set-)?cookie2?[\"']?[ \t]{0,3}:[ \t]{0,3}[\"']?)([^\r\n\"']{3,4000})"),
    re.compile(r"(?im)(^(?:[a-z_][\w.-]{0,31}\$?):)([^:\s*!]{13,300})(?=:\d{0,6}:\d{0,6}:)"),
    re.compile(r"((?<!\S)[\w.*-]{1,100}:(?:\d{3,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:)([^:\s]{1,200}(?!\S))"),
    re.compile(
        r"(?i)((?<![\w-])(?:machine|login)[ \t]{1,3}\S{1,100}[ \t]{1,3}"
        r"(?:login[ \t]{1,3}\S{1,100}[ \t]{1,3})?password[ \t]{1,3})(\S{1,200})"
    ),
    re.compile(
        r"(?m)((?<![\w-])(?:-u|-U|--user|--proxy-user)[ =]?[\"']?(?!\d{1,10}:\d)[^\s:\"'/]{1,100}[:%])([^\s\"']{1,200})"
    ),
    re.compile(r"((?<![\w-])(?:mysql|mariadb)[a-z-]{0,12}(?: [^\n|;&]{0,200}?)? -p)(\S{1,200})"),
    re.compile(r"((?<![\w-])sshpass (?:-v )?-p ?)(\S{1,200})"),
    re.compile(
        r"((?<![\w-])redis-cli(?: [^\n|;&]{0,200}?)? -a |(?<![\w-])(?:ldapsearch|ldapmodify|ldapadd)"
        r"(?: [^\n|;&]{0,200}?)? -w )(\S{1,200})"
    ),
    re.compile(r"(?im)((?:^|[ \t])(?:requirepass|masterauth|rootpw|bindpw)[ \t]{1,3})(\S{1,200})"),
    re.compile(
        r"((?<![\w-])(?:docker|podman|helm|skopeo|buildah|oc) (?:registry )?login(?: [^\n|;&]{0,200}?)? -p[ =]?"
        r"|(?<![\w-])mosquitto_(?:pub|sub|rr)(?: [^\n|;&]{0,200}?)? -P |(?<![\w-])snmp[a-z]{2,12}(?: [^\n|;&]{0,200}?)? -c "
        r"|(?<![\w-])vault login (?!-))(\S{1,200})"
    ),
    re.compile(
        r"((?<![A-Za-z0-9_])[A-Z0-9_]{0,40}_(?:KEY|PW|AUTH|SALT)[\"']?(?:=|: ?)[\"']?)((?!/)[^\s\"',;]{6,1000})"
    ),
    re.compile(r"(?i)(<[\w:.-]{0,40}(?:password|passwd|passphrase|secret|token|api-?key)[\w.-]{0,20}>)([^<]{1,1000})"),
    re.compile(
        r"(?i)((?<![a-z])(?:key|name)=[\"'][\w:.-]{0,60}(?:password|passwd|pwd|secret|token|apikey)[\w.-]{0,20}[\"']\s{1,3}"
        r"value=[\"'])([^\"']{1,1000})"
    ),
    re.compile(
        r"(?i)((?<![a-z])define\(\s{0,4}[\"'][\w-]{0,40}(?:password|passwd|secret|token|key|salt)[\w-]{0,20}[\"']\s{0,4},"
        r"\s{0,12}[\"'])([^\"'\n]{1,500})"
    ),
    re.compile(r"(?i)((?:password|passwd|pwd|secret|token|api_?key)%3D)([^\s&\"'<>]{1,500}?)(?=%26|[\s&\"'<>]|\Z)"),
    re.compile(r"((?<![\w:])//[^\s/:@\"'<>]{1,64}:)([^\s/@\"'<>]{1,200})(?=@)"),
    re.compile(r"(?i)((?<![\w-])-?pass(?:in|out)?[ =]pass:|(?<![\w-])env_pass=)(\S{1,200})"),
    re.compile(r"((?<![\w-])echo [\"']?[\w.-]{1,32}:)([^\s\"'|]{1,200})(?=[\"']? {0,3}\| {0,3}(?:sudo )?chpasswd)"),
    re.compile(r"(?i)((?<![\w.-])[\w.-]{1,64}:)([^\s@:/]{1,200})(?=@(?:tcp|unix)\()"),
    re.compile(
        r"(?i)((?<![a-z])(?:password|passphrase|passwd|pwd|passcode) {1,3}(?:is|was|to|=) {1,3}[\"']?)("
        r"(?=[^\s\"']{0,100}[\d!#$%^&*])[^\s\"']{4,200})"
    ),
    re.compile(
        r"((?:密码|口令|密钥|令牌|验证码)(?:已)?(?:是|为|改成|改为|改到|设为|设成|设置为|重置为|变成|换成)?"
        r"[ \u3000]{0,3}[:=：]?[ \u3000]{0,3}[\"'“「]?)([!-~]{4,200})"
    ),
    re.compile(
        r"(?i)((?<![a-z])(?:accountkey|sharedaccess(?:key|signature)|client-key-data|_auth|\"auths?\"|pre-?shared-?key"
        r"|psk|phpsessid|sessid|验证码)[\"']?\s{0,3}[:=：]\s{0,3}[\"']?)([^\s,;&\"'{}<>]{4,8000})"
    ),
    re.compile(r"(?i)((?<![a-z])signature=|(?<![a-z])response=\")([0-9a-f]{16,200})"),
    re.compile(
        r"((?<![A-Za-z])[Bb]asic {1,3})((?=[A-Za-z0-9+/]{0,200}(?:\d|[a-z][A-Z]|=))[A-Za-z0-9+/]{8,2000}={0,2})"
    ),
)
"""A name or an option before, the secret after it; what stands before stays."""

_AUTHORIZATION = re.compile(
    r"(?i)((?:proxy-)?authorization[\"']?+\s{0,3}+[:=]\s{0,3}+[\"']?+(?:basic|bearer|digest|token|negotiate"
    r"|apikey)?+\s{0,3}+|\bbearer\s{1,3}+)"
    r"([A-Za-z0-9._~+/=-]{6,4000})"
)
_NAMED = re.compile(
    r"(?i)((?!passwd:chauthtok)(?:password|passwd|passphrase|(?<![A-Za-z])(?:pass|pw(?![A-Za-z])|pwd(?!=/[\w./-]{0,200}(?: ;|\s|$))"
    r"|passcode)|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key"
    r"|signing[_-]?key|session[_-]?id|cookie|密码|口令|令牌|密钥)[A-Za-z0-9_-]{0,40}+(?:\\{0,3}[\"'])?+\s{0,3}+(?:[:=\uff1a]|=>|是|为)\s{0,3})"
    r"(\\{1,3}[\"'][^\"'\\\n]{1,1000}|\"[^\"\n]{1,1000}\"?|'[^'\n]{1,1000}'?|[^\s,;&\"'<>]{1,1000})"
)
_OPTION = re.compile(
    r"(?i)(--?(?:password|passwd|pass|token|secret|api-?key|auth)[ =])(\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"']{1,500})"
)
_IN_URL = re.compile(
    r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://)"
    r"(?:[^\s/?#@:\"'<>]{0,100}:(?!\d{1,5}[/?#])[^\s\"'<>]{1,300}@(?=[\w.\[-])|[^\s/?#@]{1,300}@)"
)


def redact(text: str, own: Sequence[re.Pattern[str]] = ()) -> str:
    """The text with passwords, tokens, keys and what the user's own patterns match replaced by `[hidden]`; again changes nothing."""
    text = _IN_URL.sub(rf"\g<1>{HIDDEN}@", text[:MOST])
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    for pattern in (*_ON_A_LINE, _IN_QUERY, _AUTHORIZATION, _OPTION, _NAMED):
        text = pattern.sub(_keep_name, text)
    for pattern in own:
        text = HIDDEN.join(pattern.sub(_unless_empty, part) for part in text.split(HIDDEN))
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


def _unless_empty(match: re.Match[str]) -> str:
    return HIDDEN if match[0] else ""


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
