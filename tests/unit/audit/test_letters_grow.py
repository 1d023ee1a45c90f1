"""Growing dead letters on a real Postgres and a log in memory: a finding until they stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.audit.core.findings.snapshot import FindingKind
from shared.contracts.topics import ALERTS
from shared.runtime.outbound_records import encode
from tests.unit.audit.harness import AuditHarness
from tests.unit.audit.test_conservation_rounds import a_letter

pytestmark = pytest.mark.e2e


async def test_growing_dead_letters_are_a_finding_until_they_stop(auditor: AuditHarness) -> None:
    grow = FindingKind.LETTERS_GROW
    now = datetime.now(UTC)

    def refuse(count: int, at: datetime, service: str = "notify") -> None:
        for _ in range(count):
            letter = a_letter(service, ALERTS, next(offsets))
            auditor.log.append(ALERTS.dlq, encode(letter), at=at)

    offsets = iter(range(10_000))
    refuse(600, now - timedelta(hours=3))  # letters of long ago, read after a restart
    assert grow not in await auditor.findings_after(2)
    refuse(10, now)
    assert grow not in await auditor.findings_after(2), "600 a day are two in five minutes"
    refuse(11, now)
    raised = await auditor.findings_after(2)
    assert raised[grow] == f"notify:{ALERTS.name}/not_allowed"
    await auditor.do("UPDATE audit.letter_count SET minute = minute - interval '10 minutes'")
    assert grow not in await auditor.findings_after(1)
    for number in range(50):
        refuse(1, now, f"forged-{number}")
    await auditor.findings_after(1)
    names = await auditor.rows("SELECT DISTINCT service FROM audit.letter_count ORDER BY service")
    assert [row["service"] for row in names] == ["notify", "unknown"]
