"""Which minds are set and which of them is gone, in one line each: for the first lines of `up` and for `status`."""

from __future__ import annotations

from bot.app import Rows
from bot.messages import Words
from bot.messages.units import plain
from bot.settings import Settings
from core.mind_watch import MindNews, MindWatch
from core.model import Mind


def minds_line(settings: Settings, words: Words) -> str:
    """What thinks here beside memory and rules, and what decides without it."""
    say, brain, local = words.say, settings.env.brain_model, settings.env.cerebellum_model
    if not brain and not local:
        return say("minds.none")
    first = say("minds.brain", model=plain(brain)) if brain else say("minds.brain.none")
    second = say("minds.local", model=plain(local)) if local else say("minds.local.none")
    return say("minds.on", brain=first, local=second)


def gone_minds(settings: Settings, rows: Rows) -> tuple[Mind, ...]:
    """Those that are set and were said to be gone, by whichever process asked them last."""
    models = {Mind.BRAIN: settings.env.brain_model, Mind.CEREBELLUM: settings.env.cerebellum_model}
    gone = MindWatch(Mind, rows.ticks, rows.clock, _untold).gone()
    return tuple(mind for mind, model in models.items() if model and mind in gone)


def _untold(_: MindNews) -> None:
    """Whoever only looks tells nobody."""
