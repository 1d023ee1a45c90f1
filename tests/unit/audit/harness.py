"""The auditor on a real Postgres with the schemas of all services: batches by hand, checks when told."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from services.audit.consumer import AuditConsumer
from services.audit.core.conservation import Place
from services.audit.ledger import Ledger
from services.audit.loops import Rounds
from services.audit.metrics import AuditMetrics
from services.audit.settings import Settings
from services.audit.store import books
from services.audit.store.topics import Batch, Raw, Topics, places
from shared.contracts.audit import AuditEntry
from shared.contracts.fields import Status
from shared.contracts.topics import ALERTS, ASSIGNMENTS, COMMANDS
from shared.runtime.database import Database
from shared.runtime.errors import Transient
from shared.runtime.inbound_messages import InboundMessage
from tests.unit.audit.builders import a_command, an_alert, an_assignment

LONG_AGO = datetime(2020, 8, 19, 6, tzinfo=UTC)
FILL = {
    "text": "'-'",
    "integer": "0",
    "bigint": "0",
    "boolean": "false",
    "ARRAY": "'{}'",
    "jsonb": "'[]'",
    "double precision": "0",
    "bytea": "''",
    "timestamp with time zone": "now()",
}


class Log(Topics):
    """Kafka's log in memory; `offline` makes every question fail."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self.partitions: dict[Place, list[Raw]] = {place: [] for place in places()}
        self.first: dict[Place, int] = dict.fromkeys(self.partitions, 0)
        self.marks: dict[Place, set[int]] = {partition: set() for partition in self.partitions}
        self.unreadable: dict[Place, str] = {}
        self.group: dict[Place, int] = {}
        self.offline = False

    def append(
        self, topic: str, value: bytes | None, part: int = 0, at: datetime | None = None
    ) -> int:
        """Write a record; its offset."""
        records = self.partitions[topic, part]
        offset = self._end((topic, part))
        moment = at or datetime.now(UTC)
        records.append(Raw(offset, int(moment.timestamp() * 1000), value))
        return offset

    def mark(self, topic: str, part: int = 0) -> int:
        """The end mark of a transaction, or a record of an aborted one; its offset."""
        offset = self._end((topic, part))
        self.marks[topic, part].add(offset)
        return offset

    def _end(self, place: Place) -> int:
        offsets = {partition.offset for partition in self.partitions[place]} | self.marks[place]
        return max(offsets, default=self.first[place] - 1) + 1

    async def ends(self) -> dict[Place, int]:
        if self.offline:
            raise Transient("Kafka cannot be asked")
        return {place: self._end(place) for place in self.partitions}

    async def begins(self, wanted: Iterable[Place]) -> dict[Place, int]:
        return {one: self.first[one] for one in wanted}

    async def committed(self, group: str) -> dict[Place, int]:
        return self.group

    async def read(
        self, cursors: Mapping[Place, int], ends: Mapping[Place, int], limit: int
    ) -> Batch:
        batch = Batch()
        for place, cursor in cursors.items():
            result = [
                partition
                for partition in self.partitions[place]
                if max(cursor, self.first[place]) <= partition.offset
            ][:limit]
            limit -= len(result)
            if cursor < ends[place] and place in self.unreadable:
                batch.unreadable[place] = self.unreadable[place]
            elif cursor < ends[place]:
                batch.records[place] = result
                reached = result[-1].offset + 1 if result and limit <= 0 else ends[place]
                batch.reached[place] = reached
                batch.without[place] = sum(cursor <= mark < reached for mark in self.marks[place])
        return batch


class Auditor:
    """The service without Kafka: batches by hand, checks when told."""

    def __init__(self, database: Database, dsn: str) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.metrics = AuditMetrics(self.registry)
        self.consumer = AuditConsumer(self.metrics)
        self.log = Log()
        self.rounds = self.restarted(dsn)
        self._offsets = itertools.count()

    def restarted(self, dsn: str) -> Rounds:
        settings = Settings.model_validate(
            {
                "kafka_bootstrap": "127.0.0.1:1",
                "http_port": 1,
                "database_url": dsn,
                "audit_count_share": 0,
            }
        )
        return Rounds(self.database, Ledger(self.database, self.log), self.metrics, settings)

    async def takes(self, *messages: tuple[Any, Any]) -> None:
        batch = [
            InboundMessage(message, topic.name, 0, next(self._offsets), 0)
            for topic, message in messages
        ]
        async with self.database.transaction() as work:
            await self.consumer.apply(work, batch)

    async def checks(self, times: int = 2) -> dict[str, str]:
        """Some checks; open findings as {kind: subject}."""
        for _ in range(times):
            await self.rounds.check()
        rows = await self.rows(
            "SELECT kind, subject_id FROM audit.finding WHERE resolved_at IS NULL"
        )
        return {row["kind"]: row["subject_id"] for row in rows}

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.database.transaction() as work:
            return list(await work.connection.fetch(query, *values))

    async def do(self, query: str, *values: Any) -> None:
        async with self.database.transaction() as work:
            await work.connection.execute(query, *values)

    async def plant(self, table: str, **values: Any) -> None:
        """Insert a row; columns that must not be NULL and have no default get something."""
        schema, name = table.split(".")
        needed = await self.rows(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 "
            "AND table_name = $2 AND is_nullable = 'NO' AND column_default IS NULL "
            "AND is_identity = 'NO'",
            schema,
            name,
        )
        fill = {r["column_name"]: FILL[r["data_type"]] for r in needed}
        given = {n: f"${i}" for i, n in enumerate(values, 1)}
        columns = fill | given
        await self.do(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})",
            *values.values(),
        )

    async def trail(self) -> list[AuditEntry]:
        async with self.database.transaction() as work:
            return await books.entries_after(work, 0, 10_000)


async def a_healthy_command(auditor: Auditor, *units: str, status: str = "Actual") -> None:
    events = [an_assignment(unit, status=Status(status)) for unit in units]
    alert = an_alert(status=Status(status))
    await auditor.takes(
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


async def arm(auditor: Auditor, service: str, subject: str, kind: str, rung: int = 0) -> None:
    """Arm a timer that is due in an hour."""
    await auditor.do(
        f"INSERT INTO {service}.timer (subject_id, kind, rung, due_at) "
        "VALUES ($1, $2, $3, now() + interval '1 hour')",
        subject,
        kind,
        rung,
    )


async def a_ladder(auditor: Auditor, state: str) -> None:
    await auditor.plant("notify.ladder", ladder_id="lad-1", status="Actual", state=state,
                        subject_kind="assignment", purpose="sign", due_at=LONG_AGO)  # fmt: skip
