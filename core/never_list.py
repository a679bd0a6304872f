"""What no mode, order or approval opens, and what nothing reads (TRUST 5): pure functions, each a reason or None.

This list is lexical. That no link leads around it, and that Nightshift's own files are known by device and inode, is the host
adapter's work; that a database is known by content is `why_data_directory`'s, asked with the names in a directory.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from core.errors import InvalidError
from core.never_table import (
    DATA_FILES,
    METADATA_ADDRESSES,
    NEVER_ARGUED,
    NEVER_READ,
    NEVER_RUN,
    NEVER_SERVED,
    NEVER_STOPPED,
    NEVER_WRITTEN,
    ONLY_OPTIONS,
)
from core.paths import has_hidden_character, parts_of
from core.vetted_shapes import shape_of_argv

OWN_PORTS = frozenset({8470})
RESOLVER = "/etc/resolv.conf"
"""Never written but by the resolver repair; a grant has to name it literally (TRUST 1 and 5)."""

_OPEN_FILE = re.compile(r"/proc/[1-9]\d{0,9}/fd/\d{1,7}")
_PROCESS_MEMORY = re.compile(
    r"/proc/[^/]+/(?:task/[^/]+/)?(?:environ|mem|maps|smaps[^/]*|numa_maps|auxv|pagemap|stack|syscall|map_files|fd|clear_refs)(?:/.*)?"
)
_PROCESS_DOOR = re.compile(
    r"/proc/(?:self|thread-self)(?:/.*)?|/proc/[^/]+/(?:task/[^/]+/)?(?:root|cwd|exe|map_files)(?:/.*)?"
)
_EVIDENCE = re.compile(
    r"(?:/.*)?/logs?/(?:.*/)?(?:secure|audit|auth|sudo|faillock|security\.)[^/]*(?:/.*)?", re.IGNORECASE
)
_KEY_IN_ETC = re.compile(r"/etc/.*key[^/]*(?:/.*)?", re.IGNORECASE)
_GONE = " (deleted)"


def _compile(table: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """One expression per reason; letters of either case, because some file systems do not tell them apart."""
    compiled = []
    for reason, patterns in table.items():
        bodies = [re.escape(pattern).replace(r"\*", "[^/]*") for pattern in patterns.split()]
        anchored = [body if body.startswith("/") else f"(?:/.*)?/{body}" for body in bodies]
        compiled.append((reason, re.compile(f"(?:{'|'.join(anchored)})(?:/.*)?", re.IGNORECASE | re.DOTALL)))
    return tuple(compiled)


def _names(patterns: str) -> re.Pattern[str]:
    """One expression for a list of names with `*`."""
    return re.compile("|".join(re.escape(pattern).replace(r"\*", ".*") for pattern in patterns.split()), re.IGNORECASE)


_WRITE_RULES = _compile(NEVER_WRITTEN)
_READ_RULES = _compile(NEVER_READ)
_RUN_RULES = tuple((reason, _names(programs)) for reason, programs in NEVER_RUN.items())
_ARGUMENT_RULES = tuple((_names(program), re.compile(line)) for program, line in NEVER_ARGUED.items())
_OPTION_RULES = tuple((_names(program), frozenset(options.split())) for program, options in ONLY_OPTIONS.items())
_NEVER_STOPPED = _names(NEVER_STOPPED)
_NEVER_SERVED = _names(NEVER_SERVED)
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,127}")
_OTHER_UNIT = re.compile(
    r"\.(?:target|slice|scope|mount|automount|swap|device|socket|timer|path|snapshot)$", re.IGNORECASE
)
_PATH_IN_ARGUMENT = re.compile(r"/[^=,:;@\s]*")
_UNSAFE_FOLDER = re.compile(r"/(?:tmp|var/tmp|var/run|run|dev|proc|sys)/")
_SCRIPT = re.compile(r"(?!nightshift)[^/]{1,200}\.(?:sh|bash|py|pl|rb)")
_VERSION = re.compile(r"[-.]?\d[\d.]*$")
_HANGER = re.compile(
    r"[-._](?:basic|tiny|nox|gtk\d?|athena|huge|small|openbsd|traditional|static|real|bin|orig|distrib|dbg|debug|original|legacy|nft|rs|ng"
    r"|(?:x86_64|i\d86|aarch64|arm\w*)[-_].*|wrapped|wrapper|old|new|dist)$",
    re.IGNORECASE,
)
_TRIPLE = re.compile(r"^(?:x86_64|i\d86|aarch64|arm\w*|riscv64|ppc64le|s390x)-(?:\w+-)?linux-\w+-")
_NUMBER_OPTION = re.compile(r"-\d{1,9}")
_PROGRAM_FOLDER = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+|/opt/.+|/usr/lib(?:exec)?/.+")


def why_never_written(path: str) -> str | None:
    """Why a file here is never written, deleted, moved or truncated; the resolver's file passes, see RESOLVER."""
    text = _plain(path)
    if text is None:
        return "not a plain absolute path"
    if text == RESOLVER:
        return None
    if _EVIDENCE.fullmatch(text):
        return "evidence"
    return next((reason for reason, rule in _WRITE_RULES if rule.fullmatch(text)), None)


def why_never_read(path: str) -> str | None:
    """Why a file's content never leaves the host."""
    text = _plain(path)
    if text is None:
        return "not a plain absolute path"
    if _PROCESS_MEMORY.fullmatch(text) or _PROCESS_DOOR.fullmatch(text):
        return "a process's memory, environment or open files"
    if _KEY_IN_ETC.fullmatch(text):
        return "a key"
    return next((reason for reason, rule in _READ_RULES if rule.fullmatch(text)), None)


def why_never_listed(path: str) -> str | None:
    """Why a directory is not listed and its entries are not looked at: doors out of the file tree, and ourselves."""
    text = _plain(path)
    if text is None:
        return "not a plain absolute path"
    return "a door into another file tree" if _PROCESS_DOOR.fullmatch(text) else None


def is_open_file(path: object) -> bool:
    """True for `/proc/PID/fd/N`, the one place below /proc that may be emptied, and only when the file behind it is deleted."""
    return isinstance(path, str) and _OPEN_FILE.fullmatch(path) is not None


def why_never_emptied(target: str) -> str | None:
    """Why an open file is never emptied, by the text of its `/proc/PID/fd/N` link, which must end in ` (deleted)`."""
    if not target.endswith(_GONE):
        return "it is not deleted"
    return why_never_written(target.removesuffix(_GONE))


def why_data_directory(names: Collection[str]) -> str | None:
    """Why nothing is changed in a directory that holds these names: a database's own, told by its content."""
    found = sorted(DATA_FILES.intersection(names))
    return f"a database's own directory: it holds {found[0]}" if found else None


def why_never_fetched(url: object, own_ports: Collection[int] = OWN_PORTS) -> str | None:
    """Why a URL is never fetched; the addresses its host resolves to must pass `why_never_reached` as well."""
    if (
        not isinstance(url, str)
        or len(url) > 2000
        or has_hidden_character(url)
        or not url.isascii()
        or set(url) & set(' \\"<>^`{|}')
    ):
        return "not a plain URL"
    try:
        split = urlsplit(url)
        port = split.port or (443 if split.scheme == "https" else 80)
    except ValueError:
        return "not a plain URL"
    host = split.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if split.netloc.lower() not in (shown, f"{shown}:{split.port}") and "@" not in split.netloc:
        return "not a plain URL"
    if (
        split.scheme not in ("http", "https")
        or not host
        or "@" in split.netloc
        or split.fragment
        or "%" in split.netloc
    ):
        return "only http and https, with a host, without user name and fragment"
    if split.port == 0 or port in own_ports:
        return "Nightshift's own port, or none"
    return _why_host_refused(host.removesuffix("."), port, own_ports)


def why_never_reached(address: str, port: int, own_ports: Collection[int] = OWN_PORTS) -> str | None:
    """Why no connection is made to an address: our own port, link-local (cloud metadata lives there), multicast."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    if any(why_never_reached(str(inner), port, own_ports) for inner in _inside(parsed)):
        return "a link-local or reserved address in disguise"
    if port in own_ports:
        return "Nightshift's own port"
    if parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified or str(parsed) in METADATA_ADDRESSES:
        return "a link-local, metadata, multicast or unspecified address"
    return None


def is_public(address: str) -> bool:
    """True for an address of the open internet, also as it is written inside another one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (_inside(parsed) or (parsed,)))


_CARRIERS = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 networks whose last four bytes are an IPv4 address: the old compatible ones, and NAT64."""


def _inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address carries."""
    if isinstance(address, ipaddress.IPv4Address) or int(address) < 2:
        return ()
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _CARRIERS):
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(one for one in carried if one is not None)


_METADATA_NAMES = re.compile(
    r"(?:.*\.)?(?:metadata|instance-data|metadata\.google\.internal|metadata\.azure\.internal)", re.IGNORECASE
)
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
)
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", re.IGNORECASE)


def _why_host_refused(host: str, port: int, own_ports: Collection[int]) -> str | None:
    if ":" in host:
        return why_never_reached(host, port, own_ports)
    if _NUMERIC.fullmatch(host):
        return why_never_reached(host, port, own_ports)
    if not _HOST_NAME.fullmatch(host):
        return "not the name of a host"
    return "a metadata service" if _METADATA_NAMES.fullmatch(host) else None


def why_not_resolver(text: str) -> str | None:
    """Why this text may not become `/etc/resolv.conf`: one to three `nameserver` lines, `search` and `options`, nothing else."""
    servers = 0
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or words[0] in ("search", "options", "domain"):
            continue
        if len(words) != 2 or words[0] != "nameserver":
            return f"{line[:60]!r} has no place in a resolver file"
        if why_never_reached(words[1], 53):
            return f"{words[1][:60]!r} cannot be a resolver"
        servers += 1
    return None if 1 <= servers <= 3 else "one to three nameservers are needed"


def _plain(path: str) -> str | None:
    """The path with /var/run and /var/lock written as what they are; None for a spelling that `parts_of` refuses."""
    try:
        parts: Sequence[str] = parts_of(path)
    except InvalidError:
        return None
    folders = tuple(part.lower() for part in parts[:2])
    if folders == ("var", "run"):
        parts = ("run", *parts[2:])
    if folders == ("var", "lock"):
        parts = ("run", "lock", *parts[2:])
    return "/" + "/".join(parts)


def why_never_run(argv: Sequence[object]) -> str | None:
    """Why a command line is never run, granted or not. A vetted shape passes, but for files in it that are never read."""
    words = tuple(word for word in argv if isinstance(word, str) and word and not has_hidden_character(word))
    if not words or len(words) != len(argv) or ("/" in words[0] and _plain(words[0]) is None):
        return "not a plain command line"
    secret = next((reason for word in words[1:] for reason in _why_argument_refused(word)), None)
    if secret is not None:
        return secret
    if words[0].endswith("redis-cli") and not OWN_PORTS.isdisjoint(map(_number, words)):
        return "Nightshift's own port"
    if shape_of_argv(words) is not None:
        return None
    if "/" in words[0] and not _PROGRAM_FOLDER.fullmatch(words[0]):
        return "it lies where others than the system put programs"
    program = words[0].rpartition("/")[2]
    names = _names_of(program)
    reason = next((reason for reason, rule in _RUN_RULES if any(map(rule.fullmatch, names))), None)
    if reason is not None:
        return reason
    line = " ".join(words[1:])
    is_refused = any(_is_called(name, names) and rule.fullmatch(line) for name, rule in _ARGUMENT_RULES) or any(
        _is_called(name, names) and not all(_is_option(word, options) for word in words[1:] if word.startswith("-"))
        for name, options in _OPTION_RULES
    )
    return "these arguments change more than one thing, or run something else" if is_refused else None


def why_never_adopted(argv: Sequence[object]) -> str | None:
    """The same for a line that the operator wrote: a script of theirs may lie where they keep it, and ends as scripts do."""
    words = tuple(word for word in argv if isinstance(word, str) and word and not has_hidden_character(word))
    if not words or len(words) != len(argv) or not words[0].startswith("/") or _plain(words[0]) is None:
        return "not a plain command line"
    if _UNSAFE_FOLDER.match(words[0]):
        return "it lies where anybody may put programs, or nothing lasts"
    secret = next((reason for word in words for reason in _why_argument_refused(word)), None)
    program = words[0].rpartition("/")[2]
    if secret is not None or _SCRIPT.fullmatch(program):
        return secret
    names = _names_of(program)
    return next((reason for reason, rule in _RUN_RULES if any(map(rule.fullmatch, names))), None)


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() else -1


def _is_called(name: re.Pattern[str], names: Collection[str]) -> bool:
    return any(map(name.fullmatch, names))


def _is_option(word: str, options: Collection[str]) -> bool:
    """True for one of them, and for a number, as `tail -5` takes it."""
    return word in options or _NUMBER_OPTION.fullmatch(word) is not None or f"{word.partition('=')[0]}=" in options


def _names_of(program: str) -> tuple[str, ...]:
    """A program's name as it is, without its version, and without what a distribution hangs on it: `vim.basic`, `nc.openbsd`."""
    program = _TRIPLE.sub("", program)
    bare = _VERSION.sub("", program)
    stem = _HANGER.sub("", bare)
    return tuple(dict.fromkeys((program, bare, stem, _VERSION.sub("", stem))))


def why_never_served(unit: object, verb: str) -> str | None:
    """Why nothing, or nothing that stops it, is done to a service; `verb` is start, stop, restart, reload or status."""
    if not isinstance(unit, str) or not _UNIT.fullmatch(unit):
        return "not the plain name of a service"
    if verb == "status":
        return None
    if _OTHER_UNIT.search(unit):
        return "only services are served, not targets, mounts, sockets or slices"
    names = {
        part for name in (unit, *unit.split(":")) for part in (name.removesuffix(".service"), name.partition("@")[0])
    }
    if any(_NEVER_SERVED.fullmatch(name) for name in names):
        return "Nightshift itself, or what everything else stands on"
    if verb not in ("start", "reload") and any(_NEVER_STOPPED.fullmatch(name) for name in names):
        return "it lets people in, guards this host or keeps its evidence"
    return None if verb in ("start", "stop", "restart", "reload") else "unknown verb"


def _why_argument_refused(word: str) -> list[str]:
    """Reasons why files named in one argument, by a whole path, after an option, or relative to `/`, are never read."""
    paths = [text.rstrip("/") or "/" for text in _PATH_IN_ARGUMENT.findall(word)]
    if "/" in word and not word.startswith(("-", "/")):
        paths.append(f"/{word}".rstrip("/"))
    return [reason for path in paths if (reason := why_never_read(path))]
