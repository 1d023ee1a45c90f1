"""An escalation 叫应: the calls about one cause, and the act that the called officer owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notify.core.escalation.states import EscalationState
from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Status
from shared.contracts.pages import SubjectKind
from shared.domain.call_plans import SYSTEM, CallCategory

_NOTED_KINDS = frozenset(SubjectKind) - {
    SubjectKind.ALERT,
    SubjectKind.ASSIGNMENT,
    SubjectKind.CONTACT_TEST,
}
"""Subjects without a request to come."""
_OF_ONE_UNIT = (SubjectKind.ROSTER, SubjectKind.SILENCE)
"""Subjects that are the unit's own business."""


class Purpose(StrEnum):
    """The requested act of the called officer; it decides the record that settles the calls."""

    DECIDE = "decide"
    INFORM = "inform"
    RECALL = "recall"
    SIGN = "sign"
    FINISH = "finish"
    REPORT_PHONE = "report_phone"
    REPORT_WRITTEN = "report_written"
    REPORT_FOLLOW_UP = "report_follow_up"
    REPORT_FINAL = "report_final"
    CONTACT_TEST = "contact_test"

    @property
    def is_personal(self) -> bool:
        """True for a call to one officer that is never made to another officer instead."""
        return self is Purpose.RECALL


@dataclass(slots=True)
class Escalation:
    """One escalation and its present call.

    - `unit`, `post` and `officer_id` name the presently called officer. All three are None when no
      post on the way up is filled.
    - `escalation_level` counts the earlier posts, `round` the calls to the present post, `step` all
      calls (the name of a call's timer), `lapses` the broken promises.
    - `coming` are the officers who are coming, or stay and need help, while others are called on;
      their ids, separated by spaces.
    - `due_at` is the end of the present state's timer.
    - `place` is the unit of the subject; `cause_id` is the record that opened the escalation.
    - `mode` is the response mode of the start unit at the opening, and holds to the end.
    - `priority` orders the deliveries; the smaller value goes first.
    - With a `data_grade` above general, headline and text hold no word of the subject.
    """

    escalation_id: str
    cause_id: str
    trace_id: str
    subject_kind: SubjectKind
    subject_id: str
    purpose: Purpose
    status: Status
    level: Level
    place: str
    start_unit: str
    headline: str
    text: str
    occurred_at: datetime
    opened_at: datetime
    alert_id: str | None = None
    command_id: str | None = None
    assignment_id: str | None = None
    duty_id: str | None = None
    unit: str | None = None
    post: Post | None = None
    officer_id: str | None = None
    escalation_level: int = 0
    round: int = 0
    step: int = 0
    lapses: int = 0
    priority: int = 0
    state: EscalationState = EscalationState.OPEN
    due_at: datetime | None = None
    answered_by: str | None = None
    coming: str = ""
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: int = 0
    mode_unit: str | None = None
    data_grade: DataGrade = DataGrade.GENERAL

    @property
    def coming_officers(self) -> tuple[str, ...]:
        """Return the officers who are coming while others are called on."""
        return tuple(self.coming.split())

    def note_coming(self, officer_id: str, *, comes: bool) -> None:
        """Add an officer to those who are coming, or remove them."""
        officers = [officer for officer in self.coming_officers if officer != officer_id]
        self.coming = " ".join([*officers, officer_id] if comes else officers)

    @property
    def owes_an_act(self) -> bool:
        """True when the called officer owes an act, so that `coming` is a promise."""
        return self.purpose not in (Purpose.INFORM, Purpose.RECALL, Purpose.CONTACT_TEST)

    @property
    def to_note(self) -> bool:
        """True when nobody is asked to come: the officer takes note 已知悉."""
        return self.subject_kind in _NOTED_KINDS or self.purpose in (Purpose.INFORM, Purpose.RECALL)

    @property
    def category(self) -> CallCategory:
        """The level, or the category of faults of the system itself, that sets the waits."""
        return SYSTEM if self.subject_kind.is_system else self.level

    @property
    def is_test(self) -> bool:
        """True for a test of one channel of one officer: an answer or silence ends the calls."""
        return self.purpose is Purpose.CONTACT_TEST

    @property
    def continues(self) -> bool:
        """True when silence or a refusal leads to another call.

        The escalation of a digest does not continue: each call in the digest does so by itself.
        """
        return not self.subject_kind.is_digest

    @property
    def climbs(self) -> bool:
        """True when silence leads to the next post.

        False for supervision (the command service climbs by its own timer), for a changed mode
        (every unit of the subtree is informed already), for a recall (each paged officer gets one),
        and for a gap of the roster or a silence about to end (the unit's own business).
        """
        if self.subject_kind in _OF_ONE_UNIT or not self.continues:
            return False
        if self.subject_kind is SubjectKind.MODE:
            return self.purpose is Purpose.DECIDE
        return self.subject_kind is not SubjectKind.SUPERVISION and not self.purpose.is_personal
