"""Silences: their owner is called once before the end, until it ends or is moved."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.wording import silences as wording
from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind
from shared.contracts.silences import SilenceEvent
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import PostHolder, Roster
from shared.domain.silence_windows import Window, window_at


def call_about_silence(silence: SilenceEvent, engine: EscalationEngine) -> None:
    """Call the owner of a silence before its end; end the calls when it is over, or moved."""
    working_set = engine.working_set
    if silence.ended_at is not None or silence.warned_at is None:
        reason = reasons.SETTLED if silence.ended_at is None else reasons.SILENCE_OVER
        for escalation in working_set.of_subject(silence.silence_id):
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reason)
        return
    is_warning = silence.warned_at == silence.sent_at  # later versions repeat it
    window = window_at(silence.weekly, silence.begin_at, silence.end_at, silence.warned_at)
    if not is_warning or window is None or window.end <= working_set.now:
        return
    engine.open(
        _escalation(silence, window, engine.names, working_set.now),
        calling_order(engine.roster, silence.unit),
        first=owner_of(silence, engine.roster),
    )


def owner_of(silence: SilenceEvent, roster: Roster) -> PostHolder | None:
    """Return the officer who made the silence; off duty, who holds their post now."""
    holders = roster.holders(silence.unit)
    own = [holder for holder in holders if holder.officer_id == silence.owner]
    at_post = [holder for holder in holders if holder.post is silence.post]
    return next(iter([*own, *at_post]), None)


def _escalation(silence: SilenceEvent, window: Window, names: Names, now: datetime) -> Escalation:
    return Escalation(
        escalation_id="",
        cause_id=silence.id,
        trace_id=silence.trace_id or silence.silence_id,
        subject_kind=SubjectKind.SILENCE,
        subject_id=silence.silence_id,
        purpose=Purpose.INFORM,
        status=silence.status,
        level=Level.NOTICE,
        place=silence.matcher.place or silence.unit,
        start_unit=silence.unit,
        headline=wording.headline_of_silence(silence, window, names),
        text=wording.of_silence(silence, window, names, now),
        data_grade=silence.data_grade,
        occurred_at=silence.occurred_at,
        opened_at=now,
    )
