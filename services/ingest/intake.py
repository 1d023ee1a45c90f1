"""The intake: a body becomes records in Kafka, or a refusal; and the writing of ticks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import structlog

from services.ingest.admission import Admission
from services.ingest.core.accepted_ids import AcceptedIds
from services.ingest.core.cap.warning import accept_warning
from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.core.clocks.kafka_clock import KafkaClock
from services.ingest.core.readings import JudgedBatch, accept_reading, judge_batch
from services.ingest.core.refusals import ProblemKind, RequestRefused, refusal
from services.ingest.core.reports import accept_report
from services.ingest.core.source_ids import id_prefix
from services.ingest.core.sources import Source
from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.metrics import IngestMetrics
from shared.contracts.catalog import CatalogEntry, SensorEntry, kind_and_id
from shared.contracts.readings import Reading
from shared.contracts.sources import SourceEntry
from shared.contracts.topics import READINGS, REPORTS, WARNINGS
from shared.domain.ticks import make_tick
from shared.domain.top_unit import TopUnit
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, encode, outbound_record
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.ingest")


class AcceptedRecord(NamedTuple):
    """A record that Kafka has."""

    id: str


class AcceptedBatch(NamedTuple):
    """A batch of which Kafka has the good readings, under their own ids after this prefix."""

    batch: JudgedBatch
    id_prefix: str


class Intake:
    """Accepts readings, reports and warnings; returns only when Kafka has the records."""

    def __init__(
        self,
        platform: Platform,
        clock: EventClock,
        guard: VolumeGuard,
        admission: Admission,
        top: TopUnit,
        metrics: IngestMetrics,
    ) -> None:
        self._platform = platform
        self.admission = admission
        self._clock = clock
        self.volume_guard = guard
        self._kafka_clock = KafkaClock()
        self._acknowledged: dict[int, tuple[float, int]] = {}
        """By partition: when its newest tick was acknowledged, and the tick's record time in ms."""
        self._top = top
        self._metrics = metrics
        self._sensors: dict[str, SensorEntry] = {}
        self._accepted_ids = AcceptedIds()

    def on_catalog(self, message: CatalogEntry) -> None:
        """Store an entry of the catalogue if it is a sensor or source; units tell the topmost."""
        self._top.take(message)
        match message.entry:
            case SensorEntry():
                self._sensors[message.entry.sensor_id] = message.entry
            case SourceEntry():
                self.admission.sources.put(message.entry)
        self._count_entries()

    def on_deleted(self, key: str) -> None:
        """Forget the sensor or source of a deleted entry: what it sends is refused from now on."""
        self._top.remove(key)
        match kind_and_id(key):
            case "sensor", sensor_id:
                self._sensors.pop(sensor_id, None)
            case "source", source_id:
                self.admission.sources.remove(source_id)
        self._count_entries()

    async def reading(self, body: bytes, source: Source) -> AcceptedRecord:
        """Accept one reading. Raises RequestRefused."""
        self._check_room()
        now, present = self._times(source.id)
        with self._noted(source, "POST /v1/readings"):
            reading = accept_reading(body, source, self._sensors, now, present)
        await self._store_readings([reading], source.id)
        return AcceptedRecord(reading.id)

    async def batch(self, body: bytes, source: Source) -> AcceptedBatch:
        """Accept the good readings of a batch. Raises RequestRefused when nothing is taken."""
        self._check_room()
        now, present = self._times(source.id)
        action, prefix = "POST /v1/readings/batch", id_prefix(source.id)
        with self._noted(source, action):
            batch = judge_batch(body, source, self._sensors, now, present)
        self.admission.spend(source, len(batch.ids) - 1)  # the request has counted as one
        for refused in batch.refused:
            subject_id = f"{prefix}{refused.id or ''}"
            self.admission.note(source, action, refused.problems, now, subject_id)
        batch.check()
        await self._store_readings(batch.readings, source.id)
        for refused in batch.refused:
            self._metrics.refused_readings.labels(refused.kind.value).inc()
        return AcceptedBatch(batch, prefix)

    async def report(self, body: bytes, source: Source) -> AcceptedRecord:
        """Accept a report. Raises RequestRefused."""
        with self._noted(source, "POST /v1/reports"):
            report = accept_report(body, source, self.now())
            self._accepted_ids.accept(report)
        await self._send([outbound_record(REPORTS, report.incident_id, report)])
        self._metrics.accepted.labels("report", report.status).inc()
        return AcceptedRecord(report.id)

    async def warning(self, body: bytes, source: Source, charset: str | None) -> AcceptedRecord:
        """Accept the warning of another agency. Raises RequestRefused."""
        with self._noted(source, "POST /v1/warnings"):
            warning = accept_warning(body, source.id, self.now(), charset, receiver=self._top.unit)
            if problems := source.place_problems("alert.info.area", warning.areas):
                raise RequestRefused(problems, subject_id=warning.id)
            warning = warning.model_copy(update={"data_grade": source.grade_of(None)})
            self._accepted_ids.accept(warning)
        await self._send([outbound_record(WARNINGS, warning.source_id, warning)])
        self._metrics.accepted.labels("warning", warning.status).inc()
        return AcceptedRecord(warning.id)

    async def write_tick(self, partition: int) -> bool:
        """Write a tick to a partition; return False if the clock shows no time yet.

        Raises Transient. No partition waits for the tick of another partition.
        """
        at = self._clock.now(self.now())
        if at is None:
            return False
        record = OutboundRecord(READINGS.name, None, encode(make_tick(partition, at)), partition)
        wall, sent_at = self._platform.clock.now(), time.monotonic()
        [record_time_ms] = await self._platform.publisher.send([record])
        self._metrics.ticks.inc()
        self._compare_clocks(partition, wall, sent_at, record_time_ms)
        return True

    def clock_trouble(self) -> str | None:
        """Return by how much this machine's clock is wrong while it is not used."""
        if not self._kafka_clock.uses_kafka_time:
            return None
        offset_s = self._kafka_clock.offset_s
        direction = "ahead of" if offset_s > 0 else "behind"
        return f"the clock of this machine is {abs(offset_s):.1f} s {direction} Kafka's"

    @contextmanager
    def _noted(self, source: Source, action: str) -> Iterator[None]:
        """Note what is refused."""
        try:
            yield
        except RequestRefused as refused:
            self.admission.note(source, action, refused.problems, self.now(), refused.subject_id)
            raise

    def _count_entries(self) -> None:
        self._metrics.sensors.set(len(self._sensors))
        self._metrics.sources.set(len(self.admission.sources))

    def _check_room(self) -> None:
        """Raise RequestRefused while there is no room for readings."""
        refused = self.volume_guard.refusal()
        if refused is not None:
            raise refused

    def now(self) -> datetime:
        """Return the present, by Kafka's time where this machine's clock is wrong."""
        return self._kafka_clock.now(self._platform.clock.now(), time.monotonic())

    def _compare_clocks(
        self, partition: int, wall: datetime, sent_at: float, record_time_ms: int
    ) -> None:
        acknowledged_at = time.monotonic()
        self._acknowledged[partition] = acknowledged_at, record_time_ms
        record_times = [
            time_ms + round((acknowledged_at - at) * 1000)
            for at, time_ms in self._acknowledged.values()
        ]
        used_kafka_time = self._kafka_clock.uses_kafka_time
        self._kafka_clock.compare(wall, sent_at, acknowledged_at, record_times)
        offset_s = self._kafka_clock.offset_s
        self._metrics.clock_offset_s.set(offset_s)
        if self._kafka_clock.uses_kafka_time and not used_kafka_time:
            log.warning("clock_is_wrong", seconds_ahead_of_kafka=round(offset_s, 3))
        elif used_kafka_time and not self._kafka_clock.uses_kafka_time:
            log.info("clock_is_right_again", seconds_ahead_of_kafka=round(offset_s, 3))

    def _times(self, source: str) -> tuple[datetime, datetime]:
        """Return the present, and the time after which a reading of the source is in the future.

        Raises RequestRefused.
        """
        now = self.now()
        present = self._clock.present(now, source)
        if present is None:
            raise refusal(
                ProblemKind.UNAVAILABLE,
                "body",
                "a replay is about to begin: its clock shows no time yet",
            )
        return now, present

    async def _store_readings(self, readings: Sequence[Reading], source: str) -> None:
        await self._send(
            [outbound_record(READINGS, reading.sensor_id, reading) for reading in readings]
        )
        # The clock moves only now: a tick must not be later than what readers of the log have.
        self._clock.accept(readings, source)
        for status, count in Counter(reading.status for reading in readings).items():
            self._metrics.accepted.labels("reading", status).inc(count)

    async def _send(self, records: Sequence[OutboundRecord]) -> None:
        try:
            await self._platform.publisher.send(records)
        except Transient as error:
            raise refusal(
                ProblemKind.UNAVAILABLE, "body", f"Kafka has not confirmed it: {error}"
            ) from error
