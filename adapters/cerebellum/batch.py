"""Several requests at once with one deadline for all, and answers that may not be larger than an answer is."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from core.errors import ModelError

Asked = TypeVar("Asked")
Said = TypeVar("Said")

MOST_BYTES = 1 << 20
MOST_AT_ONCE = 16


def all_at_once(ask: Callable[[Asked], Said], questions: Sequence[Asked], seconds: float) -> tuple[Said, ...]:
    """The answers in their order; raises the first ModelError, and one at the deadline, whoever still waits then.

    Threads of their own, which nobody waits for at the end: a server may send one byte at a time for ever.
    """
    if len(questions) > MOST_AT_ONCE:
        raise ModelError(f"{len(questions)} questions at once are too many")
    answers: queue.SimpleQueue[tuple[int, Said | ModelError]] = queue.SimpleQueue()

    def run(number: int, question: Asked) -> None:
        answer: Said | ModelError = ModelError("the local model's answer was not understood; the log says more")
        try:
            answer = ask(question)
        except ModelError as error:
            answer = error
        finally:
            answers.put((number, answer))

    for number, question in enumerate(questions):
        threading.Thread(target=run, args=(number, question), name="cerebellum", daemon=True).start()
    deadline, said = time.monotonic() + seconds, dict[int, Said]()
    for _ in questions:
        try:
            number, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise too_late(seconds) from None
        if isinstance(answer, ModelError):
            raise answer
        said[number] = answer
    return tuple(said[number] for number in range(len(questions)))


def too_late(seconds: float) -> ModelError:
    """The one sentence for it."""
    return ModelError(f"the local model did not answer within {seconds * 1000:.0f} ms")


def bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks; raises ModelError where they are more than any answer is."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise ModelError("the local model's server answered with more than a choice can be")
        yield chunk
