"""A finding of a review is a command like any other: by its own date, signed, overdue, told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.contracts.assignments import Step
from shared.contracts.fields import Level
from shared.contracts.ids import content_id
from shared.contracts.selections import Listed, Selection
from tests.component.command.harness import DISTRICT, TOWN, a_harness, a_request, a_step

FINDING = content_id("cmd", "finding", "a case", 1)


async def test_a_finding_is_due_at_its_date_and_watched(dsn: str) -> None:
    by = datetime(2031, 5, 1, tzinfo=UTC)
    request = a_request(
        "issue",
        FINDING,
        DISTRICT,
        selection=Selection(include=(Listed(units=(TOWN,)),)),
        event_type="11A01",
        level=Level.BLUE,
        title="补齐沿江住户名册",
        finish_by=by,
        references=("a-case", "a-review"),
    )
    async with a_harness(dsn) as harness:
        await harness.apply(request, request)
        (row,) = await harness.rows("SELECT * FROM command.assignment")
        assert (row["unit"], row["state"]) == (TOWN, "delivered")
        assert abs(row["finish_by"] - by) < timedelta(milliseconds=1)
        await harness.apply(a_step(FINDING, TOWN, Step.SIGN))
        assert await harness.wrongly_armed() == 0
        due = await harness.value(
            "SELECT max(due_at) FROM command.timer WHERE subject_id = $1 AND state = 'armed'",
            row["assignment_id"],
        )
        assert row["sign_by"] < due < by
