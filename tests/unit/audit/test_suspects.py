"""The ledger's suspects: none hides behind others, and no forged letter or bug ends the rounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.audit.core.liveness import NAMED
from services.audit.core.snapshot import FindingKind
from services.audit.ledger import REVIEWED
from shared.contracts.topics import ALARMS, ALERTS, COMMANDS, DECISIONS, TopicSpec
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import a_decision, an_alert
from tests.unit.audit.harness import Auditor
from tests.unit.audit.test_ledger import CORRUPT, LOST, hop, knows, refuses, stands

pytestmark = pytest.mark.e2e


def garbage(auditor: Auditor, spec: TopicSpec, count: int) -> None:
    for number in range(count):
        auditor.log.append(spec.name, b"noise %d" % number)


async def corrupt(auditor: Auditor) -> set[str]:
    await auditor.checks(1)
    rows = await auditor.rows(
        "SELECT subject_id FROM audit.finding WHERE kind = $1 AND resolved_at IS NULL", CORRUPT
    )
    return {row["subject_id"] for row in rows}


@pytest.mark.parametrize("topic", [ALERTS, DECISIONS], ids=["another topic", "the same topic"])
async def test_a_forged_act_is_found_behind_any_number_of_garbage_records(
    auditor: Auditor, topic: TopicSpec
) -> None:
    garbage(auditor, topic, 450)
    await corrupt(auditor)
    offset = auditor.log.append(DECISIONS.name, encode(a_decision("alt-forged")))
    assert f"console:{DECISIONS.name}/0@{offset}" in await corrupt(auditor)


async def test_a_crowd_of_one_flaw_is_counted_beyond_the_records_that_are_named(
    auditor: Auditor,
) -> None:
    def more(than: int) -> str:
        return f"alerting:{ALERTS.name}/undecodable>{than}"

    garbage(auditor, ALERTS, NAMED)
    assert len(named := await corrupt(auditor)) == NAMED
    garbage(auditor, ALERTS, 1)
    assert await corrupt(auditor) == named | {more(NAMED)}
    garbage(auditor, ALERTS, 10 * NAMED)
    assert await corrupt(auditor) == named | {more(NAMED), more(10 * NAMED)}
    # The topic's retention takes them; the auditor forgets them in one round.
    auditor.log.first[ALERTS.name, 0] = 11 * NAMED
    del auditor.log.partitions[ALERTS.name, 0][: 11 * NAMED]
    assert await corrupt(auditor) == {f"alerting:{ALERTS.name}/0@{11 * NAMED}"}


async def test_lost_records_that_get_their_trace_are_cleared_behind_any_number_of_others(
    auditor: Auditor,
) -> None:
    garbage(auditor, COMMANDS, 2 * REVIEWED)
    lost = [an_alert(f"alt-{n}") for n in range(3 * REVIEWED)]
    for alert in lost:
        auditor.log.append(ALERTS.name, encode(alert))
    await stands(auditor, "notify", ALERTS, len(lost))
    await auditor.checks(1)
    assert (await hop(auditor, "notify", ALERTS))["lost"] == len(lost)
    for alert in lost[:-1]:
        await knows(auditor, "notify", alert)
    await auditor.checks(4)
    assert (await hop(auditor, "notify", ALERTS))["lost"] == 1


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
    auditor: Auditor, change: dict[str, Any]
) -> None:
    auditor.log.append(DECISIONS.name, encode(a_decision("alt-1")))
    refuses(auditor, "alerting", DECISIONS, 0)
    letter = json.loads(auditor.log.partitions[DECISIONS.dlq, 0].pop().value or b"")
    auditor.log.append(DECISIONS.dlq, json.dumps(letter | change).encode())
    await stands(auditor, "alerting", DECISIONS, 1)
    result = await auditor.checks(2)
    assert result[LOST] == f"alerting:{DECISIONS.name}/0@0"


async def test_a_bug_in_a_round_is_told_and_the_next_round_is_made(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = asyncio.Semaphore(0)

    async def broken() -> None:
        looks.release()
        raise RuntimeError("a bug")

    monkeypatch.setattr(auditor.rounds._ledger, "look", broken)
    loop = asyncio.create_task(auditor.rounds.run())
    await looks.acquire()
    await looks.acquire()
    assert not loop.done()
    assert "a bug" in (auditor.rounds.ready() or "")
    monkeypatch.undo()
    while auditor.rounds.ready() is not None:
        await asyncio.sleep(0.01)
    loop.cancel()


async def test_what_a_transaction_leaves_behind_is_no_record_and_stops_no_reader(
    auditor: Auditor,
) -> None:
    alert, two = an_alert("alt-1"), an_alert("alt-2")
    for message in (alert, None, None, two, None):
        if message is None:
            auditor.log.mark(ALERTS.name)
        else:
            auditor.log.append(ALERTS.name, encode(message))
            await knows(auditor, "notify", message)
    # The reader stores what lies behind the last record that it has handled, before the end mark.
    await stands(auditor, "notify", ALERTS, 4)
    assert await auditor.checks(7) == {}
    books = await hop(auditor, "notify", ALERTS)
    assert (books["applied"], books["compacted"], books["next_offset"]) == (2, 2, 4)
    auditor.log.append(ALERTS.name, encode(an_alert("alt-3")))
    result = await auditor.checks(7)
    assert result == {FindingKind.CONSUMER_STOPPED: f"notify:{ALERTS.name}/0"}


async def test_a_place_that_the_auditor_cannot_read_is_told_and_the_others_are_judged(
    auditor: Auditor,
) -> None:
    auditor.log.append(ALERTS.name, encode(an_alert("alt-1")))
    auditor.log.unreadable[ALERTS.name, 0] = "at 0: a wrong checksum"
    offset = auditor.log.append(DECISIONS.name, encode(a_decision("alt-forged")))
    assert f"console:{DECISIONS.name}/0@{offset}" in await corrupt(auditor)
    assert f"{ALERTS.name}/0: at 0: a wrong checksum" in (auditor.rounds.ready() or "")
    auditor.log.unreadable.clear()
    await auditor.checks(1)
    assert auditor.rounds.ready() is None
