"""The health of officers' channels: the newest record per officer, and evidence from pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notify.core.pages.states import PageTrigger
from shared.contracts.fields import Status
from shared.contracts.ids import transition_id
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.reachability import ChannelReach, Outcome, Reachability
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import Reach, reach_of, updated_reach

_RECEIPTS = {PageState.DELIVERED: Outcome.DELIVERED, PageState.READ: Outcome.READ}
_ENDS = {PageTrigger.ANSWERED, PageTrigger.TIMED_OUT, PageTrigger.WITHDRAWN}


class ChannelHealth:
    """The newest record of every officer, from a compacted topic."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[Channel, ChannelReach]] = {}

    def add(self, record: Reachability) -> None:
        """Add the newest record of an officer."""
        self._channels[record.officer_id] = {
            channel_reach.channel: channel_reach for channel_reach in record.channels
        }

    def remove(self, officer_id: str) -> None:
        """Remove the record of an officer."""
        self._channels.pop(officer_id, None)

    def unreachable(self, officer_id: str, now: datetime) -> frozenset[Channel]:
        """Return the officer's channels that gave no sign of life several times in a row."""
        channels = self._channels.get(officer_id, {})
        return frozenset(
            channel
            for channel, reach in channels.items()
            if reach_of(reach, now) is Reach.UNREACHABLE
        )


@dataclass(frozen=True, slots=True)
class ChannelEvidence:
    """The outcome of one page on its channel."""

    officer_id: str
    unit: str
    channel: Channel
    outcome: Outcome
    test: bool
    cause_id: str


def evidence_of(page: Page, event: PageTrigger, *, answered_here: bool) -> ChannelEvidence | None:
    """Return the evidence of a page's step about its channel, None when there is none.

    `page` is the version before the step. A page counts once, when it ends. No evidence are: an
    answer on another channel, where this channel gave no receipt; a page that was never sent; a
    page of a drill; silence about a page that was only listed on the console because it is in a
    digest.
    """
    test = page.subject_kind is SubjectKind.CONTACT_TEST
    if page.status is not Status.ACTUAL and not test:
        return None
    outcome: Outcome | None = None
    if answered_here:
        outcome = Outcome.ANSWERED
    elif event is PageTrigger.FAILED:
        outcome = Outcome.FAILED
    elif event in _ENDS:
        outcome = _RECEIPTS.get(page.state)
        sent_alone = page.state is PageState.SENT and page.digest_id is None
        if outcome is None and event is PageTrigger.TIMED_OUT and sent_alone:
            outcome = Outcome.SILENT
    if outcome is None:
        return None
    return ChannelEvidence(page.officer_id, page.unit, page.channel, outcome, test, page.id)


def next_record(
    previous: Reachability | None, evidence: list[ChannelEvidence], now: datetime
) -> Reachability:
    """Return the officer's next record after this evidence, in order.

    `evidence` is not empty and all of it is about the same officer.
    """
    channels = (
        {channel_reach.channel: channel_reach for channel_reach in previous.channels}
        if previous is not None
        else {}
    )
    for item in evidence:
        channels[item.channel] = updated_reach(
            channels.get(item.channel), item.channel, item.outcome, now, test=item.test
        )
    last = evidence[-1]
    version = 1 if previous is None else previous.version + 1
    return Reachability(
        id=transition_id(f"reach:{last.officer_id}", version),
        occurred_at=now,
        sent_at=now,
        origin_unit=last.unit,
        tier=tier_of(last.unit),
        references=(last.cause_id,),
        officer_id=last.officer_id,
        version=version,
        channels=tuple(channels[channel] for channel in Channel if channel in channels),
    )
