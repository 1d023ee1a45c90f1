"""The alerting service on a real Postgres, without Kafka: its own alarms come back by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.alerting.app import build
from services.alerting.settings import Settings
from services.alerting.store.evidence_cache import EvidenceCache
from shared.contracts.alarms import AlarmEvent
from shared.contracts.topics import (
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    REPORTS,
    RULES,
    SILENCE_STATES,
    SILENCES,
    WARNINGS,
    TopicSpec,
)
from shared.domain.response_modes.effective import Modes
from shared.runtime.database import Transaction
from shared.runtime.inbound_messages import InboundMessage
from tests.support.service_driver import ServiceDriver, apply_all, driven

_TABLES = (
    *("alert", "alert_alarm", "alert_report", "signature", "region", "warning", "rule", "episode"),
    *("silence", "silent_sensor", "silent_place", "outbox", "timer"),
)
_INBOUND = (ALARMS, REPORTS, WARNINGS, RULES, ALERT_DECISIONS, SILENCES)
_MOVE_TIMES_BACK = (
    "UPDATE alerting.timer SET due_at = due_at - $1::interval",
    "UPDATE alerting.silence "
    "SET begin_at = begin_at - $1::interval, end_at = end_at - $1::interval",
    "UPDATE alerting.alert SET expires_at = expires_at - $1::interval, "
    "flapping_until = flapping_until - $1::interval, "
    "pending_ratification = jsonb_set(pending_ratification::jsonb, '{next_at}', "
    "to_jsonb((pending_ratification::jsonb ->> 'next_at')::timestamptz - $1::interval))::text",
)
TIMERS_OF_HOLDS = (
    "SELECT coalesce(a.alarm_id, t.alarm_id) AS alarm_id FROM (SELECT alarm_id "
    "FROM alerting.alert_alarm WHERE waiting_event IS NOT NULL AND disposition = 'held') AS a "
    "FULL JOIN (SELECT split_part(subject_id, '|', 3) AS alarm_id, count(*) AS armed "
    "FROM alerting.timer WHERE state = 'armed' AND kind = 'hold' GROUP BY 1) AS t USING (alarm_id) "
    "WHERE coalesce(t.armed, 0) <> (a.alarm_id IS NOT NULL)::integer ORDER BY 1"
)
"""Alarms on hold without exactly one timer, and timers of alarms that are not on hold."""


def topic_of(message: Any) -> TopicSpec:
    """Return the inbound topic of a message."""
    [topic] = [topic for topic in _INBOUND if topic.contract is type(message)]
    return topic


@dataclass
class Progress:
    """The progress of the service through its topics, as a function of the moment."""

    is_caught_up: Callable[[datetime], bool]

    async def moment(self, transaction: Transaction, latest: datetime) -> datetime:
        """Return the latest moment, or a moment before every timer."""
        return latest if self.is_caught_up(latest) else datetime(1970, 1, 1, tzinfo=UTC)


class AlertingHarness:
    """The service as `build` makes it; messages are delivered and timers fired by hand."""

    def __init__(self, service: ServiceDriver, dsn: str) -> None:
        self.service = service
        self.database = service.database
        self.dsn = dsn
        self._offsets = itertools.count()
        self._read = 0

    async def empty(self) -> None:
        """Delete everything from the database."""
        names = ", ".join(f"alerting.{name}" for name in _TABLES)
        await self.rows(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        self._read = 0

    async def deliver(
        self, *messages: Any, early: bool = False, accepted_at: datetime | None = None
    ) -> list[AlarmEvent]:
        """Handle messages in one transaction and return the alarm events that it published.

        `early`: the records have overtaken others. `accepted_at` is when Kafka accepted the
        records; by default a second after their event time, for acts of officers now.
        """
        batch = [
            InboundMessage(
                *(message, topic_of(message).name, 0, next(self._offsets)),
                accepted_ms=_accepted_ms(message, accepted_at),
                early=early,
            )
            for message in messages
        ]
        assert self.service.platform.apply is not None
        async with self.database.transaction() as transaction:
            await apply_all(self.service.platform.apply, transaction, batch)
        return await self._new_alarm_events()

    async def deliver_with_followers(self, *messages: Any) -> list[AlarmEvent]:
        """Deliver messages and then each published alarm event, until no more follow."""
        published = await self.deliver(*messages)
        alarms = list(published)
        while published:
            published = await self.deliver(*published)
            alarms += published
        return alarms

    async def deliver_in_batches(self, messages: Sequence[Any], size: int) -> list[AlarmEvent]:
        """Deliver all messages, `size` in each transaction."""
        alarms: list[AlarmEvent] = []
        for start in range(0, len(messages), size):
            alarms += await self.deliver(*messages[start : start + size])
        return alarms

    async def advance_time(self, seconds: float = 0) -> list[AlarmEvent]:
        """Let this much time pass for everything that is stored, then fire the due timers."""
        for statement in _MOVE_TIMES_BACK:
            await self.rows(statement, timedelta(seconds=seconds))
        assert self.service.platform.sweeper is not None
        await self.service.platform.sweeper.sweep()
        return await self._new_alarm_events()

    def set_caught_up(self, is_caught_up: Callable[[datetime], bool]) -> None:
        """Let the service ask this function whether all alarms before a moment are handled."""
        assert self.service.platform.sweeper is not None
        self.service.platform.sweeper.progress = Progress(is_caught_up)

    @property
    def modes(self) -> Modes:
        """Return the response modes as the service keeps them."""
        modes: Modes = self._collaborators["modes"]
        return modes

    @property
    def cache(self) -> EvidenceCache:
        """Return the cache of evidence of the service."""
        cache: EvidenceCache = self._collaborators["cache"]
        return cache

    @property
    def _collaborators(self) -> dict[str, Any]:
        dispatcher = self.service.platform.dispatcher
        assert dispatcher is not None
        factory: Any = dispatcher.unit_of_work
        collaborators: dict[str, Any] = factory.keywords
        return collaborators

    def counter(self, name: str, **labels: str) -> float:
        """Return the value of a counter for real records."""
        registry = self.service.platform.registry
        return registry.get_sample_value(name, {"status": "Actual", **labels}) or 0

    async def alert_events(self) -> list[Any]:
        """Return all alert events so far."""
        return await self.published(ALERTS)

    async def silence_events(self) -> list[Any]:
        """Return all events of silences so far."""
        return await self.published(SILENCE_STATES)

    async def dispositions(self) -> dict[str, str]:
        """Return the disposition of each alarm."""
        rows = await self.rows("SELECT alarm_id, disposition FROM alerting.alert_alarm")
        return {row["alarm_id"]: row["disposition"] for row in rows}

    async def holds_with_wrong_timers(self) -> list[Any]:
        """Return the alarms on hold without a timer, and the timers of alarms not on hold."""
        return await self.rows(TIMERS_OF_HOLDS)

    async def episode_rows(self) -> set[tuple[Any, ...]]:
        """Return the rows of all episodes that there have been."""
        rows = await self.rows(
            "SELECT rule_id, status, scope, alarm_id, version, is_open, result, expires_at "
            "FROM alerting.episode WHERE version > 0"
        )
        return {tuple(row) for row in rows}

    async def open_episodes(self) -> set[tuple[str, str, str]]:
        """Return rule id, status and scope of every open episode."""
        rows = await self.rows("SELECT rule_id, status, scope FROM alerting.episode WHERE is_open")
        return {tuple(row) for row in rows}

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        return list(await self.database.pool.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        """Return the first value of a query."""
        return await self.database.pool.fetchval(query, *values)

    async def _new_alarm_events(self) -> list[AlarmEvent]:
        events: list[AlarmEvent] = await self.published(ALARMS, self._read)
        self._read = await self.value("SELECT coalesce(max(seq), 0) FROM alerting.outbox")
        return events

    async def published(self, topic: TopicSpec, start: int = 0) -> list[Any]:
        """Return the records of a topic behind a sequence number of the outbox."""
        rows = await self.rows(
            "SELECT value FROM alerting.outbox WHERE topic = $1 AND seq > $2 ORDER BY seq",
            topic.name,
            start,
        )
        return [topic.model.validate_json(row["value"]) for row in rows]


@asynccontextmanager
async def alerting_harness(dsn: str) -> AsyncIterator[AlertingHarness]:
    """Yield the service over an empty database."""
    async with driven(build, Settings, dsn) as service:
        harness = AlertingHarness(service, dsn)
        await harness.empty()
        yield harness


@asynccontextmanager
async def second_process(harness: AlertingHarness) -> AsyncIterator[AlertingHarness]:
    """Yield a second process over the same database as it is."""
    async with driven(build, Settings, harness.dsn) as service:
        yield AlertingHarness(service, harness.dsn)


def _accepted_ms(message: Any, accepted_at: datetime | None) -> int:
    """Return Kafka's time of a record; 0 for an act without one, which then happens now."""
    if accepted_at is None and topic_of(message) in (ALERT_DECISIONS, SILENCES):
        return 0
    moment = accepted_at or message.occurred_at + timedelta(seconds=1)
    return int(moment.timestamp() * 1000)
