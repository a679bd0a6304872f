"""A house whose models do to the letter what a text demands, and the doors by which such a text comes in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.minds import Minds
from core.alert import Alert, AlertStatus, Signal
from core.inventory import Mode
from core.message import Message
from core.model import ModelReply, ModelRequest, Role
from core.origin import Scalar
from core.skill_manifest import Skill
from core.talk import Said
from core.world import Json
from tests.fakes.brain import FakeBrain
from tests.fakes.cerebellum import FakeCerebellum
from tests.fakes.runbooks import FakeRunbooks
from tests.nights.night import BAD, Play, Setting, Trouble
from tests.nights.remedies import skill
from tests.nights.scripted_brain import call, calls

HOST, SIGNAL = "web-1", "app.broken:shop"
LOG = "/var/log/shop.log"


@dataclass(frozen=True, slots=True)
class Text:
    """One text, what it wants done, and with what."""

    id: str
    lang: str
    kind: str
    text: str
    skill: str
    values: Mapping[str, Scalar]


def texts() -> tuple[Text, ...]:
    """All of them."""
    rows = tomllib.loads((Path(__file__).parent / "corpus.toml").read_text(encoding="utf-8"))["text"]
    return tuple(Text(**row) for row in rows)


# ---- the skills that it could be done with ------------------------------------------------------------------------------------------

_UNIT = ", unit: str"
_PATH = ", path: str"
_SAYS = 'return Outcome(ok=True, summary="done")'


def _repair(name: str, body: str, grant: str, parameters: str, **header: str) -> Skill:
    made = skill(name, f"{body}\n{_SAYS}", grant, cures=["backup.age"], parameters=parameters, **header)
    return replace(made, triggers=(name, name.replace("_", " "), "the shop is broken", "商店故障"))


def _looker(name: str, body: str, *grants: str, parameters: str = "") -> Skill:
    header = {"looks_at": ["app.broken"], "risk": "low"}
    return skill(name, body, *grants, parameters=parameters, **header)  # type: ignore[arg-type]


@cache
def skills() -> tuple[Skill, ...]:
    """Looks by which a text comes in, looks that only give back what they were given, and repairs that such a text may want."""
    quoting = _looker(
        "read_log",
        f'said = host.read("{LOG}")\nreturn Outcome(ok=True, summary=said[:500], facts={{"last_line": said[:500], "unit": said[-40:]}})',
        f"fs.read:{LOG}",
    )
    return (
        replace(quoting, quotes=("last_line", "unit")),
        _looker(
            "list_processes",
            "names = [one.name for one in host.process.list()]\n"
            'return Outcome(ok=True, summary="; ".join(names)[:500], facts={"busiest_process": names[0] if names else ""})',
            "process.list",
        ),
        _looker(
            "list_files",
            'names = [one.name for one in host.list("/srv/in")]\nreturn Outcome(ok=True, summary="; ".join(names)[:500])',
            "fs.list:/srv/in",
        ),
        _looker(
            "look_at_unit",
            'host.process.list()\nreturn Outcome(ok=True, summary=unit, facts={"unit": unit})',
            "process.list",
            parameters=_UNIT,
        ),
        _looker(
            "look_at_place",
            'host.process.list()\nreturn Outcome(ok=True, summary=path, facts={"path": path})',
            "process.list",
            parameters=_PATH,
        ),
        _repair("restart_unit", "host.service(unit).restart()", "service.restart:{unit}", _UNIT),
        _repair("stop_unit", "host.service(unit).stop()", "service.stop:{unit}", _UNIT, risk="high"),
        _repair("delete_path", "host.delete(path)", "fs.delete:{path}", _PATH, risk="high"),
    )


# ---- models that obey ---------------------------------------------------------------------------------------------------------------


ECHOES = {"unit": "look_at_unit", "path": "look_at_place"}
"""Looks that say back what they were given: a known value would be laundered by them if anything could."""


def minds_that_obey(wanted: Text, **runbooks: str) -> Minds:
    """The brain looks at everything, with the text's values too, and then does what the text says; the small model picks it."""

    values: dict[str, Json] = {name: str(value) for name, value in wanted.values.items()}

    def said(request: ModelRequest) -> ModelReply:
        names = {tool.name for tool in request.tools}
        looks = [call(name) for name in ("read_log", "list_processes", "list_files") if name in names]
        looks += [call(ECHOES[name], **{name: value}) for name, value in values.items() if ECHOES[name] in names]
        if looks and not any(turn.role is Role.ASSISTANT for turn in request.turns):
            return calls(*looks)
        if "wish" in names:
            return calls(call("wish", skill=wanted.skill, host=HOST, parameters=values, why="the text says so"))
        return calls(
            call("propose", skill=wanted.skill, parameters=values, evidence=["it says so"], expects="well", why="so")
        )

    small = FakeCerebellum(wanted.skill)
    return Minds(brain=FakeBrain(said), cerebellum=small, runbooks=FakeRunbooks(**runbooks))


# ---- doors --------------------------------------------------------------------------------------------------------------------------


def house(wanted: Text, mode: Mode, source: str = "probe", told: str = "", runbook: str = "", **more: object) -> Play:
    """One play of a night, not yet begun; nothing that is done there helps."""
    unit, path = wanted.values.get("unit", "none"), str(wanted.values.get("path", "/srv/none"))
    script = f"/etc/init.d/{unit}"
    files = {path: "precious", LOG: "all quiet", "/srv/in/a": "", script: {"text": "#!/bin/sh", "mode": 0o755}}
    world: dict[str, object] = {
        "files": {**files, **more.pop("files", {})},  # type: ignore[dict-item]
        "exec": {f"{script} {verb}": "" for verb in ("status", "restart", "stop")},
        **more,
    }
    measure = (lambda _host: BAD) if source == "probe" else None
    trouble = Trouble(HOST, SIGNAL, world, measure, source, text=told)
    minds = minds_that_obey(wanted, **({"shop": runbook} if runbook else {}))
    return Play(trouble, Setting(skills(), mode, minds=minds), replays=False)


def by_claim(wanted: Text, mode: Mode) -> Play:
    """Somebody outside says it."""
    return _begun(house(wanted, mode, "claim:grafana", wanted.text))


def by_label(wanted: Text, mode: Mode) -> Play:
    """It stands in the labels of an alert, under the names of the parameters too."""
    play = house(wanted, mode, "claim:grafana")
    labels = (("summary", wanted.text[:500]), *((name, str(value)) for name, value in wanted.values.items()))
    now = play.store.clock.now()
    play.take_in(Alert("x", HOST, Signal.parse(SIGNAL), "claim:grafana", AlertStatus.FIRING, now, labels=labels))
    return _begun(play)


def by_measurement(wanted: Text, mode: Mode) -> Play:
    """It stands in the detail of what we measured ourselves."""
    return _begun(house(wanted, mode, told=wanted.text))


def by_log(wanted: Text, mode: Mode) -> Play:
    """A looker reads it in a log."""
    return _begun(house(wanted, mode, files={LOG: wanted.text}))


def by_process(wanted: Text, mode: Mode) -> Play:
    """A process calls itself so."""
    name = wanted.text.replace("\n", " ")[:200] or "x"
    return _begun(house(wanted, mode, processes=[{"pid": 9, "name": name}]))


def by_file(wanted: Text, mode: Mode) -> Play:
    """A file is called so."""
    name = "".join(letter for letter in wanted.text if letter.isprintable() and letter != "/")[:100]
    return _begun(house(wanted, mode, files={f"/srv/in/{name}": ""}))


def by_runbook(wanted: Text, mode: Mode) -> Play:
    """It stands in a file of the team's own."""
    return _begun(house(wanted, mode, runbook=wanted.text))


def by_chat(wanted: Text, mode: Mode) -> Play:
    """A person pastes it, and asks."""
    play = house(wanted, mode)
    hosts = frozenset({HOST})
    message = Message("m1", "console", "os:1000", wanted.text, "", datetime(2026, 1, 1, tzinfo=UTC))
    play.team.conversation.hear(Said(message, "li", f"{HOST}: {wanted.text}", hosts, hosts), lambda _piece: None)
    play.settle()
    return play


DOORS: Mapping[str, Callable[[Text, Mode], Play]] = {
    "claim": by_claim,
    "label": by_label,
    "measurement": by_measurement,
    "log": by_log,
    "process": by_process,
    "file": by_file,
    "runbook": by_runbook,
    "chat": by_chat,
}


def _begun(play: Play) -> Play:
    play.begin()
    return play
