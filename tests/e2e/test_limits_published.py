"""The set-up fills an empty topic of limits once; a new version reaches the table of command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.limits import DEMO, publish_shipped, read_limits, write_limits
from services.command.core.limits import CommandLimits
from shared.contracts.topics import LIMITS
from shared.domain.limits.book import limits_key
from shared.runtime.tables import CompactedTable
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.limits import shipped

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
TOWN = "500118118000"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def test_the_shipped_documents_are_published_once(infrastructure: Infrastructure) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(LIMITS)
    assert await publish_shipped(bootstrap, (), spec) == 2
    assert await publish_shipped(bootstrap, (), spec) == 0
    assert await publish_shipped(bootstrap, (DEMO,), spec) == 1
    assert await publish_shipped(bootstrap, (DEMO,), spec) == 0
    documents = await read_limits(bootstrap, spec)
    assert set(documents) == {"assignments-standard:1", "assignments-demo:1", "reports-standard:1"}


async def test_versions_stand_side_by_side_and_a_deleted_one_is_gone(
    infrastructure: Infrastructure,
) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(LIMITS)
    await publish_shipped(bootstrap, (), spec)
    later = shipped("assignments-standard").model_copy(
        update={"version": 2, "in_force_from": NOW + timedelta(hours=1)}
    )
    await write_limits(bootstrap, [later], spec)
    limits = CommandLimits()
    table = CompactedTable(bootstrap, spec, limits.documents.put, limits.documents.drop)
    try:
        await table.load()
    finally:
        await table.stop()
    versions = []
    for now in (NOW, later.in_force_from):
        profiles = limits.assignments.at(now)
        assert profiles is not None
        versions.append(profiles.of(TOWN).limits_version)
    assert versions == [1, 2]
    await produce(bootstrap, spec.name, [(limits_key(later), None, None)])
    remaining = {"assignments-standard:1", "reports-standard:1"}
    assert set(await read_limits(bootstrap, spec)) == remaining
