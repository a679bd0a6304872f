"""Grants as text for property tests: well formed ones, hostile ones, paths with dots, and a value for each placeholder type."""

from __future__ import annotations

from hypothesis import strategies as st

from core.capability import Verb
from core.errors import InvalidError, NeverError
from core.grant import Grant
from core.vetted_shapes import VETTED

WORD = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
COMPONENT = st.one_of(WORD, st.sampled_from(["*", "*.log", "a*b", "app.log.1", ".hidden", "**", "{name}", "x{name}"]))
PATH = st.lists(COMPONENT, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
FS = st.sampled_from([verb for verb in Verb if verb.startswith("fs.")])
OPTION = st.sampled_from(["", ";rotated", ";marker", ";marker;rotated", ";private", ";HUP", ";HUP;TERM", ";x"])
SERVICE = st.sampled_from([verb for verb in Verb if verb.startswith("service.")])
GRANT_TEXT = st.one_of(
    st.builds(lambda verb, path, option: f"{verb}:{path}{option}", FS, PATH, OPTION),
    st.builds(lambda verb, name: f"{verb}:{name}", SERVICE, st.one_of(WORD, st.just("{unit}"), st.just("*"))),
    st.sampled_from(VETTED).map(lambda shape: f"exec:{shape}"),
    st.lists(WORD, min_size=1, max_size=4).map(lambda words: f"exec:{' '.join(words)}"),
    st.builds(lambda word, option: f"process.signal:{word}{option}", WORD, OPTION),
    st.builds(
        lambda word, tail: f"http.GET:https://{word}.example/{tail}", WORD, st.sampled_from(["", "a", "a/**", "*"])
    ),
    st.sampled_from(
        [
            "process.list",
            "notify",
            "notify:oncall",
            "secret:gitlab@https://git.example.com/**",
            "kv:a",
            "kv:a*",
            "process.list:*",
        ]
    ),
)
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.builds(
        lambda text, junk, at: text[:at] + junk + text[at:],
        GRANT_TEXT,
        st.sampled_from(list(" \t\n;:'\"$(){}\\*?/\u200b\x00..")),
        st.integers(0, 60),
    ),
)
DOTTED = st.builds(
    lambda before, dots, after: "/" + "/".join([*before, dots, *after]),
    st.lists(WORD, max_size=3),
    st.sampled_from(["..", "."]),
    st.lists(WORD, max_size=3),
)
STAND_IN = st.sampled_from(
    ["x", "app.log.1", ".ssh", "pg_wal", "id_rsa", "..", ".env", "auth.log", "a/b", ".", "cron.d", "app.db"]
)
FILLED_PATTERN = st.tuples(PATH.filter(lambda text: "{" not in text), STAND_IN, STAND_IN).map(
    lambda drawn: (drawn[0], drawn[0].replace("**", drawn[1]).replace("*", drawn[2]))
)
"""A pattern, and a path made from it by putting something harmless or forbidden where its wildcards are."""

VALUES = {
    "path": "/srv/data",
    "unit": "nginx",
    "addr": "10.0.0.1",
    "iface": "eth0",
    "int": "5",
    "pid": "12",
    "host": "a.b",
    "word": "x",
    "port": "80",
}
"""One value of each placeholder type."""


def grant_or_none(text: str) -> Grant | None:
    try:
        return Grant.parse(text)
    except (InvalidError, NeverError):
        return None
