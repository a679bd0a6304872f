"""What servers say of probabilities and of failures, made into votes and into one sentence; nothing of it is believed unchecked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from core.errors import ModelError
from core.model import LabelVote
from core.redaction import clean

OLLAMA, COMPLETIONS = "Ollama", "the model server"
"""How the two kinds of server are called in sentences."""

_SLACK = 1e-3
_AMX = (
    "the model server crashed ({said}); on a virtual machine whose processor shows AMX remove its AMX library, "
    "start llama-server with --no-repack, or build it with GGML_NATIVE=OFF"
)


def vote_of(
    labels: Sequence[str], tokens: Iterable[tuple[object, object]], counted: tuple[object, object]
) -> LabelVote:
    """From (token, log probability) pairs. A label's tokens are those that are it but for blanks; what is not among them has 0."""
    shares = dict.fromkeys(labels, 0.0)
    total = 0.0
    for token, logarithm in tokens:
        share = _share(token, logarithm)
        total += share
        label = str(token).strip(" \u2581\u0120")
        if label in shares:
            shares[label] += share
    if total > 1 + _SLACK:
        raise ModelError(f"the local model's server gives probabilities that sum to {total:.3g}")
    scale = min(1.0, 1 / total) if total else 1.0
    tokens_in, tokens_out = (one if type(one) is int and 0 <= one < 1 << 31 else 0 for one in counted)
    return LabelVote(tuple(share * scale for share in shares.values()), tokens_in, tokens_out)


def unknown(labels: Sequence[str], counted: tuple[object, object]) -> LabelVote:
    """Of a server that tells no probabilities: none is made up, so that the vote is below every bound."""
    return vote_of(labels, (), counted)


def refused(server: str, model: str, status: int, said: str) -> ModelError:
    """What an HTTP status means, with what to do about it. What the server says is cleaned and cut."""
    words = clean(said, 200).replace("\n", " ").strip()
    if status == 404 and "model" in words.lower():
        advice = (
            f"ollama pull {model}" if server == OLLAMA else "set CEREBELLUM_MODEL to a name that it lists at /v1/models"
        )
        return ModelError(f"{server} has no model {model!r}: {advice}", is_lasting=True)
    if status >= 500 and any(word in words.lower() for word in ("segmentation", "sigsegv", "signal: 11")):
        return ModelError(_AMX.format(said=words[:80]))
    if 300 <= status < 400:
        return ModelError(f"{server} sends us elsewhere ({status}), which is not followed; write its own address")
    if status in {401, 403, 404}:
        return ModelError(f"{server} refuses us ({status}): {words or 'it says no more'}", is_lasting=True)
    if status in {429, 503}:
        return ModelError(f"{server} is busy ({status})")
    return ModelError(f"{server} answered {status}: {words or 'it says no more'}")


def nonsense(server: str) -> ModelError:
    """For what is no answer at all: pages of HTML, broken JSON, fields of other types."""
    return ModelError(f"{server} answered what is no choice of a model; is the address that of the model server?")


def _share(token: object, logarithm: object) -> float:
    is_number = isinstance(logarithm, int | float) and not isinstance(logarithm, bool)
    if not isinstance(token, str) or not is_number or math.isnan(float(str(logarithm))):
        raise ModelError("the local model's server gives probabilities that are no numbers")
    assert isinstance(logarithm, int | float)
    if logarithm > _SLACK:
        raise ModelError("the local model's server gives probabilities above 1")
    return math.exp(max(min(float(logarithm), 0.0), -745.0))
