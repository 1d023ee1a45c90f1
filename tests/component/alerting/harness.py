"""The alerting service on a real Postgres, without Kafka: what it sends to itself comes back by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from services.alerting.consumer import Alerting
from services.alerting.metrics import AlertingMetrics
from shared.contracts.alarms import AlarmEvent
from shared.contracts.topics import ALARMS, ALERTS, SILENCE_STATES, TOPICS
from shared.runtime.database import Database
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import TimerSweeper

_TABLES = (
    *("alert", "alert_alarm", "alert_report", "signature", "region", "warning", "rule", "episode"),
    "silence",
    *("outbox", "timer"),
)


_PASSING = (
    "UPDATE alerting.timer SET due_at = due_at - $1::interval",
    "UPDATE alerting.silence SET begin_at = begin_at - $1::interval, end_at = end_at - $1::interval",
    "UPDATE alerting.alert SET expires_at = expires_at - $1::interval, "
    "flap_until = flap_until - $1::interval, debt = jsonb_set(debt::jsonb, '{next_at}', "
    "to_jsonb((debt::jsonb ->> 'next_at')::timestamptz - $1::interval))::text",
)


class Station:
    """The service's consumer and sweeper, fed by hand."""

    def __init__(self, database: Database, dsn: str) -> None:
        self.database = database
        self.dsn = dsn
        self.registry = CollectorRegistry()
        self.alerting = Alerting(AlertingMetrics(self.registry))
        self._offsets = itertools.count()
        self._read = 0

    async def empty(self) -> None:
        """Forget everything."""
        names = ", ".join(f"alerting.{name}" for name in _TABLES)
        await self.rows(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        self._read = 0

    async def takes(self, *messages: Any, early: bool = False) -> list[AlarmEvent]:
        """One batch in one transaction, in its turn or before it; the alarm events that it sent."""
        batch = [
            InboundMessage(
                *(message, "-", 0, next(self._offsets)),
                accepted_ms=int(message.occurred_at.timestamp() * 1000) + 1000,
                early=early,
            )
            for message in messages
        ]
        async with self.database.transaction() as work:
            await self.alerting.apply(work, batch)
        return await self._fresh()

    async def loops(self, *messages: Any) -> list[AlarmEvent]:
        """The same, and what it sends to itself comes back, until nothing more follows."""
        sent = await self.takes(*messages)
        alarms = list(sent)
        while sent:
            sent = await self.takes(*sent)
            alarms += sent
        return alarms

    async def in_batches(self, messages: Sequence[Any], size: int) -> list[AlarmEvent]:
        """All messages, `size` at a time."""
        alarms: list[AlarmEvent] = []
        for at in range(0, len(messages), size):
            alarms += await self.takes(*messages[at : at + size])
        return alarms

    async def sweeps(self, seconds: float = 0) -> list[AlarmEvent]:
        """Let so much time pass for all that is stored, then fire what is due."""
        by = timedelta(seconds=seconds)
        for statement in _PASSING:
            await self.rows(statement, by)
        runtime = RuntimeMetrics(CollectorRegistry())
        sweeper = TimerSweeper(self.database, self.alerting.lock, self.alerting.fire, runtime)
        await sweeper.sweep()
        return await self._fresh()

    async def alerts(self) -> list[Any]:
        """All alert events so far."""
        return await self._sent(ALERTS.name, 0)

    async def silences(self) -> list[Any]:
        """All events of silences so far."""
        return await self._sent(SILENCE_STATES.name, 0)

    async def dispositions(self) -> dict[str, str]:
        """What became of each alarm."""
        rows = await self.rows("SELECT alarm_id, disposition FROM alerting.alert_alarm")
        return {row["alarm_id"]: row["disposition"] for row in rows}

    async def episodes(self) -> set[tuple[Any, ...]]:
        """All that is known of episodes."""
        rows = await self.rows(
            "SELECT rule_id, status, scope, alarm_id, version, is_open, standing, expires_at "
            "FROM alerting.episode WHERE version > 0"
        )
        return {tuple(row) for row in rows}

    async def open(self) -> set[tuple[str, str, str]]:
        """Rule, status and scope of every open episode."""
        rows = await self.rows("SELECT rule_id, status, scope FROM alerting.episode WHERE is_open")
        return {tuple(row) for row in rows}

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query."""
        return list(await self.database.pool.fetch(query, *values))

    async def _fresh(self) -> list[AlarmEvent]:
        alarm_events: list[AlarmEvent] = await self._sent(ALARMS.name, self._read)
        rows = await self.rows("SELECT coalesce(max(seq), 0) FROM alerting.outbox")
        self._read = rows[0][0]
        return alarm_events

    async def _sent(self, topic: str, after: int) -> list[Any]:
        rows = await self.rows(
            "SELECT value FROM alerting.outbox WHERE topic = $1 AND seq > $2 ORDER BY seq",
            topic,
            after,
        )
        return [TOPICS[topic].model.validate_json(row["value"]) for row in rows]


@asynccontextmanager
async def a_station(dsn: str) -> AsyncIterator[Station]:
    """The service over an empty database."""
    database = Database(dsn, "alerting")
    await database.start(10)
    try:
        station = Station(database, dsn)
        await station.empty()
        yield station
    finally:
        await database.stop()


@asynccontextmanager
async def another(station: Station) -> AsyncIterator[Station]:
    """A second process over the same database as it is."""
    database = Database(station.dsn, "alerting")
    await database.start(10)
    try:
        yield Station(database, station.dsn)
    finally:
        await database.stop()
