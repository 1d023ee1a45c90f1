"""The auditor on a real Postgres with the schemas of all services: batches by hand, checks when told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from services.audit.consumer import AuditConsumer
from services.audit.loops import Rounds
from services.audit.metrics import AuditMetrics
from services.audit.settings import Settings
from services.audit.store import books
from shared.contracts.audit import AuditEntry
from shared.contracts.fields import Status
from shared.contracts.topics import ALERTS, ASSIGNMENTS, COMMANDS
from shared.runtime.database import Database
from shared.runtime.inbox import Incoming
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


class Auditor:
    """The service without Kafka: batches by hand, checks when told."""

    def __init__(self, database: Database, dsn: str) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.metrics = AuditMetrics(self.registry)
        self.consumer = AuditConsumer(self.metrics)
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
        return Rounds(self.database, self.metrics, settings)

    async def takes(self, *messages: tuple[Any, Any]) -> None:
        batch = [
            Incoming(message, topic.name, 0, next(self._offsets), 0) for topic, message in messages
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
        *((ASSIGNMENTS, one) for one in events),
    )
    for schema in ("alerting", "console"):
        await auditor.plant(f"{schema}.alert", alert_id="alt-1", status=status, version=1,
                            state="issued")  # fmt: skip
    for schema in ("command", "console"):
        await auditor.plant(f"{schema}.command", command_id="cmd-1", status=status, state="issued",
                            recipients=len(units), alert_id="alt-1")  # fmt: skip
    await auditor.plant(
        "command.tier_count", command_id="cmd-1", tier="village", status=status, total=len(units)
    )
    for one in events:
        for schema in ("command", "console"):
            await auditor.plant(f"{schema}.assignment", assignment_id=one.assignment_id,
                                command_id="cmd-1", status=status, state="delivered")  # fmt: skip
        for kind in ("sign_due_soon", "sign_escalate", "finish_due_soon"):
            await arm(auditor, "command", one.assignment_id, kind)


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
