"""Changed assignments are written back whole, with or without values that a batch shares."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.command.store import assignments as store
from shared.contracts.fields import Level
from tests.component.command.harness import a_harness, an_alert, some_times


@pytest.mark.parametrize("differs", ["changed_at", "sign_overdue", "calls", "reason", None])
async def test_each_row_gets_its_own_values(dsn: str, differs: str | None) -> None:
    async with a_harness(dsn, some_times(60, 600)) as harness:
        await harness.apply(an_alert(Level.YELLOW))  # a town and 20 villages
        ids = [row[0] for row in await harness.rows("SELECT assignment_id FROM command.assignment")]
        async with harness.database.transaction() as work:
            before = await store.load_assignments(work, ids)
            after = {}
            for n, assignment in enumerate(before.values()):
                own = {
                    "changed_at": work.now + timedelta(seconds=n),
                    "sign_overdue": n % 2 == 0,
                    "calls": n,
                    "reason": f"r{n}",
                }
                shared = {"changed_at": work.now, "sign_overdue": True, "calls": 1, "reason": "r"}
                changes = {**shared, **({differs: own[differs]} if differs else {})}
                after[assignment.assignment_id] = replace(assignment, **changes)
            await store.save_assignments(
                work, [(before[name], changed) for name, changed in after.items()]
            )
        async with harness.database.transaction() as work:
            assert await store.load_assignments(work, ids) == after
