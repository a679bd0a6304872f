"""What `doctor` says of the local model: reached, there, loaded, telling how sure it is, and in time; each really tried."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.app import Finding
from bot.minds import cerebellum_of
from bot.settings import Settings
from core.errors import ModelError
from core.model import LabelQuestion

if TYPE_CHECKING:
    from adapters.cerebellum.ollama_api import OllamaCerebellum
    from adapters.cerebellum.openai_api import CompletionsCerebellum

WHAT = "cerebellum"
TRIAL = LabelQuestion("Two letters may be chosen, A or B.\nChoose A.\nAnswer:", ("A", "B"))
PATIENCE = 20.0
OLD = "update the server: Ollama told no probabilities before the end of 2025; without them no vote of it counts"


def findings(settings: Settings) -> tuple[Finding, ...]:
    """One line; nothing of it keeps Nightshift from working, for rules and people need no model."""
    cerebellum = cerebellum_of(settings)
    if cerebellum is None:
        return (Finding(WHAT, "ok", "no local model is configured; rules, memory and the router do without"),)
    try:
        return (_tried(cerebellum, settings),)
    except ModelError as error:
        advice = "until then rules, memory and the router do without; correct OLLAMA_HOST or CEREBELLUM_MODEL in .env, or start it"
        return (Finding(WHAT, "warn", error.message, advice),)
    finally:
        cerebellum.close()


def _tried(cerebellum: OllamaCerebellum | CompletionsCerebellum, settings: Settings) -> Finding:
    was_loaded = cerebellum.is_loaded()
    cerebellum.warm()
    cerebellum.choose([TRIAL], PATIENCE)
    began = time.monotonic()
    cerebellum.choose([TRIAL], PATIENCE)
    took, least = (time.monotonic() - began) * 1000, settings.file.cerebellum.timeout
    said = f"{cerebellum.model} chose in {took:.0f} ms" + ("" if was_loaded else "; it was not loaded, and is now")
    if not cerebellum.tells_probabilities:
        return Finding(WHAT, "warn", f"{said}, but its server does not tell how sure it is", OLD)
    if took > least:
        advice = "it is passed over whenever it is slower; a smaller model, a GPU, or a longer timeout in [cerebellum]"
        return Finding(WHAT, "warn", f"{said}; {least} ms are waited for", advice)
    return Finding(WHAT, "ok", f"{said} of {least}")
