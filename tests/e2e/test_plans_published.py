"""The compose set-up fills an empty topic of plans, once; the table that command reads follows the
topic.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.compose.setup import publish_plans
from deploy.example import plans
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.topics import PLANS, TopicSpec
from shared.definitions.response_plans.book import PlanBook
from shared.runtime.tables import CompactedTable
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
SHIPPED = plans.definitions(datetime(2026, 7, 1, tzinfo=UTC))


async def in_force(bootstrap: str, spec: TopicSpec) -> PlanBook:
    book = PlanBook()
    table = CompactedTable(bootstrap, spec, book.put, book.drop)
    try:
        await table.load()
    finally:
        await table.stop()
    return book


async def test_the_example_plans_go_to_an_empty_topic_only(infrastructure: Infrastructure) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(PLANS)
    assert await publish_plans(bootstrap, spec) == len(SHIPPED)
    assert await publish_plans(bootstrap, spec) == 0
    assert len(await in_force(bootstrap, spec)) == len(SHIPPED)
    (blue,) = [
        plan_definition for plan_definition in SHIPPED if plan_definition.plan_id == "flood-blue"
    ]
    newer = blue.model_copy(update={"version": 2, "enabled": False})
    await produce(
        bootstrap, spec.name, [(blue.plan_id, newer.to_wire(), None), ("heat", None, None)]
    )
    book = await in_force(bootstrap, spec)
    assert len(book) == len(SHIPPED) - 1
    general = book.choose("11A01", Level.BLUE, ResponseMode.NORMAL)
    assert general is not None
    assert general.plan_id == "other"
