"""Rows that retention deletes, and above all rows that stay, on a real Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.command.retention import COMMAND_TABLES, delete_commands
from services.console import retention
from shared.contracts.assignments import Step
from shared.contracts.topics import ACKNOWLEDGEMENTS, ASSIGNMENTS, CATALOG
from shared.runtime.database import Database
from shared.runtime.retention import (
    Retention,
    RetentionTask,
    fired_timer_retention,
    inbox_retention,
)
from tests.component.command.harness import (
    TOWN,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
)

KEEP = timedelta(days=400)
COUNTED = ("command", *COMMAND_TABLES)


async def counts(harness: CommandHarness) -> dict[str, int]:
    return {
        table: await harness.value(f"SELECT count(*) FROM command.{table}") for table in COUNTED
    }


async def ended(harness: CommandHarness, key: str, days: int) -> str:
    """A command that was withdrawn, issued so many days ago, with a step that came too late."""
    name = await issued(harness, key, days)
    await harness.apply(a_request("revoke", name, TOWN))
    await harness.apply(a_step(name, await unit_of(harness, name), Step.SIGN))
    return name


async def issued(harness: CommandHarness, key: str, days: int) -> str:
    await harness.apply(an_alert(key=key))
    name = await harness.the_command()
    await harness.rows(
        "UPDATE command.command SET issued_at = now() - $2::interval, issuer_unit = $3 "
        "WHERE command_id = $1",
        name,
        timedelta(days=days),
        TOWN,
    )
    return name


async def unit_of(harness: CommandHarness, command: str) -> str:
    text: str = await harness.value(
        "SELECT unit FROM command.assignment WHERE command_id = $1 LIMIT 1", command
    )
    return text


async def test_only_what_ended_long_ago_is_forgotten(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await issued(harness, "open and very old", 2_000)
        await ended(harness, "ended lately", 399)
        before = await counts(harness)
        old = [await ended(harness, f"ended long ago {n}", 401) for n in range(7)]
        retention = Retention(harness.database)
        task = delete_commands(KEEP)
        assert await retention.run_once(task) == 5
        assert await retention.run_once(task) == 2
        assert await counts(harness) == before
        assert all(before.values())
        remaining = await harness.value(
            "SELECT count(*) FROM command.command WHERE command_id = ANY($1::text[])", old
        )
        assert remaining == 0
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_a_task_is_due_again_only_after_its_time_also_in_another_process(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        task = delete_commands(KEEP)
        assert await Retention(harness.database).run_once(task) == 0
        await ended(harness, "ended long ago", 401)
        assert await Retention(harness.database).run_once(task) == 0
        await harness.rows(
            "UPDATE command.retention_schedule SET due_at = now() WHERE task = $1", task.name
        )
        assert await Retention(harness.database).run_once(task) == 1


async def test_ids_outlive_their_topics_and_armed_timers_everything(dsn: str) -> None:
    database = Database(dsn, "command")
    await database.start()
    try:
        pool = database.pool
        retention = Retention(database)
        _, short, longest = inbox_retention("command", (ASSIGNMENTS, ACKNOWLEDGEMENTS, CATALOG))
        assert short.keep == timedelta(milliseconds=ASSIGNMENTS.retention_ms or 0, days=1)
        assert longest.keep == timedelta(milliseconds=ACKNOWLEDGEMENTS.retention_ms or 0, days=1)
        topics = [ASSIGNMENTS.name, ACKNOWLEDGEMENTS.name, CATALOG.name, "read no more"]
        await pool.execute(
            "INSERT INTO command.inbox "
            "SELECT topic, 'event-' || days, '', now() - days * interval '1 day' "
            "FROM unnest($1::text[]) AS topic, unnest(ARRAY[0, 90, 92, 366, 368, 900]) AS days",
            topics,
        )
        assert await retention.run_once(short) == 4
        assert await retention.run_once(longest) == 6
        records = await pool.fetch(
            "SELECT topic, array_agg(event_id ORDER BY seen_at) AS ids FROM command.inbox "
            "GROUP BY topic"
        )
        assert {row["topic"]: row["ids"] for row in records} == {
            topic: ["event-366", "event-92", "event-90", "event-0"][
                0 if topic != topics[0] else 2 :
            ]
            for topic in topics
        }
        await pool.execute(
            "INSERT INTO command.timer "
            "SELECT state || days, 'k', 0, now() - days * interval '1 day', "
            "state, CASE WHEN state = 'fired' THEN now() - days * interval '1 day' END "
            "FROM unnest(ARRAY[29, 31]) AS days, unnest(ARRAY['armed', 'fired']) AS state"
        )
        assert await retention.run_once(fired_timer_retention("command")) == 1
        records = await pool.fetch("SELECT subject_id FROM command.timer ORDER BY 1")
        assert [row["subject_id"] for row in records] == ["armed29", "armed31", "fired29"]
    finally:
        await database.stop()


async def test_an_inbox_is_walked_once_in_slices(dsn: str) -> None:
    database = Database(dsn, "command")
    await database.start()
    try:
        pool, retention = database.pool, Retention(database)
        _, task = inbox_retention("command", (ACKNOWLEDGEMENTS,))
        await pool.execute("DELETE FROM command.inbox")
        await pool.execute("DELETE FROM command.retention_schedule")
        assert await retention.run_once(task) == 0

        async def pass_days(days: int) -> None:
            await pool.execute(
                "UPDATE command.retention_schedule SET due_at = due_at - $1::interval, "
                "done_until = done_until - $1::interval",
                timedelta(days=days),
            )

        await pool.execute(
            "INSERT INTO command.inbox SELECT 't', 'event-' || hours, '', "
            "now() - interval '367 days' - hours * interval '1 hour' FROM generate_series(1, 47) "
            "AS hours"
        )
        await pass_days(2)
        small = replace(task, limit=4)
        deleted = []
        while (await pool.fetchval("SELECT count(*) FROM command.inbox")) > 0:
            deleted.append(await retention.run_once(small))
        # Six hours are a slice; a full transaction goes on in the same slice.
        assert max(deleted) == 4
        assert sum(deleted) == 47
        assert await pool.fetchval(
            "SELECT done_until < now() - interval '366 days' "
            "FROM command.retention_schedule WHERE task = $1",
            task.name,
        )
        due = False
        while not due:
            assert await retention.run_once(small) == 0
            due = await pool.fetchval("SELECT due_at > now() FROM command.retention_schedule")
    finally:
        await database.stop()


@pytest.mark.parametrize(
    ("schema", "task", "belonging"),
    [
        ("command", delete_commands(KEEP), COMMAND_TABLES),
        ("console", retention.forget_commands(KEEP), retention.TABLES_OF_COMMANDS),
    ],
)
async def test_no_table_of_commands_is_left_out(
    dsn: str, schema: str, task: RetentionTask, belonging: tuple[str, ...]
) -> None:
    database = Database(dsn, schema)
    await database.start()
    try:
        rows = await database.pool.fetch(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = $1 "
            "AND column_name = 'command_id' AND is_nullable = 'NO' ORDER BY 1",
            schema,
        )
        # The count follows the rows that it counts.
        result = {row["table_name"] for row in rows} - {"assignment_count"}
        assert result <= {"command", *belonging}
        assert await Retention(database).run_once(task) == 0
    finally:
        await database.stop()


async def test_facts_of_cases_go_by_age_but_stay_with_an_open_command(dsn: str) -> None:
    database = Database(dsn, "console")
    await database.start()
    try:
        pool = database.pool
        await pool.execute(
            "INSERT INTO console.command (command_id, status, version, state, event_type, level, "
            "root, issuer_unit, title, instruction, recipients, sign_by, finish_by, occurred_at, "
            "data_grade, trace_id, sent_at) "
            "SELECT state, 'Actual', 1, state, '11A01', 'red', '500118000000', '500118000000', "
            "'t', 'i', 1, now(), now(), now(), 'general', 't', now() "
            "FROM unnest(ARRAY['issued', 'closed']) AS state"
        )
        await pool.execute(
            "INSERT INTO console.case_fact SELECT thread, now() - days * interval '1 day', "
            "thread || days, 'Actual', 'command', 'issued', '', thread, 1, '500118000000', "
            "'district', NULL, false, '{}' "
            "FROM unnest(ARRAY['issued', 'closed', 'alert']) AS thread, "
            "unnest(ARRAY[399, 401]) AS days"
        )
        assert await Retention(database).run_once(retention.forget_case_facts(KEEP)) == 2
        records = await pool.fetch("SELECT event_id FROM console.case_fact ORDER BY 1")
        assert [row["event_id"] for row in records] == [
            "alert399",
            "closed399",
            "issued399",
            "issued401",
        ]
    finally:
        await database.stop()
