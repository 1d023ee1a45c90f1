"""The month of the benchmark, small: every decision is compared, and the known share is late."""

from __future__ import annotations

from tests.bench.rows.preview_month import preview_month
from tests.component.console.test_grants import dsn_of
from tests.support.console_harness import ConsoleHarness
from tests.support.limits import shipped


async def test_every_decision_of_a_month_is_compared(console: ConsoleHarness) -> None:
    figures = await preview_month(dsn_of(console), shipped("assignments-standard"), 600)
    assert (figures.assignments, figures.facts, figures.clocks) == (600, 3_000, 1_200)
    # Every unit signed after 60 % of its time: with half of it each would be late.
    assert figures.newly_late == 600
    assert figures.seconds > 0
