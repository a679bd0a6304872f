"""What a model found is remembered once it was verified: the second time it is asked from memory, one tap, and no model is needed."""

from __future__ import annotations

from core.approval import Verdict
from core.errors import ModelError
from core.incident import Ending
from core.model import ModelReply, ModelRequest
from core.origin import Origin
from core.proposal import Proposal, Tier
from core.skill_manifest import Skill
from tests.nights.night import Night, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs, skill
from tests.nights.scripted_brain import Scripted, always, propose

ELSEWHERE = "memory.used_percent"


class Forgetful(Scripted):
    """Answers until it is told to be gone."""

    is_gone = False

    def __call__(self, request: ModelRequest) -> ModelReply:
        """What is said to this, or nothing any more."""
        said = super().__call__(request)
        return {False: lambda: said, True: _gone}[self.is_gone]()


def _gone() -> ModelReply:
    raise ModelError("the brain is gone")


def deletes_one() -> Skill:
    """Deletes the one rotated log that it is told to; nothing that we look at names it."""
    body = 'return Outcome(ok=True, summary=f"freed {host.delete(file)} bytes")'
    return skill("delete_one", body, "fs.delete:/var/log/*;rotated", parameters=", file: str", cures=[ELSEWHERE])


def proposed(night: Night) -> Proposal:
    """What is asked now."""
    asks = night.asked.asks
    assert isinstance(asks, Proposal)
    return asks


def test_the_second_time_is_asked_from_memory_also_without_the_brain() -> None:
    brain = Forgetful({1: [propose("rotate_logs")]})
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(cures=[ELSEWHERE])], minds=brain.minds())
    assert proposed(night).tier is Tier.BRAIN
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.verified) == (Ending.FIXED, {"rotate_logs": 1})
    brain.is_gone, asked = True, len(brain.asked)
    night.break_again()
    assert (proposed(night).tier, proposed(night).times_verified) == (Tier.MEMORY, 1)
    assert proposed(night).words == "", "nothing that the model said then is said again"
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.verified) == (Ending.FIXED, {"rotate_logs": 2})
    assert len(brain.asked) == asked


def test_a_value_that_only_the_model_can_name_is_asked_of_it_again() -> None:
    brain = always(propose("delete_one", file=ROTATED))
    night = Night(disk_full_on("web-1"), skills=[deletes_one()], minds=brain.minds())
    assert dict(proposed(night).parameters)["file"].origin is Origin.MODEL
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.verified) == (Ending.FIXED, {"delete_one": 1})
    asked = len(brain.asked)
    night.break_again()
    assert proposed(night).tier is Tier.BRAIN
    assert dict(proposed(night).parameters)["file"].value == ROTATED
    assert len(brain.asked) == 2 * asked


def test_before_it_runs_the_plan_is_rehearsed_with_the_values_that_were_approved() -> None:
    brain = always(propose("delete_one", file=ROTATED))
    night = Night(disk_full_on("web-1"), skills=[deletes_one()], minds=brain.minds())
    asked = len(brain.asked)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    assert len(brain.asked) == asked, "no model is asked after the yes"
