"""Router and cerebellum: what the words of an alert mean, and a vote among the few that they could; agreement is a proposal."""

from __future__ import annotations

from core.incident import Incident
from core.proposal import Choices, Idea, NothingHelps, Question


class Voting:
    """The two are one voice where they read the same text (TRUST 1)."""

    def vote(self, incident: Incident, so_far: Idea) -> Idea:
        """A proposal where both agree; choices where only the router has an idea; else what there was."""
        del incident
        return so_far


Undecided = Choices | Question | NothingHelps
