"""Ingest's edge, the same for every door: bytes in, core, records in Kafka, or a refusal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from services.ingest.core import accept
from services.ingest.core.cap.accept import one_warning
from services.ingest.core.refusals import Refusal, refuse
from services.ingest.core.ticks import EventClock, KafkaClock, tick
from services.ingest.metrics import Metrics
from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS, REPORTS, WARNINGS
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, encode, outbound_record
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.ingest")


class Taken(NamedTuple):
    """How many records Kafka has, and their ids in the log: the one, or what stands before each."""

    accepted: int
    id: str | None = None
    id_prefix: str | None = None


class Intake:
    """Accepts readings, reports and warnings; returns only when Kafka has them."""

    def __init__(self, platform: Platform, clock: EventClock, metrics: Metrics) -> None:
        self._platform = platform
        self._clock = clock
        self._present = KafkaClock()
        self._heard: dict[int, tuple[float, int]] = {}
        """Per partition, when its newest tick was acknowledged, and Kafka's time of that tick in ms."""
        self._metrics = metrics
        self._sensors: dict[str, SensorEntry] = {}

    def on_catalog(self, message: CatalogEntry) -> None:
        """Table callback: only sensors matter here."""
        if isinstance(message.entry, SensorEntry):
            self._sensors[message.entry.sensor_id] = message.entry
            self._metrics.sensors.set(len(self._sensors))

    async def reading(self, body: bytes, source: str) -> Taken:
        """Accept one reading; raises Refused."""
        now, present = self._times(source)
        [one] = readings = accept.one_reading(body, source, self._sensors, now, present)
        await self._store_readings(readings, source)
        return Taken(1, id=one.id)

    async def batch(self, body: bytes, source: str) -> Taken:
        """Accept a batch as a whole; raises Refused."""
        now, present = self._times(source)
        readings = accept.many_readings(body, source, self._sensors, now, present)
        await self._store_readings(readings, source)
        return Taken(len(readings), id_prefix=accept.id_prefix(source))

    async def report(self, body: bytes, source: str) -> Taken:
        """Accept a report; raises Refused."""
        report = accept.one_report(body, source, self._now())
        await self._send([outbound_record(REPORTS, report.incident_id, report)])
        self._metrics.accepted.labels("report", report.status).inc()
        return Taken(1, id=report.id)

    async def warning(self, body: bytes, source: str, charset: str | None) -> Taken:
        """Accept another agency's warning; raises Refused."""
        warning = one_warning(body, source, self._now(), charset)
        await self._send([outbound_record(WARNINGS, warning.source_id, warning)])
        self._metrics.accepted.labels("warning", warning.status).inc()
        return Taken(1, id=warning.id)

    async def tick(self, partition: int) -> bool:
        """Write the log's clock to a partition; False while there is nothing to write.

        Raises Transient. Each partition has its own clock, which no other holds up.
        """
        at = self._clock.now(self._now())
        if at is None:
            return False
        record = OutboundRecord(READINGS.name, None, encode(tick(partition, at)), partition)
        wall, sent_at = self._platform.clock.now(), time.monotonic()
        [taken_ms] = await self._platform.publisher.send([record])
        self._metrics.ticks.inc()
        self._compare(partition, wall, sent_at, taken_ms)
        return True

    def _now(self) -> datetime:
        return self._present.now(self._platform.clock.now(), time.monotonic())

    def _compare(self, partition: int, wall: datetime, sent_at: float, taken_ms: int) -> None:
        heard_at = time.monotonic()
        self._heard[partition] = heard_at, taken_ms
        taken = [ms + round((heard_at - at) * 1000) for at, ms in self._heard.values()]
        was_off = self._present.is_kafkas
        self._present.compare(wall, sent_at, heard_at, taken)
        off_s = self._present.off_s
        self._metrics.clock_off_s.set(off_s)
        if self._present.is_kafkas and not was_off:
            log.warning("clock_is_wrong", seconds_ahead_of_kafka=round(off_s, 3))
        elif was_off and not self._present.is_kafkas:
            log.info("clock_is_right_again", seconds_ahead_of_kafka=round(off_s, 3))

    def _times(self, source: str) -> tuple[datetime, datetime]:
        """The present, and the time after which a reading of this source lies in the future.

        Raises Refused.
        """
        now = self._now()
        present = self._clock.present(now, source)
        if present is None:
            raise refuse(
                Refusal.UNAVAILABLE,
                "body",
                "a replay is about to begin: its clock shows no time yet",
            )
        return now, present

    async def _store_readings(self, readings: Sequence[Reading], source: str) -> None:
        await self._send(
            [outbound_record(READINGS, reading.sensor_id, reading) for reading in readings]
        )
        # Only now: the clock must not say what a reader of the log cannot have seen.
        self._clock.accepted(readings, source)
        for status, count in Counter(reading.status for reading in readings).items():
            self._metrics.accepted.labels("reading", status).inc(count)

    async def _send(self, records: Sequence[OutboundRecord]) -> None:
        try:
            await self._platform.publisher.send(records)
        except Transient as error:
            raise refuse(
                Refusal.UNAVAILABLE, "body", f"Kafka has not confirmed it: {error}"
            ) from error
