"""The cost of a round in statements: it does not grow with the amount of data."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.topics import ALERT_DECISIONS
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import TOWN, a_decision
from tests.unit.audit.harness import AuditHarness, a_healthy_command

pytestmark = pytest.mark.e2e

MAX_STATEMENTS = 120
"""Statements of a round, without BEGIN, COMMIT and savepoints."""


async def statements(auditor: AuditHarness) -> list[str]:
    """Return the statements of one round."""
    queries: list[str] = []

    def add(record: Any) -> None:
        if not record.query.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            queries.append(record.query)

    async with auditor.database.pool.acquire() as connection:
        connection.add_query_logger(add)
    await auditor.rounds.make_round()
    async with auditor.database.pool.acquire() as connection:
        connection.remove_query_logger(add)
    return queries


async def test_a_round_has_as_many_statements_with_many_suspects(auditor: AuditHarness) -> None:
    await auditor.findings_after(2)
    assert 0 < len(await statements(auditor)) <= MAX_STATEMENTS
    costs = []
    for records in (20, 600):
        for n in range(records):
            auditor.log.append(ALERT_DECISIONS.name, encode(a_decision(f"alt-{records}-{n}")))
        # The console recorded no such decision: each record is a suspect, reviewed in every round.
        costs += [len(await statements(auditor)), len(await statements(auditor))]
    assert max(costs) <= MAX_STATEMENTS
    assert costs[2] <= costs[0], "thirty times as much, no more statements"
    assert costs[3] <= costs[1]


async def test_a_round_has_as_many_statements_with_many_open_assignments(
    auditor: AuditHarness,
) -> None:
    await auditor.findings_after(2)
    idle = len(await statements(auditor))
    await a_healthy_command(auditor, *(f"{TOWN[:9]}{n:03d}" for n in range(200, 400)))
    await auditor.do("DELETE FROM command.timer")
    await auditor.findings_after(2)
    assert len(await auditor.rows("SELECT FROM audit.finding")) >= 100
    assert len(await statements(auditor)) <= idle + 2
