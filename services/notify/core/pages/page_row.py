"""A page with its escalation, and the versions of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.next_call import NextCall
from services.notify.core.pages import states
from shared.contracts.ids import page_id, transition_id
from shared.contracts.pages import Channel, Page, PageState
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.page_texts import marks
from shared.domain.roster.post_holders import PostHolder


@dataclass(slots=True)
class PageRow:
    """A page and the escalation of the page.

    `send_at` is the time at which a new page leaves through its channel.
    """

    escalation_id: str
    page: Page
    send_at: datetime | None = None


def first_version(
    escalation: Escalation,
    call: NextCall,
    holder: PostHolder,
    channel: Channel,
    round_: int,
    text: str,
    mark: Bilingual,
    now: datetime,
) -> Page:
    """Return the first version of the page of a call to one officer on one channel.

    A console page is sent at once: the record in the console's feed is the page itself.
    """
    number = page_id(escalation.escalation_id, holder.officer_id, channel, round_)
    return Page(
        id=transition_id(number, 1),
        status=escalation.status,
        occurred_at=escalation.occurred_at,
        sent_at=now,
        origin_unit=holder.unit,
        tier=tier_of(holder.unit),
        areas=(escalation.place,),
        references=(escalation.cause_id,),
        trace_id=escalation.trace_id,
        data_grade=escalation.data_grade,
        page_id=number,
        version=1,
        subject_kind=escalation.subject_kind,
        subject_id=escalation.subject_id,
        alert_id=escalation.alert_id,
        command_id=escalation.command_id,
        assignment_id=escalation.assignment_id,
        officer_id=holder.officer_id,
        unit=holder.unit,
        post=holder.post,
        channel=channel,
        round=round_,
        rung=call.escalation_level,
        state=PageState.SENT if channel is Channel.CONSOLE else states.INITIAL,
        level=escalation.level,
        headline=marks.headline(escalation.status, escalation.headline, mark),
        text=text,
        called_at=now,
        answer_by=escalation.due_at or now,
        to_note=escalation.to_note,
        escalation_id=escalation.escalation_id,
        start_unit=escalation.start_unit,
        quorum=call.quorum,
        mode=escalation.mode,
        mode_version=escalation.mode_version,
        mode_unit=escalation.mode_unit,
    )


def next_version(
    previous: Page,
    state: PageState,
    now: datetime,
    occurred_at: datetime | None,
    changes: Mapping[str, object],
) -> Page:
    """Return the next version of a page, in a new state and with these fields changed."""
    return Page.model_validate(
        {
            **dict(previous),
            **changes,
            "id": transition_id(previous.page_id, previous.version + 1),
            "references": (previous.id, *previous.references[-1:]),
            "version": previous.version + 1,
            "state": state,
            "occurred_at": occurred_at or previous.occurred_at,
            "sent_at": now,
        }
    )
