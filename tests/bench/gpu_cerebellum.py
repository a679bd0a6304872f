"""What a choice costs on a GPU: `python tests/bench/gpu_cerebellum.py`, with torch, on any machine with CUDA; nothing else is needed.

A decoder of the shape of Qwen2.5-7B with random weights, because time does not depend on their values, and the lengths of the real
prompts: pass 1 reads a new part of up to 400 tokens behind a cached prefix and gives one token; pass 2 answers three spans in one
batch, one token each, behind a shared prefix. It says nothing of how well a 7B chooses, nor of HTTP, tokenizer and sampler of a server.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

LAYERS, HIDDEN, HEADS, KV_HEADS, FEED_FORWARD, VOCABULARY = 28, 3584, 28, 4, 18944, 152064
HEAD = HIDDEN // HEADS
PREFIX = 90
"""Tokens of the rules, which are the same in every question."""
NEW = (100, 200, 400)
ALERT, SPANS, SPAN = 150, 3, 60
"""Pass 2: the alert, which all spans share, how many there are, and the tokens of each alone."""


@dataclass
class Cache:
    """Keys and values of every layer, so far."""

    keys: list[Any]
    values: list[Any]


class Decoder:
    """Grouped-query attention with rotary positions, gated feed-forward, RMS norms; bf16, weights at random."""

    def __init__(self, torch: Any) -> None:
        self.torch, self.functional = torch, torch.nn.functional
        self.layers = [self._layer() for _ in range(LAYERS)]
        self.embedding, self.head = self._random(VOCABULARY, HIDDEN), self._random(VOCABULARY, HIDDEN)
        self.norm = self._random(HIDDEN)
        half = torch.arange(0, HEAD, 2, device="cuda", dtype=torch.float32) / HEAD
        self.frequencies = 1.0 / (1_000_000.0**half)

    def read(self, tokens: Any, cache: Cache | None) -> tuple[Any, Cache]:
        """The probabilities of the next token after each row, and the cache with these tokens in it."""
        start = cache.keys[0].shape[2] if cache else 0
        states, kept = self.embedding[tokens], Cache([], [])
        turn = self._turn(start, tokens.shape[1])
        for number, layer in enumerate(self.layers):
            before = (cache.keys[number], cache.values[number]) if cache else None
            seen, key, value = self._attended(layer, self._normed(states, layer["norm_1"]), turn, before)
            kept.keys.append(key)
            kept.values.append(value)
            states = states + seen
            inner = self._normed(states, layer["norm_2"])
            gate = self.functional.silu(inner @ layer["gate"].T) * (inner @ layer["up"].T)
            states = states + gate @ layer["down"].T
        last = self._normed(states[:, -1], self.norm)
        return self.torch.softmax((last @ self.head.T).float(), -1), kept

    def _attended(self, layer: dict[str, Any], states: Any, turn: Any, before: Any) -> tuple[Any, Any, Any]:
        rows, count, _ = states.shape
        query = self._turned((states @ layer["query"].T).view(rows, count, HEADS, HEAD).transpose(1, 2), turn)
        key = self._turned((states @ layer["key"].T).view(rows, count, KV_HEADS, HEAD).transpose(1, 2), turn)
        value = (states @ layer["value"].T).view(rows, count, KV_HEADS, HEAD).transpose(1, 2)
        if before is not None:
            old = [one.expand(rows, -1, -1, -1) for one in before]
            key, value = self.torch.cat([old[0], key], 2), self.torch.cat([old[1], value], 2)
        seen = self.functional.scaled_dot_product_attention(
            query,
            key.repeat_interleave(HEADS // KV_HEADS, 1),
            value.repeat_interleave(HEADS // KV_HEADS, 1),
            attn_mask=self._mask(count, key.shape[2]),
        )
        return seen.transpose(1, 2).reshape(rows, count, HIDDEN) @ layer["output"].T, key, value

    def _mask(self, count: int, whole: int) -> Any:
        """Each new token sees all that is before it, and itself."""
        return self.torch.ones(count, whole, dtype=self.torch.bool, device="cuda").tril(whole - count)

    def _turn(self, start: int, count: int) -> tuple[Any, Any]:
        places = self.torch.arange(start, start + count, device="cuda", dtype=self.torch.float32)
        angles = self.torch.outer(places, self.frequencies)
        both = self.torch.cat([angles, angles], -1)
        return both.cos().bfloat16(), both.sin().bfloat16()

    def _turned(self, states: Any, turn: tuple[Any, Any]) -> Any:
        first, second = states.chunk(2, -1)
        return states * turn[0] + self.torch.cat([-second, first], -1) * turn[1]

    def _normed(self, states: Any, weight: Any) -> Any:
        wide = states.float()
        return (wide * self.torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).bfloat16() * weight

    def _layer(self) -> dict[str, Any]:
        shapes = {
            "query": (HIDDEN, HIDDEN),
            "key": (KV_HEADS * HEAD, HIDDEN),
            "value": (KV_HEADS * HEAD, HIDDEN),
            "output": (HIDDEN, HIDDEN),
            "gate": (FEED_FORWARD, HIDDEN),
            "up": (FEED_FORWARD, HIDDEN),
            "down": (HIDDEN, FEED_FORWARD),
            "norm_1": (HIDDEN,),
            "norm_2": (HIDDEN,),
        }
        return {name: self._random(*shape) for name, shape in shapes.items()}

    def _random(self, *shape: int) -> Any:
        return self.torch.randn(*shape, device="cuda", dtype=self.torch.bfloat16).mul_(0.02)


def measured(torch: Any, runs: int) -> list[dict[str, object]]:
    """Each figure in milliseconds: pass 1 by how much is new, pass 2, and both for the longest question."""
    decoder, figures = Decoder(torch), list[dict[str, object]]()

    def tokens(rows: int, count: int) -> Any:
        return torch.randint(0, VOCABULARY, (rows, count), device="cuda")

    with torch.inference_mode():
        _, rules = decoder.read(tokens(1, PREFIX), None)

        def pick(count: int) -> None:
            decoder.read(tokens(1, count), rules)[0].argmax().item()

        def fill() -> None:
            _, shared = decoder.read(tokens(1, ALERT), rules)
            decoder.read(tokens(SPANS, SPAN), shared)[0].argmax(-1).tolist()

        def both() -> None:
            pick(NEW[-1])
            fill()

        for count in NEW:
            figures.append(_figure(torch, f"pick, {count} new tokens", partial(pick, count), runs))
        figures.append(_figure(torch, f"fill, {SPANS} spans in one batch", fill, runs))
        figures.append(_figure(torch, f"pick of {NEW[-1]} new tokens and fill", both, runs))
    return figures


def _figure(torch: Any, name: str, call: Callable[[], None], runs: int) -> dict[str, object]:
    for _ in range(5):
        call()
    took = []
    for _ in range(runs):
        torch.cuda.synchronize()
        began = time.perf_counter()
        call()
        torch.cuda.synchronize()
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    return {"name": name, "p50_ms": round(p50, 2), "p99_ms": round(p99, 2), "n": runs}


def main(arguments: list[str]) -> int:
    """JSON on stdout; without CUDA one sentence and no figure."""
    options = argparse.ArgumentParser(description="Pick and fill of a 7B-shaped model on this machine's GPU.")
    options.add_argument("--runs", type=int, default=200, help="how often each figure is measured (200)")
    chosen = options.parse_args(arguments)
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        sys.stdout.write("Nothing was measured: torch is not installed here; it needs torch on a machine with CUDA.\n")
        return 0
    if not torch.cuda.is_available():
        sys.stdout.write("Nothing was measured: torch finds no CUDA device on this machine.\n")
        return 0
    needed, there = 17 << 30, torch.cuda.get_device_properties(0).total_memory
    if there < needed:
        sys.stdout.write(f"Nothing was measured: 17 GiB of GPU memory are needed, and {there >> 30} GiB are there.\n")
        return 0
    torch.manual_seed(0)
    card, shape = torch.cuda.get_device_name(0), "Qwen2.5-7B shape, bf16, random weights, eager torch"
    sys.stdout.write(
        json.dumps(
            {"card": card, "torch": torch.__version__, "model": shape, "figures": measured(torch, chosen.runs)},
            indent=2,
        )
        + "\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
