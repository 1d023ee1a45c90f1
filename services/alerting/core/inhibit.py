"""Inhibition: an alarm that says nothing new beside a higher one at the same site waits.

It waits only while an alarm of a rule it names is on there, is as grave as itself, and is no finding
of a backlog that nobody was told of. What is already in an alert stays there.

Alarms of one site lie in two partitions, so the higher one may come later. Therefore an alarm that
names rules is held back for a bounded time before it is weighed: within that bound the order of
arrival makes no difference to whom is told what. When the time is over and there are alarms of it that
have not been read yet, after an outage or in a storm, the hold goes on, so often and no more. Red waits
for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from services.alerting.core.facts import Fact, same_site
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status

M = TypeVar("M")
Spot = tuple[Status, str]
"""A site or a place in one world."""

HOLD: dict[Level, timedelta] = {
    Level.BLUE: timedelta(seconds=2),
    Level.YELLOW: timedelta(seconds=2),
    Level.ORANGE: timedelta(seconds=2),
}
"""How long, by database time, an alarm waits for what may inhibit it; a level not named: not at all."""
LONGER = timedelta(seconds=1)
MOST_TIMES = 8
"""A hold whose time is over goes on for so long and so often while alarms of that time are still unread."""


def hold_of(fact: Fact) -> timedelta | None:
    """How long this alarm is held back when it first comes; None = it is weighed at once."""
    return HOLD.get(fact.level) if fact.inhibited_by else None


def silences(higher: Fact, fact: Fact) -> bool:
    """Whether `higher` makes `fact` say nothing new."""
    return (
        higher.rule_id in fact.inhibited_by
        and higher.alarm_id != fact.alarm_id
        and higher.status is fact.status
        and higher.open
        and not higher.retrospective
        and LEVEL_ORDER[higher.level] >= LEVEL_ORDER[fact.level]
        and same_site(higher, fact)
    )


def inhibited(fact: Fact, facts: Iterable[Fact]) -> bool:
    """Whether any of the other alarms silences this one."""
    return any(silences(other_fact, fact) for other_fact in facts)


def higher_first(messages: Sequence[M]) -> list[M]:
    """The batch with each inhibitor before what it inhibits, as far as it had come by then.

    Two alarms of one site lie in two partitions, so their order is chance; what lies in one batch is
    put in the order that pages nobody in vain. The changes of one alarm keep theirs. A drill moves
    nothing of the real world out of its order.
    """
    changes: dict[str, list[int]] = defaultdict(list)
    at_spot: dict[tuple[str, Spot], list[str]] = defaultdict(list)
    for n, message in enumerate(messages):
        if isinstance(message, AlarmEvent):
            if not changes[message.alarm_id]:
                for spot in _spots(message):
                    at_spot[message.rule_id, spot].append(message.alarm_id)
            changes[message.alarm_id].append(n)
    ordered: list[M] = []
    taken: set[int] = set()
    busy: set[str] = set()

    def take(n: int) -> None:
        message = messages[n]
        taken.add(n)
        if isinstance(message, AlarmEvent) and message.inhibited_by:
            busy.add(message.alarm_id)
            for rule_id in message.inhibited_by:
                for spot in _spots(message):
                    for alarm_id in at_spot.get((rule_id, spot), ()):
                        take_before(alarm_id, message.occurred_at)
            busy.discard(message.alarm_id)
        ordered.append(message)

    def take_before(alarm_id: str, moment: datetime) -> None:
        if alarm_id in busy:
            return
        for n in changes[alarm_id]:
            message = messages[n]
            assert isinstance(message, AlarmEvent)
            if message.occurred_at > moment:
                return
            if n not in taken:
                take(n)

    for n in range(len(messages)):
        if n not in taken:
            take(n)
    return ordered


def _spots(event: AlarmEvent) -> list[Spot]:
    """Where two alarms of one site meet: at the site itself or at the place, within a status."""
    at = [f"site:{event.site}", event.place] if event.site is not None else [event.place]
    return [(event.status, name) for name in at]
