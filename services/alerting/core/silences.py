"""Silences and maintenance windows: which alarm they hide, who may make them, for how long.

Hidden is an alarm that is about to go to an alert, while the window is open by database time. What is
in an alert already stays there, and what a person reports is never hidden. How grave an alarm may be
follows from the unit that made the silence (SILENCED_UP_TO); what gets graver comes out. At
the end every hidden alarm that is still on is weighed as if it had just been raised, and the owner and
the place's desk are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.alerting.core.facts import Fact
from shared.contracts.alerts import Callee
from shared.contracts.authority import SILENCED_UP_TO
from shared.contracts.fields import LEVEL_ORDER, Post, Status, Tier
from shared.contracts.ids import transition_id
from shared.contracts.silences import (
    Matcher,
    SilenceEvent,
    SilenceKind,
    SilenceRequest,
    is_period,
)
from shared.contracts.units import is_within, tier_of


class SilenceRefusal(StrEnum):
    """Why a request changes nothing; a closed set."""

    OTHER_STATUS = "other_status"
    NOT_ENTITLED = "not_entitled"
    TOO_WIDE = "too_wide"
    BAD_PERIOD = "bad_period"
    OVER = "over"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence as it stands. `ended_at` None = it stands or is to come."""

    silence_id: str
    status: Status
    version: int
    kind: SilenceKind
    matcher: Matcher
    unit: str
    owner: str
    post: Post
    begin_at: datetime
    end_at: datetime
    reason: str
    ended_at: datetime | None = None
    silenced: int = 0
    still_firing: int = 0

    def hides(self, fact: Fact, now: datetime) -> bool:
        """Whether this alarm is hidden now."""
        if self.ended_at is not None or not self.begin_at <= now < self.end_at:
            return False
        most = SILENCED_UP_TO[tier_of(self.unit)]
        return (
            self.status is fact.status
            and LEVEL_ORDER[fact.level] <= LEVEL_ORDER[most]
            and is_within(fact.place, self.matcher.place or self.unit)
            and self.matcher.event_type in (None, fact.event_type)
            and self.matcher.rule_id in (None, fact.rule_id)
            and self.matcher.sensor_id in (None, fact.sensor_id)
        )

    def calls(self, place: str) -> tuple[Callee, ...]:
        """Whom to call about an alarm that is still on at the end: the owner and the place's desk."""
        return Callee(unit=self.unit, post=self.post), Callee(unit=place)


def hiding(silences: Iterable[Silence], fact: Fact, now: datetime) -> Silence | None:
    """The silence that hides an alarm: of several the one that ends last."""
    found = [silence for silence in silences if silence.hides(fact, now)]
    return max(found, key=lambda item: (item.end_at, item.silence_id), default=None)


def create(request: SilenceRequest, now: datetime) -> Silence | SilenceRefusal:
    """A new silence, if this officer may make it."""
    matcher, begin, end = request.matcher, request.begin_at, request.end_at
    assert matcher is not None, "the contract asks for it"
    assert begin is not None, "the contract asks for it"
    assert end is not None, "the contract asks for it"
    unit = request.origin_unit
    if "/" in unit or tier_of(unit) not in SILENCED_UP_TO:
        return SilenceRefusal.NOT_ENTITLED
    if matcher.place is not None and not is_within(matcher.place, unit):
        return SilenceRefusal.NOT_ENTITLED
    if matcher.place is not None and _only_a_place(matcher) and tier_of(matcher.place) is Tier.CITY:
        return SilenceRefusal.TOO_WIDE
    if not is_period(request.kind, begin, end, now):
        return SilenceRefusal.BAD_PERIOD
    return Silence(
        silence_id=request.silence_id,
        status=request.status,
        version=1,
        kind=request.kind,
        matcher=matcher,
        unit=unit,
        owner=request.officer_id,
        post=request.post,
        begin_at=max(begin, now),
        end_at=end,
        reason=request.reason,
    )


def change(silence: Silence, request: SilenceRequest, now: datetime) -> Silence | SilenceRefusal:
    """The same silence with another end: later (`extend`), or now (`end`)."""
    if request.verb == "create":
        return SilenceRefusal.REPEATED
    if request.status is not silence.status:
        return SilenceRefusal.OTHER_STATUS
    if not is_within(silence.unit, request.origin_unit):
        return SilenceRefusal.NOT_ENTITLED
    if silence.ended_at is not None:
        return SilenceRefusal.OVER
    if request.verb == "end":
        return replace(silence, version=silence.version + 1, ended_at=now)
    end = request.end_at
    assert end is not None, "the contract asks for it"
    if not is_period(silence.kind, silence.begin_at, end, now):
        return SilenceRefusal.BAD_PERIOD
    return replace(silence, version=silence.version + 1, end_at=end)


def expired(silence: Silence, now: datetime) -> Silence | None:
    """The silence at its hour; None when it is not due (it was extended) or over already."""
    if silence.ended_at is not None or silence.end_at > now:
        return None
    return replace(silence, version=silence.version + 1, ended_at=now)


def _only_a_place(matcher: Matcher) -> bool:
    return (matcher.event_type, matcher.rule_id, matcher.sensor_id) == (None, None, None)


def silence_event(silence: Silence, request: SilenceRequest | None, now: datetime) -> SilenceEvent:
    """The record of a silence as it stands now; `request` None = by itself, or it has hidden more."""
    number = transition_id(silence.silence_id, silence.version)
    before = transition_id(silence.silence_id, silence.version - 1)
    return SilenceEvent(
        id=number,
        status=silence.status,
        occurred_at=request.occurred_at if request is not None else now,
        sent_at=now,
        origin_unit=silence.unit,
        tier=tier_of(silence.unit),
        areas=(silence.matcher.place or silence.unit,),
        references=(
            *((before,) if silence.version > 1 else ()),
            *((request.id,) if request is not None else ()),
        ),
        trace_id=silence.silence_id,
        silence_id=silence.silence_id,
        version=silence.version,
        kind=silence.kind,
        matcher=silence.matcher,
        unit=silence.unit,
        owner=silence.owner,
        post=silence.post,
        begin_at=silence.begin_at,
        end_at=silence.end_at,
        ended_at=silence.ended_at,
        silenced=silence.silenced,
        still_firing=silence.still_firing,
        reason=request.reason if request is not None else silence.reason,
        actor=request.officer_id if request is not None else None,
    )
