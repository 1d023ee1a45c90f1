"""Suspect records: none is hidden by a large number; no forged letter or bug ends the rounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.audit.core.findings.detection import NAMED_SUSPECTS
from services.audit.core.findings.snapshot import FindingKind
from services.audit.rounds.origins import MAX_REVIEWED
from shared.contracts.topics import ALARMS, ALERT_DECISIONS, ALERTS, COMMANDS, TopicSpec
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import a_decision, an_alert
from tests.unit.audit.harness import AuditHarness
from tests.unit.audit.test_conservation_rounds import (
    CORRUPT,
    LOST,
    fill_inbox,
    progress_of,
    store_offset,
    write_dead_letter,
)

pytestmark = pytest.mark.e2e


def garbage(auditor: AuditHarness, spec: TopicSpec, count: int) -> None:
    for number in range(count):
        auditor.log.append(spec.name, b"noise %d" % number)


async def corrupt(auditor: AuditHarness) -> set[str]:
    await auditor.findings_after(1)
    rows = await auditor.rows(
        "SELECT subject_id FROM audit.finding WHERE kind = $1 AND resolved_at IS NULL", CORRUPT
    )
    return {row["subject_id"] for row in rows}


@pytest.mark.parametrize(
    "topic", [ALERTS, ALERT_DECISIONS], ids=["another topic", "the same topic"]
)
async def test_a_forged_act_is_found_behind_any_number_of_garbage_records(
    auditor: AuditHarness, topic: TopicSpec
) -> None:
    garbage(auditor, topic, 450)
    await corrupt(auditor)
    offset = auditor.log.append(ALERT_DECISIONS.name, encode(a_decision("alt-forged")))
    assert f"console:{ALERT_DECISIONS.name}/0@{offset}" in await corrupt(auditor)


async def test_a_group_of_one_flaw_is_counted_beyond_the_records_that_are_named(
    auditor: AuditHarness,
) -> None:
    def group(threshold: int) -> str:
        return f"alerting:{ALERTS.name}/undecodable>{threshold}"

    garbage(auditor, ALERTS, NAMED_SUSPECTS)
    assert len(named := await corrupt(auditor)) == NAMED_SUSPECTS
    garbage(auditor, ALERTS, 1)
    assert await corrupt(auditor) == named | {group(NAMED_SUSPECTS)}
    garbage(auditor, ALERTS, 10 * NAMED_SUSPECTS)
    assert await corrupt(auditor) == named | {group(NAMED_SUSPECTS), group(10 * NAMED_SUSPECTS)}
    # Retention deletes the records; the auditor deletes the suspects in one round.
    auditor.log.first[ALERTS.name, 0] = 11 * NAMED_SUSPECTS
    del auditor.log.partitions[ALERTS.name, 0][: 11 * NAMED_SUSPECTS]
    assert await corrupt(auditor) == {f"alerting:{ALERTS.name}/0@{11 * NAMED_SUSPECTS}"}


async def test_lost_records_that_get_their_trace_are_cleared_behind_any_number_of_others(
    auditor: AuditHarness,
) -> None:
    garbage(auditor, COMMANDS, 2 * MAX_REVIEWED)
    lost = [an_alert(f"alt-{n}") for n in range(3 * MAX_REVIEWED)]
    for alert in lost:
        auditor.log.append(ALERTS.name, encode(alert))
    await store_offset(auditor, "notify", ALERTS, len(lost))
    await auditor.findings_after(1)
    assert (await progress_of(auditor, "notify", ALERTS))["lost"] == len(lost)
    for alert in lost[:-1]:
        await fill_inbox(auditor, "notify", alert)
    await auditor.findings_after(4)
    assert (await progress_of(auditor, "notify", ALERTS))["lost"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"partition": 2**40},
        {"partition": 7},
        {"offset": 2**80},
        {"topic": "no.such.topic.v1"},
        {"topic": ALARMS.name},
        {"service": "al\x00erting"},
        {"detail": "\x00"},
        {"refused_at": "0001-01-01T00:00:00+14:00"},
        {"value_b64": "?"},
    ],
    ids=str,
)
async def test_a_forged_dead_letter_explains_nothing_and_ends_nothing(
    auditor: AuditHarness, change: dict[str, Any]
) -> None:
    auditor.log.append(ALERT_DECISIONS.name, encode(a_decision("alt-1")))
    write_dead_letter(auditor, "alerting", ALERT_DECISIONS, 0)
    letter = json.loads(auditor.log.partitions[ALERT_DECISIONS.dlq, 0].pop().value or b"")
    auditor.log.append(ALERT_DECISIONS.dlq, json.dumps(letter | change).encode())
    await store_offset(auditor, "alerting", ALERT_DECISIONS, 1)
    result = await auditor.findings_after(2)
    assert result[LOST] == f"alerting:{ALERT_DECISIONS.name}/0@0"


async def test_a_bug_in_a_round_is_reported_and_the_next_round_is_made(
    auditor: AuditHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = asyncio.Semaphore(0)

    async def broken() -> None:
        runs.release()
        raise RuntimeError("a bug")

    monkeypatch.setattr(auditor.rounds._conservation, "run", broken)
    loop = asyncio.create_task(auditor.rounds.run())
    await runs.acquire()
    await runs.acquire()
    assert not loop.done()
    assert "a bug" in (auditor.rounds.ready() or "")
    monkeypatch.undo()
    while auditor.rounds.ready() is not None:
        await asyncio.sleep(0.01)
    loop.cancel()


async def test_the_end_mark_of_a_transaction_is_no_record_and_stops_no_reader(
    auditor: AuditHarness,
) -> None:
    first, second = an_alert("alt-1"), an_alert("alt-2")
    for message in (first, None, None, second, None):
        if message is None:
            auditor.log.mark(ALERTS.name)
        else:
            auditor.log.append(ALERTS.name, encode(message))
            await fill_inbox(auditor, "notify", message)
    # The reader stores the offset behind the last record that it has handled, before the mark.
    await store_offset(auditor, "notify", ALERTS, 4)
    assert await auditor.findings_after(7) == {}
    progress = await progress_of(auditor, "notify", ALERTS)
    assert (progress["applied"], progress["compacted"], progress["next_offset"]) == (2, 2, 4)
    auditor.log.append(ALERTS.name, encode(an_alert("alt-3")))
    result = await auditor.findings_after(7)
    assert result == {FindingKind.CONSUMER_STOPPED: f"notify:{ALERTS.name}/0"}


async def test_a_partition_that_the_auditor_cannot_read_is_reported_and_the_others_are_judged(
    auditor: AuditHarness,
) -> None:
    auditor.log.append(ALERTS.name, encode(an_alert("alt-1")))
    auditor.log.unreadable[ALERTS.name, 0] = "at 0: a wrong checksum"
    offset = auditor.log.append(ALERT_DECISIONS.name, encode(a_decision("alt-forged")))
    assert f"console:{ALERT_DECISIONS.name}/0@{offset}" in await corrupt(auditor)
    assert f"{ALERTS.name}/0: at 0: a wrong checksum" in (auditor.rounds.ready() or "")
    auditor.log.unreadable.clear()
    await auditor.findings_after(1)
    assert auditor.rounds.ready() is None
