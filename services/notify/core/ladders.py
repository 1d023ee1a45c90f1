"""A ladder 叫应: how it steps through its lifecycle, and what is asked of those it calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Status
from shared.contracts.lifecycles.ladder import (
    FINAL,
    INITIAL,
    LIVE,
    TRANSITIONS,
    LadderState,
    LadderStep,
)
from shared.contracts.pages import SubjectKind

__all__ = [
    "FINAL",
    "INITIAL",
    "LIVE",
    "TRANSITIONS",
    "IllegalStep",
    "Ladder",
    "LadderState",
    "LadderStep",
    "Purpose",
    "step",
]


class IllegalStep(Exception):
    """The step is not possible in this state; nothing was changed."""


def step(state: LadderState, event: LadderStep) -> LadderState:
    """The next state; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a ladder that is {state}") from None


class Purpose(StrEnum):
    """What is asked of the person called; decides what settles the ladder."""

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
        """Whether it is for one person and nobody instead of him."""
        return self is Purpose.RECALL


@dataclass(slots=True)
class Ladder:
    """One ladder and where it stands: `unit`, `post`, `officer_id` is who is being called now.

    `rung` counts escalations, `round` the calls to the present post, `step` all calls so far (it
    names the timer), `lapses` the promises that were not kept. `due_at` is when the state's timer ends.
    All three positions are None when there is nobody to call at all. `place` is
    the unit the subject is about, `cause_id` the record that opened the ladder. `mode` is the start
    unit's when it was opened: the ladder goes by it to its end. `priority` orders its deliveries, the
    smaller goes first. Of a graded subject (`data_grade`) headline and text hold no word.
    """

    ladder_id: str
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
    rung: int = 0
    round: int = 0
    step: int = 0
    lapses: int = 0
    priority: int = 0
    state: LadderState = LadderState.OPEN
    due_at: datetime | None = None
    answered_by: str | None = None
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: int = 0
    mode_unit: str | None = None
    data_grade: DataGrade = DataGrade.GENERAL

    @property
    def owes_an_act(self) -> bool:
        """Whether whoever is coming has something to do, so that his answer is a promise."""
        return self.purpose not in (Purpose.INFORM, Purpose.RECALL, Purpose.CONTACT_TEST)

    @property
    def is_test(self) -> bool:
        """Whether it only tests one channel of one officer: any answer ends it, and so does silence."""
        return self.purpose is Purpose.CONTACT_TEST

    @property
    def goes_on(self) -> bool:
        """Whether silence or a refusal leads to another call: what a digest tells of goes on by itself."""
        return self.subject_kind is not SubjectKind.DIGEST

    @property
    def climbs(self) -> bool:
        """Whether silence takes it up a rung.

        Over supervision the command service climbs itself; that a mode has changed is told to every
        desk of the subtree, so that climbing would only tell the upper ones again; a recall is for
        the person who was paged; a gap in the roster is the unit's own business.
        """
        if self.subject_kind is SubjectKind.ROSTER or not self.goes_on:
            return False
        if self.subject_kind is SubjectKind.MODE:
            return self.purpose is Purpose.DECIDE
        return self.subject_kind is not SubjectKind.SUPERVISION and not self.purpose.is_personal
