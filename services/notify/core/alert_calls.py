"""What an alert's event asks of the desk: who is called about it, and what he is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notify.core import wording
from services.notify.core.book import AlertMemory
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.names import Names
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.fields import DataGrade, Level, highest_grade
from shared.contracts.lifecycles.alert import OPEN
from shared.contracts.pages import SubjectKind

_OVER = frozenset(AlertState) - OPEN
_ANNOUNCED = frozenset(
    {
        AlertTransition.ISSUED,
        AlertTransition.ADJUSTED,
        AlertTransition.LIFTED,
        AlertTransition.EXPIRED,
        AlertTransition.RECALLED,
    }
)
_ANEW = frozenset({AlertTransition.PROPOSED, AlertTransition.UNMERGED, AlertTransition.FLAPPING})
"""What is to be decided is asked for again, though the level may be the same."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`everyone`: the desks that always are called. `owed`: somebody still has to decide or sign."""

    announced: bool
    everyone: bool
    owed: bool
    over: bool

    @property
    def purpose(self) -> Purpose:
        """What is asked of whoever is called."""
        return Purpose.INFORM if self.announced else Purpose.DECIDE


def wish_of(event: AlertEvent, before: AlertMemory | None) -> Wish:
    """What this version of an alert asks for; `before` is what was last heard of it."""
    over = event.state in _OVER
    more_time = event.proposed_until is not None
    pending = not over and (event.proposed_level != event.level or more_time)
    changed = before is None or before.proposed_level != event.proposed_level
    announced = event.transition in _ANNOUNCED
    return Wish(
        announced=announced,
        everyone=announced or (pending and (changed or event.transition in _ANEW)),
        owed=pending or (not over and event.debt is not None),
        over=over,
    )


def ladder(
    event: AlertEvent,
    purpose: Purpose,
    before: AlertMemory | None,
    names: Names,
    now: datetime,
) -> Ladder:
    """The ladder about an alert; where it starts is filled in for each desk."""
    general = event.data_grade is DataGrade.GENERAL
    levels = (event.proposed_level, event.level, before.level if before else None)
    return Ladder(
        ladder_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.ALERT,
        subject_id=event.alert_id,
        purpose=purpose,
        status=event.status,
        level=next((level for level in levels if level is not None), Level.NOTICE),
        place=event.place,
        start_unit="",
        headline=event.headline if general else wording.GRADED_ALERT,
        text=wording.of_alert(event, purpose, names),
        data_grade=event.data_grade,
        occurred_at=event.occurred_at,
        opened_at=now,
        alert_id=event.alert_id,
    )


def regrade(ladder: Ladder, event: AlertEvent, names: Names) -> bool:
    """Whether the alert is graded higher than when its calling began; whoever is called next is told
    without its words."""
    grade = highest_grade(ladder.data_grade, event.data_grade)
    if grade is ladder.data_grade:
        return False
    ladder.data_grade, ladder.headline = grade, wording.GRADED_ALERT
    ladder.text = wording.of_alert(event, ladder.purpose, names)
    return True
