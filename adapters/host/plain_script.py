"""The shell scripts that a host without Python runs for us: fixed texts, told apart from what they work on by positional arguments.

Only POSIX sh and what busybox has. What is checked over there pins what was looked at before: the directory by its real path, the
file by device and inode, so that nothing else is touched when somebody moves things in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from core.skill import HostError

Exec: TypeAlias = Callable[[Sequence[str], bytes, float], tuple[int, bytes, bytes]]
"""Runs argv over there with these bytes on stdin, for at most so many seconds: exit status, stdout, stderr.

Raises UnavailableError where the host is gone or the time is over. Output beyond some MiB is drained and dropped.
"""

ENVIRONMENT = (
    "env",
    "-i",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL=C",
    "HOME=/",
)
SECONDS = 20.0

_IN = 'cd -P -- "$1" 2>/dev/null && [ "$(pwd -P)" = "$1" ] || exit 91\n'
_SAME = '[ ! -L "./$2" ] && [ "$(stat -c %d:%i -- "./$2" 2>/dev/null)" = "$3" ] || exit 92\n'
_PLAIN = '[ -f "./$2" ] && [ ! -L "./$2" ] || exit 92\n'
_STARTED = 's=$(cat "/proc/$1/stat" 2>/dev/null) || exit {gone}\np=$1 want=$2 name=$3\nset -f\nset -- ${{s##*) }}\n'

READ = (
    _IN
    + _PLAIN
    + 'exec 3<"./$2"\n'
    + '[ -z "$3" ] || [ "$(stat -L -c %d:%i /proc/self/fd/3)" = "$3" ] || exit 92\n'
    + 'head -c "$4" <&3\n'
)
"""directory, name, device:inode or nothing, limit."""

LIST = _IN + 'ls -A | head -n "$2" | tr "\\n" "\\000" | xargs -0 -r stat -c "$3" -- 2>/dev/null\nexit 0\n'
"""directory, limit, format. A name with a line break comes as two names that nobody has, and those are left out."""

LIST_OPEN = _IN + (
    'ls -A | head -n "$2" | while IFS= read -r f; do\n'
    '  l=$(stat -c "$3" -- "$f" 2>/dev/null) && t=$(readlink -n -- "$f") && o=$(stat -L -c "%h %s" -- "$f") || continue\n'
    '  printf "%s\\000%s\\000%s\\000" "$l" "$o" "$t"\n'
    "done 2>/dev/null\nexit 0\n"
)
"""The same of /proc/PID/fd: the link, what is known of the open file, the link's text."""

WRITE = (
    _IN
    + "set -C\numask 077\ntrap 'rm -f -- \"./$3\"' EXIT\ntrap 'exit 98' HUP INT TERM\n"
    + 'cat > "./$3" || exit 95\n'
    + '[ -z "$5" ] || chown -- "$5" "./$3" || exit 95\n'
    + 'chmod -- "$4" "./$3" || exit 95\n'
    + "if command -v sha256sum >/dev/null 2>&1; then\n"
    + '  [ "$(sha256sum < "./$3" | cut -c1-64)" = "$7" ] || exit 96\nfi\n'
    + 'sync "./$3" 2>/dev/null || sync\n'
    + 'if [ -n "$6" ]; then\n'
    + '  [ ! -L "./$2" ] && [ "$(stat -c %d:%i -- "./$2" 2>/dev/null)" = "$6" ] || exit 92\n'
    + '  mv -f -- "./$3" "./$2" || exit 95\n'
    + "else\n"
    + '  [ ! -e "./$2" ] && [ ! -L "./$2" ] || exit 94\n'
    + '  ln -- "./$3" "./$2" || exit 95\n'
    + "fi\n"
)
"""directory, name, temporary name, mode, owner or nothing, device:inode of the old one or nothing, sha256; the bytes on stdin."""

DELETE = _IN + _SAME + 'rm -f -- "./$2" || exit 95\n'
"""directory, name, device:inode."""

MOVE = (
    _IN
    + _SAME
    + '[ ! -e "$4/$5" ] && [ ! -L "$4/$5" ] || exit 94\n'
    + 'ln -- "./$2" "$4/$5" || exit 95\n'
    + 'rm -f -- "./$2" || { rm -f -- "$4/$5"; exit 95; }\n'
)
"""directory, name, device:inode, other directory, new name. A link fails where the name is taken; mv would look and then go over it."""

_EMPTY = '[ "$(stat -L -c "%d:%i %h" /proc/self/fd/3)" = "$3" ] || exit 92\n: > /proc/self/fd/3 || exit 95\n'
TRUNCATE = _IN + _PLAIN + 'exec 3<>"./$2"\n' + _EMPTY
"""directory, name, "device:inode links"."""

TRUNCATE_OPEN = (
    '[ "$(readlink -n -- "$1/$2")" = "$4" ] || exit 92\n[ -f "$1/$2" ] || exit 92\nexec 3<>"$1/$2"\n' + _EMPTY
)
"""/proc/PID/fd, number, "device:inode 0", the text of the link."""

PROCESSES = (
    'read -r t || exit 95\nstat -c "%n %u" /proc/[0-9]* 2>/dev/null\n'
    'for p in /proc/[0-9]*; do printf %s "$t"; cat "$p/stat" "$p/cmdline" 2>/dev/null; done\nexit 0\n'
)
"""On stdin a word that nobody over there can guess: it stands before each process, whose own texts could imitate any other mark."""

SIGNAL = (
    _STARTED.format(gone=93) + '[ "${20}" = "$want" ] && [ "$1" != Z ] || exit 92\nkill -s "$name" "$p" || exit 95\n'
)
"""pid, start ticks, name. Between the look and the signal lie microseconds: only a pidfd would close that gap."""

END_GROUP = _STARTED.format(gone=0).replace("|| exit 0", '|| s="0) 0"') + (
    '[ "${20:-$want}" = "$want" ] && kill -9 "-$p" 2>/dev/null\nexit 0\n'
)
"""pid, start ticks: kills the group that this process leads, or led. `-9`: dash takes no group after `-s KILL`, busybox none after `--`."""

GATE = (
    '[ -e "$2" ] || exit 93\n[ -f "$2" ] && [ -x "$2" ] || exit 95\n'
    "go= left=400\ntrap go=1 USR1\ncd /\numask 022\n"
    '{ while [ -z "$go" ] && [ $((left -= 1)) -gt 0 ]; do sleep 0.05 || sleep 1; done; } 2>/dev/null\n'
    '[ -n "$go" ] || exit 97\n'
    "trap - USR1\nn=$1\nshift\n"
    'if command -v timeout >/dev/null 2>&1; then exec timeout -k 1 "$n" "$@"; fi\n'
    't() { s=$(cat "/proc/$$/stat" 2>/dev/null) && set -- ${s##*) } && echo "${20}"; }\n'
    "b=$(t)\n"
    '( while [ "$(t)" = "$b" ] && [ $((n -= 1)) -ge 0 ]; do sleep 1; done\n'
    '  [ "$(t)" = "$b" ] && { kill -9 "-$$" || kill -9 $$; } ) </dev/null >/dev/null 2>&1 &\n'
    'exec "$@"\n'
)
"""seconds, then argv. Waits before the first instruction of the command until somebody has noted it and says go; 20 s, then it ends.

It does not stop itself to wait: nsenter and sudo would stop with it, and stay so.
"""


def shell(script: str, *arguments: str, word: str = "nightshift") -> tuple[str, ...]:
    """The argv of one script, in a fixed environment."""
    return (*ENVIRONMENT, "sh", "-c", script, word, *arguments)


def refuse(path: str, status: int, err: bytes) -> None:
    """Raises HostError with the code that a skill knows, for a status that is not 0."""
    if status == 0:
        return
    said = err.decode("utf-8", "replace").strip()
    own = {
        91: HostError("denied", f"{path}: a link on the way"),
        92: HostError("changed", f"{path} is another file now, or no plain one"),
        94: HostError("exists", f"{path}: File exists"),
        96: HostError("failed", f"{path}: what was written is not what was sent"),
    }
    if status in own:
        raise own[status]
    raise HostError(code_of(said), f"{path}: {said.splitlines()[-1][:200] if said else f'status {status}'}")


def code_of(said: str) -> str:
    """The code of what a program over there complains about; it speaks the language of the C locale."""
    codes = {
        "No space left": "full",
        "quota exceeded": "full",
        "Permission denied": "denied",
        "Operation not permitted": "denied",
        "Too many levels of symbolic links": "denied",
        "File exists": "exists",
        "No such file": "missing",
    }
    return next((code for words, code in codes.items() if words in said), "failed")
