"""What a look describes as a document becomes one: plots are drawn, files written, and the answer says where they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answers import Answer
from bot.messages import Words
from core.document import FACT, Document, document_of
from core.document_text import files_of
from core.errors import InvalidError, UnavailableError
from core.incident import Outcome
from core.people_ports import Plotter
from core.ports import Clock

if TYPE_CHECKING:
    from adapters.store.documents import DocumentFolder


@dataclass(frozen=True, slots=True)
class Filing:
    """Where documents of looks go."""

    folder: DocumentFolder
    plotter: Plotter
    clock: Clock
    words: Words

    def filed(self, answer: Answer, skill: str, host: str) -> Answer:
        """The answer, with where its document is; a document that cannot be made takes nothing from the look itself."""
        outcome = answer.data
        if not isinstance(outcome, Outcome) or not outcome.ok or FACT not in dict(outcome.facts):
            return answer
        try:
            document = document_of(dict(outcome.facts)[FACT])
            files = files_of(document, self._drawn(document), self.words.say("document.noplot"))
            path = self.folder.save(f"{skill}-{host}", files, self.clock.now())
        except (InvalidError, UnavailableError) as error:
            return replace(answer, text=f"{answer.text}\n{self.words.say('document.none', why=str(error))}")
        said = self.words.say("document.made", path=str(path / "document.html"), name=path.name)
        return replace(answer, text=f"{answer.text}\n{said}")

    def _drawn(self, document: Document) -> dict[int, bytes]:
        """A plot that is not drawn is left out: its numbers are in the document anyway."""
        found = {}
        for number, section in enumerate(document.sections, 1):
            if section.picture is not None:
                try:
                    found[number] = self.plotter.plot(section.picture)
                except UnavailableError:
                    continue
        return found
