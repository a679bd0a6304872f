"""Read-only skills as tools of a model, and what one of its calls means: a look that is checked before it is made."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.errors import AnswerError, InvalidError
from core.inventory import Inventory
from core.model import Tool, ToolCall
from core.origin import Scalar
from core.parameters import check_value
from core.redaction import clean
from core.skill_manifest import ParameterSpec, Skill, SkillState
from core.world import Json, is_deep

MOST_TOOLS = 20
LONGEST_ARGUMENTS = 8_000
"""Characters of one call's JSON."""

_SPEAKING = ("notify", "http.POST", "secret", "kv")
"""Grant verbs of skills that do more than look at a host, whatever they claim."""

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Look:
    """One look that a model asked for: checked against the signature, not yet filled, not yet made."""

    skill: str
    host: str
    values: tuple[tuple[str, Scalar], ...]


def may_look(skill: Skill, state: SkillState) -> bool:
    """True for what only looks and is owned. Of the web it may see hosts that the operator listed, and it tells nobody anything."""
    grants = [grant.split(":", 1) for grant in skill.capabilities]
    is_quiet = not any(verb in _SPEAKING for verb, *_ in grants)
    is_listed = all("listed" in target[0].split(";") for verb, *target in grants if verb == "http.GET" and target)
    return state is SkillState.OWNED and skill.is_looker and is_quiet and is_listed


def lookers(
    skills: Iterable[Skill], state_on: Callable[[Skill, str], SkillState], host: str, first: Sequence[str] = ()
) -> tuple[Skill, ...]:
    """Those that a model may use on a host, at most MOST_TOOLS: what is named in `first`, in that order, then the most general."""
    able = {skill.name: skill for skill in skills if may_look(skill, state_on(skill, host))}
    named = [able[name] for name in dict.fromkeys(first) if name in able]
    others = [skill for skill in able.values() if skill not in named]
    return tuple((named + sorted(others, key=_specialty))[:MOST_TOOLS])


def _specialty(skill: Skill) -> tuple[bool, bool, bool, str]:
    """Overviews first: what needs to be told nothing, and says how something is rather than what is wrong with it."""
    needs_more = any(spec.is_required for spec in skill.parameters)
    return (skill.on_request, needs_more, not skill.name.startswith("look_at_"), skill.name)


def tools_of(skills: Sequence[Skill], hosts: Sequence[str] = ()) -> tuple[Tool, ...]:
    """Each skill as a tool; where there is more than one host to look at, with the host as a further argument."""
    return tuple(Tool(skill.name, clean(skill.summary, 300), _schema(skill, hosts)) for skill in skills)


def look_called(
    call: ToolCall, skills: Sequence[Skill], inventory: Inventory, host: str, hosts: Sequence[str] | None = None
) -> Look:
    """What a call means. `host` is where it looks unless it says otherwise, '' where it has to say; `hosts` are those it may name.

    None: every host that the inventory reaches. Raises AnswerError, whose sentence tells the model how to mend it.
    """
    by_name = {skill.name: skill for skill in skills}
    skill = by_name.get(call.name)
    if skill is None:
        raise AnswerError(f"there is no tool {shown(call.name)}; there is: {', '.join(sorted(by_name)) or 'none'}")
    arguments = arguments_of(call)
    where = arguments.pop("host", host)
    allowed = [entry.name for entry in inventory.hosts if hosts is None or entry.name in hosts]
    if not isinstance(where, str) or where not in allowed or not inventory.is_reached(where):
        reached = [name for name in allowed if inventory.is_reached(name)]
        raise AnswerError(f"host must be one of {', '.join(reached) or 'none'}, not {shown(where)}")
    return Look(skill.name, where, values_of(skill, arguments))


def arguments_of(call: ToolCall) -> dict[str, Json]:
    """The JSON of a call, strictly: one object, no key twice, no number that JSON does not have. Raises AnswerError."""
    if len(call.arguments) > LONGEST_ARGUMENTS:
        raise AnswerError(f"the arguments of {shown(call.name)} are longer than {LONGEST_ARGUMENTS} characters")
    try:
        read: Json = json.loads(
            call.arguments or "{}", object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"the arguments of {shown(call.name)} are not valid JSON: {shown(error)}") from error
    if not isinstance(read, dict):
        raise AnswerError(f"the arguments of {shown(call.name)} must be one JSON object")
    if is_deep(read):
        raise AnswerError(f"the arguments of {shown(call.name)} are nested too deeply")
    return read


def values_of(skill: Skill, arguments: dict[str, Json]) -> tuple[tuple[str, Scalar], ...]:
    """The arguments as values of the skill's parameters, in the order of its signature; raises AnswerError for a misfit."""
    known = {spec.name: spec for spec in skill.parameters}
    for name in arguments:
        if name not in known:
            raise AnswerError(f"{skill.name} has no parameter {shown(name)}; it has: {', '.join(known) or 'none'}")
    try:
        return tuple((n, check_value(spec, arguments[n])) for n, spec in known.items() if arguments.get(n) is not None)
    except InvalidError as error:
        raise AnswerError(f"{skill.name}: {clean(error.message, 300)}") from error


def shown(what: object) -> str:
    """A model's word in a sentence of ours."""
    return repr(clean(str(what), 60))


def _schema(skill: Skill, hosts: Sequence[str]) -> dict[str, Json]:
    properties: dict[str, Json] = {spec.name: _property(spec) for spec in skill.parameters}
    if len(hosts) > 1:
        properties["host"] = {"type": "string", "enum": [*hosts], "description": "where to look"}
    required: list[Json] = [spec.name for spec in skill.parameters if spec.is_required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _property(spec: ParameterSpec) -> dict[str, Json]:
    """One parameter as JSON schema; a Literal is a text with its choices."""
    schema: dict[str, Json] = {"type": _TYPES.get(spec.type, "string")}
    if spec.choices:
        schema = {"type": "string", "enum": [*spec.choices]}
    elif spec.type.startswith("tuple"):
        schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 64}
    if spec.default is not None:
        schema["default"] = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    return schema


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice")
    return read


def _finite(digits: str) -> Json:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number


def _no_number(constant: str) -> Json:
    raise ValueError(f"{constant} is no number of JSON")
