"""The whole house in one process: alerting, command, notify and console over one real Postgres.

What a service puts into its outbox is handed to those that consume the topic, until nothing more
follows. In place of Kafka stands `log`: every record in the order in which it left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from services.alerting.app import build as build_alerting
from services.alerting.settings import Settings as AlertingSettings
from services.console.projector.registration import TOPICS as PROJECTED
from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Contract, Post, Status
from shared.contracts.pages import Officer, RosterSlot
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    ASSIGNMENTS,
    COMMAND_REQUESTS,
    MODE_PROPOSALS,
    MODE_REQUESTS,
    PAGE_ANSWERS,
    REPORT_DUTIES,
    REPORTS,
    RESPONSE_MODES,
    ROSTER,
    RULES,
    SILENCES,
    SUPERVISION,
    TOPICS,
    WARNINGS,
)
from shared.contracts.units import parent_of, tier_of
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Database, Transaction
from shared.runtime.inbound_messages import InboundMessage
from tests.component.command.harness import CommandHarness, driven_command, some_times
from tests.support.console_events import CITY, DISTRICT, GRID, NOW, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.database_clock import DatabaseClock
from tests.support.service_driver import ServiceDriver, driven
from tests.unit.notify.harness import NotifyHarness, driven_notify

UNITS = {
    CITY: "city",
    DISTRICT: "district",
    ZHUTUO: "town",
    SONGJI: "songji",
    VILLAGE: "village",
    GRID: "grid",
}
"""A small tree, and what its officers are named after: those of the B posts have accounts."""
SERVICES = ("alerting", "command", "notify", "console")
Apply = Callable[[Transaction, Sequence[InboundMessage]], Awaitable[None]]

_CONSUMES = {
    "alerting": (ALARMS, REPORTS, WARNINGS, RULES, ALERT_DECISIONS, SILENCES),
    "command": (ALERTS, REPORTS, ACKNOWLEDGEMENTS, COMMAND_REQUESTS, MODE_REQUESTS),
    "notify": (
        ALERTS,
        ASSIGNMENTS,
        SUPERVISION,
        MODE_PROPOSALS,
        RESPONSE_MODES,
        PAGE_ANSWERS,
        REPORT_DUTIES,
    ),
    "console": PROJECTED,
}


class Record(NamedTuple):
    """A record as it left a service, and from which topic it can be read."""

    service: str
    topic: str
    key: str
    status: Status
    value: bytes

    @property
    def message(self) -> Any:
        """By its contract."""
        return TOPICS[self.topic].model.validate_json(self.value)


class House:
    """The services' consumers and timers, and what has left them."""

    def __init__(
        self,
        databases: dict[str, Database],
        clock: DatabaseClock,
        screen: ConsoleHarness,
        alerting: ServiceDriver,
        command: CommandHarness,
        notify: NotifyHarness,
    ) -> None:
        self.databases = databases
        self.clock = clock
        self.screen = screen
        self.log: list[Record] = []
        self.refused: list[tuple[str, str, str]] = []
        """Status, record id and reason of every dead letter."""
        for unit in UNITS:
            for post in Post:
                slot = _slot(unit, post)
                command.context.posts.update(slot)
                notify.driver.load_table(ROSTER, slot)
        assert alerting.platform.apply is not None
        assert alerting.platform.sweeper is not None
        assert alerting.platform.dispatcher is not None
        assert command.driver.platform.apply is not None
        self._modes = (
            alerting.platform.dispatcher.unit_of_work.keywords["modes"],  # type: ignore[attr-defined]
            notify.reference.modes,
        )
        projector = screen.platform.apply
        assert projector is not None, "the projector is registered"
        self._applies: dict[str, Apply] = {
            "alerting": alerting.platform.apply,
            "command": command.driver.platform.apply,
            "notify": notify.apply,
            "console": projector,
        }
        self._sweepers = [
            alerting.platform.sweeper,
            command.sweeper(),
            notify.sweeper,
        ]

    async def takes(self, *messages: Contract) -> None:
        """Records from outside, one batch, and all that follows from them."""
        await self._deliver([(_topic_of(message), message) for message in messages])
        await self._settle()

    async def passes(self, seconds: float) -> None:
        """So much time, and what the timers bring."""
        await self.clock.passes(seconds)
        fired = True
        while fired:
            fired = False
            for sweeper in self._sweepers:
                fired |= bool(await sweeper.sweep())
                await self._settle()

    async def rows(self, service: str, query: str, *values: Any) -> list[Any]:
        """The rows of a query."""
        return list(await self.databases[service].pool.fetch(query, *values))

    async def _settle(self) -> None:
        while any([await self._relay(service) for service in SERVICES]):
            pass

    async def _relay(self, service: str) -> bool:
        """Take what waits in an outbox to its readers."""
        schema = self.databases[service].schema
        result = await self.rows(
            service,
            f"WITH gone AS (DELETE FROM {schema}.outbox RETURNING *) "
            "SELECT topic, key, value FROM gone ORDER BY seq",
        )
        records = []
        for topic, key, value in result:
            message = TOPICS[topic].model.validate_json(value)
            self.log.append(Record(service, topic, key, message.status, value))
            records.append((topic, message))
        await self._deliver(records)
        return bool(result)

    async def _deliver(self, records: Sequence[tuple[str, Any]]) -> None:
        for topic, message in records:
            if topic == RESPONSE_MODES.name:
                for modes in self._modes:
                    modes.put(message)
        for service, specs in _CONSUMES.items():
            names = {spec.name for spec in specs}
            if inbound := [(topic, message) for topic, message in records if topic in names]:
                await self._apply(service, inbound)

    async def _apply(self, service: str, records: Sequence[tuple[str, Any]]) -> None:
        """Handle records as the runtime does: the refused ones beside the others."""
        stamp = int(self.clock.moment.timestamp() * 1000)
        batch = [InboundMessage(message, topic, 0, 0, stamp) for topic, message in records]
        async with self.databases[service].transaction() as work:
            await self._applies[service](work, batch)
        for message, why in work.refused:
            self.refused.append((message.status, message.id, f"{why.reason}: {why}"))


@asynccontextmanager
async def a_house(dsn: str) -> AsyncIterator[House]:
    """The house over a fresh database whose clock stands still."""
    clock = DatabaseClock(dsn, NOW)
    await clock.stop()
    async with AsyncExitStack() as stack:
        screen = await stack.enter_async_context(running_console(dsn))
        tree = UnitTree()
        for unit in UNITS:
            tree.put(UnitEntry(unit=unit, tier=tier_of(unit), name=unit, parent=parent_of(unit)))
        times = some_times(sign_s=300, finish_s=900)
        command = await stack.enter_async_context(driven_command(dsn, times, tree))
        notify = await stack.enter_async_context(driven_notify(dsn, "standard"))
        alerting = await stack.enter_async_context(driven(build_alerting, AlertingSettings, dsn))
        databases = {
            "alerting": alerting.database,
            "command": command.database,
            "notify": notify.database,
        }
        for service in SERVICES:
            if service in databases:
                continue
            databases[service] = Database(dsn, service)
            await databases[service].start(10)
            stack.push_async_callback(databases[service].stop)
        yield House(databases, clock, screen, alerting, command, notify)


# Queries that add up the counts of all sessions, for tables whose rows have a `shard`.
_SUMS = {
    "console.load_count": "(SELECT unit, status, day, figure, kind, level, "
    "console.sum_hours(hours) AS hours FROM console.load_count GROUP BY 1, 2, 3, 4, 5, 6)",
    "console.page_count": "(SELECT status, day, unit, officer_id, sum(pages) AS pages "
    "FROM console.page_count GROUP BY 1, 2, 3, 4)",
}


async def contents(house: House, status: Status) -> dict[str, list[str]]:
    """Return the rows with this status by table, without their serial numbers.

    Counts that sessions of Postgres keep in rows of their own (`shard`) are added up first: which
    session wrote them is no part of a world.
    """
    results = {}
    tables: dict[str, list[str]] = defaultdict(list)
    for schema, table, column, identity in await house.rows(
        "alerting",
        "SELECT table_schema, table_name, column_name, is_identity = 'YES' "
        "FROM information_schema.columns AS c WHERE table_schema = ANY($1::text[]) AND EXISTS ("
        "SELECT FROM information_schema.columns AS s WHERE (s.table_schema, s.table_name, "
        "s.column_name) = (c.table_schema, c.table_name, 'status')) ORDER BY 1, 2, 3",
        list(SERVICES),
    ):
        tables[f"{schema}.{table}"] += [column] if identity else []
    for table, serials in tables.items():
        rows = await house.rows(
            "alerting",
            f"SELECT (to_jsonb(t) - $2::text[])::text FROM {_SUMS.get(table, table)} AS t "
            "WHERE status = $1 ORDER BY 1",
            status,
            serials,
        )
        results[table] = [row[0] for row in rows]
    return results


async def timers(house: House) -> set[tuple[Any, ...]]:
    """All timers: service, subject, kind, rung, when due, state, when fired."""
    return {
        (service, *row)
        for service in ("alerting", "command", "notify")
        for row in await house.rows(
            service,
            "SELECT subject_id, kind, rung, due_at, state, fired_at "
            f"FROM {house.databases[service].schema}.timer",
        )
    }


def _slot(unit: str, post: Post) -> RosterSlot:
    return RosterSlot(
        id=f"slot-{UNITS[unit]}-{post}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=Officer(officer_id=f"o-{UNITS[unit]}-{post.lower()}", name="值班员"),
    )


def _topic_of(message: Contract) -> str:
    (name,) = [topic for topic, spec in TOPICS.items() if spec.contract is type(message)]
    return name
