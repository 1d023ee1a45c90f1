"""What is written back of assignments is what each became, whether a batch shares its values or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.command import store
from shared.contracts.fields import Level
from tests.component.command.harness import an_alert, an_office, profile


@pytest.mark.parametrize("differs", ["changed_at", "sign_overdue", "calls", "reason", None])
async def test_each_row_gets_its_own_values(dsn: str, differs: str | None) -> None:
    async with an_office(dsn, profile(60, 600)) as office:
        await office.apply(an_alert(Level.YELLOW))  # a town and 20 villages
        ids = [row[0] for row in await office.rows("SELECT assignment_id FROM command.assignment")]
        async with office.database.transaction() as work:
            before = await store.lock_assignments(work, ids)
            after = {}
            for n, assignment in enumerate(before.values()):
                own = {
                    "changed_at": work.now + timedelta(seconds=n),
                    "sign_overdue": n % 2 == 0,
                    "calls": n,
                    "reason": f"r{n}",
                }
                same = {"changed_at": work.now, "sign_overdue": True, "calls": 1, "reason": "r"}
                changes = {**same, **({differs: own[differs]} if differs else {})}
                after[assignment.assignment_id] = replace(assignment, **changes)
            await store.save_assignments(
                work, [(before[name], changed) for name, changed in after.items()]
            )
        async with office.database.transaction() as work:
            assert await store.lock_assignments(work, ids) == after
