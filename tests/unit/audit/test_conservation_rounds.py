"""The conservation check on a real Postgres and a log in memory: each record at each reader."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.audit.core.findings.detection import ROUNDS_STOPPED
from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.trail.chain import verify
from services.audit.rounds import windows
from services.audit.rounds.windows import LIMIT
from shared.contracts.audit import AuditOutcome
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import (
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    CATALOG,
    COMMANDS,
    READINGS,
    REPORTS,
    RULES,
    TopicSpec,
)
from shared.runtime.inbound_messages import body_digest
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import T0, a_decision, an_alarm, an_alert
from tests.unit.audit.harness import AuditHarness

pytestmark = pytest.mark.e2e

LOST, CORRUPT = FindingKind.RECORD_LOST, FindingKind.RECORD_CORRUPT


async def store_offset(auditor: AuditHarness, service: str, spec: TopicSpec, offset: int) -> None:
    await auditor.do(
        f"INSERT INTO {service}.consumer_offset VALUES ('g', $1, 0, $2) "
        "ON CONFLICT (grp, topic, part) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        spec.name,
        offset,
    )


async def fill_inbox(
    auditor: AuditHarness, service: str, message: Any, spec: TopicSpec = ALERTS
) -> None:
    await auditor.do(
        f"INSERT INTO {service}.inbox (topic, event_id, body_hash) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING",
        spec.name,
        message.id,
        body_digest(message.to_wire()),
    )


def a_letter(
    service: str,
    spec: TopicSpec,
    offset: int,
    value: bytes | None = None,
    reason: Reason = Reason.NOT_ALLOWED,
) -> DeadLetter:
    return DeadLetter(
        value_b64=None if value is None else base64.b64encode(value).decode(),
        id=dead_letter_id(service, spec.name, 0, offset),
        reason=reason,
        detail="-",
        service=service,
        topic=spec.name,
        partition=0,
        offset=offset,
        refused_at=T0,
    )


def write_dead_letter(
    auditor: AuditHarness,
    service: str,
    spec: TopicSpec,
    offset: int,
    value: bytes | None = None,
    reason: Reason = Reason.NOT_ALLOWED,
) -> None:
    auditor.log.append(spec.dlq, encode(a_letter(service, spec, offset, value, reason)))


async def progress_of(auditor: AuditHarness, service: str, spec: TopicSpec) -> dict[str, int]:
    rows = await auditor.rows(
        "SELECT * FROM audit.reader_progress WHERE service = $1 AND topic = $2 AND part = 0",
        service,
        spec.name,
    )
    return dict(rows[0]) if rows else {}


async def test_applied_repeated_and_refused_records_balance(auditor: AuditHarness) -> None:
    alerts = [an_alert(f"alt-{n}") for n in range(4)]
    for alert in (*alerts[:3], alerts[1], alerts[3]):
        offset = auditor.log.append(ALERTS.name, encode(alert))
    for alert in alerts[:3]:
        await fill_inbox(auditor, "notify", alert)
    write_dead_letter(auditor, "notify", ALERTS, offset)
    await store_offset(auditor, "notify", ALERTS, 5)
    assert LOST not in await auditor.findings_after(2)
    result = await progress_of(auditor, "notify", ALERTS)
    assert (result["applied"], result["repeated"], result["refused"], result["lost"]) == (
        3,
        1,
        1,
        0,
    )
    assert result["next_offset"] == result["stored_offset"] == result["end_offset"] == 5


async def test_what_a_reader_has_not_passed_is_in_flight_and_then_judged(
    auditor: AuditHarness,
) -> None:
    first, second = an_alert("alt-1"), an_alert("alt-2")
    for alert in (first, second):
        auditor.log.append(ALERTS.name, encode(alert))
    await store_offset(auditor, "notify", ALERTS, 1)
    await fill_inbox(auditor, "notify", first)
    await auditor.findings_after(1)
    assert (await progress_of(auditor, "notify", ALERTS))["next_offset"] == 1
    await store_offset(auditor, "notify", ALERTS, 2)
    await fill_inbox(auditor, "notify", second)
    await auditor.findings_after(1)
    assert (await progress_of(auditor, "notify", ALERTS))["applied"] == 2


async def test_a_record_passed_without_a_trace_is_found_at_once_and_cleared_when_it_has_one(
    auditor: AuditHarness,
) -> None:
    first, second = an_alert("alt-1"), an_alert("alt-2")
    for alert in (first, second):
        auditor.log.append(ALERTS.name, encode(alert))
    await fill_inbox(auditor, "notify", first)
    await store_offset(auditor, "notify", ALERTS, 2)
    assert (await auditor.findings_after(1))[LOST] == f"notify:{ALERTS.name}/0@1"
    assert (await progress_of(auditor, "notify", ALERTS))["lost"] == 1
    await fill_inbox(auditor, "notify", second)
    assert LOST not in await auditor.findings_after(1)
    assert (await progress_of(auditor, "notify", ALERTS))["lost"] == 0


async def test_an_inbox_that_remembers_another_body_is_no_trace(auditor: AuditHarness) -> None:
    alert = an_alert()
    auditor.log.append(ALERTS.name, encode(alert))
    await auditor.do(
        "INSERT INTO notify.inbox (topic, event_id, body_hash) VALUES ($1, $2, 'x')",
        ALERTS.name,
        alert.id,
    )
    await store_offset(auditor, "notify", ALERTS, 1)
    assert LOST in await auditor.findings_after(1)
    write_dead_letter(auditor, "notify", ALERTS, 0)
    assert LOST not in await auditor.findings_after(1)


async def test_an_inbox_that_knows_the_id_from_another_topic_is_no_trace(
    auditor: AuditHarness,
) -> None:
    alert = an_alert()
    auditor.log.append(ALERTS.name, encode(alert))
    await fill_inbox(auditor, "notify", alert, REPORTS)
    await store_offset(auditor, "notify", ALERTS, 1)
    assert LOST in await auditor.findings_after(1)


async def test_the_letter_of_the_largest_record_is_a_trace_too(auditor: AuditHarness) -> None:
    value = b"x" * ALERTS.max_bytes
    auditor.log.append(ALERTS.name, value)
    write_dead_letter(auditor, "notify", ALERTS, 0, value)
    await store_offset(auditor, "notify", ALERTS, 1)
    assert LOST not in await auditor.findings_after(1)


async def test_the_letter_of_one_reader_does_not_excuse_another(auditor: AuditHarness) -> None:
    auditor.log.append(ALERTS.name, encode(an_alert()))
    write_dead_letter(auditor, "notify", ALERTS, 0)
    for service in ("notify", "command"):
        await store_offset(auditor, service, ALERTS, 1)
    assert (await auditor.findings_after(1))[LOST] == f"command:{ALERTS.name}/0@0"


@pytest.mark.parametrize("reason", [Reason.NOT_ALLOWED, Reason.ID_CONFLICT])
async def test_an_act_that_its_owner_refuses_is_one_entry_of_the_trail(
    auditor: AuditHarness, reason: Reason
) -> None:
    """Also if the dead letter is written again, after the auditor has deleted the first letter."""
    value = encode(a_decision())
    for spec, record in (
        (ALERT_DECISIONS, value),
        (ALERTS, encode(an_alert())),
        (ALERT_DECISIONS, b"{broken"),
    ):
        auditor.log.append(spec.name, record)
        write_dead_letter(auditor, "alerting", spec, 0, record, reason)
    await auditor.findings_after(1)
    write_dead_letter(auditor, "alerting", ALERT_DECISIONS, 0, value, reason)
    await auditor.do("DELETE FROM audit.dead_letter")
    await auditor.findings_after(1)
    entries = [entry for entry in await auditor.trail() if entry.outcome is AuditOutcome.REFUSED]
    content = [(entry.actor, entry.action, entry.subject_id, entry.reason) for entry in entries]
    assert content == [("o-town", "alert.approve red", "alt-1", "alerting: -")]
    assert verify(await auditor.trail()) is None


async def test_scoring_is_judged_by_its_commits_and_its_letters(auditor: AuditHarness) -> None:
    for _ in range(2):
        auditor.log.append(READINGS.name, b"{broken")
    write_dead_letter(auditor, "scoring", READINGS, 0)
    auditor.log.group = {(READINGS.name, 0): 2}
    assert (await auditor.findings_after(1))[LOST] == f"scoring:{READINGS.name}/0@1"
    result = await progress_of(auditor, "scoring", READINGS)
    assert (result["refused"], result["lost"]) == (1, 1)


async def test_a_flood_of_readings_is_sampled_and_says_so(auditor: AuditHarness) -> None:
    for _ in range(LIMIT + 10):
        auditor.log.append(READINGS.name, b"{broken", at=T0)
    auditor.log.group = {(READINGS.name, 0): LIMIT + 10}
    await auditor.findings_after(2)
    result = await progress_of(auditor, "scoring", READINGS)
    assert result["unchecked"] == result["next_offset"] - result["first_offset"]
    assert FindingKind.HOP_UNBALANCED not in await auditor.findings_after(2)


async def test_a_reader_that_is_a_minute_late_is_named_however_long_its_backlog_is(
    auditor: AuditHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "LIMIT", READINGS.partitions)
    minutes = timedelta(minutes=1)
    for age in (3 * minutes, 2 * minutes, *[0 * minutes] * (3 * READINGS.partitions)):
        auditor.log.append(READINGS.name, b"{broken", at=datetime.now(UTC) - age)
    auditor.log.group = {(READINGS.name, 0): 1}
    late = f"scoring:{READINGS.name}/0"
    assert (await auditor.findings_after(ROUNDS_STOPPED))[FindingKind.READER_LATE] == late
    auditor.log.group = {(READINGS.name, 0): 2}
    assert FindingKind.READER_LATE not in await auditor.findings_after(1)


@pytest.mark.parametrize("flaw", ["undecodable", "altered", "altered later"])
async def test_a_record_that_is_not_what_its_service_wrote_is_found(
    auditor: AuditHarness, flaw: str
) -> None:
    written = an_alert()
    altered = encode(written.model_copy(update={"headline": "解除"}))
    if flaw == "altered later":
        await fill_inbox(auditor, "audit", written)
    else:
        auditor.log.append(ALERTS.name, encode(written))
    at = auditor.log.append(ALERTS.name, b"{" if flaw == "undecodable" else altered)
    assert (await auditor.findings_after(1))[CORRUPT] == f"alerting:{ALERTS.name}/0@{at}"
    details = await auditor.rows("SELECT detail FROM audit.finding")
    assert details[0]["detail"].startswith(flaw.split(maxsplit=1)[0])
    assert CORRUPT in await auditor.findings_after(3), "it does not go away by itself"
    auditor.log.first[ALERTS.name, 0] = at + 1
    assert CORRUPT not in await auditor.findings_after(1)


async def test_a_record_sent_again_later_is_the_same_record(auditor: AuditHarness) -> None:
    alert = an_alert()
    for record in (alert, alert.model_copy(update={"sent_at": datetime.now(UTC)})):
        auditor.log.append(ALERTS.name, encode(record))
    assert await auditor.findings_after(2) == {}


async def test_the_act_of_nobody_is_found_until_it_is_explained(auditor: AuditHarness) -> None:
    decision = a_decision()
    auditor.log.append(ALERT_DECISIONS.name, encode(decision))
    assert (await auditor.findings_after(1))[CORRUPT] == f"console:{ALERT_DECISIONS.name}/0@0"
    await auditor.do(
        "INSERT INTO console.action (id, topic, key, value, digest, officer_id) "
        "VALUES ($1, 't', 'k', $2, '', 'o')",
        decision.id,
        encode(decision),
    )
    assert CORRUPT not in await auditor.findings_after(1)


async def test_what_others_write_is_only_decoded(auditor: AuditHarness) -> None:
    auditor.log.append(ALARMS.name, encode(an_alarm()))
    auditor.log.append(RULES.name, b"")
    auditor.log.append(CATALOG.name, b"{broken")
    assert CORRUPT not in await auditor.findings_after(1), "it may still be refused"
    await auditor.do("UPDATE audit.suspect SET found_at = found_at - interval '6 seconds'")
    assert (await auditor.findings_after(1))[CORRUPT] == f"catalog:{CATALOG.name}/0@0"
    write_dead_letter(auditor, "command", CATALOG, 0)
    assert CORRUPT not in await auditor.findings_after(1)


async def test_what_the_tables_may_have_forgotten_is_counted_only(auditor: AuditHarness) -> None:
    auditor.log.append(
        ALERTS.name, encode(an_alert()), at=datetime.now(UTC) - timedelta(minutes=55)
    )
    await store_offset(auditor, "notify", ALERTS, 1)
    assert await auditor.findings_after(1) == {}
    assert (await progress_of(auditor, "notify", ALERTS))["unchecked"] == 1


async def test_what_retention_took_before_it_was_read_is_counted_only(
    auditor: AuditHarness,
) -> None:
    auditor.log.first[ALERTS.name, 0] = 7
    alert = an_alert()
    auditor.log.append(ALERTS.name, encode(alert))
    await fill_inbox(auditor, "notify", alert)
    await store_offset(auditor, "notify", ALERTS, 8)
    assert await auditor.findings_after(3) == {}
    result = await progress_of(auditor, "notify", ALERTS)
    assert (result["unchecked"], result["applied"]) == (7, 1)


async def test_a_hole_in_a_topic_does_not_balance(auditor: AuditHarness) -> None:
    for n in range(3):
        alert = an_alert(f"alt-{n}")
        auditor.log.append(ALERTS.name, encode(alert))
        await fill_inbox(auditor, "notify", alert)
    del auditor.log.partitions[ALERTS.name, 0][1]
    await store_offset(auditor, "notify", ALERTS, 3)
    assert (await auditor.findings_after(2))[FindingKind.HOP_UNBALANCED] == f"notify:{ALERTS.name}"


async def test_a_reader_that_stands_is_found_and_one_that_moves_is_not(
    auditor: AuditHarness,
) -> None:
    alerts = [an_alert(f"alt-{n}") for n in range(12)]
    for alert in alerts:
        auditor.log.append(ALERTS.name, encode(alert))
        await fill_inbox(auditor, "notify", alert)
    for offset in range(1, 8):
        await store_offset(auditor, "notify", ALERTS, offset)
        assert FindingKind.CONSUMER_STOPPED not in await auditor.findings_after(1)
    result = await auditor.findings_after(4)
    assert result[FindingKind.CONSUMER_STOPPED] == f"notify:{ALERTS.name}/0"
    await store_offset(auditor, "notify", ALERTS, 12)
    assert FindingKind.CONSUMER_STOPPED not in await auditor.findings_after(1)


async def test_the_offset_of_a_topic_that_is_gone_is_passed_over(auditor: AuditHarness) -> None:
    await auditor.do("INSERT INTO notify.consumer_offset VALUES ('g', 'gone.topic.v1', 0, 4)")
    assert await auditor.findings_after(2) == {}


async def test_a_restart_continues_from_the_stored_progress(auditor: AuditHarness) -> None:
    alerts = [an_alert(f"alt-{n}") for n in range(6)]
    for alert in alerts:
        auditor.log.append(ALERTS.name, encode(alert))
        await fill_inbox(auditor, "notify", alert)
    await store_offset(auditor, "notify", ALERTS, 3)
    await auditor.findings_after(2)
    auditor.rounds = auditor.new_rounds()
    await store_offset(auditor, "notify", ALERTS, 6)
    assert LOST not in await auditor.findings_after(2)
    assert (await progress_of(auditor, "notify", ALERTS))["applied"] == 6
    assert await auditor.rows("SELECT FROM audit.suspect") == []


async def test_two_processes_share_the_progress_of_readers(auditor: AuditHarness) -> None:
    first, second = auditor.rounds, auditor.new_rounds()
    for n in range(8):
        alert = an_alert(f"alt-{n}")
        auditor.log.append(ALERTS.name, encode(alert))
        await fill_inbox(auditor, "notify", alert)
        await store_offset(auditor, "notify", ALERTS, n + 1)
        auditor.rounds = (first, second)[n % 2]
        await auditor.findings_after(1)
    result = await progress_of(auditor, "notify", ALERTS)
    assert (result["applied"], result["repeated"], result["lost"]) == (8, 0, 0)


async def test_while_kafka_is_away_the_tables_are_checked_and_hops_are_not_judged(
    auditor: AuditHarness,
) -> None:
    auditor.log.append(COMMANDS.name, b"{")
    assert CORRUPT in await auditor.findings_after(1)
    auditor.log.offline = True
    await auditor.plant("alerting.timer", subject_id="s", state="armed")
    await auditor.do("UPDATE alerting.timer SET due_at = now() - interval '1 minute'")
    assert set(await auditor.findings_after(2)) == {CORRUPT, FindingKind.TIMER_OVERDUE}
    assert "Kafka" in (auditor.rounds.ready() or "")
