"""The load of a place: every figure equals a recount, and stays within the rights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.console.features.load.routes import DAYS
from services.console.features.load.views import CHINA, FIGURES
from services.console.features.sensors import queries as sensor_queries
from services.console.features.sensors.history_points import HourOfPlace
from services.console.store.connections import reading
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Page, SubjectKind
from shared.contracts.units import MUNICIPALITIES, is_within, lineage
from shared.runtime.clock import SystemClock
from tests.component.console.test_answers import a_slot
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_page,
    an_alarm,
    an_alert,
)
from tests.support.console_harness import ConsoleHarness

PLACES = (DISTRICT, ZHUTUO, SONGJI, VILLAGE, GRID)
OFFICERS = ("o-town-b", "o-songji-b", "o-village-b", "o-district-b")


async def load(
    console: ConsoleHarness, officer: str = "o-city-a", expected: int = 200, **query: Any
) -> dict[str, Any]:
    async with console.client(officer) as client:
        answer = await client.get("/api/load", params=query)
    assert answer.status_code == expected, answer.text
    view: dict[str, Any] = answer.json()
    return view


def some_records(now: datetime) -> tuple[list[Any], list[Any]]:
    """Return alarms, alerts and pages of thirty days, real and of a drill; then later versions."""
    rng = random.Random(7)
    records: list[Any] = []
    updates: list[Any] = []
    for number in range(240):
        at = now - timedelta(minutes=rng.randrange(60 * 24 * 30))
        place = rng.choice(PLACES)
        status = rng.choice((Status.ACTUAL, Status.ACTUAL, Status.EXERCISE))
        alarm = an_alarm(f"l{number}", place=place, level=rng.choice(list(Level))).model_copy(
            update={"sent_at": at, "status": status, "retrospective": number % 9 == 0}
        )
        alert = an_alert(f"l{number}", place, at=at, status=status).model_copy(
            update={"incident_id": f"inc-{number // 3}-{status}"}
        )
        subject = rng.choice((SubjectKind.ALERT, SubjectKind.FAULT, SubjectKind.CONTACT_TEST))
        officer = rng.choice(OFFICERS)
        page = a_page(officer, place, name=f"l{number}", at=at, status=status, subject=subject)
        records += [alarm, alert, page]
        later = {"version": 2, "sent_at": at + timedelta(hours=1)}
        updates += [
            record.model_copy(update={**later, "id": f"{record.id}-2"})
            for record in (alarm, alert, page)
        ]
    return sorted(records, key=lambda record: record.sent_at), updates


def recount(
    records: Sequence[Any], root: str, status: Status
) -> dict[str, Counter[tuple[date, int]]]:
    """Return the figures of a subtree by day and hour; the records are first versions, by time."""
    result: dict[str, Counter[tuple[date, int]]] = {name: Counter() for name in FIGURES}
    keys: set[Any] = set()

    def count(figure: str, key: str, place: str, at: datetime) -> None:
        if (figure, key) in keys:
            return
        keys.add((figure, key))
        if is_within(place, root):
            local = at.astimezone(CHINA)
            result[figure][local.date(), local.hour] += 1

    for record in records:
        if record.status != status:
            continue
        match record:
            case AlarmEvent() if not record.retrospective:
                count("alarms", record.alarm_id, record.place, record.sent_at)
            case AlertEvent():
                count("alerts", record.alert_id, record.place, record.sent_at)
                count("incidents", record.incident_id, record.place, record.sent_at)
            case Page() if record.subject_kind is SubjectKind.ALERT:
                count("pages", record.page_id, record.unit, record.sent_at)
    return result


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE])
async def test_every_figure_equals_a_recount(console: ConsoleHarness, status: Status) -> None:
    now = SystemClock().now()
    records, updates = some_records(now)
    for begin_at in range(0, len(records), 90):
        await console.project(records[begin_at : begin_at + 90])
    await console.project(updates)
    today = now.astimezone(CHINA).date()
    begin = today - timedelta(days=DAYS - 1)
    for officer, root in (("o-city-a", CITY), ("o-city-a", ZHUTUO), ("o-village-b", VILLAGE)):
        view = await load(console, officer, place=root, status=status)
        expected = recount(records, root, status)
        days = {date.fromisoformat(line["day"]): line for line in view["days"]}
        assert list(days) == [begin + timedelta(days=number) for number in range(DAYS)]
        for figure, counts in expected.items():
            recent = {key: count for key, count in counts.items() if key[0] >= begin}
            by_day: Counter[date] = Counter()
            by_hour: Counter[int] = Counter()
            for (day, hour), count in recent.items():
                by_day[day] += count
                by_hour[hour] += count
            assert {day: line[figure] for day, line in days.items() if line[figure]} == by_day
            assert [line[figure] for line in view["hours"]] == [by_hour[n] for n in range(24)]
            assert view["totals"][figure] == sum(recent.values())
        paged = {
            (page.officer_id, page.sent_at.astimezone(CHINA).date())
            for page in records
            if isinstance(page, Page)
            and page.status == status
            and page.subject_kind is SubjectKind.ALERT
            and is_within(page.unit, root)
            and page.sent_at.astimezone(CHINA).date() >= begin
        }
        totals = view["totals"]
        assert sum(line["officers"] for line in view["days"]) == len(paged)
        assert view["pages_per_officer_day"] == round(totals["pages"] / len(paged), 2)
        assert view["alarms_per_incident"] == round(totals["alarms"] / totals["incidents"], 2)
        assert view["readings_per_page"] == 0
        if officer == "o-city-a":
            assert sum(line["pages"] for line in view["officers"]) == totals["pages"]
            order = [line["pages"] for line in view["officers"]]
            assert order == sorted(order, reverse=True)
            assert sum(line["days"] for line in view["officers"]) == len(paged)


async def test_readings_count_for_all_units_above_and_once(console: ConsoleHarness) -> None:
    now = SystemClock().now()
    hour = int(now.timestamp()) // 3_600
    tally = {
        HourOfPlace(VILLAGE, "Actual", hour): 700,
        HourOfPlace(SONGJI, "Actual", hour - 24): 300,
        HourOfPlace(SONGJI, "Exercise", hour): 40,
    }
    async with console.deps.database.transaction() as work:
        assert await sensor_queries.move_history_offset(work.connection, 3, 0, 1_000)
        await sensor_queries.count_readings(work.connection, tally)
    async with console.deps.database.transaction() as work:  # another process, as far as this one
        assert not await sensor_queries.move_history_offset(work.connection, 3, 0, 1_000)
        assert await sensor_queries.history_offset(work.connection, 3) == 1_000
    for place, readings in ((CITY, 1_000), (DISTRICT, 1_000), (SONGJI, 300), (VILLAGE, 700)):
        view = await load(console, place=place)
        assert view["totals"]["readings"] == readings
        assert view["hours"][now.astimezone(CHINA).hour]["readings"] == readings
    assert (await load(console, place=SONGJI, status="Exercise"))["totals"]["readings"] == 40
    await console.project([a_page("o-village-b", VILLAGE, at=now)])
    assert (await load(console, place=VILLAGE))["readings_per_page"] == 700


async def test_nothing_counted_has_no_days_and_no_ratio(console: ConsoleHarness) -> None:
    view = await load(console)
    assert (view["since"], view["days"], view["officers"]) == (None, [], [])
    assert {view[name] for name in ("alarms_per_incident", "readings_per_page")} == {None}


async def test_an_officer_sees_the_own_pages_and_a_leader_all_with_open_names(
    console: ConsoleHarness,
) -> None:
    now = SystemClock().now()
    pages = [a_page("o-village-b", VILLAGE, name=f"v{n}", at=now) for n in range(3)]
    pages += [a_page("o-town-b", ZHUTUO, name=f"t{n}", at=now) for n in range(2)]
    await console.project(pages)
    leader = await load(console, "o-city-a")
    assert [(line["name"], line["pages"]) for line in leader["officers"]] == [
        ("吴德", 3),
        ("李远", 2),
    ]
    assert (leader["officer_count"], leader["all_officers"]) == (2, True)
    own = await load(console, "o-town-b")
    assert [(line["name"], line["own"], line["pages"]) for line in own["officers"]] == [
        ("李远", True, 2)
    ]
    assert (own["all_officers"], own["totals"]["pages"]) == (False, 5)
    assert (await load(console, "o-songji-b"))["totals"]["pages"] == 0
    await load(console, "o-songji-b", 403, place=ZHUTUO)


async def test_an_officer_without_an_account_has_the_name_of_the_roster_and_never_an_id(
    console: ConsoleHarness,
) -> None:
    now = SystemClock().now()
    console.deps.directory.apply(a_slot(ZHUTUO, Post.B, "o-new", "马晓梅"))
    pages = [a_page("o-new", ZHUTUO, name=f"n{n}", at=now) for n in range(2)]
    await console.project([*pages, a_page("o-unknown", ZHUTUO, name="u", at=now)])
    officers = (await load(console, "o-city-a"))["officers"]
    assert [(line["name"], line["pages"]) for line in officers] == [("马晓梅", 2), (None, 1)]


OF_OTHER_CITIES = (
    "510104021001/grid/001/02",
    "510104000000/water",
    "441900003001",
    "441900000000",
    "429004100000",
    "310151000000",
    "510000000000",
    "510000000000/water",
    "510000001201",
    "429000000000",
    *(f"{city}0118000201" for city in sorted(MUNICIPALITIES)),
)


async def test_the_lineage_in_sql_is_that_of_the_contracts(console: ConsoleHarness) -> None:
    units = (
        CITY,
        DISTRICT,
        ZHUTUO,
        VILLAGE,
        GRID,
        MICROGRID,
        f"{DISTRICT}/water",
        f"{ZHUTUO}/grid",
        *OF_OTHER_CITIES,
    )
    async with reading(console.deps.database) as connection:
        for unit in units:
            rows = await connection.fetch("SELECT * FROM console.lineage($1)", unit)
            assert sorted(row[0] for row in rows) == sorted(lineage(unit)), unit


async def test_the_pages_of_no_event_are_named_once_more_in_sql(console: ConsoleHarness) -> None:
    now = datetime.now(UTC)
    await console.project(
        [a_page("o-town-b", ZHUTUO, name=f"s-{kind}", subject=kind, at=now) for kind in SubjectKind]
    )
    about_events = [
        kind for kind in SubjectKind if not kind.is_system and kind is not SubjectKind.CONTACT_TEST
    ]
    assert (await load(console, place=ZHUTUO))["totals"]["pages"] == len(about_events)


async def test_a_transaction_under_way_holds_up_no_other_of_the_same_units(
    console: ConsoleHarness,
) -> None:
    """A paused process keeps its locks for a while; the others count on."""
    at = datetime.now(UTC)
    pool = console.deps.database.pool
    async with AsyncExitStack() as leaving:
        sessions = [await leaving.enter_async_context(pool.acquire()) for _ in range(3)]
        shards = [await session.fetchval("SELECT pg_backend_pid() % 16") for session in sessions]
        assert len(set(shards)) > 1, "the sessions are not to be told apart: one more is needed"
        paused, session = (
            sessions[0],
            sessions[[shard != shards[0] for shard in shards].index(True)],
        )
        transaction = paused.transaction()
        await transaction.start()
        readings = {HourOfPlace(ZHUTUO, Status.ACTUAL, int(at.timestamp()) // 3_600): 1}
        await sensor_queries.count_readings(paused, readings)
        await session.execute("SET lock_timeout = '3s'")
        await sensor_queries.count_readings(session, readings)
        await transaction.commit()
        await session.execute("RESET lock_timeout")
    assert (await load(console))["totals"]["readings"] == 2
