"""The command service on a real Postgres, without Kafka: its tree, its consumer, its sweepers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry

from deploy.example import plans
from services.command.consumer import Consumer
from services.command.core.escalation import Roster
from services.command.core.profiles import Profile, ProfileName
from services.command.core.reporting.profiles import STANDARD, ReportProfile
from services.command.metrics import CommandMetrics
from services.command.modes.desk import ModeDesk
from services.command.reporting.desk import ReportDesk
from services.command.timers import Supervisor, Timers
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.catalog import CatalogEntry, UnitEntry
from shared.contracts.commands import Acknowledgement, CommandRequest, Step
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.ids import (
    acknowledgement_id,
    alert_id,
    assignment_id,
    content_id,
    transition_id,
)
from shared.contracts.pages import Officer, RosterSlot
from shared.contracts.selections import Selection, Subtree
from shared.contracts.topics import SUPERVISION, TOPICS
from shared.contracts.units import parent_of, tier_of
from shared.definitions.response_plans.book import PlanBook
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Database
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import TimerSweeper

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
    """Yongchuan: city, district, towns, villages; 5 or 6 generated grids each, 5 micro-grids each."""
    results = [CITY, DISTRICT]
    for town, villages in VILLAGES.items():
        results.append(f"500118{town}000")
        for number in range(villages):
            village = f"500118{town}{200 + number}"
            results.append(village)
            for grid in range(1, 6 + (len(results) % 2)):
                results.append(f"{village}/grid/{grid:03d}")
                results += [f"{village}/grid/{grid:03d}/{one:02d}" for one in range(1, 6)]
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


def profile(sign_s: float = 600, finish_s: float = 1200, step_s: float = 60) -> Profile:
    """One deadline for everybody."""
    return Profile(
        ProfileName.DEMO,
        sign_s={level: dict.fromkeys(Tier, sign_s) for level in Level},
        finish_s={level: dict.fromkeys(Tier, finish_s) for level in Level},
        step_s=dict.fromkeys(Level, step_s),
    )


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
    name = alert_id(key)
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
    where = officer_unit or unit
    who = officer or f"officer-{where.replace('/', '.')}"
    return Acknowledgement(
        id=acknowledgement_id(assignment, step, attempt, who, number or 1),
        status=status,
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=where,
        tier=tier_of(where),
        assignment_id=assignment,
        command_id=command_id,
        unit=unit,
        step=step,
        attempt=attempt,
        number=number,
        until=until,
        units=units or None,
        mandatory=mandatory if units else None,
        officer_id=who,
        officer_unit=where,
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


class Office:
    """The service's parts as app.py wires them, over one database."""

    def __init__(
        self,
        database: Database,
        chosen: Profile,
        tree: UnitTree | None = None,
        limits: ReportProfile = STANDARD,
    ) -> None:
        self.database = database
        self.tree = UnitTree() if tree is None else tree
        self.roster = Roster()
        self.plans = PlanBook(plans.definitions(EVENT_TIME))
        registry = self.registry = CollectorRegistry()
        metrics = CommandMetrics(registry)
        self.runtime = RuntimeMetrics(registry)
        modes = ModeDesk(self.tree)
        reports = ReportDesk(limits, chosen, self.roster, metrics)
        self.consumer = Consumer(self.tree, self.plans, chosen, modes, reports, metrics)
        self.timers = Timers(Supervisor(self.roster, chosen, metrics), modes, reports)

    def sweeper(self) -> TimerSweeper:
        """A sweeper of its own, as another process would have."""
        return TimerSweeper(self.database, self.timers.lock, self.timers.fire, self.runtime)

    async def apply(self, *messages: Any) -> None:
        """One batch in one transaction."""
        async with self.database.transaction() as work:
            await self.consumer.apply(
                work, [InboundMessage(message, "", 0, 0, 0) for message in messages]
            )

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query."""
        return list(await self.database.pool.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        """The one value of a query."""
        return await self.database.pool.fetchval(query, *values)

    async def the_command(self) -> str:
        """The id of the newest command."""
        return str(
            await self.value("SELECT command_id FROM command.command ORDER BY issued_at DESC")
        )

    async def published(self, topic: str) -> list[Any]:
        """What left for a topic, decoded by its contract, in order."""
        rows = await self.rows(
            "SELECT value FROM command.outbox WHERE topic = $1 ORDER BY seq", topic
        )
        return [TOPICS[topic].model.validate_json(row["value"]) for row in rows]

    def counted(self, series: str, **labels: str) -> float:
        """A counter's value, 0 when it has never moved."""
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
        """Assignments with other armed or paused timers than their state calls for.

        Unsigned: one that escalates; not reported: one of the finishing clock, unless that is over and
        it is not even signed; suspended: one that ends it, and none of the clocks' armed.
        """
        return int(
            await self.value(
                "SELECT count(*) FROM (SELECT a.state, a.finish_overdue, "
                "count(*) FILTER (WHERE t.kind = 'sign_escalate' AND t.state = 'armed') AS sign, "
                "count(*) FILTER (WHERE t.kind LIKE 'finish%' AND t.state = 'armed') AS finish, "
                "count(*) FILTER (WHERE t.kind = 'resume' AND t.state = 'armed') AS resume, "
                "count(*) FILTER (WHERE t.state = 'paused') AS paused "
                "FROM command.assignment a LEFT JOIN command.timer t "
                "ON t.subject_id = a.assignment_id GROUP BY a.assignment_id) AS found "
                "WHERE sign <> (state = 'delivered')::int OR resume <> (state = 'suspended')::int "
                "OR (paused > 0 AND state <> 'suspended') OR finish <> (state IN ('signed', "
                "'accepted', 'handling') OR (state = 'delivered' AND NOT finish_overdue))::int"
            )
        )

    async def wrongly_added_up(self) -> int:
        """Split assignments whose progress differs from a recount of their parts' rows."""
        return int(
            await self.value(
                "SELECT count(*) FROM command.assignment w JOIN (SELECT parent_assignment_id, "
                "count(*) AS total, count(*) FILTER (WHERE state = 'done') AS done, "
                "count(*) FILTER (WHERE state IN ('waived', 'reassigned', 'recalled')) AS released, "
                "count(*) FILTER (WHERE mandatory AND state NOT IN ('done', 'waived', 'reassigned', "
                "'recalled')) AS owed FROM command.assignment GROUP BY parent_assignment_id) AS n "
                "ON n.parent_assignment_id = w.assignment_id "
                "WHERE (w.children->>'total')::int IS DISTINCT FROM n.total "
                "OR (w.children->>'done')::int IS DISTINCT FROM n.done "
                "OR (w.children->>'released')::int IS DISTINCT FROM n.released "
                "OR (w.children->>'owed')::int IS DISTINCT FROM n.owed "
                "OR (n.owed > 0 AND w.state IN ('reported', 'checked', 'done'))"
            )
        )

    async def wrongly_counted(self) -> int:
        """Tiers whose counters differ from a recount of the rows."""
        return int(
            await self.value(
                "SELECT count(*) FROM command.tier_count c JOIN (SELECT command_id, unit_tier, "
                "count(*) AS total, count(*) FILTER (WHERE state <> 'queued') AS delivered, "
                "count(*) FILTER (WHERE coalesce(suspended_from, state) IN ('signed', 'accepted', "
                "'handling', 'reported', 'checked', 'done')) AS signed, "
                "count(*) FILTER (WHERE state IN ('reported', 'checked', 'done')) AS reported, "
                "count(*) FILTER (WHERE state = 'done') AS done, "
                "count(*) FILTER (WHERE state = 'returned') AS returned, "
                "count(*) FILTER (WHERE (sign_overdue AND state = 'delivered') OR (finish_overdue "
                "AND state IN ('delivered', 'signed', 'accepted', 'handling'))) AS overdue, "
                "count(*) FILTER (WHERE state = 'suspended') AS suspended, "
                "count(*) FILTER (WHERE state IN ('waived', 'reassigned', 'recalled')) AS released "
                "FROM command.assignment GROUP BY command_id, unit_tier) AS n "
                "ON n.command_id = c.command_id AND n.unit_tier = c.tier "
                "WHERE (c.total, c.delivered, c.signed, c.reported, c.done, c.returned, c.overdue, "
                "c.suspended, c.released) <> (n.total, n.delivered, n.signed, n.reported, n.done, "
                "n.returned, n.overdue, n.suspended, n.released)"
            )
        )


@asynccontextmanager
async def an_office(
    dsn: str,
    chosen: Profile | None = None,
    tree: UnitTree | None = None,
    limits: ReportProfile = STANDARD,
) -> AsyncIterator[Office]:
    """The service over `dsn` with the whole of Yongchuan in memory (or with `tree`) and B岗 from
    village to city.
    """
    database = Database(dsn, "command")
    await database.start()
    try:
        office = Office(
            database, chosen or profile(), catalogued() if tree is None else tree, limits
        )
        for unit_entry in units():
            if "/" not in unit_entry.unit:
                office.roster.put(slot(unit_entry.unit))
        yield office
    finally:
        await database.stop()
