"""The records of one case, second by second: alert, command, steps of units, timers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import Acknowledgement, AssignmentEvent, AssignmentState, Step
from shared.contracts.cases import CaseReview, ReviewFinding
from shared.contracts.commands import CommandEvent, CommandState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.ids import acknowledgement_id, content_id
from shared.contracts.pages import Answer, AnswerVerb, Page, PageState
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.units import tier_of
from tests.support.console_events import (
    CITY,
    DISTRICT,
    NOW,
    a_command,
    a_page,
    a_supervision,
    an_alert,
    an_assignment,
)

State = AssignmentState


def moment_after(seconds: float) -> datetime:
    """Return a moment of the case."""
    return NOW + timedelta(seconds=seconds)


def assignment_at(
    command: CommandEvent,
    unit: str,
    state: AssignmentState,
    seconds: float,
    version: int,
    **more: Any,
) -> AssignmentEvent:
    """Return the `version`-th state of an assignment, so many seconds after the beginning."""
    moment = {"occurred_at": moment_after(seconds), "sent_at": moment_after(seconds)}
    return an_assignment(command, unit, state, version=version).model_copy(
        update={**moment, **more}
    )


def acknowledgement_at(assignment: AssignmentEvent, step: Step, text: str = "") -> Acknowledgement:
    """Return the step that led to the state of an assignment."""
    officer = f"o-{assignment.unit[:12]}-b"
    return Acknowledgement(
        id=acknowledgement_id(assignment.assignment_id, step, assignment.attempt, officer),
        status=assignment.status,
        occurred_at=assignment.sent_at,
        sent_at=assignment.sent_at,
        origin_unit=assignment.unit,
        tier=tier_of(assignment.unit),
        assignment_id=assignment.assignment_id,
        command_id=assignment.command_id,
        unit=assignment.unit,
        step=step,
        attempt=assignment.attempt,
        officer_id=officer,
        officer_unit=assignment.unit,
        post=Post.B,
        text=text,
    )


def supervision_at(
    assignment: AssignmentEvent, kind: SupervisionKind, seconds: float, rung: int = 0
) -> SupervisionEvent:
    """Return a firing of a timer, so many seconds after the beginning."""
    event = a_supervision(assignment, kind, rung=rung, post=Post.A if rung else Post.B)
    return event.model_copy(update={"sent_at": moment_after(seconds)})


def page_at(command: CommandEvent, unit: str, seconds: float, answer_s: float | None) -> list[Any]:
    """Return a page about a command, and its answer so many seconds later, if any."""
    officer = f"o-{unit[:12]}-b"
    name = f"{command.command_id}{unit}"

    def state(version: int, event_value: PageState, at: datetime) -> Page:
        page = a_page(
            officer,
            unit,
            name=name,
            version=version,
            state=event_value,
            status=command.status,
            at=at,
        )
        return page.model_copy(update={"command_id": command.command_id, "alert_id": None})

    first = state(1, PageState.SENT, moment_after(seconds))
    if answer_s is None:
        return [first, state(2, PageState.NO_ANSWER, moment_after(seconds + 300))]
    reply = Answer(
        id=content_id("ans", first.page_id),
        status=command.status,
        occurred_at=moment_after(seconds + answer_s),
        sent_at=moment_after(seconds + answer_s),
        origin_unit=unit,
        tier=tier_of(unit),
        page_id=first.page_id,
        officer_id=officer,
        verb=AnswerVerb.COMING,
    )
    return [first, reply, state(2, PageState.ANSWERED, moment_after(seconds + answer_s))]


def a_case(
    name: str,
    units: Sequence[str],
    *,
    status: Status = Status.ACTUAL,
    title: str = "沿江低洼地带人员转移",
    reason: str = "",
) -> list[Any]:
    """Return an issued and lifted alert, and a closed command.

    The n-th unit signs ten and n seconds after delivery. Every third unit returns the assignment
    and receives it again, every fifth is late and called twice, every seventh never answers its
    page.
    """
    alert = an_alert(name, DISTRICT, status=status, headline=f"{title} · 橙色预警")
    moves = (
        (1, AlertState.VERIFYING, AlertTransition.OPENED, None, -300),
        (2, AlertState.PENDING_APPROVAL, AlertTransition.ASSESSED, None, -200),
        (3, AlertState.ISSUED, AlertTransition.ISSUED, Level.ORANGE, -1),
        (4, AlertState.LIFTED, AlertTransition.LIFTED, None, 7_200),
    )
    history: list[Any] = [
        an_alert(
            name,
            DISTRICT,
            version=version,
            state=state,
            transition=transition,
            level=level,
            status=status,
            at=moment_after(seconds),
            headline=alert.headline,
        )
        for version, state, transition, level, seconds in moves
    ]
    heading: dict[str, Any] = {
        "issuer": CITY,
        "recipients": len(units),
        "status": status,
        "alert": alert.alert_id,
        "title": title,
    }
    command = a_command(name, DISTRICT, **heading)
    closed = a_command(name, DISTRICT, version=2, state=CommandState.CLOSED, **heading)
    history += [command, closed.model_copy(update={"sent_at": moment_after(7_000)})]
    for number, unit in enumerate(units, start=1):
        history += _unit(command, unit, number, reason)
    return history


def a_review_of(name: str, order: CommandEvent, owner: str) -> CaseReview:
    """Return the review of the case with one finding, followed up as `order`."""
    finding = ReviewFinding(
        command_id=order.command_id,
        owner=owner,
        title=order.title,
        finish_by=moment_after(7 * 86_400),
    )
    return CaseReview(
        id=content_id("rev", name),
        occurred_at=moment_after(7_300),
        sent_at=moment_after(7_300),
        origin_unit=CITY,
        tier=tier_of(CITY),
        case_id=an_alert(name, DISTRICT).alert_id,
        officer_id="o-city-b",
        post=Post.B,
        text="转移及时，值守不足",
        findings=(finding,),
    )


def _unit(command: CommandEvent, unit: str, number: int, reason: str) -> list[Any]:
    late = number % 5 == 0
    sign = 400.0 + number if late else 10.0 + number
    delivered = assignment_at(command, unit, State.DELIVERED, 0, 1)
    results: list[Any] = [delivered]
    version, attempt = 2, 1
    if number % 3 == 0:
        back = assignment_at(
            command, unit, State.RETURNED, 2, 2, reason=reason or "不属于本单位职责"
        )
        results += [back, acknowledgement_at(back, Step.RETURN, back.reason)]
        results.append(
            assignment_at(command, unit, State.DELIVERED, 3, 3, attempt=2, signed_at=None)
        )
        version, attempt = 4, 2
    if late:
        results += [
            supervision_at(delivered, SupervisionKind.OVERDUE, 300),
            supervision_at(delivered, SupervisionKind.ESCALATED, 310, 1),
            supervision_at(delivered, SupervisionKind.ESCALATED, 320, 2),
        ]
    common: dict[str, Any] = {"attempt": attempt, "late": late, "signed_at": moment_after(sign)}
    signed = assignment_at(command, unit, State.SIGNED, sign, version, **common)
    results += [signed, acknowledgement_at(signed, Step.SIGN)]
    for step, (state, seconds) in enumerate(
        ((State.REPORTED, 1_000 + number), (State.CHECKED, 6_900), (State.DONE, 7_000)), 1
    ):
        results.append(assignment_at(command, unit, state, seconds, version + step, **common))
    results += page_at(command, unit, 1, None if number % 7 == 0 else 5.0 + number)
    return results
