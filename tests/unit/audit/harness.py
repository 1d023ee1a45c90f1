"""The auditor on a real Postgres with the schemas of all services, over a log in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.metrics import AuditMetrics
from services.audit.rounds.loop import RoundLoop
from services.audit.settings import Settings
from services.audit.store import trail
from services.audit.store.kafka_log import KafkaLog, LogBatch, LogRecord, partitions
from services.audit.watch.watch import Watch
from shared.contracts.audit import AuditEntry
from shared.contracts.faults import SystemFault
from shared.contracts.fields import Status
from shared.contracts.topics import ALERTS, ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Transient
from tests.support.service_driver import ServiceDriver
from tests.support.table_rows import TableRows
from tests.unit.audit.builders import a_command, an_alert, an_assignment

LONG_AGO = datetime(2020, 8, 19, 6, tzinfo=UTC)


class MemoryLog(KafkaLog):
    """Kafka's log in memory; while `offline`, every method raises Transient."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self.partitions: dict[Partition, list[LogRecord]] = {
            partition: [] for partition in partitions()
        }
        self.first: dict[Partition, int] = dict.fromkeys(self.partitions, 0)
        self.marks: dict[Partition, set[int]] = {partition: set() for partition in self.partitions}
        self.unreadable: dict[Partition, str] = {}
        self.group: dict[Partition, int] = {}
        self.offline = False

    def append(
        self, topic: str, value: bytes | None, part: int = 0, at: datetime | None = None
    ) -> int:
        """Append a record and return its offset."""
        offset = self._end((topic, part))
        timestamp_ms = int((at or datetime.now(UTC)).timestamp() * 1000)
        self.partitions[topic, part].append(LogRecord(offset, timestamp_ms, value))
        return offset

    def mark(self, topic: str, part: int = 0) -> int:
        """Append the end mark of a transaction, which is no record, and return its offset."""
        offset = self._end((topic, part))
        self.marks[topic, part].add(offset)
        return offset

    def _end(self, partition: Partition) -> int:
        offsets = {record.offset for record in self.partitions[partition]}
        offsets |= self.marks[partition]
        return max(offsets, default=self.first[partition] - 1) + 1

    async def end_offsets(self) -> dict[Partition, int]:
        if self.offline:
            raise Transient("Kafka cannot be asked")
        return {partition: self._end(partition) for partition in self.partitions}

    async def begin_offsets(self, requested: Iterable[Partition]) -> dict[Partition, int]:
        return {partition: self.first[partition] for partition in requested}

    async def offsets_at(
        self, requested: Iterable[Partition], at: datetime
    ) -> dict[Partition, int]:
        at_ms = int(at.timestamp() * 1000)
        return {
            partition: next(
                (r.offset for r in self.partitions[partition] if r.accepted_ms >= at_ms),
                self._end(partition),
            )
            for partition in requested
        }

    async def committed_offsets(self, group: str) -> dict[Partition, int]:
        return self.group

    async def read(
        self, cursors: Mapping[Partition, int], ends: Mapping[Partition, int], limit: int
    ) -> LogBatch:
        batch = LogBatch()
        for partition, cursor in cursors.items():
            begin = max(cursor, self.first[partition])
            records = [record for record in self.partitions[partition] if begin <= record.offset][
                :limit
            ]
            limit -= len(records)
            if cursor < ends[partition] and partition in self.unreadable:
                batch.unreadable[partition] = self.unreadable[partition]
            elif cursor < ends[partition]:
                full = bool(records) and limit <= 0
                next_offset = records[-1].offset + 1 if full else ends[partition]
                batch.records[partition] = records
                batch.next_offsets[partition] = next_offset
                batch.empty[partition] = sum(
                    cursor <= mark < next_offset for mark in self.marks[partition]
                )
        return batch


class AuditHarness(TableRows):
    """The service as `build` makes it, with rounds on demand over a log in memory."""

    def __init__(self, driver: ServiceDriver, dsn: str) -> None:
        super().__init__(driver.database)
        self.platform = driver.platform
        self.registry = CollectorRegistry()
        self.log = MemoryLog()
        self._driver = driver
        self.metrics = AuditMetrics(self.registry)
        self._settings = Settings.model_validate(
            {
                "kafka_bootstrap": "127.0.0.1:1",
                "http_port": 1,
                "database_url": dsn,
                "audit_count_share": 0,
            }
        )
        self.responsible = ResponsibleUnit("500000000000")
        self.watch = Watch(self._settings, self.responsible)
        self.rounds = self.new_rounds()

    def new_rounds(self) -> RoundLoop:
        """Return the rounds of a process that has just started."""
        return RoundLoop(
            self.database, self.log, self.metrics, self._settings, self.watch, self.responsible
        )

    async def deliver(self, *messages: tuple[Any, Any]) -> None:
        """Handle these messages, pairs of topic and message, in one transaction."""
        async with self.database.transaction() as transaction:
            await self._driver.handle(transaction, messages)

    async def findings_after(self, rounds: int = 2) -> dict[str, str]:
        """Make some rounds; return the open findings as {kind: subject}."""
        for _ in range(rounds):
            await self.rounds.make_round()
        rows = await self.rows(
            "SELECT kind, subject_id FROM audit.finding WHERE resolved_at IS NULL"
        )
        return {row["kind"]: row["subject_id"] for row in rows}

    async def faults(self) -> list[SystemFault]:
        """Return the published faults, in order."""
        published = await self._driver.published()
        return [record for record in published if isinstance(record, SystemFault)]

    async def trail(self) -> list[AuditEntry]:
        """Return all entries of the trail."""
        async with self.database.transaction() as transaction:
            return await trail.load_entries(transaction, 0, 10_000)


async def a_healthy_command(auditor: AuditHarness, *units: str, status: str = "Actual") -> None:
    events = [an_assignment(unit, status=Status(status)) for unit in units]
    alert = an_alert(status=Status(status))
    await auditor.deliver(
        (ALERTS, alert),
        (COMMANDS, a_command(recipients=len(units), status=Status(status))),
        *((ASSIGNMENTS, event) for event in events),
    )
    for schema in ("alerting", "console"):
        await auditor.plant(f"{schema}.alert", alert_id="alt-1", status=status, version=1,
                            state=alert.state)  # fmt: skip
    for schema in ("command", "console"):
        await auditor.plant(f"{schema}.command", command_id="cmd-1", status=status, state="issued",
                            version=1,
                            recipients=len(units), alert_id="alt-1")  # fmt: skip
    for tier, n in Counter(event.unit_tier for event in events).items():
        await auditor.plant("command.tier_count", command_id="cmd-1", tier=tier, status=status,
                            total=n, delivered=n)  # fmt: skip
    for event in events:
        for schema in ("command", "console"):
            await auditor.plant(f"{schema}.assignment", assignment_id=event.assignment_id,
                                command_id="cmd-1", status=status, state="delivered",
                                unit=event.unit, unit_tier=event.unit_tier, version=1)  # fmt: skip
        for kind in ("sign_due_soon", "sign_escalate", "finish_due_soon"):
            await arm(auditor, "command", event.assignment_id, kind)


async def arm(auditor: AuditHarness, service: str, subject: str, kind: str, rung: int = 0) -> None:
    """Arm a timer that is due in an hour."""
    await auditor.do(
        f"INSERT INTO {service}.timer (subject_id, kind, rung, due_at) "
        "VALUES ($1, $2, $3, now() + interval '1 hour')",
        subject,
        kind,
        rung,
    )


async def a_ladder(auditor: AuditHarness, state: str) -> None:
    await auditor.plant("notify.escalation", escalation_id="lad-1", status="Actual", state=state,
                        subject_kind="assignment", purpose="sign", due_at=LONG_AGO)  # fmt: skip
