"""What `doctor` says of the brain: reached, its key taken, the model there, and what it may still use today; none of it costs a token."""

from __future__ import annotations

from difflib import get_close_matches
from urllib.parse import urlsplit

from bot.app import Finding
from bot.minds import budget_of
from bot.settings import Settings
from bot.wiring import store_of
from core.budget import Scope, day_of
from core.errors import ModelError

WHAT = "brain"
PATIENCE = 10.0
MOST_NEAR = 3
_WITHOUT = "until then rules, memory and the local model decide"


def findings(settings: Settings) -> tuple[Finding, ...]:
    """One line on the model, one on its budget; nothing of it keeps Nightshift from working."""
    env = settings.env
    if not env.brain_model:
        is_half = env.brain_api_key is not None
        detail = "no brain is configured; what rules and memory do not know is handed to people"
        return (Finding(WHAT, "warn" if is_half else "ok", detail, "set BRAIN_MODEL in .env too" if is_half else ""),)
    return (_tried(settings, env.brain_model), _budget(settings))


def _tried(settings: Settings, model: str) -> Finding:
    from adapters.brain_openai import OpenAIBrain, is_near  # noqa: PLC0415 - loaded only where there is a brain

    env = settings.env
    where = urlsplit(env.brain_base_url)
    brain = OpenAIBrain(env.brain_base_url, model, env.brain_api_key or "")
    try:
        listed = brain.models(PATIENCE)
    except ModelError as error:
        return Finding(WHAT, "warn", error.message, f"{_WITHOUT}; correct BRAIN_* in .env")
    finally:
        brain.close()
    if where.scheme == "http" and not is_near(where.hostname or ""):
        advice = "write https:// into BRAIN_BASE_URL"
        return Finding(WHAT, "warn", f"what {where.netloc} is asked travels unencrypted, and so does the key", advice)
    if not listed:
        said = f"{where.netloc} is reached and does not list its models"
        return Finding(WHAT, "ok", f"{said}; whether {model} is there shows when it is first asked")
    if model not in listed:
        near = ", ".join(get_close_matches(model, listed, MOST_NEAR, 0.0))
        return Finding(
            WHAT, "warn", f"{where.netloc} lists no model {model}; nearest: {near}", "correct BRAIN_MODEL in .env"
        )
    return Finding(WHAT, "ok", f"{model} at {where.netloc}; the key is taken")


def _budget(settings: Settings) -> Finding:
    budget, store = budget_of(settings), store_of(settings.home, settings.database_url, (), settings.env.key_file)
    try:
        spent = store.model_calls.spent(day_of(store.clock.now()))
    finally:
        store.close()
    cap = budget.caps[Scope.DAY]
    is_up = spent.tokens >= cap.tokens or (cap.cost is not None and spent.cost >= cap.cost)
    advice = "it is not asked before midnight UTC; raise tokens_per_day or money_per_day in [brain]" if is_up else ""
    return Finding("budget", "warn" if is_up else "ok", f"today {budget.worded(cap, spent)} are used", advice)
