"""复盘: the review of a closed case by an office; its findings become commands of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Identifier,
    Instant,
    Line,
    Post,
    Text,
    UnitId,
)


class ReviewFinding(Contract):
    """A defect to correct, the unit that corrects it, and the deadline.

    The finding is tracked as the command `command_id`: signed, reported, checked, overdue and
    escalated like any command.
    """

    command_id: Identifier
    owner: UnitId
    title: Line
    instruction: Text = ""
    finish_by: Instant


class CaseReview(Envelope):
    """The review of a case (an alert's incident, or a command), written once, when it is closed."""

    type: Literal["case_review"] = "case_review"
    case_id: Identifier
    officer_id: Identifier
    post: Post
    text: Annotated[Text, Field(min_length=1)]
    findings: Annotated[tuple[ReviewFinding, ...], Field(max_length=20)] = ()
