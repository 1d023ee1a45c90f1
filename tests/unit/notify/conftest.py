"""The notify service on an emptied database; its decisions in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from services.notify.core.working_set import WorkingSet
from tests.support.postgres import fresh_database
from tests.unit.notify.builders import full_roster
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set
from tests.unit.notify.harness import NotifyHarness, notify_on


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def notify(dsn: str) -> AsyncIterator[NotifyHarness]:
    async with notify_on(dsn) as harness:
        yield harness


@pytest.fixture
def working_set() -> WorkingSet:
    return a_working_set()


@pytest.fixture
def core(working_set: WorkingSet) -> CoreHarness:
    return a_core(full_roster(), working_set)
