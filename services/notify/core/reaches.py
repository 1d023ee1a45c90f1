"""How officers are reached: the newest record per officer, and what one transaction adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notify.core.states import PageStep
from shared.contracts.fields import Status
from shared.contracts.ids import transition_id
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.reachability import ChannelReach, Outcome, Reachability
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import Reach, learn, reach_of

_HEARD = {PageState.DELIVERED: Outcome.DELIVERED, PageState.READ: Outcome.READ}
_ENDS = {PageStep.ANSWERED, PageStep.TIMED_OUT, PageStep.WITHDRAWN}


class Reaches:
    """What is known of every officer's channels; a compacted topic holds it."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[Channel, ChannelReach]] = {}

    def put(self, record: Reachability) -> None:
        """Take in the newest record of an officer."""
        self._channels[record.officer_id] = {
            channel_reach.channel: channel_reach for channel_reach in record.channels
        }

    def dead(self, officer_id: str, now: datetime) -> frozenset[Channel]:
        """The officer's channels of which nothing more was heard several times in a row."""
        known = self._channels.get(officer_id, {})
        return frozenset(
            channel for channel, reach in known.items() if reach_of(reach, now) is Reach.UNREACHABLE
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came of one page."""

    officer_id: str
    unit: str
    channel: Channel
    outcome: Outcome
    test: bool
    cause_id: str


def evidence_of(page: Page, event: PageStep, *, answered_here: bool) -> Evidence | None:
    """What a page's step shows of its channel, None = nothing; `page` is as it was before the step.

    A page counts once, when it ends: an answer given elsewhere says nothing of a channel on which
    nothing was heard before. A page that never left says nothing either, nor does one of a drill; silence
    about one that only stood in the list, told of in a digest, shows nothing.
    """
    test = page.subject_kind is SubjectKind.CONTACT_TEST
    if page.status is not Status.ACTUAL and not test:
        return None
    outcome: Outcome | None = None
    if answered_here:
        outcome = Outcome.ANSWERED
    elif event is PageStep.FAILED:
        outcome = Outcome.FAILED
    elif event in _ENDS:
        outcome = _HEARD.get(page.state)
        rang = page.state is PageState.SENT and page.digest_id is None
        if outcome is None and event is PageStep.TIMED_OUT and rang:
            outcome = Outcome.SILENT
    if outcome is None:
        return None
    return Evidence(page.officer_id, page.unit, page.channel, outcome, test, page.id)


def taught(before: Reachability | None, found: list[Evidence], now: datetime) -> Reachability:
    """The officer's next record after these pages, in order; all are his, and there is one at least."""
    channels = (
        {channel_reach.channel: channel_reach for channel_reach in before.channels}
        if before is not None
        else {}
    )
    for evidence in found:
        existing_channel_reach = channels.get(evidence.channel)
        channels[evidence.channel] = learn(
            existing_channel_reach, evidence.channel, evidence.outcome, now, test=evidence.test
        )
    last = found[-1]
    version = 1 if before is None else before.version + 1
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
