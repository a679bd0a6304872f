"""STORY 1: something broke. Alert -> recalled or diagnosed -> proposal -> decision -> skill -> verified -> report -> remembered.

Three legs, because a person may answer hours later, a repair needs time to settle, and a deploy may lie between: no leg waits for a
person or for a clock. A leg gets an id and loads its nouns; what it does is journalled step by step, so that after a kill it goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.approval import Answer, Approval, Decision, Verdict
from core.closing import Closing
from core.deliberation import Deliberation
from core.desk import Desk
from core.execution import Executor
from core.holding import Holding
from core.incident import Attempt, Ending, Incident, IncidentState
from core.plan import MOST_STEPS, finished_steps
from core.ports import ApprovalBook, Flow, IncidentLog
from core.proposal import Evidence, NothingHelps
from core.task import is_task
from core.verification import Now, Watch

MOST_REFUSALS = 2


@dataclass(frozen=True, slots=True)
class IncidentResponse:
    """The night shift's main work. Everything that may be refused is refused inside the collaborators; here is only what comes next."""

    log: IncidentLog
    book: ApprovalBook
    deliberation: Deliberation
    desk: Desk
    executor: Executor
    watch: Watch
    closing: Closing
    holding: Holding

    # ---- leg 1: what is it, what would help, may we? ------------------------------------------------------------------------------

    def investigate(self, incident_id: str, flow: Flow) -> None:
        """Ends with a question to a person, with a row that policy has already decided, or with a hand-over."""
        incident = flow.step("load", self.log.load, incident_id)
        if incident.state is IncidentState.CLOSED:
            return
        if self.is_held(incident, flow):
            return
        standing = flow.step("measure", self.watch.stand, incident)
        if standing.now is Now.QUIET:
            return self.close(incident, Ending.WENT_AWAY, standing.reason, flow)
        with self.desk.looking_around(incident):
            idea = self.deliberation.propose(incident, flow)
        if isinstance(idea, NothingHelps):
            flow.step("look around", self.desk.look_around, incident)
            return self.hand_over(incident, idea.reason, flow, idea.evidence, idea.gap)
        flow.step("ask", self.desk.ask, incident, idea, standing)

    # ---- leg 2: started by any verdict, yes, no or silence ------------------------------------------------------------------------

    def act(self, approval_id: str, flow: Flow) -> None:
        """Runs what was approved if it is still needed and still the same; from then on the check's own ticks decide."""
        approval = flow.step("load", self.book.load, approval_id)
        incident = flow.step("load incident", self.log.load, approval.incident)
        if incident.state is IncidentState.CLOSED:
            return
        decision = self.desk.decision(approval)
        if decision.verdict is Verdict.HELD:
            return self.put_aside(incident, flow)
        if not decision.granted:
            return self.next_best_or_hand_over(incident, approval, decision, flow)
        if self.is_turned_back(incident, approval, flow):
            return
        with flow.lease(f"host:{incident.host}", incident.id) as fence:
            flow.step("nothing else there", self.watch.require_alone, incident)
            began = self.begin(incident, approval, flow)
            outcome = flow.once("execute", self.executor.execute, approval, approval.id, fence)
            if outcome is None:
                outcome = flow.step("end what still runs", self.executor.cut_off, approval.id)
            flow.step("watch", self.watch.go_on, began, outcome)

    def begin(self, incident: Incident, approval: Approval, flow: Flow) -> Attempt:
        """Whose turn it is among hosts with the same repair is seen and taken in one go."""
        with flow.lease(f"turn:{self.desk.turn_of(approval)}", incident.id):
            flow.step("its turn", self.desk.require_turn, approval)
            return flow.step("begin", self.watch.begin, incident, approval)

    def is_turned_back(self, incident: Incident, approval: Approval, flow: Flow) -> bool:
        """True where the world or a rule has moved since the yes; the leg has then ended as that demands."""
        if self.is_held(incident, flow):
            return True
        standing = flow.step("measure again", self.watch.stand, incident)
        if standing.now is Now.QUIET:
            self.close(incident, Ending.WENT_AWAY, standing.reason, flow)
        elif standing.is_blind:
            self.hand_over(incident, f"I do not act on what I cannot see: {standing.reason}", flow)
        elif not flow.step("still the same", self.deliberation.is_still_the_plan, approval):
            self.ask_again(incident, flow)
        else:
            return self.is_forbidden_now(incident, approval, flow)
        return True

    def is_forbidden_now(self, incident: Incident, approval: Approval, flow: Flow) -> bool:
        """True where a further rule speaks that did not when it was asked: then a person is asked, or nothing is done."""
        answer = flow.step("think again", self.desk.think_again, incident, approval)
        if answer is Answer.GO:
            return False
        if answer is Answer.DENY:
            self.hand_over(incident, "a rule forbids it now", flow)
        else:
            self.ask_again(incident, flow)
        return True

    def next_best_or_hand_over(self, incident: Incident, approval: Approval, decision: Decision, flow: Flow) -> None:
        """A no ends the round with its reason; the next best is asked once. Silence, a taker or policy end the incident.

        An answer ends it too, and the next one begins with it.
        """
        if decision.verdict is Verdict.ANSWERED:
            return flow.go_on("investigate", incident.id, incident.round + 1)
        if decision.verdict is Verdict.WITHDRAWN:
            return self.close(incident, Ending.WENT_AWAY, decision.why, flow)
        refusal = self.desk.refusal(approval)
        if decision.verdict is Verdict.REJECTED and len(incident.refusals) + 1 < MOST_REFUSALS:
            return flow.step("next best", self.book.refuse, refusal, incident.id, "investigate")
        flow.step("note the refusal", self.book.refuse, refusal, incident.id, "")
        flow.step("hand over", self.closing.hand_over_refused, incident, refusal)

    def ask_again(self, incident: Incident, flow: Flow) -> None:
        """The world has moved since the plan was shown: another look, another card, never a larger plan under an old yes."""
        if flow.step("is it the last try", self.desk.is_last_try, incident):
            return self.hand_over(incident, "the situation kept changing under the plan", flow)
        flow.go_on("investigate", incident.id, incident.round + 1)

    def is_held(self, incident: Incident, flow: Flow) -> bool:
        """True where somebody has it, it sleeps, there is maintenance or a deeper cause: nothing is done, and it is looked at."""
        why = flow.step("hold", self.holding.hold, incident)
        if why and is_task(incident.alert):
            self.hand_over(incident, why, flow)
        return bool(why)

    def put_aside(self, incident: Incident, flow: Flow) -> None:
        """Its question was taken away, which is no refusal; what a person asked for by hand ends here."""
        if is_task(incident.alert):
            return self.hand_over(incident, "put aside before it began", flow)
        flow.step("put aside", self.holding.put_aside, incident)

    # ---- leg 3: settled and quiet for three measurements, or still bad at the deadline; or a step of a plan is done ---------------

    def conclude(self, attempt_id: str, flow: Flow) -> None:
        """Believes measurements only. What did not help is undone before anything else is tried; after three rounds a person has it."""
        approval = flow.step("load", self.book.load, attempt_id)
        incident = flow.step("load incident", self.log.load, approval.incident)
        attempt = self.watch.attempt_of(incident, attempt_id)
        if incident.state is IncidentState.CLOSED:
            return
        if attempt.ending is Ending.FIXED and flow.step("what is left", self.holding.goes_on, incident, attempt):
            return
        if attempt.ending in {Ending.FIXED, Ending.UNPROVEN, Ending.WENT_AWAY}:
            return self.close(incident, attempt.ending, "", flow)
        if attempt.ending is Ending.STEP:
            return self.take_next_step(incident, flow)
        is_undone = self.is_undone(incident, attempt, flow)
        if attempt.outcome is None and attempt.ending is not Ending.WORSE:
            return self.hand_over(incident, "cut off in the middle; please look", flow)
        is_over = attempt.ending is Ending.WORSE or is_task(incident.alert) or not is_undone
        if is_over or flow.step("is it the last try", self.desk.is_last_try, incident):
            flow.step("hand over", self.closing.hand_over_attempt, incident, attempt, is_undone)
            return
        flow.go_on("investigate", incident.id, incident.round + 1)

    def take_next_step(self, incident: Incident, flow: Flow) -> None:
        """A finished step stays, and uses up no try; what follows it is prepared afresh and asked for."""
        if finished_steps(incident) >= MOST_STEPS:
            return self.hand_over(incident, "five steps were done and it is not over", flow)
        flow.go_on("investigate", incident.id, incident.round + 1)

    def is_undone(self, incident: Incident, attempt: Attempt, flow: Flow) -> bool:
        """Takes back what the run did, newest first, where it can be taken back; False if that was refused or cut off."""
        if attempt.outcome is not None and not attempt.outcome.undoable:
            return True
        with flow.lease(f"host:{incident.host}", incident.id) as fence:
            undone = flow.once("undo", self.executor.undo, attempt.id, incident.id, attempt.approval, fence)
            if undone is None:
                flow.step("end what still runs", self.executor.recover, f"{attempt.id}.undo")
        return undone is not None and not undone.error

    def hand_over(
        self, incident: Incident, reason: str, flow: Flow, evidence: tuple[Evidence, ...] = (), gap: str = ""
    ) -> None:
        """A person has it now, with what was seen and tried, and with the skill that was missed."""
        flow.step("hand over", self.closing.hand_over, incident, reason, evidence, gap)

    def close(self, incident: Incident, ending: Ending, reason: str, flow: Flow) -> None:
        """Report and memory, in one transaction."""
        flow.step("close", self.closing.close, incident, ending, reason)
