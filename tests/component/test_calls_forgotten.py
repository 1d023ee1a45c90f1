"""Retention deletes only calls and incidents that ended long ago: every state, every age."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from services.audit.store.service_tables.statements import COUNTS
from services.command.retention import delete_incidents
from services.notify.core.digests.states import DigestState
from services.notify.core.escalation.states import EscalationState
from services.notify.core.subjects.snapshots import AssignmentPhase
from services.notify.retention import delete_ended_digests, delete_ended_escalations
from shared.contracts.pages import SubjectKind
from shared.contracts.reports import DutyState
from shared.runtime.database import Database
from shared.runtime.retention import Retention
from tests.support.postgres import fresh_database
from tests.support.table_rows import TableRows

pytestmark = pytest.mark.e2e

KEEP = timedelta(days=400)
ENDS_ANSWERED = ("supervision", "contact_test", "digest", "fault_digest")
"""Subjects without an end of their own: an answer ends the call."""


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def rows(dsn: str) -> AsyncIterator[TableRows]:
    """Yield a client that plants and reads rows."""
    database = Database(dsn, "notify")
    await database.start()
    try:
        yield TableRows(database)
    finally:
        await database.stop()


async def of(rows: TableRows, query: str) -> set[str]:
    return {row[0] for row in await rows.rows(query)}


async def test_only_ended_escalations_are_deleted_with_their_pages(rows: TableRows) -> None:
    stay = set()
    cases = itertools.product(EscalationState, SubjectKind, (399, 401), (True, False))
    for number, (state, kind, days, promised) in enumerate(cases):
        name = f"lad-{number}"
        await rows.plant(
            "notify.escalation", escalation_id=name, status="Actual", state=state,
            subject_kind=kind, purpose="inform", alert_id=f"alt-{number}",
            assignment_id=f"asg-{number}",
        )  # fmt: skip
        await rows.do(
            "UPDATE notify.escalation SET changed_at = now() - make_interval(days => $2), "
            "due_at = CASE WHEN $3 THEN now() END WHERE escalation_id = $1",
            name, days, promised,
        )  # fmt: skip
        await rows.plant("notify.page", page_id=f"pag-{number}", escalation_id=name,
                         status="Actual", state="withdrawn", officer_id=name)  # fmt: skip
        await rows.plant("notify.delivery", page_id=f"pag-{number}", escalation_id=name,
                         status="Actual", state="sent")  # fmt: skip
        await rows.plant("notify.alert", alert_id=f"alt-{number}", status="Actual")
        phase = AssignmentPhase.ENDED if number % 2 else AssignmentPhase.SIGNED
        await rows.plant("notify.assignment", assignment_id=f"asg-{number}", status="Actual",
                         phase=phase)  # fmt: skip
        ends_answered = kind in ENDS_ANSWERED and not promised
        over = state == "closed" or (state in ("answered", "exhausted") and ends_answered)
        if not over or days < 400:
            stay.add(name)
    count = COUNTS["pages"][2]
    before = [tuple(row) for row in await rows.rows(count)]
    retention = Retention(rows.database)
    while await retention.run_once(delete_ended_escalations(KEEP)):
        pass
    assert stay
    assert await of(rows, "SELECT escalation_id FROM notify.escalation") == stay
    assert await of(rows, "SELECT escalation_id FROM notify.page") == stay
    assert await of(rows, "SELECT escalation_id FROM notify.delivery") == stay
    numbers = {name.removeprefix("lad-") for name in stay}
    assert await of(rows, "SELECT alert_id FROM notify.alert") == {f"alt-{n}" for n in numbers}
    assert await of(rows, "SELECT assignment_id FROM notify.assignment WHERE phase = 3") == {
        f"asg-{n}" for n in numbers if int(n) % 2
    }
    assert [tuple(row) for row in await rows.rows(count)] == before, "deleted pages are counted"


async def test_a_queued_page_or_an_open_digest_keeps_the_escalation(rows: TableRows) -> None:
    await rows.do("TRUNCATE notify.escalation, notify.digest CASCADE")
    await rows.do("DELETE FROM notify.retention_schedule")
    stay = set()
    for number, (delivery, digest) in enumerate(
        itertools.product((None, "queued", "sending", "sent"), (None, *DigestState))
    ):
        name = f"lad-{number}"
        await rows.plant("notify.escalation", escalation_id=name, status="Actual", state="closed",
                         subject_kind="alert", purpose="inform")  # fmt: skip
        if digest is not None:
            await rows.plant("notify.digest", digest_id=f"dig-{number}", status="Actual",
                             state=digest, officer_id=name)  # fmt: skip
        await rows.plant("notify.page", page_id=f"pag-{number}", escalation_id=name,
                         status="Actual", state="sent", officer_id=name,
                         digest_id=None if digest is None else f"dig-{number}")  # fmt: skip
        if delivery is not None:
            await rows.plant("notify.delivery", page_id=f"pag-{number}", escalation_id=name,
                             status="Actual", state=delivery)  # fmt: skip
        if delivery in ("queued", "sending") or digest in ("gathering", "sent"):
            stay.add(name)
    await rows.do("UPDATE notify.escalation SET changed_at = now() - interval '401 days'")
    await rows.do("UPDATE notify.digest SET opened_at = now() - interval '401 days'")
    retention = Retention(rows.database)
    await retention.run_once(delete_ended_escalations(KEEP))
    assert await of(rows, "SELECT escalation_id FROM notify.escalation") == stay
    await retention.run_once(delete_ended_digests(KEEP))
    remaining = await of(rows, "SELECT digest_id FROM notify.digest")
    assert remaining == await of(
        rows, "SELECT digest_id FROM notify.page WHERE digest_id IS NOT NULL"
    ) | (await of(rows, "SELECT digest_id FROM notify.digest WHERE state IN ('gathering', 'sent')"))


async def test_an_incident_stays_while_a_report_is_owed_or_an_alert_stands(dsn: str) -> None:
    database = Database(dsn, "command")
    await database.start()
    try:
        rows = TableRows(database)
        stay = set()
        cases = itertools.product(DutyState, (None, "lifted"), (399, 401))
        for number, (duty, over, days) in enumerate(cases):
            key = {"status": "Actual", "incident_id": f"inc-{number}"}
            await rows.plant("command.report_incident", **key)
            await rows.do(
                "UPDATE command.report_incident SET changed_at = now() - make_interval(days => $2) "
                "WHERE incident_id = $1", key["incident_id"], days,
            )  # fmt: skip
            await rows.plant(
                "command.alert_reporting", alert_id=f"alt-{number}", end_reason=over, **key
            )
            await rows.plant(
                "command.report_obligation", obligation_id=f"rd-{number}", state=duty, **key
            )
            await rows.plant("command.report", report_id=f"rep-{number}", means="phone", **key)
            if duty not in ("done", "ended") or over is None or days < 400:
                stay.add(key["incident_id"])
        await Retention(database).run_once(delete_incidents(KEEP))
        for table in ("report_incident", "alert_reporting", "report_obligation", "report"):
            assert await of(rows, f"SELECT incident_id FROM command.{table}") == stay, table
    finally:
        await database.stop()
