"""Every sentence people read, in every language, and how the nouns become cards: `render` and `say`."""

from __future__ import annotations

from bot.messages.cards import page_line, render
from bot.messages.words import Nouns, Words, words_of

__all__ = ["Nouns", "Words", "page_line", "render", "words_of"]
