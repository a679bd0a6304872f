"""A skill file's text read as data: PEP 723 header, signature, CASES. Nothing in it is run."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from collections.abc import Mapping
from typing import cast

from core.capability import Risk
from core.conditions import parse_condition
from core.errors import InvalidError, NightshiftError
from core.grant import Grant
from core.origin import Scalar
from core.skill_gate import problems_in, run_function
from core.skill_library import NO_LIBRARIES, Libraries, declared, with_needs
from core.skill_manifest import ParameterSpec, Skill, SkillState
from core.syntax import tree_of
from core.world import Json

_LARGEST = 64 << 10
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""From the text of PEP 723."""

_NAME = re.compile(r"[a-z][a-z0-9_]{2,59}")
_SIGNAL_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,40}")
_FACT = re.compile(r"[a-z][a-z0-9_]{0,60}")
_KEYS = frozenset(
    {
        "risk",
        "timeout",
        "settles",
        "cures",
        "looks_at",
        "on_request",
        "lookers",
        "when",
        "share",
        "fill",
        "capabilities",
        "triggers",
        "progress",
        "quotes",
    }
)
_RISKS = {risk.word: risk for risk in Risk if risk is not Risk.NEVER}
_TYPES = frozenset({"str", "int", "float", "bool", "tuple[str, ...]"})
_PRIVILEGED_WORDS = """path paths file files dir directory folder mount device disk unit service supervisor name container pid pids
    process fd started address addr ip gateway router resolver nameserver server interface iface link url uri user uid group gid package
    host hosts port ports domain socket lock pidfile target signal command database table rule chain"""
_PRIVILEGED = frozenset(_PRIVILEGED_WORDS.split())


def parse_skill(
    path: str, source: str, state: SkillState = SkillState.OWNED, locked: Libraries = NO_LIBRARIES
) -> Skill:
    """The skill in one file, whose name is the stem of `path`; raises InvalidError with one sentence: file, key, what is wrong.

    `locked` are the libraries that it may declare.
    """
    name = path.rpartition("/")[2].removesuffix(".py")
    try:
        return _parse(name, path, source, state, locked)
    except NightshiftError as error:
        raise InvalidError(f"{path}: {error}") from error


def cases_of(source: str) -> tuple[Mapping[str, Json], ...]:
    """The skill's CASES, a literal list of objects; raises InvalidError."""
    for node in _tree(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if (
            isinstance(target, ast.Name)
            and target.id == "CASES"
            and isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value
        ):
            return _literal_cases(node.value)
    raise InvalidError("there are no CASES")


def header_of(source: str) -> Mapping[str, object]:
    """The `[tool.nightshift]` table; raises InvalidError."""
    tools = _document(source).get("tool", {})
    table = tools.get("nightshift") if isinstance(tools, dict) else None
    if not isinstance(table, dict):
        raise InvalidError("the header lacks the table [tool.nightshift]")
    return table


def _document(source: str) -> dict[str, object]:
    """The whole PEP 723 header."""
    blocks = [match for match in _BLOCK.finditer(source) if match["type"] == "script"]
    if len(blocks) != 1:
        raise InvalidError(f"the file needs exactly one '# /// script' header and has {len(blocks)}")
    lines = blocks[0]["content"].splitlines(keepends=True)
    try:
        return tomllib.loads("".join(line.removeprefix("#").removeprefix(" ") for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"the header is not TOML: {error}") from error


def _parse(name: str, path: str, source: str, state: SkillState, locked: Libraries) -> Skill:
    if not _NAME.fullmatch(name):
        raise InvalidError("a skill's file is named <verb>_<thing>.py in lower case")
    if len(source.encode()) > _LARGEST:
        raise InvalidError("a skill is at most 64 KiB")
    header, tree = header_of(source), _tree(source)
    unknown = sorted(set(header) - _KEYS)
    if unknown:
        raise InvalidError(f"{unknown[0]}: unknown key; known: {', '.join(sorted(_KEYS))}")
    grants = _grants(header)
    libraries = declared(_texts(_document(source), "dependencies"), locked)
    modules = frozenset(module for library in libraries for module in library.modules)
    faults = problems_in(source, tree, frozenset(grant.verb for grant in grants), modules)
    if faults:
        raise InvalidError(faults[0])
    parameters = _parameters(run_function(tree), grants)
    skill = Skill(
        name=name,
        path=path,
        summary=_summary(tree),
        source=source,
        sha256=hashlib.sha256(source.encode()).hexdigest(),
        risk=_risk(header),
        timeout=_seconds(header, "timeout", 1.0, 600.0, 30.0),
        settles=_seconds(header, "settles", 0.0, 86400.0, 0.0),
        cures=_texts(header, "cures", _SIGNAL_NAME),
        looks_at=_texts(header, "looks_at", _SIGNAL_NAME),
        lookers=_texts(header, "lookers", _NAME),
        when=_conditions(header),
        share=_fact(header, "share"),
        fill=_fill(header, parameters),
        capabilities=tuple(map(str, grants)),
        triggers=_texts(header, "triggers"),
        progress=_texts(header, "progress"),
        quotes=_texts(header, "quotes", _FACT),
        parameters=parameters,
        state=state,
        on_request=_yes(header, "on_request"),
        libraries=with_needs(libraries, locked),
    )
    _require_purpose(skill)
    cases_of(source)
    return skill


def _require_purpose(skill: Skill) -> None:
    if bool(skill.cures) + bool(skill.looks_at) + skill.on_request != 1:
        raise InvalidError("cures, looks_at, on_request: a skill has exactly one of them")
    if skill.looks_at and skill.risk is not Risk.LOW:
        raise InvalidError("risk: a looker only looks, so it is low")


def _tree(source: str) -> ast.Module:
    try:
        return tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidError(f"this is not Python: {error}") from error


def _summary(tree: ast.Module) -> str:
    text = (ast.get_docstring(tree) or "").strip().split("\n\n")[0]
    if not text:
        raise InvalidError("the file lacks a docstring that says what the skill does")
    return " ".join(text.split())[:300]


def _literal_cases(node: ast.expr) -> tuple[Mapping[str, Json], ...]:
    try:
        cases = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise InvalidError(f"CASES must be a literal, from line {node.lineno}") from error
    if not isinstance(cases, list | tuple) or not cases or not all(isinstance(case, dict) for case in cases):
        raise InvalidError("CASES must be a list of at least one object")
    return tuple(cast("list[Mapping[str, Json]]", cases))


# ---- keys of the header -------------------------------------------------------------------------------------------------------------


def _texts(header: Mapping[str, object], key: str, form: re.Pattern[str] | None = None) -> tuple[str, ...]:
    value = header.get(key, [])
    if not isinstance(value, list) or len(value) > 64:
        raise InvalidError(f"{key}: must be a list of texts")
    for text in value:
        if (
            not isinstance(text, str)
            or not 0 < len(text) <= 200
            or not text.isprintable()
            or (form and not form.fullmatch(text))
        ):
            raise InvalidError(f"{key}: {text!r} does not belong there")
    return tuple(value)


def _risk(header: Mapping[str, object]) -> Risk:
    word = header.get("risk")
    if not isinstance(word, str) or word not in _RISKS:
        raise InvalidError(f"risk: must be one of {', '.join(_RISKS)}")
    return _RISKS[word]


def _seconds(header: Mapping[str, object], key: str, least: float, most: float, default: float) -> float:
    value = header.get(key, default)
    if type(value) not in (int, float) or not least <= cast("float", value) <= most:
        raise InvalidError(f"{key}: must be a number of seconds from {least:g} to {most:g}")
    return float(cast("float", value))


def _yes(header: Mapping[str, object], key: str) -> bool:
    value = header.get(key, False)
    if not isinstance(value, bool):
        raise InvalidError(f"{key}: true or false")
    return value


def _conditions(header: Mapping[str, object]) -> tuple[str, ...]:
    conditions = _texts(header, "when")
    for condition in conditions:
        parse_condition(condition)
    return conditions


def _fact(header: Mapping[str, object], key: str) -> str:
    value = header.get(key, "")
    if not isinstance(value, str) or (value and not _FACT.fullmatch(value)):
        raise InvalidError(f"{key}: must be the name of a fact")
    return value


def _fill(header: Mapping[str, object], parameters: tuple[ParameterSpec, ...]) -> tuple[tuple[str, str], ...]:
    value = header.get("fill", {})
    known = {spec.name for spec in parameters}
    if not isinstance(value, dict):
        raise InvalidError("fill: must map parameters to facts")
    for name, fact in value.items():
        if name not in known or not isinstance(fact, str) or not _FACT.fullmatch(fact):
            raise InvalidError(f"fill: {name} = {fact!r} must map a parameter of run to the name of a fact")
    return tuple(sorted(value.items()))


def _grants(header: Mapping[str, object]) -> tuple[Grant, ...]:
    """In canonical order, so that one set of capabilities has one text."""
    grants = []
    for text in _texts(header, "capabilities"):
        try:
            grants.append(Grant.parse(text))
        except NightshiftError as error:
            raise InvalidError(f"capabilities: {error}") from error
    if not grants:
        raise InvalidError("capabilities: a skill without any can do nothing")
    return tuple(sorted(set(grants), key=str))


# ---- the signature ------------------------------------------------------------------------------------------------------------------


def _parameters(run: ast.FunctionDef, grants: tuple[Grant, ...]) -> tuple[ParameterSpec, ...]:
    arguments = run.args
    plain = arguments.args[1:]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    granted = {name for grant in grants for name in grant.parameters}
    specs = tuple(map(_parameter, plain, [*defaults, *arguments.defaults], [granted] * len(plain)))
    missing = sorted(
        {name for grant in grants if not grant.verb.startswith("exec") for name in grant.parameters}
        - {spec.name for spec in specs}
    )
    if missing:
        raise InvalidError(f"capabilities: {{{missing[0]}}} is not a parameter of run")
    return specs


def _parameter(argument: ast.arg, default: ast.expr | None, granted: set[str]) -> ParameterSpec:
    kind = ast.unparse(argument.annotation) if argument.annotation else ""
    choices: tuple[str, ...] = ()
    if kind.startswith("Literal["):
        choices = _choices(argument)
        kind = "Literal"
    elif kind not in _TYPES:
        raise InvalidError(
            f"parameter {argument.arg}: type {kind or 'missing'!r} must be one of {', '.join(sorted(_TYPES))} or a Literal of texts"
        )
    value = None if default is None else _default(argument.arg, default)
    is_privileged = argument.arg in granted or not _PRIVILEGED.isdisjoint(argument.arg.split("_"))
    return ParameterSpec(argument.arg, kind, value, default is None, is_privileged, choices)


def _choices(argument: ast.arg) -> tuple[str, ...]:
    annotation = cast("ast.Subscript", argument.annotation)
    members = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    texts = tuple(
        member.value for member in members if isinstance(member, ast.Constant) and isinstance(member.value, str)
    )
    if len(texts) != len(members):
        raise InvalidError(f"parameter {argument.arg}: a Literal holds texts only")
    return texts


def _default(name: str, node: ast.expr) -> Scalar:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        raise InvalidError(f"parameter {name}: its default must be a literal") from error
    is_texts = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if type(value) not in (str, int, float, bool) and not is_texts:
        raise InvalidError(
            f"parameter {name}: its default must be a text, a number, true or false, or a tuple of texts"
        )
    return cast("Scalar", value)
