"""Notify and upward reports delete old ended rows and no others: every state, every age."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from services.audit.store.queries import COUNTS
from services.command.retention import forget_incidents
from services.notify.core.book import Phase
from services.notify.core.digests.states import DigestState
from services.notify.core.ladders import LadderState
from services.notify.retention import forget_digests, forget_ladders
from shared.contracts.pages import SubjectKind
from shared.contracts.reports import DutyState
from shared.runtime.database import Database
from shared.runtime.retention import Retention
from tests.support.postgres import fresh_database
from tests.unit.audit.harness import Auditor

pytestmark = pytest.mark.e2e

KEEP = timedelta(days=400)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def rows(dsn: str) -> AsyncIterator[Auditor]:
    """Somebody who plants rows and looks at them."""
    database = Database(dsn, "notify")
    await database.start()
    try:
        yield Auditor(database, dsn)
    finally:
        await database.stop()


async def of(rows: Auditor, query: str) -> set[str]:
    return {row[0] for row in await rows.rows(query)}


async def test_of_every_ladder_only_what_is_over_goes_with_its_pages(rows: Auditor) -> None:
    stay = set()
    cases = itertools.product(LadderState, SubjectKind, (399, 401), (True, False))
    for number, (state, kind, days, promised) in enumerate(cases):
        name = f"lad-{number}"
        await rows.plant(
            "notify.ladder", ladder_id=name, status="Actual", state=state, subject_kind=kind,
            purpose="inform", alert_id=f"alt-{number}", assignment_id=f"asg-{number}",
        )  # fmt: skip
        await rows.do(
            "UPDATE notify.ladder SET changed_at = now() - make_interval(days => $2), "
            "due_at = CASE WHEN $3 THEN now() END WHERE ladder_id = $1",
            name, days, promised,
        )  # fmt: skip
        await rows.plant("notify.page", page_id=f"pag-{number}", ladder_id=name, status="Actual",
                         state="withdrawn", officer_id=name)  # fmt: skip
        await rows.plant("notify.delivery", page_id=f"pag-{number}", ladder_id=name,
                         status="Actual", state="sent")  # fmt: skip
        await rows.plant("notify.alert", alert_id=f"alt-{number}", status="Actual")
        await rows.plant("notify.assignment", assignment_id=f"asg-{number}", status="Actual",
                         phase=Phase.OVER if number % 2 else Phase.SIGNED)  # fmt: skip
        is_closed = kind in ("supervision", "contact_test", "digest") and not promised
        over = state == "closed" or (state == "answered" and is_closed)
        if not over or days < 400:
            stay.add(name)
    count = COUNTS["pages"][2]
    before = [tuple(row) for row in await rows.rows(count)]
    retention = Retention(rows.database)
    while await retention.run_once(forget_ladders(KEEP)):
        pass
    assert stay
    assert await of(rows, "SELECT ladder_id FROM notify.ladder") == stay
    assert await of(rows, "SELECT ladder_id FROM notify.page") == stay
    assert await of(rows, "SELECT ladder_id FROM notify.delivery") == stay
    numbers = {name.removeprefix("lad-") for name in stay}
    assert await of(rows, "SELECT alert_id FROM notify.alert") == {f"alt-{n}" for n in numbers}
    assert await of(rows, "SELECT assignment_id FROM notify.assignment WHERE phase = 3") == {
        f"asg-{n}" for n in numbers if int(n) % 2
    }
    assert [tuple(row) for row in await rows.rows(count)] == before, "what was forgotten counts"


async def test_a_page_on_its_way_or_in_an_open_digest_keeps_its_ladder(rows: Auditor) -> None:
    await rows.do("TRUNCATE notify.ladder, notify.digest CASCADE")
    await rows.do("DELETE FROM notify.retention_schedule")
    stay = set()
    for number, (delivery, digest) in enumerate(
        itertools.product((None, "queued", "sending", "sent"), (None, *DigestState))
    ):
        name = f"lad-{number}"
        await rows.plant("notify.ladder", ladder_id=name, status="Actual", state="closed",
                         subject_kind="alert", purpose="inform")  # fmt: skip
        if digest is not None:
            await rows.plant("notify.digest", digest_id=f"dig-{number}", status="Actual",
                             state=digest, officer_id=name)  # fmt: skip
        await rows.plant("notify.page", page_id=f"pag-{number}", ladder_id=name, status="Actual",
                         state="sent", officer_id=name,
                         digest_id=None if digest is None else f"dig-{number}")  # fmt: skip
        if delivery is not None:
            await rows.plant("notify.delivery", page_id=f"pag-{number}", ladder_id=name,
                             status="Actual", state=delivery)  # fmt: skip
        if delivery in ("queued", "sending") or digest in ("gathering", "sent"):
            stay.add(name)
    await rows.do("UPDATE notify.ladder SET changed_at = now() - interval '401 days'")
    await rows.do("UPDATE notify.digest SET opened_at = now() - interval '401 days'")
    retention = Retention(rows.database)
    await retention.run_once(forget_ladders(KEEP))
    assert await of(rows, "SELECT ladder_id FROM notify.ladder") == stay
    await retention.run_once(forget_digests(KEEP))
    remaining = await of(rows, "SELECT digest_id FROM notify.digest")
    assert remaining == await of(
        rows, "SELECT digest_id FROM notify.page WHERE digest_id IS NOT NULL"
    ) | (await of(rows, "SELECT digest_id FROM notify.digest WHERE state IN ('gathering', 'sent')"))


async def test_an_incident_stays_while_a_report_is_owed_or_an_alert_stands(dsn: str) -> None:
    database = Database(dsn, "command")
    await database.start()
    try:
        rows = Auditor(database, dsn)
        stay = set()
        cases = itertools.product(DutyState, (None, "lifted"), (399, 401))
        for number, (duty, over, days) in enumerate(cases):
            key = {"status": "Actual", "incident_id": f"inc-{number}"}
            await rows.plant("command.report_incident", **key)
            await rows.do(
                "UPDATE command.report_incident SET changed_at = now() - make_interval(days => $2) "
                "WHERE incident_id = $1", key["incident_id"], days,
            )  # fmt: skip
            await rows.plant("command.report_case", alert_id=f"alt-{number}", over=over, **key)
            await rows.plant("command.report_duty", duty_id=f"rd-{number}", state=duty, **key)
            await rows.plant("command.report", report_id=f"rep-{number}", means="phone", **key)
            if duty not in ("done", "ended") or over is None or days < 400:
                stay.add(key["incident_id"])
        await Retention(database).run_once(forget_incidents(KEEP))
        for table in ("report_incident", "report_case", "report_duty", "report"):
            assert await of(rows, f"SELECT incident_id FROM command.{table}") == stay, table
    finally:
        await database.stop()
