"""Silences and maintenance windows: hidden alarms, owners, and periods.

A silence hides an alarm on the way into an alert while the window is open by database time. An
alarm in an alert stays there, and the report of a person is never hidden. The highest hidden level
follows from the unit of the silence (SILENCED_UP_TO); a higher alarm is routed to an alert. At the
end every hidden alarm that is on is routed like a new alarm, and the owner of the silence
and the duty post of the place are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from shared.contracts.alerts import Callee
from shared.contracts.authority import SILENCED_UP_TO
from shared.contracts.fields import LEVEL_ORDER, Post, Status, Tier
from shared.contracts.ids import transition_id
from shared.contracts.silences import (
    Matcher,
    SilenceEvent,
    SilenceKind,
    SilenceRequest,
    WeeklyWindow,
)
from shared.contracts.units import is_within, parent_of, tier_of
from shared.domain.silence_windows import Window, is_period, window_at

_LONGEST_WARNING = timedelta(minutes=15)
_SHORTEST_WARNING = timedelta(seconds=5)


class SilenceRefusal(StrEnum):
    """Reasons why a request changes nothing; a closed set."""

    OTHER_STATUS = "other_status"
    NOT_ENTITLED = "not_entitled"
    TOO_WIDE = "too_wide"
    BAD_PERIOD = "bad_period"
    OVER = "over"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence; `ended_at` None: the silence is in force, or will begin later.

    At `warns_at` the owner is told that the end is near, if alarms still stand; None: they were
    told (`warned_at`), or the silence has ended.
    """

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
    warns_at: datetime | None = None
    warned_at: datetime | None = None
    until_cleared: bool = False
    weekly: WeeklyWindow | None = None

    def window(self, now: datetime) -> Window | None:
        """Return the window in which the silence hides alarms now, or the next; None: no more."""
        if self.ended_at is not None:
            return None
        return window_at(self.weekly, self.begin_at, self.end_at, now)

    def ends_at(self, now: datetime) -> datetime:
        """Return the end of the present or next window; without any the end of the silence."""
        window = self.window(now)
        return self.end_at if window is None else window.end

    def hides(self, alarm: AlarmSnapshot, now: datetime) -> bool:
        """Return whether the silence hides this alarm now."""
        return self._matches(alarm) and self.is_open(now)

    def is_open(self, now: datetime) -> bool:
        """Return whether the silence hides alarms now."""
        window = self.window(now)
        return window is not None and window.contains(now)

    def _matches(self, alarm: AlarmSnapshot) -> bool:
        most = SILENCED_UP_TO[tier_of(self.unit)]
        return (
            self.status is alarm.status
            and LEVEL_ORDER[alarm.level] <= LEVEL_ORDER[most]
            and is_within(alarm.place, self.matcher.place or self.unit)
            and self.matcher.event_type in (None, alarm.event_type)
            and self.matcher.rule_id in (None, alarm.rule_id)
            and self.matcher.sensor_id in (None, alarm.sensor_id)
        )

    def calls(self, place: str) -> tuple[Callee, ...]:
        """Return the posts to call at the end about an alarm: owner and place."""
        return Callee(unit=self.unit, post=self.post), Callee(unit=place)


def warning_before(begin: datetime, end: datetime) -> datetime:
    """Return when the owner of a silence is told of its end: 15 minutes, or a tenth of its length.

    A very short one is told a few seconds before, so that the page can leave.
    """
    return end - min(_LONGEST_WARNING, max((end - begin) / 10, _SHORTEST_WARNING))


def silence_hiding(
    silences: Iterable[Silence], alarm: AlarmSnapshot, now: datetime
) -> Silence | None:
    """Return the hiding silence of an alarm; of several, the last to end."""
    matches = [silence for silence in silences if silence.hides(alarm, now)]
    return max(
        matches, key=lambda silence: (silence.ends_at(now), silence.silence_id), default=None
    )


def create(request: SilenceRequest, now: datetime) -> Silence | SilenceRefusal:
    """Return a new silence, or the reason why the officer may not make it."""
    matcher, begin, end = request.matcher, request.begin_at, request.end_at
    assert matcher is not None, "the contract asks for it"
    assert begin is not None, "the contract asks for it"
    assert end is not None, "the contract asks for it"
    unit = request.origin_unit
    if "/" in unit or tier_of(unit) not in SILENCED_UP_TO:
        return SilenceRefusal.NOT_ENTITLED
    if matcher.place is not None and not is_within(matcher.place, unit):
        return SilenceRefusal.NOT_ENTITLED
    if matcher.place is not None and _only_a_place(matcher) and _is_everything(matcher.place):
        return SilenceRefusal.TOO_WIDE
    if not is_period(request.kind, request.weekly, begin, end, now):
        return SilenceRefusal.BAD_PERIOD
    silence = Silence(
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
        until_cleared=request.until_cleared,
        weekly=request.weekly,
    )
    return _to_warn(silence, now)


def change(silence: Silence, request: SilenceRequest, now: datetime) -> Silence | SilenceRefusal:
    """Return the silence with another end: a later one (`extend`), or now (`end`)."""
    if request.verb == "create":
        return SilenceRefusal.REPEATED
    if request.status is not silence.status:
        return SilenceRefusal.OTHER_STATUS
    if not is_within(silence.unit, request.origin_unit):
        return SilenceRefusal.NOT_ENTITLED
    if silence.ended_at is not None:
        return SilenceRefusal.OVER
    if request.verb == "end":
        return _ended(silence, now)
    end = request.end_at
    assert end is not None, "the contract asks for it"
    if not is_period(silence.kind, silence.weekly, silence.begin_at, end, now):
        return SilenceRefusal.BAD_PERIOD
    return _to_warn(replace(silence, version=silence.version + 1, end_at=end), now)


def expired(silence: Silence, now: datetime) -> Silence | None:
    """Return the ended silence; None when the end is not due, or already past.

    A weekly silence ends with its last window.
    """
    if silence.ended_at is not None or silence.window(now) is not None:
        return None
    return _ended(silence, now)


def after_window(silence: Silence, now: datetime) -> Silence | None:
    """Return the weekly silence at the end of a window, ready for the next; None after the last.

    After an outage the next one may have begun.
    """
    if silence.weekly is None or silence.window(now) is None:
        return None
    return _to_warn(replace(silence, version=silence.version + 1), now)


def warned(silence: Silence, hidden_alarms: int, now: datetime) -> Silence | None:
    """Return the silence whose owner is told of the end while it holds so many alarms.

    None when nobody is to be told: not yet or already, the silence is over, or it holds no alarm.
    """
    window = silence.window(now)
    if window is None or silence.warns_at is None or hidden_alarms == 0:
        return None
    if not (window.contains(now) and silence.warns_at <= now):
        return None
    return replace(
        silence,
        version=silence.version + 1,
        still_firing=hidden_alarms,
        warns_at=None,
        warned_at=now,
    )


def cleared(silence: Silence, hidden_alarms: int, now: datetime) -> Silence | None:
    """Return the silence that ends with its alarms; None while one is on, or if it does not so."""
    if not silence.until_cleared or silence.ended_at is not None or hidden_alarms > 0:
        return None
    return _ended(silence, now)


def _to_warn(silence: Silence, now: datetime) -> Silence:
    """Return the silence with a warning before the end of its present or next window."""
    window = silence.window(now)
    assert window is not None, "the silence has not ended"
    warns_at = warning_before(max(window.begin, now), window.end)
    return replace(silence, still_firing=0, warns_at=warns_at, warned_at=None)


def _ended(silence: Silence, now: datetime) -> Silence:
    return replace(silence, version=silence.version + 1, ended_at=now, warns_at=None)


def _only_a_place(matcher: Matcher) -> bool:
    return (matcher.event_type, matcher.rule_id, matcher.sensor_id) == (None, None, None)


def _is_everything(place: str) -> bool:
    """Return whether a place is a city, or a county with nothing above it."""
    return tier_of(place) is Tier.CITY or parent_of(place) is None


def silence_event(silence: Silence, request: SilenceRequest | None, now: datetime) -> SilenceEvent:
    """Return the record of a silence; `request` None: its time or a hidden alarm changed it."""
    identifier = transition_id(silence.silence_id, silence.version)
    previous = transition_id(silence.silence_id, silence.version - 1)
    return SilenceEvent(
        id=identifier,
        status=silence.status,
        occurred_at=request.occurred_at if request is not None else now,
        sent_at=now,
        origin_unit=silence.unit,
        tier=tier_of(silence.unit),
        areas=(silence.matcher.place or silence.unit,),
        references=(
            *((previous,) if silence.version > 1 else ()),
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
        until_cleared=silence.until_cleared,
        weekly=silence.weekly,
        ended_at=silence.ended_at,
        warned_at=silence.warned_at,
        silenced=silence.silenced,
        still_firing=silence.still_firing,
        reason=request.reason if request is not None else silence.reason,
        actor=request.officer_id if request is not None else None,
    )
