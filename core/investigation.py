"""The brain's diagnosis: it looks by read-only skills, sees what they say as untrusted text, and ends with one typed answer."""

from __future__ import annotations

from core.incident import Incident
from core.ports import Flow
from core.proposal import Idea


class Investigation:
    """Bounded in turns, looks and tokens; what does not validate is never executed."""

    def investigate(self, incident: Incident, so_far: Idea, flow: Flow) -> Idea:
        """What the brain makes of it; `so_far` where there is no brain, or nothing may be spent on one."""
        del incident, flow
        return so_far
