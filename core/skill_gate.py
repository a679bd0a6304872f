"""The static gate: keeps honest skills honest and cheap to review. Not a security boundary; the sandbox and the broker are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from core.capability import Verb
from core.errors import InvalidError
from core.paths import has_hidden_character

GATE_VERSION = 1
"""Recorded with each admission; all skills are checked again when it changes."""

_MODULE_NAMES = """__future__ base64 binascii bisect collections collections.abc copy csv dataclasses datetime decimal difflib enum
    fractions functools hashlib heapq html ipaddress itertools json math operator re shlex statistics string textwrap typing unicodedata
    urllib.parse zlib zoneinfo"""
_MODULES = frozenset(_MODULE_NAMES.split())
_FROM_SDK = frozenset({"Host", "HostError", "Outcome", "File", "Process", "Command", "ServiceState"})
_FORBIDDEN_NAMES = """exec eval compile open input globals locals vars breakpoint memoryview delattr setattr getattr hasattr help exit quit
    type super classmethod staticmethod"""
_FORBIDDEN = frozenset(_FORBIDDEN_NAMES.split())
_CALLS_AT_IMPORT = frozenset(
    {
        "re.compile",
        "frozenset",
        "set",
        "dict",
        "tuple",
        "list",
        "range",
        "str.maketrans",
        "dataclass",
        "field",
        "TypeVar",
    }
)
_METHODS = {
    "read": Verb.FS_READ,
    "list": Verb.FS_LIST,
    "stat": Verb.FS_STAT,
    "write": Verb.FS_WRITE,
    "delete": Verb.FS_DELETE,
    "move": Verb.FS_MOVE,
    "truncate": Verb.FS_TRUNCATE,
    "run": Verb.EXEC,
    "http_get": Verb.HTTP_GET,
    "http_post": Verb.HTTP_POST,
    "recall": Verb.KV,
    "keep": Verb.KV,
    "notify": Verb.NOTIFY,
    "secret": Verb.SECRET,
}
_SERVICE_METHODS = {name: Verb(f"service.{name}") for name in ("status", "start", "stop", "restart", "reload")}
_PROCESS_METHODS = {name: Verb(f"process.{name}") for name in ("list", "signal")}
_OTHER_MEMBERS = frozenset({"service", "process", "now"})


def run_function(tree: ast.Module) -> ast.FunctionDef:
    """The one `def run(host: Host, …) -> Outcome`; raises InvalidError."""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    if len(found) != 1:
        raise InvalidError("a skill has exactly one function: def run(host: Host, …) -> Outcome")
    run, arguments = found[0], found[0].args
    first = arguments.args[0] if arguments.args else None
    is_right = (
        first is not None
        and first.arg == "host"
        and _is_name(first.annotation, "Host")
        and _is_name(run.returns, "Outcome")
        and not (
            arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg or run.decorator_list
        )
        and len(arguments.defaults) < len(arguments.args)
    )
    if not is_right:
        raise InvalidError(
            "run must be written as def run(host: Host, name: type = default, …) -> Outcome, without * and decorators"
        )
    return run


def problems_in(
    source: str, tree: ast.Module, declared: frozenset[Verb], libraries: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """One sentence per problem, with its line; empty when the gate lets it pass. `libraries` are modules that its header declares."""
    found: list[tuple[int, str]] = []
    if any(has_hidden_character(line.replace("\t", " ")) for line in source.split("\n")):
        found.append((0, "invisible or reordering characters"))
    found += [(node.lineno, "statement with effects at module level") for node in tree.body if not _is_quiet(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [(node.lineno, problem) for problem in _problems_of_import(node, libraries)]
        check = _CHECKS.get(type(node))
        if check is not None:
            found += [(getattr(node, "lineno", 0), problem) for problem in check(node)]
    used = _used_verbs(tree)
    found += [(0, f"uses {verb} without declaring it in capabilities") for verb in sorted(used - declared)]
    found += [(0, f"declares {verb} in capabilities and never uses it") for verb in sorted(declared - used)]
    return tuple(f"line {line}: {problem}" if line else problem for line, problem in sorted(found))


def _used_verbs(tree: ast.Module) -> set[Verb]:
    """Told by literal `host.method`, `host.process.method`, and methods of what `host.service(...)` gave."""
    services = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_service_call(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    used = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if _is_name(node.value, "host") and node.attr in _METHODS:
            used.add(_METHODS[node.attr])
        elif isinstance(node.value, ast.Attribute) and _is_host_process(node.value) and node.attr in _PROCESS_METHODS:
            used.add(_PROCESS_METHODS[node.attr])
        elif node.attr in _SERVICE_METHODS and (
            _is_service_call(node.value) or any(_is_name(node.value, name) for name in services)
        ):
            used.add(_SERVICE_METHODS[node.attr])
    return used


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_host_process(node: ast.Attribute) -> bool:
    return node.attr == "process" and _is_name(node.value, "host")


def _is_service_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "service"
        and _is_name(node.func.value, "host")
    )


def _is_quiet(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call | ast.Await | ast.NamedExpr)]
    return all(isinstance(call, ast.Call) and ast.unparse(call.func) in _CALLS_AT_IMPORT for call in calls)


# ---- one check per kind of node -----------------------------------------------------------------------------------------------------


def _problems_of_import(node: ast.Import | ast.ImportFrom, libraries: frozenset[str]) -> Iterator[str]:
    """Of a library exactly its own top level is imported, where everything in it that people use is."""
    if isinstance(node, ast.ImportFrom):
        yield from _problems_of_import_from(node, libraries)
        return
    for alias in node.names:
        if alias.name not in _MODULES | libraries:
            yield f"import {alias.name} is not among what a skill may import"


def _problems_of_import_from(node: ast.ImportFrom, libraries: frozenset[str]) -> Iterator[str]:
    if node.level == 0 and node.module == "core.skill":
        yield from (
            f"core.skill has no {alias.name}" for alias in node.names if alias.name not in _FROM_SDK or alias.asname
        )
    elif node.level or node.module not in _MODULES | libraries:
        yield f"from {'.' * node.level}{node.module or ''} import is not among what a skill may import"


def _check_name(node: ast.Name) -> Iterator[str]:
    if node.id in _FORBIDDEN or node.id.startswith("__"):
        yield f"name {node.id} is not used in skills"
    if node.id == "host" and isinstance(node.ctx, ast.Store):
        yield "host is only ever the host"


def _check_attribute(node: ast.Attribute) -> Iterator[str]:
    if node.attr.startswith("_"):
        yield f"private attribute .{node.attr}"
    elif _is_name(node.value, "host") and node.attr not in _METHODS and node.attr not in _OTHER_MEMBERS:
        yield f"host.{node.attr} does not exist"
    elif isinstance(node.value, ast.Attribute) and _is_host_process(node.value) and node.attr not in _PROCESS_METHODS:
        yield f"host.process.{node.attr} does not exist"


def _check_alias(node: ast.Assign) -> Iterator[str]:
    value = node.value
    if _is_name(value, "host") or (
        isinstance(value, ast.Attribute) and (_is_name(value.value, "host") and value.attr != "now")
    ):
        yield "host and its methods are used by their own names"


def _check_handler(node: ast.ExceptHandler) -> Iterator[str]:
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    if any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("BaseException", "Exception")) for kind in caught
    ):
        yield "a bare or broad except hides what went wrong"


def _check_while(node: ast.While) -> Iterator[str]:
    is_always = isinstance(node.test, ast.Constant) and bool(node.test.value)
    if is_always and not any(isinstance(inner, ast.Break | ast.Return | ast.Raise) for inner in ast.walk(node)):
        yield "endless loop"


def _refuse(what: str) -> Callable[[ast.AST], Iterator[str]]:
    def check(_node: ast.AST) -> Iterator[str]:
        yield what

    return check


_CHECKS: dict[type[ast.AST], Callable[..., Iterator[str]]] = {
    ast.Name: _check_name,
    ast.Attribute: _check_attribute,
    ast.Assign: _check_alias,
    ast.ExceptHandler: _check_handler,
    ast.While: _check_while,
    ast.AsyncFunctionDef: _refuse("run is synchronous: no async def"),
    ast.Await: _refuse("run is synchronous: no await"),
    ast.Global: _refuse("no global state"),
    ast.Nonlocal: _refuse("no nonlocal state"),
}
