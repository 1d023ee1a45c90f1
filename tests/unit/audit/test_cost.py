"""What a round costs, in statements: as many for a great deal as for a little."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.topics import DECISIONS
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import TOWN, a_decision
from tests.unit.audit.harness import Auditor, a_healthy_command

pytestmark = pytest.mark.e2e

MOST = 120
"""Statements of a round, without BEGIN, COMMIT and savepoints."""


async def statements(auditor: Auditor) -> list[str]:
    """What one round asks of Postgres."""
    asked: list[str] = []

    def note(record: Any) -> None:
        if not record.query.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            asked.append(record.query)

    async with auditor.database.pool.acquire() as connection:
        connection.add_query_logger(note)
    await auditor.rounds.check()
    async with auditor.database.pool.acquire() as connection:
        connection.remove_query_logger(note)
    return asked


async def test_a_round_asks_as_often_whatever_there_is_to_see(auditor: Auditor) -> None:
    await auditor.checks(2)
    assert 0 < len(await statements(auditor)) <= MOST
    costs = []
    for records in (20, 600):
        for n in range(records):
            auditor.log.append(DECISIONS.name, encode(a_decision(f"alt-{records}-{n}")))
        # Nobody has done this: each of them is a suspect, looked at again in every round.
        costs += [len(await statements(auditor)), len(await statements(auditor))]
    assert max(costs) <= MOST
    assert costs[2] <= costs[0], "thirty times as much, no more statements"
    assert costs[3] <= costs[1]


async def test_a_round_asks_as_often_however_much_is_open(auditor: Auditor) -> None:
    await auditor.checks(2)
    idle = len(await statements(auditor))
    await a_healthy_command(auditor, *(f"{TOWN[:9]}{n:03d}" for n in range(200, 400)))
    await auditor.do("DELETE FROM command.timer")
    await auditor.checks(2)
    assert len(await auditor.rows("SELECT FROM audit.finding")) >= 100
    assert len(await statements(auditor)) <= idle + 2
