"""Gaps of the roster: the unit's commander is informed once, a week before a post is empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.subjects.snapshots import NOTICE_TIME, GapSnapshot
from services.notify.core.wording import roster_gaps as wording
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.fields import Level, Post
from shared.contracts.ids import content_id
from shared.contracts.pages import SubjectKind
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import PostHolder, Roster

_RESPONSIBLE = (Post.COMMANDER, Post.A)


def gaps_id(coverage: DutyCoverage) -> str:
    """Return the id of a unit's post as the subject of announcements."""
    return content_id("gap", coverage.status, coverage.unit, coverage.post)


def responsible(roster: Roster, unit: str, post: Post) -> PostHolder | None:
    """Return the officer who has to fill a gap: the commander, or else the A post.

    The holder of the empty post itself is never responsible.
    """
    holders = (
        roster.holder(unit, responsible_post)
        for responsible_post in _RESPONSIBLE
        if responsible_post is not post
    )
    return next((holder for holder in holders if holder is not None), None)


def near_gaps(coverage: DutyCoverage, now: datetime) -> list[Gap]:
    """Return the gaps that have begun or will begin within the notice time."""
    return [gap for gap in coverage.gaps if gap.end > now and gap.begin <= now + NOTICE_TIME]


def call_about_coverage(coverage: DutyCoverage, engine: EscalationEngine) -> None:
    """Store the gaps of a post; inform the responsible officer, or stop when they are filled."""
    working_set, subject = engine.working_set, gaps_id(coverage)
    previous = working_set.gaps.get(subject)
    if previous is not None and coverage.sent_at < previous.coverage.sent_at:
        return
    snapshot = replace(previous, coverage=coverage) if previous else GapSnapshot(subject, coverage)
    if not near_gaps(coverage, working_set.now):
        snapshot = replace(snapshot, announced_at=None)
        for escalation in working_set.of_subject(subject):
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)
    working_set.update_gaps(snapshot)
    announce_gaps(subject, engine)


def announce_gaps(subject: str, engine: EscalationEngine) -> None:
    """Inform the responsible officer of a post's gaps when it is time."""
    working_set = engine.working_set
    snapshot = working_set.gaps[subject]
    due = snapshot.due_at(working_set.now)
    if due is None or due > working_set.now:
        working_set.update_gaps(snapshot)
        return
    working_set.update_gaps(
        replace(snapshot, announced_at=working_set.now, times=snapshot.times + 1)
    )
    unit, post = snapshot.coverage.unit, snapshot.coverage.post
    engine.open(
        _escalation(snapshot, engine.names, working_set.now),
        calling_order(engine.roster, unit),
        first=responsible(engine.roster, unit, post),
        named_after=f"{unit}:{post}:{snapshot.times}",
    )


def _escalation(snapshot: GapSnapshot, names: Names, now: datetime) -> Escalation:
    coverage = snapshot.coverage
    return Escalation(
        escalation_id="",
        cause_id=coverage.id,
        trace_id=coverage.trace_id or coverage.id,
        subject_kind=SubjectKind.ROSTER,
        subject_id=snapshot.subject_id,
        purpose=Purpose.INFORM,
        status=coverage.status,
        level=Level.NOTICE,
        place=coverage.unit,
        start_unit=coverage.unit,
        headline=coverage.headline,
        text=wording.of_gaps(coverage, near_gaps(coverage, now), names, now),
        occurred_at=coverage.occurred_at,
        opened_at=now,
    )
