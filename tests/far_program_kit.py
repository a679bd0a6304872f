"""The program for far hosts in a process of its own: no SSH, no path to our code, as over there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.probe import far_program
from adapters.probe.far import Ask
from core.errors import UnavailableError


@contextmanager
def over_there(python: str = sys.executable) -> Iterator[Ask]:
    """Asks it; its errors come as UnavailableError."""
    text = far_program.source()
    program = "import sys; exec(sys.argv[1])"
    process = subprocess.Popen(
        [python, "-I", "-S", "-c", program, text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env={}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines, answers = process.stdin, process.stdout
    assert json.loads(answers.readline()) == {"ready": True}

    def ask(question: dict[str, Any], _seconds: float) -> Any:
        lines.write(json.dumps(question).encode() + b"\n")
        lines.flush()
        answer = json.loads(answers.readline())
        if "error" in answer:
            raise UnavailableError(answer["error"][1])
        return answer["ok"]

    try:
        yield ask
    finally:
        lines.close()
        process.wait(5)
        answers.close()
