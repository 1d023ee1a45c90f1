"""Posts that will stand empty: the unit's commander is told once, a week before, until it is covered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.core import wording
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.names import Names
from services.notify.core.roster import Roster, Seat
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.fields import Level, Post
from shared.contracts.ids import content_id
from shared.contracts.pages import SubjectKind

AHEAD = timedelta(days=7)
"""So long before a post is empty it is told, and so long it is not told again."""
_RESPONSIBLE = (Post.COMMANDER, Post.A)


@dataclass(frozen=True, slots=True)
class GapMemory:
    """What is open at a post, when it was last told (None: not, or covered since), how often ever."""

    subject_id: str
    coverage: DutyCoverage
    told_at: datetime | None = None
    times: int = 0

    def due_at(self, now: datetime) -> datetime | None:
        """When the next gap is to be told, None when there is none."""
        begins = [gap.begin for gap in self.coverage.gaps if gap.end > now]
        if not begins:
            return None
        first = min(begins) - AHEAD
        return first if self.told_at is None else max(first, self.told_at + AHEAD)


def subject_of(event: DutyCoverage) -> str:
    """A unit's post as what is told about."""
    return content_id("gap", event.status, event.unit, event.post)


def responsible(roster: Roster, unit: str, post: Post) -> Seat | None:
    """Who fills the gap: the commander, else the A post; never through the post that is empty."""
    seats = (roster.seat(unit, one) for one in _RESPONSIBLE if one is not post)
    return next((seat for seat in seats if seat is not None), None)


def of_the_week(event: DutyCoverage, now: datetime) -> list[Gap]:
    """The gaps that have begun or begin within the time in which they are told."""
    return [gap for gap in event.gaps if gap.end > now and gap.begin <= now + AHEAD]


def to_inform(memory: GapMemory, names: Names, now: datetime) -> Ladder:
    """The ladder that tells of the gaps of the coming week."""
    event = memory.coverage
    return Ladder(
        ladder_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.ROSTER,
        subject_id=memory.subject_id,
        purpose=Purpose.INFORM,
        status=event.status,
        level=Level.NOTICE,
        place=event.unit,
        start_unit=event.unit,
        headline=event.headline,
        text=wording.of_gaps(event, of_the_week(event, now), names, now),
        occurred_at=event.occurred_at,
        opened_at=now,
    )
