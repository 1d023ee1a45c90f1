"""The command service on a real Postgres, without Kafka, and the records that tests send to it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from prometheus_client import CollectorRegistry

from deploy.example import plans
from services.command.app import build
from services.command.core.limits import CommandLimits
from services.command.metrics import CommandMetrics
from services.command.settings import Settings
from services.command.unit_of_work.context import CommandContext
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import Acknowledgement, Step
from shared.contracts.catalog import CatalogEntry, UnitEntry
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.ids import (
    acknowledgement_id,
    alert_id,
    assignment_id,
    content_id,
    transition_id,
)
from shared.contracts.limits import LimitsDocument
from shared.contracts.pages import Officer, RosterSlot
from shared.contracts.selections import Selection, Subtree
from shared.contracts.topics import SUPERVISION, TOPICS
from shared.contracts.units import parent_of, tier_of
from shared.definitions.response_plans.book import PlanBook
from shared.domain.roster.escalation_chain import FilledPosts
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Transaction
from shared.runtime.timers import Fire, Timer, TimerSweeper
from tests.component.command import invariants
from tests.support.limits import a_document, assignment_limits, shipped
from tests.support.service_driver import NothingUnread, ServiceDriver, driven, topic_of

CITY, DISTRICT = "500000000000", "500118000000"
TOWN, VILLAGE = "500118118000", "500118118200"
GRID, MICROGRID = f"{VILLAGE}/grid/001", f"{VILLAGE}/grid/001/01"
VILLAGES = {
    "001": 22, "002": 14, "003": 13, "004": 8, "005": 15, "006": 15, "007": 8, "100": 6, "102": 8,
    "104": 11, "106": 16, "107": 7, "108": 14, "109": 8, "110": 8, "111": 14, "112": 6, "113": 12,
    "114": 9, "115": 6, "116": 15, "117": 12, "118": 20,
}  # fmt: skip
"""Yongchuan's towns (digits 7 to 9) and how many villages each has (docs/sources.md S11)."""
EVENT_TIME = datetime(2020, 8, 18, 6, tzinfo=UTC)
_numbers = itertools.count(1)


@cache
def units() -> tuple[UnitEntry, ...]:
    """Return Yongchuan: city, district, towns, villages, generated grids and micro-grids."""
    results = [CITY, DISTRICT]
    for town, villages in VILLAGES.items():
        results.append(f"500118{town}000")
        for village_number in range(villages):
            village = f"500118{town}{200 + village_number}"
            results.append(village)
            for grid in range(1, 6 + (len(results) % 2)):
                results.append(f"{village}/grid/{grid:03d}")
                results += [f"{village}/grid/{grid:03d}/{number:02d}" for number in range(1, 6)]
    return tuple(
        UnitEntry(
            unit=result,
            tier=tier_of(result),
            name=result,
            parent=parent_of(result),
            synthetic="/grid/" in result,
        )
        for result in results
    )


def catalogued() -> UnitTree:
    """All of them in a tree."""
    tree = UnitTree()
    for unit in units():
        tree.put(unit)
    return tree


def catalogue_records(entries: Iterable[UnitEntry]) -> list[tuple[str, CatalogEntry]]:
    """The records of units as the catalogue's topic has them, with their keys."""
    return [
        (
            f"unit:{unit_entry.unit}",
            CatalogEntry(
                id=content_id("cat", unit_entry.unit),
                occurred_at=EVENT_TIME,
                sent_at=EVENT_TIME,
                origin_unit=unit_entry.unit,
                tier=unit_entry.tier,
                entry=unit_entry,
            ),
        )
        for unit_entry in entries
    ]


def slot(unit: str, post: Post = Post.B) -> RosterSlot:
    """A filled roster slot."""
    return RosterSlot(
        id=f"slot-{next(_numbers)}",
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=Officer(officer_id=f"officer-{next(_numbers)}", name="值班员"),
    )


def some_times(
    sign_s: float = 600, finish_s: float = 1200, step_s: float = 60, reopen_s: float = 0
) -> LimitsDocument:
    """A document of limits for every unit: one deadline for everybody."""
    return a_document(assignment_limits(sign_s, finish_s, step_s, reopen_s))


def an_alert(
    level: Level = Level.RED,
    *,
    place: str = TOWN,
    areas: tuple[str, ...] = (),
    transition: AlertTransition = AlertTransition.ISSUED,
    event_type: str = "11A01",
    version: int = 5,
    key: str = "flood",
    status: Status = Status.ACTUAL,
) -> AlertEvent:
    """An issued alert."""
    name = alert_id("alarm", key)
    return AlertEvent(
        id=transition_id(name, version),
        status=status,
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=place,
        tier=tier_of(place),
        areas=areas,
        alert_id=name,
        version=version,
        transition=transition,
        state=AlertState.ISSUED,
        event_type=event_type,
        place=place,
        level=level,
        proposed_level=level,
        approver_unit=CITY if level in (Level.ORANGE, Level.RED) else DISTRICT,
        incident_id="incident-1",
        headline="朱沱水位",
    )


def a_step(
    command_id: str,
    unit: str,
    step: Step = Step.SIGN,
    *,
    attempt: int = 1,
    officer_unit: str = "",
    officer: str = "",
    text: str = "",
    status: Status = Status.ACTUAL,
    number: int | None = None,
    until: datetime | None = None,
    units: tuple[str, ...] = (),
    mandatory: bool = True,
) -> Acknowledgement:
    """A step of an officer, by default one of the unit itself."""
    assignment = assignment_id(command_id, unit)
    origin = officer_unit or unit
    officer_id = officer or f"officer-{origin.replace('/', '.')}"
    return Acknowledgement(
        id=acknowledgement_id(assignment, step, attempt, officer_id, number or 1),
        status=status,
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=origin,
        tier=tier_of(origin),
        assignment_id=assignment,
        command_id=command_id,
        unit=unit,
        step=step,
        attempt=attempt,
        number=number,
        until=until,
        units=units or None,
        mandatory=mandatory if units else None,
        officer_id=officer_id,
        officer_unit=origin,
        post=Post.B,
        text=text,
    )


def below(root: str, *tiers: Tier) -> Selection:
    """The units of a subtree within these tiers."""
    return Selection(include=(Subtree(of=root, tiers=tiers),))


def a_request(verb: Any, command_id: str, unit: str = CITY, **change: Any) -> CommandRequest:
    """A request of an officer of `unit`."""
    return CommandRequest(
        **{
            "id": f"request-{next(_numbers)}",
            "occurred_at": EVENT_TIME,
            "sent_at": EVENT_TIME,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "verb": verb,
            "command_id": command_id,
            "officer_id": "officer-1",
            "post": Post.B,
            **change,
        }
    )


class CommandHarness:
    """The service as its own `build` makes it, on a real Postgres and without Kafka.

    `context` has the units, plans, posts and deadlines; tests may change them.
    """

    def __init__(
        self, driver: ServiceDriver, context: CommandContext, registry: CollectorRegistry
    ) -> None:
        self.driver = driver
        self.context = context
        self.registry = registry
        self.database = driver.database

    def sweeper(self, fire: Fire | None = None) -> TimerSweeper:
        """Return a new sweeper, as another process would have; `fire` replaces its action."""
        platform = self.driver.platform
        assert platform.sweeper is not None
        lock = platform.sweeper._lock
        fire = fire or self.fire
        return TimerSweeper(self.database, lock, fire, platform.metrics, NothingUnread())

    async def fire(self, transaction: Transaction, timers: Sequence[Timer]) -> None:
        """Fire claimed timers inside a transaction of the caller."""
        assert self.driver.platform.sweeper is not None
        await self.driver.platform.sweeper._fire(transaction, timers)

    async def apply(self, *messages: Any) -> None:
        """Handle one batch in one transaction; raise Reject as the handlers do."""
        async with self.database.transaction() as transaction:
            await self.handle(transaction, *messages)

    async def handle(self, transaction: Transaction, *messages: Any) -> None:
        """Handle one batch inside a transaction of the caller."""
        await self.driver.handle(
            transaction, [(topic_of(message), message) for message in messages]
        )

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query."""
        return list(await self.database.pool.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        """The one value of a query."""
        return await self.database.pool.fetchval(query, *values)

    async def the_command(self) -> str:
        """Return the id of the newest command."""
        return str(
            await self.value("SELECT command_id FROM command.command ORDER BY issued_at DESC")
        )

    async def published(self, topic: str) -> list[Any]:
        """Return the records of a topic, decoded by its contract, in order."""
        rows = await self.rows(
            "SELECT value FROM command.outbox WHERE topic = $1 ORDER BY seq", topic
        )
        return [TOPICS[topic].model.validate_json(row["value"]) for row in rows]

    def metric(self, series: str, **labels: str) -> float:
        """Return the value of a counter, 0 when it has never moved."""
        return self.registry.get_sample_value(series, labels) or 0

    async def supervision(self) -> list[Any]:
        """The supervision events so far."""
        return await self.published(SUPERVISION.name)

    async def armed(self) -> int:
        """Armed timers of assignments."""
        return int(
            await self.value(
                "SELECT count(*) FROM command.timer t JOIN command.assignment a "
                "ON a.assignment_id = t.subject_id WHERE t.state = 'armed'"
            )
        )

    async def now(self) -> datetime:
        """The database's time."""
        moment = await self.value("SELECT clock_timestamp()")
        assert isinstance(moment, datetime)
        return moment

    async def assignment(self, unit: str) -> Any:
        """The one assignment of a unit."""
        (row,) = await self.rows("SELECT * FROM command.assignment WHERE unit = $1", unit)
        return row

    async def wrongly_armed(self) -> int:
        """Count the assignments with other timers than their state needs."""
        return int(await self.value(invariants.WRONGLY_ARMED))

    async def wrongly_added_up(self) -> int:
        """Count the split assignments whose progress differs from a recount of their parts."""
        return int(await self.value(invariants.WRONGLY_ADDED_UP))

    async def wrongly_counted(self) -> int:
        """Count the tiers whose counters differ from a recount of the rows."""
        return int(await self.value(invariants.WRONGLY_COUNTED))


@asynccontextmanager
async def driven_command(
    dsn: str,
    times: LimitsDocument | None,
    tree: UnitTree,
    reports: LimitsDocument | None = None,
    *,
    fast_path: bool = True,
    **settings: Any,
) -> AsyncIterator[CommandHarness]:
    """Build the service over the database at `dsn`, with the example's plans and no roster.

    `times` None: without any document of limits.
    """
    documents = [] if times is None else [times, reports or shipped("reports-standard")]
    registry = CollectorRegistry()
    context = CommandContext(
        tree=tree,
        plans=PlanBook(plans.definitions(EVENT_TIME)),
        posts=FilledPosts(),
        limits=CommandLimits(documents),
        metrics=CommandMetrics(registry),
        fast_path=fast_path,
    )
    async with driven(partial(build, context=context), Settings, dsn, **settings) as driver:
        yield CommandHarness(driver, context, registry)


@asynccontextmanager
async def a_harness(
    dsn: str,
    times: LimitsDocument | None = None,
    tree: UnitTree | None = None,
    reports: LimitsDocument | None = None,
    *,
    fast_path: bool = True,
) -> AsyncIterator[CommandHarness]:
    """Run the service with the units of Yongchuan (or `tree`), and a B岗 from village to city."""
    async with driven_command(
        dsn,
        times or some_times(),
        catalogued() if tree is None else tree,
        reports,
        fast_path=fast_path,
    ) as harness:
        for entry in units():
            if "/" not in entry.unit:
                harness.context.posts.update(slot(entry.unit))
        yield harness
