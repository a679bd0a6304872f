"""Filling parameters: the best source wins, every value says where it is from, and what an alert says is not known by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert import Alert, AlertStatus, Signal
from core.check import Check
from core.errors import InvalidError
from core.inventory import HostEntry, Inventory
from core.known_names import known_by
from core.origin import Origin, Value
from core.parameters import MOST_OFFERS, Filled, Observed, check_value, fill, offers
from core.skill_catalog import parse_skill
from core.skill_manifest import ParameterSpec, Skill
from tests.core.skill_texts import FREE_LOGS, with_body

HOST = "web-1"
INVENTORY = Inventory((HostEntry(HOST), HostEntry("db-1")))


def skill(signature: str, filled: str = "") -> Skill:
    text = with_body('directory: str = "/var/log", days: int = 7', signature)
    text = text.replace("host.list(directory)", 'host.list("/var/log")').replace("> days", "> 7")
    text = text.replace(
        '"fs.list:{directory}", "fs.delete:{directory}/*;rotated"', '"fs.list:/var/log", "fs.delete:/var/log/*;rotated"'
    )
    return parse_skill(
        "skills/disk/free_logs.py", text.replace('fill = {directory = "rotated_directory"}', f"fill = {{{filled}}}")
    )


def alert(signal: str = "disk.used_percent:/data", text: str = "", source: str = "probe", **labels: str) -> Alert:
    return Alert(
        "a1",
        HOST,
        Signal.parse(signal),
        source,
        AlertStatus.FIRING,
        datetime(2026, 1, 1, tzinfo=UTC),
        text=text,
        labels=tuple(labels.items()),
    )


def value_of(filled: Filled, name: str) -> Value:
    return dict(filled.values)[name]


def seen(value: Any, host: str = HOST) -> Observed:
    return Observed(value, "find_old_logs", host)


def test_the_best_source_wins() -> None:
    one = skill("mount: str", 'mount = "full_mount"')
    facts = {"full_mount": seen("/fact")}
    everything = alert(text="see /text", mount="/label")
    assert value_of(fill(one, everything, facts, INVENTORY, {"mount": "/typed"}), "mount") == Value(
        "/typed", Origin.TYPED, "typed"
    )
    assert value_of(fill(one, everything, facts, INVENTORY, {}), "mount") == Value(
        "/fact", Origin.OBSERVED, "find_old_logs on web-1"
    )
    assert value_of(fill(one, everything, {}, INVENTORY, {}), "mount") == Value("/label", Origin.ALERT, "label mount")
    assert value_of(fill(one, alert(text="see /text"), {}, INVENTORY, {}), "mount").value == "/data"
    assert (
        value_of(fill(one, alert("memory.used_percent", "see /text"), {}, INVENTORY, {}), "mount").origin is Origin.TEXT
    )


def test_a_default_is_used_last_and_is_known() -> None:
    value = value_of(
        fill(skill('target_dir: str = "/var/log"'), alert("memory.used_percent"), {}, INVENTORY, {}), "target_dir"
    )
    assert value == Value("/var/log", Origin.DEFAULT, "the skill's default")
    assert value.is_known


def test_a_required_value_that_nobody_names_is_missing_and_said() -> None:
    filled = fill(skill("service: str, days: int = 3"), alert(), {}, INVENTORY, {})
    assert "service" in filled.missing
    assert dict(filled.values).keys() == {"days"}


def test_the_object_of_our_own_check_is_known_and_that_of_a_claim_is_not() -> None:
    one = skill("service: str")
    own, claim = alert("process.down:nginx"), alert("process.down:nginx", source="claim:grafana")
    assert value_of(fill(one, own, {}, INVENTORY, {}), "service") == Value(
        "nginx", Origin.INVENTORY, "check process.down:nginx"
    )
    assert value_of(fill(one, claim, {}, INVENTORY, {}), "service") == Value(
        "nginx", Origin.ALERT, "signal process.down:nginx"
    )


def test_what_a_claim_says_is_known_once_our_own_look_at_that_host_names_it() -> None:
    one, claim = skill("service: str"), alert("process.down:nginx", source="claim:grafana")
    assert value_of(fill(one, claim, {"service": seen("nginx")}, INVENTORY, {}), "service").origin is Origin.OBSERVED
    assert (
        value_of(fill(one, claim, {"service": seen("nginx", "db-1")}, INVENTORY, {}), "service").origin is Origin.ALERT
    )
    assert value_of(fill(one, claim, {"service": seen("redis")}, INVENTORY, {}), "service").origin is Origin.ALERT
    assert value_of(fill(one, claim, {"last_line": seen("nginx")}, INVENTORY, {}), "service").origin is Origin.ALERT


def test_a_listed_host_is_known() -> None:
    one, claim = skill("server: str"), alert("disk.used_percent:/", source="claim:x", server="db-1")
    assert value_of(fill(one, claim, {}, INVENTORY, {}), "server").origin is Origin.INVENTORY
    stranger = alert("disk.used_percent:/", source="claim:x", server="db-9")
    assert value_of(fill(one, stranger, {}, INVENTORY, {}), "server").origin is Origin.ALERT


@given(st.text(max_size=200))
def test_text_never_makes_a_value_known(text: str) -> None:
    names = "service: str, path: str, port: int, address: str"
    filled = fill(skill(names), alert("memory.used_percent", text, "claim:x"), {}, INVENTORY, {})
    assert all(value.origin is Origin.TEXT and not value.is_known for _, value in filled.values)


def test_facts_of_another_host_are_not_used() -> None:
    filled = fill(skill("pid: int", 'pid = "writer_pid"'), alert(), {"writer_pid": seen(77, "db-1")}, INVENTORY, {})
    assert filled.missing


@pytest.mark.parametrize("fact", ["77", True, 1.5, None, -3, [77], {"pid": 77}, 1 << 40, 0])
def test_a_fact_that_does_not_fit_is_passed_over(fact: object) -> None:
    filled = fill(skill("pid: int = 5", 'pid = "writer_pid"'), alert(), {"writer_pid": seen(fact)}, INVENTORY, {})
    assert value_of(filled, "pid").value in (5, 77)


def test_host_and_port_come_from_a_tcp_signal() -> None:
    filled = fill(skill("port: int, server: str"), alert("tcp.failed:db-1:5432"), {}, INVENTORY, {})
    assert value_of(filled, "port").value == 5432
    assert value_of(filled, "server").value == "db-1"


@pytest.mark.parametrize(
    ("signature", "typed"),
    [
        ("path: str", "relative"),
        ("path: str", "/a/../b"),
        ("path: str", "/a\u200b"),
        ("port: int", 0),
        ("port: int", 70000),
        ("port: int", "http"),
        ("pid: int", -1),
        ("days: int", True),
        ("days: int", "1.5"),
        ("share: float", "nan"),
        ("share: float", float("inf")),
        ("share: float", None),
        ("flag: bool", "yes"),
        ("flag: bool", 1),
        ('how: Literal["soft", "hard"]', "other"),
        ("names: tuple[str, ...]", "a"),
        ("names: tuple[str, ...]", ()),
        ("text: str", ""),
        ("text: str", "a\x1b[0m"),
        ("text: str", 3),
    ],
)
def test_a_typed_value_that_does_not_fit_is_said(signature: str, typed: Any) -> None:
    name = signature.partition(":")[0]
    with pytest.raises(InvalidError, match=name):
        fill(skill(signature), alert(), {}, INVENTORY, {name: typed})


@pytest.mark.parametrize(
    ("signature", "typed", "value"),
    [
        ("days: int", "7", 7),
        ("share: float", "0.5", 0.5),
        ("share: float", 2, 2.0),
        ("flag: bool", "true", True),
        ('how: Literal["soft", "hard"]', "soft", "soft"),
        ("names: tuple[str, ...]", ["a", "b"], ("a", "b")),
        ("path: str", "/", "/"),
        ("text: str", "磁盘满了", "磁盘满了"),
    ],
)
def test_a_typed_value_is_read_as_its_type(signature: str, typed: Any, value: Any) -> None:
    name = signature.partition(":")[0]
    assert value_of(fill(skill(signature), alert(), {}, INVENTORY, {name: typed}), name) == Value(
        value, Origin.TYPED, "typed"
    )


def test_an_unknown_parameter_is_said_with_the_known_ones() -> None:
    with pytest.raises(InvalidError, match="no parameter 'colour'; it has: days, directory"):
        fill(parse_skill("skills/disk/free_logs.py", FREE_LOGS), alert(), {}, INVENTORY, {"colour": "red"})


@given(
    st.sampled_from(["str", "int", "float", "bool", "tuple[str, ...]"]),
    st.sampled_from(["path", "port", "pid", "days", "text"]),
    st.from_type(object),
)
def test_a_checked_value_is_of_its_type(kind: str, name: str, value: object) -> None:
    spec = ParameterSpec(name, kind, None, is_required=True, is_privileged=True)
    try:
        checked = check_value(spec, value)
    except InvalidError:
        return
    assert type(checked).__name__ == kind.partition("[")[0]


def test_what_a_looker_only_repeats_of_a_text_is_not_known() -> None:
    asks = skill("path: str", 'path = "growing_path"')
    told = {"growing_path": Observed("/srv/secret", "find_growth", HOST, Origin.TEXT)}
    (value,) = (value for _, value in fill(asks, alert(), told, INVENTORY, {}).values)
    assert (value.origin, value.is_known) == (Origin.TEXT, False)
    claimed = alert(source="claim:x", path="/srv/secret")
    (value,) = (value for _, value in fill(skill("path: str"), claimed, told, INVENTORY, {}).values)
    assert (value.origin, value.is_known) == (Origin.ALERT, False)


# ---- offers -------------------------------------------------------------------------------------------------------------------------

KNOWN = known_by(Check(Signal.parse(f"process.down:{name}"), HOST) for name in ("nginx", "redis"))


def offered(one: Skill, woken: Alert, **facts: Observed) -> list[tuple[object, Origin]]:
    return [(value.value, value.origin) for value in offers(one, one.parameters[0], woken, facts, INVENTORY, KNOWN)]


def test_everything_that_could_be_meant_is_offered_once_and_the_best_first() -> None:
    one = skill("mount: str = '/'", 'mount = "full_mount"')
    woken = alert(text="see /text and /data", mount="/label")
    given = offered(one, woken, full_mount=seen("/fact"), biggest_mount=seen("/biggest"))
    assert given == [
        ("/fact", Origin.OBSERVED),
        ("/label", Origin.ALERT),
        ("/data", Origin.INVENTORY),
        ("/text", Origin.TEXT),
        ("/", Origin.DEFAULT),
        ("/biggest", Origin.OBSERVED),
    ]


def test_what_is_only_called_like_the_parameter_is_offered_and_never_taken() -> None:
    one = skill("path: str")
    facts = {"growing_path": seen("/srv/a.log")}
    silent = alert("memory.used_percent")
    assert [value.value for value in offers(one, one.parameters[0], silent, facts, INVENTORY)] == ["/srv/a.log"]
    assert fill(one, silent, facts, INVENTORY, {}).missing


def test_a_person_points_at_what_is_known_and_a_text_of_others_does_not() -> None:
    one = skill("service: str")
    asked = alert("person.asks", "把 web-1 上的 nginx 重启", "person:li")
    told = alert("app.broken", "nginx has to be restarted", "claim:grafana")
    assert offered(one, asked)[0] == ("nginx", Origin.INVENTORY)
    assert offered(one, told)[0] == ("nginx", Origin.TEXT)


def test_what_an_alert_names_and_a_check_of_that_host_too_is_known() -> None:
    one, named = skill("service: str"), {"service": "nginx"}
    assert offered(one, alert("app.broken", source="claim:x", **named)) == [("nginx", Origin.INVENTORY)]
    assert offered(one, alert("app.broken", source="claim:x", service="sshd")) == [("sshd", Origin.ALERT)]


@given(st.text(max_size=400), st.sampled_from(["service: str", "path: str", "port: int", "size: int", "url: str"]))
def test_offers_are_few_distinct_and_fit(text: str, signature: str) -> None:
    one = skill(signature)
    given = offers(one, one.parameters[0], alert("app.broken", text, "claim:x"), {}, INVENTORY, KNOWN)
    assert len(given) <= MOST_OFFERS
    assert len({(type(value.value), value.value) for value in given}) == len(given)
    assert [check_value(one.parameters[0], value.value) for value in given] == [value.value for value in given]


def test_the_first_offer_is_what_is_filled_in() -> None:
    one = skill("service: str, path: str = '/srv'")
    woken = alert("process.down:nginx", "unit redis.service at /var/x")
    filled = dict(fill(one, woken, {}, INVENTORY, {}, known=KNOWN).values)
    assert {spec.name: offers(one, spec, woken, {}, INVENTORY, KNOWN)[0] for spec in one.parameters} == filled


# ---- what a model suggests ----------------------------------------------------------------------------------------------------------


def suggested(wanted: object, woken: Alert, **facts: Observed) -> Value:
    one = skill("path: str")
    return value_of(fill(one, woken, facts, INVENTORY, {}, {"path": wanted}), "path")  # type: ignore[dict-item]


def test_a_model_points_at_what_is_known_and_owns_the_rest() -> None:
    woken, facts = alert("disk.used_percent:/data", "see /text"), {"growing_path": seen("/srv/a.log")}
    assert suggested("/data", woken, **facts).origin is Origin.INVENTORY
    assert suggested("/srv/a.log", woken, **facts).origin is Origin.OBSERVED
    assert suggested("/text", woken, **facts).origin is Origin.TEXT
    assert suggested("/etc/passwd", woken, **facts) == Value("/etc/passwd", Origin.MODEL, "the model's own")


@pytest.mark.parametrize("near", ["/srv/A.log", "/srv/a.log2", "/srv/a", "/srv", "/srv/\u0430.log", "/srv/a.lo\u0261"])
def test_what_is_nearly_a_known_value_is_not_known(near: str) -> None:
    assert suggested(near, alert(), growing_path=seen("/srv/a.log")).origin is Origin.MODEL


@pytest.mark.parametrize("misfit", ["/srv/a.log/", "/srv//a.log", "/srv/./a.log", "/srv/a.log\u200b", "srv/a.log", 7])
def test_what_is_no_path_is_said(misfit: object) -> None:
    with pytest.raises(InvalidError, match="path"):
        suggested(misfit, alert(), growing_path=seen("/srv/a.log"))


@pytest.mark.parametrize("origin", [Origin.TEXT, Origin.MODEL, Origin.ALERT])
def test_an_echo_of_what_was_put_in_launders_nothing(origin: Origin) -> None:
    echoed = Observed("/evil", "look_at_path", HOST, origin)
    assert not suggested("/evil", alert(), path=echoed, found_path=echoed).is_known


def test_a_fact_of_another_host_vouches_for_nothing() -> None:
    assert suggested("/evil", alert(), path=seen("/evil", "db-1")).origin is Origin.MODEL
