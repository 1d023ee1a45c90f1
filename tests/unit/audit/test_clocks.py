"""The clock of Kafka's brokers against that of Postgres."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.findings.clocks import ROUNDS, TOLERANCE_S, ClockComparison
from services.audit.core.findings.snapshot import ClockDifference, FindingKind
from shared.contracts.topics import READINGS
from shared.domain.ticks import make_tick
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import T0
from tests.unit.audit.harness import AuditHarness

PARTITION: Partition = (READINGS.name, 3)
OF_ANOTHER_BROKER: Partition = (READINGS.name, 4)
ROUND = timedelta(seconds=2)


def compared(*leads_s: dict[Partition, float]) -> ClockDifference | None:
    """Return the difference after a round for each of these leads of Kafka's clock."""
    comparison = ClockComparison()
    for number, leads in enumerate(leads_s):
        after = T0 + number * ROUND
        appended = after + ROUND / 2
        newest = {
            partition: int((appended + timedelta(seconds=lead)).timestamp() * 1000)
            for partition, lead in leads.items()
        }
        comparison.compare(newest, after, after + ROUND)
    return comparison.difference()


@pytest.mark.parametrize("lead_s", [-3540.0, -180.0, -3.5, 3.5, 180.0, 3540.0])
def test_a_wrong_clock_is_proven_by_new_records(lead_s: float) -> None:
    wrong = {PARTITION: lead_s, OF_ANOTHER_BROKER: 0.0}
    assert compared(*[wrong] * (ROUNDS - 1)) is None
    difference = compared(*[wrong] * ROUNDS)
    assert difference is not None
    assert difference.partition == PARTITION, "one broker of several may be wrong"
    assert 0 <= abs(lead_s) - abs(difference.lead_s) <= ROUND.total_seconds()
    assert difference.lead_s * lead_s > 0
    assert compared(*[wrong] * ROUNDS, {}, {}) == difference, "without records it stays proven"
    assert compared(*[wrong] * ROUNDS, {PARTITION: 0.0}) is None, "the clock has been put right"


@pytest.mark.parametrize("lead_s", [-TOLERANCE_S, 0.0, TOLERANCE_S])
def test_clocks_that_agree_are_no_fault(lead_s: float) -> None:
    assert compared(*[{PARTITION: lead_s}] * (3 * ROUNDS)) is None


def test_a_record_that_waited_for_its_copies_proves_nothing() -> None:
    assert compared(*[{PARTITION: -30.0}, {PARTITION: 0.0}] * (2 * ROUNDS)) is None


@pytest.mark.e2e
async def test_a_broker_whose_clock_differs_from_postgres_is_found_and_put_right(
    auditor: AuditHarness,
) -> None:
    ahead = timedelta(minutes=3)
    assert FindingKind.CLOCKS_DIFFER not in await auditor.findings_after(1)
    for number in range(ROUNDS):
        tick = encode(make_tick(0, T0 + timedelta(seconds=number)))
        auditor.log.append(READINGS.name, tick, at=datetime.now(UTC) + ahead)
        open_findings = await auditor.findings_after(1)
    assert open_findings[FindingKind.CLOCKS_DIFFER] == "kafka:postgres"
    auditor.log.append(READINGS.name, encode(make_tick(0, T0 + ahead)))
    assert FindingKind.CLOCKS_DIFFER not in await auditor.findings_after(1)
