"""What a door answers instead of doing it."""

from __future__ import annotations


class RefusedPost(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A post that is answered with this status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence
