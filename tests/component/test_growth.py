"""Every table has a rule of growth, its task deletes it, and after a year tables are flat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.migrations.growth import COMMON, GROWTH, SCHEMAS
from services.notify.core.subjects.snapshots import AssignmentPhase
from shared.contracts.topics import PAGES
from shared.runtime.database import Database
from shared.runtime.retention import Retention, RetentionTask
from shared.runtime.stateful_platform import StatefulPlatform
from tests.support.postgres import fresh_database
from tests.support.services import built_platform
from tests.support.table_rows import TableRows

pytestmark = pytest.mark.e2e

FOLLOW = {
    "console.request_key": "a foreign key deletes them with their act",
    "console.assignment_count": "a trigger deletes them with their assignments",
}
"""Tables whose rows the database itself deletes."""
STEP_DAYS, STEPS, SETTLED = 25, 22, 17
"""A year and a half in steps; from the settled step on, rows of 400 days are there."""


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[RetentionTask]]:
    """The retention tasks by schema, as the services start them."""
    results = {}
    for schema in SCHEMAS:
        platform = built_platform(schema, tmp_path_factory.mktemp(schema))
        assert isinstance(platform, StatefulPlatform)
        results[schema] = list(platform.retention.tasks)
    return results


@pytest.fixture
async def databases(dsn: str) -> AsyncIterator[dict[str, Database]]:
    async with AsyncExitStack() as stack:
        results = {}
        for schema in SCHEMAS:
            results[schema] = Database(dsn, schema)
            await results[schema].start()
            stack.push_async_callback(results[schema].stop)
        yield results


def tasks_of(tasks: dict[str, list[RetentionTask]], table: str) -> list[RetentionTask]:
    """The tasks that the rule of a table names; the inbox has one per retention."""
    schema, by = table.split(".", maxsplit=1)[0], GROWTH[table].by
    return [task for task in tasks[schema] if task.name == by or task.name.startswith(f"{by}_")]


async def test_every_table_has_a_rule_and_every_rule_a_table(dsn: str) -> None:
    database = Database(dsn, "audit")
    await database.start()
    try:
        rows = await database.pool.fetch(
            "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables "
            "WHERE table_schema = ANY($1::text[])",
            list(SCHEMAS),
        )
    finally:
        await database.stop()
    assert {row["name"] for row in rows} == GROWTH.keys(), "declare it in deploy/migrations/growth"


@pytest.mark.parametrize("table", [name for name, rule in GROWTH.items() if rule.kind == "deleted"])
def test_the_task_of_a_rule_deletes_its_table(
    table: str, tasks: dict[str, list[RetentionTask]]
) -> None:
    named = tasks_of(tasks, table)
    assert named
    assert table in FOLLOW or all(f"DELETE FROM {table} " in task.statement for task in named)
    assert all(task.limit <= 5_000 and "LIMIT $2" in task.statement for task in named)


def test_every_task_belongs_to_a_rule(tasks: dict[str, list[RetentionTask]]) -> None:
    for schema, listed in tasks.items():
        tables = [name for name in GROWTH if name.startswith(f"{schema}.")]
        named = [task for name in tables for task in tasks_of(tasks, name)]
        assert {task.name for task in listed} == {task.name for task in named}


async def plant(rows: TableRows, number: int) -> None:
    """A thing of each kind that is over, written now."""
    key, over, now = f"k-{number:04}", {"status": "Actual"}, datetime.now(UTC)
    for schema in SCHEMAS:
        await rows.plant(f"{schema}.timer", subject_id=key, state="fired")
        await rows.do(f"UPDATE {schema}.timer SET fired_at = due_at WHERE subject_id = $1", key)
        # Of a topic that is kept for 30 days, where ids of another one stay for three years.
        topic = PAGES.name if schema in ("console", "audit") else "read no more"
        await rows.plant(f"{schema}.inbox", topic=topic, event_id=key)
    planted: list[tuple[str, dict[str, Any]]] = [
        ("alerting.alert", {"alert_id": key, **over, "state": "lifted", "version": 1}),
        ("alerting.signature", {"alert_id": key, "officer_id": key}),
        ("alerting.warning", {"warning_id": key, **over, "withdrawn": True}),
        ("alerting.silence", {"silence_id": key, **over, "ended_at": now}),
        ("console.agency_warning", {"warning_id": key, **over}),
        ("alerting.alert_report", {"report_id": key, **over}),
        ("command.command", {"command_id": key, "state": "closed", **over, "version": 1}),
        ("command.tier_count", {"command_id": key}),
        ("command.assignment", {"assignment_id": key, "command_id": key, **over, "state": "done"}),
        ("catalog.decision", {"request_id": key}),
        ("command.late_acknowledgement", {"acknowledgement_id": key, "command_id": key}),
        ("command.alert_level", {"alert_id": key}),
        (
            "command.mode_proposal",
            {"proposal_id": key, **over, "state": "ended", "mode": "standby", "unit": key},
        ),
        ("command.report_incident", {"incident_id": key, **over}),
        ("notify.alert", {"alert_id": key, **over}),
        ("notify.assignment", {"assignment_id": key, **over, "phase": AssignmentPhase.ENDED}),
        ("notify.report_duty", {"duty_id": key, **over, "dues": "{}"}),
        ("notify.digest", {"digest_id": key, **over, "state": "settled", "officer_id": key}),
        ("notify.ended_warning", {"warning_id": key, **over}),
        ("console.account", {"officer_id": key, "post": "A"}),
        ("console.ticket", {"ticket_sha256": key, "officer_id": key, "purpose": "sign_in"}),
        ("console.session", {"token_sha256": key, "officer_id": key}),
        ("console.oidc_login", {"state_sha256": key}),
        ("console.action", {"id": key}),
        ("console.request_key", {"officer_id": key, "key": key, "action_id": key}),
        ("console.alarm", {"alarm_id": key, **over, "transition": "cleared"}),
        ("console.alert", {"alert_id": key, **over, "state": "lifted"}),
        ("console.silence", {"silence_id": key, **over, "ended_at": now}),
        ("console.sensor_history", {"sensor_id": key, **over}),
        ("console.page", {"page_id": key, **over, "state": "answered"}),
        ("console.answer", {"page_id": key, **over}),
        ("console.feed", {**over}),
        ("console.command", {"command_id": key, **over, "state": "closed"}),
        ("console.assignment", {"assignment_id": key, "command_id": key, **over}),
        ("console.acknowledgement", {"id": key, "assignment_id": key, **over}),
        ("console.photo", {"photo_id": key, "command_id": key, **over}),
        ("console.supervision", {"subject_id": f"d-{key}", "clock": "phone", **over}),
        ("console.report_duty", {"duty_id": f"d-{key}", **over, "state": "done"}),
        ("console.report", {"id": key, **over}),
        ("console.mode_proposal", {"proposal_id": key, **over, "state": "ended"}),
        ("console.case_fact", {"thread": key, "event_id": key, **over}),
        ("audit.fanout", {"command_id": key, **over}),
        ("audit.subject_status", {"subject_id": key, **over}),
        ("audit.leak", {"record_id": key, "subject_id": key, **over}),
        ("audit.dead_letter", {"record_offset": number}),
        ("audit.suspect", {"record_offset": number}),
    ]
    for table, values in planted:
        await rows.plant(table, **values)
    await rows.plant(
        "notify.escalation", escalation_id=key, **over, state="closed", purpose="inform",
        subject_kind="alert",
    )  # fmt: skip
    await rows.plant("notify.page", page_id=key, escalation_id=key, **over, state="withdrawn",
                     officer_id=key)  # fmt: skip
    await rows.plant("notify.delivery", page_id=key, escalation_id=key, **over, state="sent")
    await rows.do("INSERT INTO audit.finding VALUES ($1, 'k', $1, 'Actual', '', now(), now())", key)
    await rows.do("INSERT INTO duty.unit VALUES ('u') ON CONFLICT DO NOTHING")
    await rows.do("INSERT INTO duty.entry VALUES ($1, 'u', 1, now(), 1, '{}')", key)
    await rows.do(
        "INSERT INTO console.duty_entry VALUES ('u', $1, 1, 1, false, now(), '{}', NULL, now())",
        key,
    )


async def age(rows: TableRows) -> None:
    """Let the time of one step pass: all stored times move back."""
    await rows.do(f"""
        DO $$
        DECLARE
            one record;
        BEGIN
            FOR one IN SELECT table_schema, table_name,
                string_agg(format('%1$I = %1$I - interval ''{STEP_DAYS} days''', column_name), ', ')
                AS moves
                FROM information_schema.columns JOIN information_schema.tables
                USING (table_schema, table_name)
                WHERE data_type = 'timestamp with time zone' AND table_type = 'BASE TABLE'
                AND table_schema = ANY('{{{",".join(SCHEMAS)}}}') GROUP BY 1, 2
            LOOP
                EXECUTE format('UPDATE %I.%I SET %s', one.table_schema, one.table_name, one.moves);
            END LOOP;
        END $$
    """)


async def counts(rows: TableRows) -> dict[str, int]:
    """The number of rows of each table whose rows are deleted."""
    tables = [name for name, rule in GROWTH.items() if rule.kind == "deleted"]
    parts = [f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in tables]
    return {row["name"]: row["n"] for row in await rows.rows(" UNION ALL ".join(parts))}


async def test_rows_of_the_canary_are_deleted_after_a_day(
    databases: dict[str, Database], tasks: dict[str, list[RetentionTask]]
) -> None:
    rows = TableRows(databases["console"])
    hours = {"new": 23, "old": 25}
    for status in ("Actual", "System"):
        for name in hours:
            key = f"{status}-{name}"
            world = {"status": status, "version": 1}
            await rows.plant("alerting.alert", alert_id=key, state="recalled", **world)
            await rows.plant("command.command", command_id=key, state="revoked", **world)
            await rows.plant(
                "command.assignment", assignment_id=key, command_id=key, state="recalled", **world
            )
            await rows.plant("command.alert_level", alert_id=key, status=status)
            for schema in SCHEMAS:
                await rows.plant(f"{schema}.inbox", topic="t", event_id=key)
    tables = {
        "alerting.alert": ("alert_id", "changed_at"),
        "command.command": ("command_id", "issued_at"),
        "command.alert_level": ("alert_id", "changed_at"),
        **{f"{schema}.inbox": ("event_id", "seen_at") for schema in SCHEMAS},
    }
    for schema in SCHEMAS:
        await rows.do(f"UPDATE {schema}.inbox SET of_canary = true WHERE event_id LIKE 'System-%'")
    for table, (key, column) in tables.items():
        for name, age_h in hours.items():
            await rows.do(
                f"UPDATE {table} SET {column} = now() - interval '{age_h} hours' "
                f"WHERE {key} LIKE '%-{name}'"
            )
    for schema, listed in tasks.items():
        for task in listed:
            if task.name.endswith("_canary"):
                while await Retention(databases[schema]).run_once(task):
                    pass
    remaining = ["Actual-new", "Actual-old", "System-new"]
    for table, (key, _) in {**tables, "command.assignment": ("assignment_id", "")}.items():
        result = await rows.rows(f"SELECT {key} AS key FROM {table} ORDER BY 1")
        assert [row["key"] for row in result if "-" in row["key"]] == remaining, table


async def test_tables_are_flat_after_the_time_of_their_rows(
    databases: dict[str, Database], tasks: dict[str, list[RetentionTask]]
) -> None:
    rows = TableRows(databases["console"])
    history = []
    for number in range(STEPS):
        await plant(rows, number)
        for schema, listed in tasks.items():
            retention = Retention(databases[schema])
            for task in listed:
                while await retention.run_once(task):
                    pass
        history.append(await counts(rows))
        await age(rows)
    later = {"console.case_review", "console.limits_draft"}  # ten years
    later |= {"console.data_call"}  # two years
    assert {name for name, n in history[SETTLED].items() if not n} <= later | {
        f"{schema}.{table}" for schema in SCHEMAS for table in COMMON
    } | {"command.alert_reporting", "command.report", "command.report_obligation"} | {
        "alerting.alert_alarm", "console.ticket", "console.session", "console.oidc_login",
        "audit.dead_letter",
    }  # fmt: skip
    for name in history[0]:
        assert len({counted[name] for counted in history[SETTLED:]}) == 1, (
            name,
            [counted[name] for counted in history],
        )
