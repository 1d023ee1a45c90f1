"""Calls to three officers of one town, of whom all have to answer."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.fields import Post
from shared.contracts.pages import Answer, AnswerVerb, Officer, Page, Quorum, RosterSlot
from shared.contracts.units import tier_of
from tests.support.console_events import ZHUTUO, a_page

CREW = {
    Post.B: Officer(officer_id="o-town-b", name="李远"),
    Post.A: Officer(officer_id="o-town-a", name="郑明"),
    Post.COMMANDER: Officer(officer_id="o-town-c", name="冯涛"),
}


def crew_slots(at: datetime) -> list[RosterSlot]:
    """Return the posts of the town, each with its officer."""
    return [
        RosterSlot(
            id=f"slot-{post}",
            occurred_at=at,
            sent_at=at,
            origin_unit=ZHUTUO,
            tier=tier_of(ZHUTUO),
            unit=ZHUTUO,
            post=post,
            officer=officer,
        )
        for post, officer in CREW.items()
    ]


def crew_pages(at: datetime, quorum: Quorum = "all") -> dict[Post, Page]:
    """Return the pages of one call to the three officers, by their posts."""
    changes = {"escalation_id": "lad-crew", "start_unit": ZHUTUO, "quorum": quorum}
    return {
        post: a_page(officer.officer_id, ZHUTUO, name="crew", post=post, at=at).model_copy(
            update=changes
        )
        for post, officer in CREW.items()
    }


def answer_to(page: Page, at: datetime, verb: AnswerVerb = AnswerVerb.COMING) -> Answer:
    """Return the answer of the officer of a page."""
    return Answer(
        id=f"ans-{page.page_id}-{verb}",
        status=page.status,
        occurred_at=at,
        sent_at=at,
        origin_unit=page.unit,
        tier=page.tier,
        page_id=page.page_id,
        officer_id=page.officer_id,
        verb=verb,
    )
