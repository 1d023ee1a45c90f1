"""Inhibition: an alarm waits while a higher alarm is on at its site.

The higher alarm comes from one of the rules named by the alarm, is at least as grave, and was not
detected in a backlog (nobody is paged about such an alarm). An alarm in an alert stays there.

Alarms of one site lie in two partitions, so the higher one may be read later. Therefore an alarm
with named rules is put on hold before an alert gets the alarm. The hold ends when its time is over
and every alarm from before its end is handled, as every timer does (shared/runtime): the order of
arrival changes no page, in a storm and after an outage neither. A red alarm is never put on hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from services.alerting.core.alarms.snapshot import AlarmSnapshot, is_same_site
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status

Message = TypeVar("Message")
Spot = tuple[Status, str]
"""A site or a place under one status."""

HOLD_BY_LEVEL: dict[Level, timedelta] = {
    Level.BLUE: timedelta(seconds=2),
    Level.YELLOW: timedelta(seconds=2),
    Level.ORANGE: timedelta(seconds=2),
}
"""Database time for which an alarm waits for its inhibitor; other levels do not wait."""


def hold_duration(alarm: AlarmSnapshot) -> timedelta | None:
    """Return how long a new alarm is put on hold; None: an alert gets it at once."""
    return HOLD_BY_LEVEL.get(alarm.level) if alarm.inhibited_by else None


def inhibits(higher: AlarmSnapshot, alarm: AlarmSnapshot) -> bool:
    """Return whether `alarm` adds nothing to `higher`."""
    return (
        higher.rule_id in alarm.inhibited_by
        and higher.alarm_id != alarm.alarm_id
        and higher.status is alarm.status
        and higher.is_on
        and not higher.retrospective
        and LEVEL_ORDER[higher.level] >= LEVEL_ORDER[alarm.level]
        and is_same_site(higher, alarm)
    )


def is_inhibited(alarm: AlarmSnapshot, candidates: Iterable[AlarmSnapshot]) -> bool:
    """Return whether one of the candidates inhibits the alarm."""
    return bool(alarm.inhibited_by) and any(inhibits(higher, alarm) for higher in candidates)


def inhibitors_first(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with each inhibitor before the inhibited alarms.

    Two alarms of a site lie in two partitions, and their order is chance; in a batch this order
    pages nobody in vain. An inhibitor moves only if its event time is not after the event time of
    the inhibited alarm. The changes of an alarm keep their order. An alarm of a drill moves no
    message of the real world.
    """
    return [messages[position] for position in order_of_inhibitors(messages)]


def order_of_inhibitors(messages: Sequence[object]) -> list[int]:
    """Return the positions of the messages in the order of `inhibitors_first`."""
    changes: dict[str, list[int]] = defaultdict(list)
    at_spot: dict[tuple[str, Spot], list[str]] = defaultdict(list)
    for position, message in enumerate(messages):
        if isinstance(message, AlarmEvent):
            if not changes[message.alarm_id]:
                for spot in _spots(message):
                    at_spot[message.rule_id, spot].append(message.alarm_id)
            changes[message.alarm_id].append(position)
    ordered: list[int] = []
    placed: set[int] = set()
    in_progress: set[str] = set()

    def place(position: int) -> None:
        message = messages[position]
        placed.add(position)
        if isinstance(message, AlarmEvent) and message.inhibited_by:
            in_progress.add(message.alarm_id)
            for rule_id in message.inhibited_by:
                for spot in _spots(message):
                    for alarm_id in at_spot.get((rule_id, spot), ()):
                        place_changes_until(alarm_id, message.occurred_at)
            in_progress.discard(message.alarm_id)
        ordered.append(position)

    def place_changes_until(alarm_id: str, moment: datetime) -> None:
        if alarm_id in in_progress:
            return
        for position in changes[alarm_id]:
            message = messages[position]
            assert isinstance(message, AlarmEvent)
            if message.occurred_at > moment:
                return
            if position not in placed:
                place(position)

    for position in range(len(messages)):
        if position not in placed:
            place(position)
    return ordered


def _spots(event: AlarmEvent) -> list[Spot]:
    """Return where two alarms of one site meet within a status: at the site, or at the place."""
    names = [f"site:{event.site}", event.place] if event.site is not None else [event.place]
    return [(event.status, name) for name in names]
