"""An officer's answer to a page, as a record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import Record
from shared.contracts.fields import Post
from shared.contracts.ids import content_id, transition_id
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.topics import PAGE_ANSWERS


@dataclass(frozen=True, slots=True)
class AnswerTerms:
    """The terms of an answer: the time of arrival, or the officer or post called instead."""

    in_minutes: int | None = None
    arrive_by: datetime | None = None
    hand_to: str | None = None
    hand_to_post: Post | None = None


def answer(
    viewer: Viewer,
    page: Record,
    verb: AnswerVerb,
    text: str,
    now: datetime,
    terms: AnswerTerms | None = None,
) -> ActionRecord:
    """Return a receipt of the officer's device, or the officer's answer."""
    page_id = page["page_id"]
    terms = terms or AnswerTerms()
    arrive_by = terms.arrive_by
    if terms.in_minutes is not None:
        arrive_by = now + timedelta(minutes=terms.in_minutes)
    fields = [f"{name}={value}" for name, value in asdict(terms).items() if value is not None]
    cause = (transition_id(page_id, page["version"]),)
    return ActionRecord(
        PAGE_ANSWERS,
        viewer.officer_id,
        Answer(
            id=content_id("ans", page_id, viewer.officer_id, verb, *fields),
            page_id=page_id,
            officer_id=viewer.officer_id,
            verb=verb,
            text=text,
            arrive_by=arrive_by,
            hand_to=terms.hand_to,
            hand_to_post=terms.hand_to_post,
            **head(viewer, page, (page["unit"],), cause, now, page["data_grade"]),
        ),
        viewer.officer_id,
    )
