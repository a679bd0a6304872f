"""Grants: one spelling, nothing wider than it says, nothing on the never list; and how values are filled in."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.capability import Verb
from core.errors import InvalidError, NeverError, NightshiftError
from core.grant import Grant, fill
from core.never_list import why_never_read, why_never_written
from core.paths import matches, parts_of, pattern_of
from tests.core.grant_texts import DOTTED, FILLED_PATTERN, FS, GRANT_TEXT, HOSTILE, PATH, WORD, grant_or_none

# ---- the grammar --------------------------------------------------------------------------------------------------------------------


@given(st.one_of(GRANT_TEXT, HOSTILE))
@example("exec:iptables -D INPUT -p tcp -m tcp --dport {port:port} -j DROP")
@example("fs.delete:/var/log/**;rotated")
def test_a_grant_has_exactly_one_spelling(text: str) -> None:
    grant = grant_or_none(text)
    assert grant is None or (str(grant) == text and Grant.parse(str(grant)) == grant)


@given(HOSTILE)
def test_hostile_text_raises_our_errors_only(text: str) -> None:
    grant_or_none(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fs",
        "fs.read",
        "fs.read:",
        "fs.reads:/srv/x",
        "FS.READ:/srv/x",
        "fs.read:srv",
        "fs.read:/srv/",
        "fs.read: /srv/x\n",
        "fs.read:/srv//x",
        "fs.read:/srv/../x",
        "fs.read:/srv/./x",
        "fs.read:/**",
        "fs.read:/*",
        "fs.delete:/**",
        "fs.delete:/var/**",
        "fs.delete:/etc/*",
        "fs.write:/home/*",
        "fs.read:/srv/**/a/**",
        "fs.read:/srv/a**",
        "fs.read:/srv/[a]",
        "fs.read:/srv/?",
        "fs.read:/proc/**",
        "fs.list:/dev/**",
        "fs.read:/srv/x;rotated",
        "fs.delete:/srv/x/*;rotated;marker",
        "fs.delete:/srv/x/*;rotated;rotated",
        "fs.delete:/srv/x/*;",
        "fs.delete:/srv/x;anything",
        "kv:",
        "kv:a*b",
        "kv:../x",
        "secret:gitlab",
        "secret:gitlab@http://git.example.com/",
        "secret:gitlab@https://{host}/",
        "secret:gitlab@https://u@git.example.com/",
        "fs.delete:{a}{b}/x",
        "fs.delete:x{a}",
        "fs.delete:{A}/x",
        "fs.delete:{}/x",
        "exec:",
        "exec: ls",
        "exec:ls ",
        "exec:ls  -l",
        "exec:{program} x",
        "exec:./ls",
        "exec:../ls",
        "exec:-ls",
        "exec:/usr/../bin/ls",
        "exec:ls 'a b'",
        "exec:ls $HOME",
        "exec:ls *",
        "exec:ls {x:int}",
        "exec:ls {x:any}",
        "exec:ss {port:port}",
        "exec:ip route add default via {gateway} dev {device:iface}",
        "exec:ip route add default via {a:word} dev {b:iface}",
        "service.start:*",
        "service.restart:",
        "service.restart:a b",
        "process.signal:nginx",
        "process.signal:nginx;INT",
        "process.signal:1;HUP",
        "process.list:nginx",
        "http.GET:x",
        "http.GET:https://*.example/",
        "http.GET:https://h/*?a=1",
        "http.GET:https://h/{x}",
        "secret:",
        "secret:a b",
    ],
)
def test_what_is_not_a_grant_is_refused(text: str) -> None:
    with pytest.raises((InvalidError, NeverError)):
        Grant.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "fs.write:/etc/sudoers.d/x",
        "fs.delete:/var/log/auth.log",
        "fs.truncate:/var/lib/mysql/*",
        "fs.move:/usr/bin/**",
        "fs.write:/root/.ssh/authorized_keys",
        "fs.write:/srv/app/**/.bashrc",
        "fs.delete:/etc/resolv.conf",
        "fs.move:/etc/resolv.conf",
        "fs.truncate:/proc/1/mem",
        "fs.delete:/proc/12/fd/3",
        "fs.read:/etc/shadow",
        "fs.read:/srv/**/*.pem",
        "fs.read:/proc/*/environ",
        "fs.list:/proc/self",
        "fs.list:/proc/*/root",
        "fs.read:/root/.ssh/*",
        "exec:/bin/sh",
        "exec:python3 -c x",
        "exec:rm -rf /srv/x",
        "exec:systemctl restart nginx",
        "exec:sv down /etc/service/x",
        "exec:cat /etc/shadow",
        "service.stop:ssh",
        "service.restart:auditd.service",
        "service.start:nightshift",
        "process.signal:sshd;TERM",
        "process.signal:nightshift;HUP",
        "http.GET:http://169.254.169.254/**",
        "http.GET:http://localhost:8470/",
        "exec:journalctl --vacuum-time=1d",
    ],
)
def test_what_is_never_done_is_never_granted(text: str) -> None:
    with pytest.raises(NeverError):
        Grant.parse(text)


# ---- what a grant reaches -----------------------------------------------------------------------------------------------------------


@given(PATH.filter(lambda text: "{" not in text), DOTTED)
def test_no_pattern_matches_a_path_with_dots(text: str, path: str) -> None:
    with pytest.raises(InvalidError):
        parts_of(path)
    for verb in ("fs.read", "fs.list", "fs.stat", "fs.write", "fs.delete", "fs.truncate"):
        grant = grant_or_none(f"{verb}:{text}")
        assert grant is None or not grant.covers(Verb(verb), {"path": path})


@given(FS, FILLED_PATTERN)
def test_a_covered_path_is_in_the_pattern_and_not_on_the_never_list(verb: Verb, filled: tuple[str, str]) -> None:
    text, path = filled
    grant = grant_or_none(f"{verb}:{text}")
    if_covered = grant is not None and grant.covers(verb, {"path": path, "to": path})
    assert not if_covered or matches(pattern_of(text), parts_of(path))
    assert not if_covered or verb in (Verb.FS_LIST, Verb.FS_STAT, Verb.FS_READ) or why_never_written(path) is None
    assert not if_covered or verb is not Verb.FS_READ or why_never_read(path) is None


@given(st.lists(WORD, min_size=1, max_size=3), st.lists(WORD, max_size=3))
def test_two_stars_reach_everything_below_and_nothing_beside(above: list[str], below: list[str]) -> None:
    pattern = pattern_of("/" + "/".join([*above, "**"]))
    assert matches(pattern, (*above, *below))
    assert not matches(pattern, tuple(["other", *above, *below][: len(above)]) if above[0] != "other" else ())


def test_a_star_stays_in_its_component_and_never_stands_for_a_leading_dot() -> None:
    grant = Grant.parse("fs.read:/srv/app/*.log")
    assert grant.covers(Verb.FS_READ, {"path": "/srv/app/a.log"})
    assert not grant.covers(Verb.FS_READ, {"path": "/srv/app/x/a.log"})
    assert not grant.covers(Verb.FS_READ, {"path": "/srv/app/.a.log"})


def test_a_wide_grant_still_does_not_reach_the_never_list() -> None:
    grant = Grant.parse("fs.delete:/srv/app/**")
    assert grant.covers(Verb.FS_DELETE, {"path": "/srv/app/old/x.tmp"})
    assert not grant.covers(Verb.FS_DELETE, {"path": "/srv/app/pg_wal/0001"})
    assert not grant.covers(Verb.FS_DELETE, {"path": "/srv/app/.ssh/authorized_keys"})
    assert not grant.covers(Verb.FS_WRITE, {"path": "/srv/app/old/x.tmp"})


def test_both_ends_of_a_move_must_be_granted() -> None:
    grant = Grant.parse("fs.move:/var/log/app/*")
    assert grant.covers(Verb.FS_MOVE, {"path": "/var/log/app/a", "to": "/var/log/app/b"})
    assert not grant.covers(Verb.FS_MOVE, {"path": "/var/log/app/a", "to": "/srv/b"})
    assert not grant.covers(Verb.FS_MOVE, {"path": "/var/log/app/a"})


def test_rotated_and_marker_narrow_a_grant_to_such_names() -> None:
    rotated, marker = Grant.parse("fs.delete:/data/**;rotated"), Grant.parse("fs.delete:/data/**;marker")
    assert rotated.covers(Verb.FS_DELETE, {"path": "/data/app.log.1"})
    assert rotated.covers(Verb.FS_DELETE, {"path": "/data/logs/access-20260101.gz"})
    for kept in (
        "/data/app.log",
        "/data/customers.old",
        "/data/x.1",
        "/data/app.pid",
        "/data/log/auth.log.1",
        "/data/redo.log.1",
    ):
        assert not rotated.covers(Verb.FS_DELETE, {"path": kept}), kept
    assert marker.covers(Verb.FS_DELETE, {"path": "/data/run/app.pid"})
    assert not marker.covers(Verb.FS_DELETE, {"path": "/data/app.log.1"})


def test_an_open_file_is_emptied_only_when_it_is_a_deleted_log() -> None:
    grant = Grant.parse("fs.truncate:/proc/12/fd/3")
    call = {"path": "/proc/12/fd/3"}
    assert grant.covers(Verb.FS_TRUNCATE, {**call, "open_file": "/data/app.log (deleted)"})
    for other in (
        "/data/app.log",
        "/data/heap.bin (deleted)",
        "/var/lib/mysql/ib.log (deleted)",
        "/data/000123.log (deleted)",
        "socket:[1]",
        None,
    ):
        assert not grant.covers(Verb.FS_TRUNCATE, {**call, "open_file": other}), other
    assert not grant.covers(Verb.FS_TRUNCATE, call)
    assert not grant.covers(Verb.FS_TRUNCATE, {"path": "/proc/12/fd/4", "open_file": "/data/app.log (deleted)"})


def test_a_signal_reaches_the_named_process_and_the_named_signal() -> None:
    by_name, by_pid = Grant.parse("process.signal:nginx;HUP;USR1"), Grant.parse("process.signal:77;TERM")
    assert by_name.covers(Verb.PROCESS_SIGNAL, {"pid": 9, "name": "HUP", "process": "nginx"})
    assert not by_name.covers(Verb.PROCESS_SIGNAL, {"pid": 9, "name": "KILL", "process": "nginx"})
    assert not by_name.covers(Verb.PROCESS_SIGNAL, {"pid": 9, "name": "HUP", "process": "sshd"})
    assert not by_name.covers(Verb.PROCESS_SIGNAL, {"pid": 9, "name": "HUP"})
    assert by_pid.covers(Verb.PROCESS_SIGNAL, {"pid": 77, "name": "TERM", "process": "app"})
    assert not by_pid.covers(Verb.PROCESS_SIGNAL, {"pid": 77, "name": "TERM", "process": "sshd"})
    assert not by_pid.covers(Verb.PROCESS_SIGNAL, {"pid": True, "name": "TERM", "process": "app"})


@pytest.mark.parametrize(
    ("target", "url", "is_reached"),
    [
        ("https://h.example/health", "https://h.example/health", True),
        ("https://h.example/health", "https://h.example/health?x=1", False),
        ("https://h.example/health", "http://h.example/health", False),
        ("https://h.example/a/**", "https://h.example/a/b/c", True),
        ("https://h.example/a/**", "https://H.EXAMPLE:443/a/b", True),
        ("https://h.example/a/**", "https://h.example/a/../b", False),
        ("https://h.example/a/**", "https://h.example/a/%2e%2e/b", False),
        ("https://h.example/a/**", "https://h.example/a/b?secret=1", False),
        ("https://h.example/a/**", "https://h.example:444/a/b", False),
        ("https://h.example/a/**", "https://h.example.evil/a/b", False),
        ("https://h.example/a/**", "https://u@h.example/a/b", False),
    ],
)
def test_a_url_is_reached_only_within_its_host_and_path(target: str, url: str, is_reached: bool) -> None:
    assert Grant.parse(f"http.GET:{target}").covers(Verb.HTTP_GET, {"url": url}) is is_reached


@pytest.mark.parametrize(
    "args", [{}, {"path": 3}, {"path": None}, {"path": ["/srv/x"]}, {"argv": "ls"}, {"argv": [3]}, {"name": 1}]
)
@pytest.mark.parametrize(
    "text",
    [
        "fs.read:/srv/x",
        "exec:findmnt -J",
        "service.status:*",
        "secret:a@https://h/",
        "http.GET:https://h/",
        "fs.move:/srv/a/x",
    ],
)
def test_arguments_of_another_type_are_not_reached(text: str, args: dict[str, object]) -> None:
    grant = Grant.parse(text)
    assert not grant.covers(grant.verb, args)


# ---- filling ------------------------------------------------------------------------------------------------------------------------


def test_values_are_filled_in_and_reach_nothing_else() -> None:
    grants = fill(
        [
            Grant.parse(text)
            for text in (
                "fs.delete:{directory}/*;rotated",
                "fs.read:/run/{service}.pid",
                "service.restart:{service}",
                "process.list",
            )
        ],
        {"directory": "/data/log", "service": "app", "unused": 3},
    )
    assert list(map(str, grants)) == [
        "fs.delete:/data/log/*;rotated",
        "fs.read:/run/app.pid",
        "service.restart:app",
        "process.list",
    ]
    assert not grants[2].covers(Verb.SERVICE_RESTART, {"name": "other"})


def test_command_values_are_of_their_type() -> None:
    grant = Grant.parse("exec:ip route add default via {gateway:addr} dev {device:iface}")
    (filled,) = fill([grant], {"gateway": "10.0.0.1", "device": "eth0"})
    assert str(filled) == "exec:ip route add default via 10.0.0.1 dev eth0"
    for gateway in ("-f", "10.0.0.1 dev x", "010.0.0.1", "10.0.0.1/0", "::1%eth0", "", "x"):
        with pytest.raises(InvalidError):
            fill([grant], {"gateway": gateway, "device": "eth0"})


def test_a_tuple_gives_one_grant_per_member() -> None:
    grants = fill([Grant.parse("fs.delete:{files};marker")], {"files": ("/run/a.pid", "/run/b.pid")})
    assert list(map(str, grants)) == ["fs.delete:/run/a.pid;marker", "fs.delete:/run/b.pid;marker"]
    with pytest.raises(InvalidError, match="at most 256"):
        fill([Grant.parse("fs.stat:{files}")], {"files": tuple(f"/srv/{number}" for number in range(300))})


def test_the_root_may_be_listed_and_never_changed() -> None:
    assert list(map(str, fill([Grant.parse("fs.list:{mount}/**")], {"mount": "/"}))) == ["fs.list:/**"]
    with pytest.raises(InvalidError):
        fill([Grant.parse("fs.delete:{mount}/**;rotated")], {"mount": "/"})


@given(
    st.sampled_from(
        [
            "fs.delete:{x}/*;rotated",
            "fs.read:{x}",
            "fs.read:/srv/app/{x}",
            "fs.read:/srv/{x}.log",
            "service.status:{x}",
            "fs.list:{x}/**",
        ]
    ),
    st.text(max_size=30),
)
@example("fs.read:/srv/app/{x}", "..")
@example("fs.read:/srv/app/{x}", "a/b")
@example("fs.read:/srv/app/{x}", "**")
@example("fs.delete:{x}/*;rotated", "/etc")
@example("fs.delete:{x}/*;rotated", "/srv/*")
@example("fs.delete:{x}/*;rotated", "/srv/a;rotated")
@example("fs.read:{x}", "/srv/{y}")
def test_a_value_never_widens_a_grant(text: str, value: str) -> None:
    template = Grant.parse(text)
    try:
        grants = fill([template], {"x": value})
    except NightshiftError:
        return
    (filled,) = grants
    assert str(filled) == text.replace("{x}", value if value != "/" or filled.target == "/" else "")
    assert filled.target.count("*") == template.target.count("*")
    assert filled.options == template.options
    assert filled.parameters == ()
    assert ".." not in filled.target.split("/")


@pytest.mark.parametrize("value", [True, 1.5, None, ["/srv"], b"/srv", "", "a\nb", "a\u200bb", "{x}", "a;b", "*"])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(InvalidError):
        fill([Grant.parse("service.status:{x}")], {"x": value})  # type: ignore[dict-item]


def test_a_missing_value_is_said() -> None:
    with pytest.raises(InvalidError, match="needs a value for 'directory'"):
        fill([Grant.parse("fs.list:{directory}")], {})


@given(
    st.sampled_from(
        ["fs.read:{x}", "fs.list:{x}/**", "fs.delete:/srv/app/{x}", "service.status:{x}", "http.GET:{x}", "kv:{x}"]
    ),
    st.text(max_size=20),
)
@example("fs.read:{x}", "{x}")
@example("service.status:{x}", "{x}")
def test_an_unfilled_grant_reaches_nothing(text: str, value: str) -> None:
    grant = Grant.parse(text)
    assert not grant.covers(grant.verb, {"path": value, "to": value, "name": value, "url": value})


SITE = Grant.parse("http.GET:https://shop.example/list;listed;site")


@pytest.mark.parametrize(
    ("url", "is_reached"),
    [
        ("https://shop.example/list", True),
        ("https://shop.example/other/deep?page=2", True),
        ("https://SHOP.example:443/x", True),
        ("https://shop.example:8443/list", False),
        ("http://shop.example/list", False),
        ("https://shop.example.evil.example/list", False),
        ("https://shop.example@evil.example/", False),
        ("https://evil.example/?https://shop.example/list", False),
    ],
)
def test_a_granted_site_is_one_scheme_one_host_one_port(url: str, is_reached: bool) -> None:
    assert SITE.covers(Verb.HTTP_GET, {"url": url, "is_listed": True}) is is_reached
    assert not SITE.covers(Verb.HTTP_GET, {"url": url, "is_listed": False})
    assert not SITE.covers(Verb.HTTP_POST, {"url": url, "is_listed": True})


@pytest.mark.parametrize(
    "text",
    [
        "http.GET:https://shop.example/list;site",
        "http.GET:https://shop.example/list;private;site",
        "http.GET:https://shop.example/**;listed;site",
        "http.POST:https://shop.example/list;listed;site",
        "http.GET:{url};site",
    ],
)
def test_a_whole_site_is_only_granted_where_the_operator_listed_it(text: str) -> None:
    with pytest.raises(InvalidError):
        Grant.parse(text)
