"""Where what a run reads may go, in words: one line of a card, of `skills show` and of `policy explain`."""

from __future__ import annotations

from bot.messages.units import plain, squeezed
from bot.messages.words import Words
from core.flows import Flows, Out

_MOST = 5
_FIRST = ("any", "secret", "web", "listed", "notify", "result", "kept")
"""The ways out, those first that people have to know of; a line shows so many."""


def flow_line(words: Words, flows: Flows) -> str:
    """What it reads and every way out, shortened to what tells them apart."""
    with_secret = {out.to for out in flows.outs if out.kind == "secret"}
    told = [out for out in flows.outs if out.kind != "web" or out.to not in with_secret]
    outs = [_out(words, out) for out in sorted(told, key=lambda out: _FIRST.index(out.kind))]
    shown = [*outs[:_MOST], *([f"+{len(outs) - _MOST}"] if len(outs) > _MOST else [])]
    return words.say("flow.line", reads=_reads(words, flows.reads), outs=words.say("flow.and").join(shown))


def _reads(words: Words, reads: tuple[str, ...]) -> str:
    if not reads:
        return words.say("flow.reads.nothing")
    first = squeezed(plain(reads[0], 200), 40)
    return words.say("flow.reads.more", first=first, count=len(reads) - 1) if len(reads) > 1 else first


def _out(words: Words, out: Out) -> str:
    key = "group" if out.kind == "notify" and out.to else out.kind
    return words.say(f"flow.out.{key}", host=plain(out.to, 60), group=plain(out.to, 60), name=plain(out.name, 60))
