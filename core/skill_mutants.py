"""Mutants of a skill: its text with one thing changed, which its own CASES must notice. CASES that notice nothing prove nothing.

Changed is what `run` and its helpers do. Left alone is what CASES do not check: the words of a summary, of a notice, of an error that is
raised, and whatever is computed for these alone; defaults of parameters and annotations; a falsy result made None, which is falsy too;
blanks; how much of a file is read, and bounds named MOST_…, which no small case reaches. A large number is doubled: nobody writes a case
about one byte more.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.syntax import tree_of

MOST = 48
"""Mutants of one skill that are played; which ones is told by a hash, so that they are the same every time."""

_LARGE = 100
_ROUNDS = 4
"""How far words that are made of other words are followed back."""

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_FREEING = frozenset({"delete", "truncate"})

Change = tuple[str, ast.AST, bool]
"""What the change is called, what stands there instead, and whether it drops a host call."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed text. `drops_call`: a host call is left out, which CASES must notice; `in_handler`: it changes how a failure is met."""

    line: int
    change: str
    drops_call: bool
    in_handler: bool
    tree: ast.Module = field(repr=False, compare=False)
    place: int = 0
    instead: ast.AST = field(repr=False, compare=False, default_factory=ast.Pass)

    @property
    def source(self) -> str:
        """The whole text of the changed skill, without its CASES."""
        tree = copy.deepcopy(self.tree)
        target = next(node for number, node in enumerate(ast.walk(tree)) if number == self.place)
        changed = _Exchange(target, copy.deepcopy(self.instead)).visit(tree)
        return ast.unparse(ast.fix_missing_locations(changed))


@dataclass(frozen=True, slots=True)
class Mutants:
    """Those that are played, in the order of their lines, out of `possible`."""

    chosen: tuple[Mutant, ...]
    possible: int


def mutants_of(source: str, most: int = MOST) -> Mutants:
    """All that drop a host call, and of the others as many as there is room for."""
    tree = tree_of(source)
    tree.body = [node for node in tree.body if not _is_cases(node)]
    found = tuple(_all(tree))
    kept = sorted(found, key=lambda mutant: (not mutant.drops_call, _rank(mutant)))[:most]
    return Mutants(tuple(sorted(kept, key=lambda mutant: (mutant.line, mutant.change))), len(found))


def _rank(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.place}:{mutant.change}".encode()).hexdigest()


def _is_cases(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "CASES" for target in targets)


def _all(tree: ast.Module) -> Iterator[Mutant]:
    inside, words, handlers = _bodies(tree), _words(tree) | _bounds(tree), _handlers(tree)
    for place, node in enumerate(ast.walk(tree)):
        if id(node) not in inside:
            continue
        for change, instead, drops in (*_dropped(node), *(() if id(node) in words else _changed(node))):
            line = int(getattr(node, "lineno", 0))
            yield Mutant(line, change, drops, id(node) in handlers, tree, place, instead)


# ---- what is not changed ------------------------------------------------------------------------------------------------------------


def _bodies(tree: ast.Module) -> set[int]:
    """What functions do: no signature, no annotation, no docstring."""
    inside: set[int] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        first = 1 if ast.get_docstring(function) is not None else 0
        inside |= {id(node) for statement in function.body[first:] for node in ast.walk(statement)}
    for node in ast.walk(tree):
        skipped: list[ast.AST] = (
            [node.annotation] if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation else []
        )
        skipped += [node.args, *([node.returns] if node.returns else [])] if isinstance(node, ast.FunctionDef) else []
        skipped += [node.format_spec] if isinstance(node, ast.FormattedValue) and node.format_spec else []
        inside -= {id(inner) for one in skipped for inner in ast.walk(one)}
    return inside


def _handlers(tree: ast.Module) -> set[int]:
    return {id(inner) for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) for inner in ast.walk(node)}


def _words(tree: ast.Module) -> set[int]:
    """Everything that only makes sentences for people: given as such, or named and used for nothing else."""
    words: set[int] = set()
    for node in ast.walk(tree):
        words |= {id(inner) for text in _said_by(node) for inner in ast.walk(text)}
    for _ in range(_ROUNDS):
        names = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        used = {node.id for node in names if id(node) not in words}
        for node in ast.walk(tree):
            words |= {id(inner) for text in _made_for_words(node, used) for inner in ast.walk(text)}
    return words


def _bounds(tree: ast.Module) -> set[int]:
    """What keeps a run small on a host that is large."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.Subscript) and any(map(_is_bound, ast.walk(node))):
            found |= {id(node), *map(id, ast.walk(node))} if isinstance(node, ast.Compare) else {id(node)}
        elif (
            isinstance(node, ast.If | ast.IfExp)
            and isinstance(node.test, ast.Compare)
            and any(map(_is_bound, ast.walk(node.test)))
        ):
            found.add(id(node))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "read"
            and _is_host(node.func.value)
        ):
            found |= {
                id(one) for one in (*node.args[1:], *(word.value for word in node.keywords if word.arg == "limit"))
            }
    return found


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.startswith("MOST_")


def _said_by(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return [*node.exc.args, *node.exc.keywords]
    if not isinstance(node, ast.Call):
        return []
    if isinstance(node.func, ast.Name) and node.func.id == "Outcome":
        return [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "summary")]
    is_notice = isinstance(node.func, ast.Attribute) and node.func.attr == "notify" and _is_host(node.func.value)
    return [*node.args] if is_notice else []


def _made_for_words(node: ast.AST, used: set[str]) -> list[ast.AST]:
    """The value of a name, or the body of a helper, that nothing but words uses."""
    if isinstance(node, ast.FunctionDef) and node.name != "run" and node.name not in used:
        return [*node.body]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    is_named = isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [node] if is_named and len(names) == len(targets) and not set(names) & used else []


# ---- what is left out ---------------------------------------------------------------------------------------------------------------


def _dropped(node: ast.AST) -> Iterator[Change]:
    """A host call, or a helper that is given the host for what it does."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _reaches_host(node.value):
        yield f"without {ast.unparse(node.value)}"[:120], ast.Pass(), True
    if isinstance(node, ast.AugAssign | ast.Assign) and isinstance(node.value, ast.Call) and _frees(node.value):
        instead = copy.copy(node)
        instead.value = ast.Constant(0)
        yield f"without {ast.unparse(node.value)}"[:120], instead, True


def _reaches_host(call: ast.Call) -> bool:
    """`host.…()`, `host.service(x).…()`, a method of what `host.service` gave, or a helper that gets the host."""
    if any(_is_host(inner) for inner in ast.walk(call)):
        return True
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("start", "stop", "restart", "reload")


def _frees(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _FREEING and _is_host(call.func.value)


def _is_host(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "host"


# ---- what is changed ----------------------------------------------------------------------------------------------------------------


def _changed(node: ast.AST) -> Iterator[Change]:
    change = _CHANGES.get(type(node))
    if change is not None:
        for what, instead in change(node):
            yield what, instead, False


def _was(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:60]


def _compare(node: ast.Compare) -> Iterator[tuple[str, ast.AST]]:
    for at, operator in enumerate(node.ops):
        for other in _COMPARED.get(type(operator), ()):
            instead = copy.copy(node)
            instead.ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield f"{_was(node)} becomes {_was(instead)}", instead


def _boolean(node: ast.BoolOp) -> Iterator[tuple[str, ast.AST]]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    instead = ast.BoolOp(other, node.values)
    yield f"{_was(node)} becomes {_was(instead)}", instead


def _without_not(node: ast.UnaryOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Not):
        yield f"{_was(node)} becomes {_was(node.operand)}", node.operand


def _always(node: ast.If | ast.IfExp) -> Iterator[tuple[str, ast.AST]]:
    for truth in (True, False):
        instead = copy.copy(node)
        instead.test = ast.Constant(truth)
        yield f"if {_was(node.test)} becomes if {truth}", instead


def _never(node: ast.While) -> Iterator[tuple[str, ast.AST]]:
    instead = copy.copy(node)
    instead.test = ast.Constant(value=False)
    yield f"while {_was(node.test)} becomes while False", instead


def _chosen(node: ast.comprehension) -> Iterator[tuple[str, ast.AST]]:
    for at, test in enumerate(node.ifs):
        instead = copy.copy(node)
        instead.ifs = [*node.ifs[:at], *node.ifs[at + 1 :]]
        yield f"without the condition {_was(test)}", instead


def _arithmetic(node: ast.BinOp | ast.AugAssign) -> Iterator[tuple[str, ast.AST]]:
    other = _COMPUTED.get(type(node.op))
    if other is not None:
        instead = copy.copy(node)
        instead.op = other()
        yield f"{_was(node)} becomes {_was(instead)}", instead


def _constant(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value: object = node.value
    if isinstance(value, bool):
        instead: object = not value
    elif isinstance(value, int | float):
        instead = value + 1 if abs(value) < _LARGE else value * 2
    elif isinstance(value, str) and (not value or not value.isspace()):
        instead = f"{value}x"
    else:
        return
    yield f"{value!r:.60} becomes {instead!r:.60}", ast.Constant(instead)  # type: ignore[arg-type]


def _result(node: ast.Return) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    is_empty = (isinstance(value, ast.List | ast.Tuple) and not value.elts) or (
        isinstance(value, ast.Dict) and not value.keys
    )
    if value is not None and not is_empty and not (isinstance(value, ast.Constant) and not value.value):
        yield f"return {_was(value)} becomes return None", ast.Return(ast.Constant(None))


def _piece(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.slice, ast.Slice):
        yield f"{_was(node)} becomes {_was(node.value)}", node.value


def _unsorted(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    kept = [word for word in node.keywords if word.arg not in ("key", "reverse")]
    if len(kept) < len(node.keywords):
        instead = copy.copy(node)
        instead.keywords = kept
        yield f"{_was(node.func)}(…) without its key", instead


def _leaves(_node: ast.Break) -> Iterator[tuple[str, ast.AST]]:
    yield "break becomes continue", ast.Continue()


def _stays(_node: ast.Continue) -> Iterator[tuple[str, ast.AST]]:
    yield "continue becomes break", ast.Break()


_CHANGES: dict[type[ast.AST], Callable[..., Iterator[tuple[str, ast.AST]]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _without_not,
    ast.If: _always,
    ast.IfExp: _always,
    ast.While: _never,
    ast.comprehension: _chosen,
    ast.BinOp: _arithmetic,
    ast.AugAssign: _arithmetic,
    ast.Constant: _constant,
    ast.Return: _result,
    ast.Subscript: _piece,
    ast.Call: _unsorted,
    ast.Break: _leaves,
    ast.Continue: _stays,
}


class _Exchange(ast.NodeTransformer):
    def __init__(self, target: ast.AST, instead: ast.AST) -> None:
        self._target, self._instead = target, instead

    def visit(self, node: ast.AST) -> ast.AST:
        """One node becomes another; everything else stays."""
        return self._instead if node is self._target else self.generic_visit(node)
