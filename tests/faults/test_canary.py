"""The canary on the real stack: whole round trips at all tiers that nobody sees, and a break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.example.canary import UNITS
from deploy.example.officers import officer_id
from deploy.local.paths import temporary_root
from deploy.local.seed import logins
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import SERVICES
from services.audit.core.canary.chain import STAGE_WORDS, CanaryStage
from shared.contracts.fields import Post, Tier
from shared.contracts.units import tier_of
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.timeout(1_200)]

EVERY_S = "5"
TIERS = {Tier.CITY, Tier.DISTRICT, Tier.TOWN}
EMPTY = (
    *(f"console.{name}" for name in ("alert", "alarm", "command", "assignment", "acknowledgement")),
    *(f"console.{name}" for name in ("assignment_count", "supervision", "case_fact", "sensor")),
    *("audit.fanout", "audit.alarm_disposition", "audit.dead_letter", "audit.suspect"),
    *("command.report_obligation", "command.report_incident", "notify.alert", "notify.assignment"),
)
"""Tables of screens, calls and totals: nothing but the canary happens, and they have no row."""
WITHOUT_SYSTEM = (
    *("console.feed", "console.page", "notify.page", "notify.escalation", "notify.delivery"),
    *("audit.trail", "audit.record_count", "audit.latest_version", "audit.subject_status"),
)
"""Tables that may have rows about a fault of the loaded machine, and none of the canary."""


class WatchedStack:
    """A stack with a canary, its database and its doors."""

    def __init__(self, stack: SeededStack, database: asyncpg.Connection) -> None:
        self.stack = stack
        self.database = database
        self.http = httpx2.AsyncClient(trust_env=False, timeout=30)

    async def round_trips(self) -> dict[str, float]:
        """Return the number of complete round trips by tier, empty while audit is away."""
        try:
            text = (await self.http.get(f"{self.stack.url('audit')}/metrics")).text
        except httpx2.HTTPError:
            return {}
        return {
            sample.labels["tier"]: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "fenghuo_canary_round_trip_seconds_count"
        }

    async def more_round_trips(self, number: int) -> None:
        """Wait for so many complete round trips more at every tier."""
        before = await self.round_trips()

        async def are_complete() -> bool:
            now = await self.round_trips()
            return all(now.get(tier, 0) >= before.get(tier, 0) + number for tier in TIERS)

        await wait(are_complete)

    async def findings(self, *, resolved: bool = False) -> dict[str, str]:
        """Return the findings about the canary, by subject."""
        rows = await self.database.fetch(
            "SELECT subject_id, detail FROM audit.finding WHERE kind = 'canary_missing' "
            "AND (resolved_at IS NOT NULL) = $1",
            resolved,
        )
        return {row["subject_id"]: row["detail"] for row in rows}

    async def get(self, path: str) -> Any:
        """Ask the console as the city's duty officer."""
        officer = officer_id(UNITS[0], Post.B)
        [login] = [item for item in logins(self.stack.paths) if item.officer_id == officer]
        headers = {"authorization": f"Bearer {login.token}"}
        return await self.http.get(f"{self.stack.url('console')}{path}", headers=headers)


async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.5)


async def test_the_canary_goes_all_the_way_and_nobody_sees_it() -> None:
    stack = SeededStack(
        temporary_root("canary"),
        services=SERVICES,
        env={"audit": {"FENGHUO_AUDIT_CANARY_EVERY_S": EVERY_S}},
    )
    stack.canary = True
    try:
        await stack.up()
        watched = WatchedStack(stack, await asyncpg.connect(stack.dsn()))
        await watched.more_round_trips(3)
        await nothing_is_visible(watched)
        await a_break_names_its_stage(watched)
        await stack.kill("audit")
        await wait_for_another_process(watched)
        await watched.http.aclose()
        await watched.database.close()
    finally:
        await stack.down()
        stack.discard()


async def nothing_is_visible(watched: WatchedStack) -> None:
    """No screen, feed, total, page or entry has anything of the round trips."""
    rows = await watched.database.fetch(
        "SELECT status, count(*) AS n FROM alerting.alert GROUP BY status"
    )
    assert [row["status"] for row in rows] == ["System"]
    assert rows[0]["n"] >= 3 * len(UNITS)
    for table in EMPTY:
        assert await watched.database.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    for table in WITHOUT_SYSTEM:
        count = f"SELECT count(*) FROM {table} WHERE status = 'System'"
        assert await watched.database.fetchval(count) == 0, table
    for status in ("Actual", "Exercise", "Test"):
        alerts = (await watched.get(f"/api/overview?status={status}")).json()["alerts"]
        assert alerts["states"] == {}
        assert not any((*alerts["issued"].values(), *alerts["proposed"].values()))
        for path in ("/api/alerts", "/api/commands", "/api/cases"):
            answer = await watched.get(f"{path}?status={status}")
            assert answer.status_code == httpx2.codes.OK, path
            lists = [value for value in answer.json().values() if isinstance(value, list)]
            assert lists, path
            assert not any(lists), path
    assert (await watched.get("/api/overview?status=System")).status_code == 422
    assert await watched.findings() == {}


async def a_break_names_its_stage(watched: WatchedStack) -> None:
    """A frozen scoring is a finding that names the stage, and a page; then it is resolved."""
    await watched.stack.pause("scoring")
    began_at = time.monotonic()
    subjects = {f"canary {tier_of(unit)} {unit}" for unit in UNITS}

    async def are_found() -> bool:
        return (await watched.findings()).keys() == subjects

    async def are_called() -> bool:
        calls = await watched.database.fetchval(
            "SELECT count(*) FROM notify.escalation AS e JOIN audit.finding AS f "
            "ON f.finding_id = e.subject_id "
            "WHERE f.kind = 'canary_missing' AND e.subject_kind = 'fault'"
        )
        return int(calls) == len(UNITS)

    await wait(are_found)
    print(f"found after {time.monotonic() - began_at:.0f} s")
    for detail in (await watched.findings()).values():
        assert STAGE_WORDS[CanaryStage.ACCEPTED].en in detail
        assert STAGE_WORDS[CanaryStage.ACCEPTED].zh in detail
    await wait(are_called)
    await watched.stack.resume("scoring")

    async def are_resolved() -> bool:
        return not await watched.findings() and bool(await watched.findings(resolved=True))

    await wait(are_resolved)
    await watched.more_round_trips(1)


async def wait_for_another_process(watched: WatchedStack) -> None:
    """A killed auditor leaves round trips open; the next process clears them and goes on."""

    async def are_gone() -> bool:
        return all(value <= 1 for value in (await watched.round_trips()).values())

    await wait(are_gone)
    await watched.more_round_trips(2)
    assert await watched.findings() == {}
    open_alerts = "SELECT count(*) FROM alerting.alert WHERE state = 'issued'"
    assert await watched.database.fetchval(open_alerts) <= len(UNITS)
