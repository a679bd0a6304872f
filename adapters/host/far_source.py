"""One program text out of several modules of ours: each after those it imports, without the imports between them."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

from core.syntax import tree_of

_FOLDER = Path(__file__).parent
_PREFIX = "adapters.host.far_"


@functools.cache
def far_source(module: str) -> str:
    """The text of `adapters.host.far_<module>` and everything of ours that it stands on, to be run over there as one program."""
    seen: list[str] = []
    body = "\n".join(_parts(module, seen))
    return f"from __future__ import annotations\n{body}\n"


def _parts(module: str, seen: list[str]) -> list[str]:
    if module in seen:
        return []
    seen.append(module)
    text = (_FOLDER / f"far_{module}.py").read_text(encoding="utf-8")
    lines, before = text.splitlines(), []
    for node in tree_of(text).body:
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        if node.module.startswith(_PREFIX):
            before += _parts(node.module.removeprefix(_PREFIX), seen)
        elif node.module != "__future__":
            continue
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[number] = ""
    is_program = not seen.index(module)
    if not is_program and any(line.startswith("if __name__") for line in lines):
        raise ValueError(f"{module} is a program, not a part of one")
    return [*before, "\n".join(lines)]
