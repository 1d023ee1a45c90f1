"""What the auditor promises, on the real stack: each fault found within 15 s, by name; nothing in health."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from deploy.local.paths import temporary_root
from shared.contracts.commands import Step
from shared.contracts.fields import Tier
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.topics import ACKNOWLEDGEMENTS, ALARMS, ANSWERS, ASSIGNMENTS, COMMANDS, PAGES
from shared.runtime.outbound_records import encode
from tests.component.command.harness import EVENT_TIME, TOWN
from tests.faults.audited import Audited, delete_before
from tests.support.infrastructure import running
from tests.support.kafka import read_all
from tests.unit.alerting.builders import an_alarm

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.timeout(1_200)]

HEALTHY_S = 60


@pytest.fixture(scope="module")
def system() -> Iterator[Audited]:
    services = ("alerting", "command", "duty", "notify", "console", "audit")
    with running(temporary_root("audited"), services) as infrastructure:
        audited = Audited(infrastructure)
        audited.seed()
        yield audited


def test_a_healthy_time_with_thousands_of_records_raises_nothing(system: Audited) -> None:
    acts, began = 0, time.monotonic()
    while time.monotonic() - began < HEALTHY_S:
        command = system.issue()
        for step in (Step.SIGN, Step.REPORT):
            for first in range(0, len(system.units), 200):
                acts += system.step(command, step, system.units[first : first + 200])
                time.sleep(0.5)
    system.settle()
    hops = system.hops()
    assert hops["command", ACKNOWLEDGEMENTS.name]["applied"] == acts > 2_000
    assert {key: hop["difference"] for key, hop in hops.items() if hop["difference"]} == {}
    for key, hop in hops.items():
        parts = ("applied", "repeated", "refused", "unchecked", "in_flight")
        assert hop["records_in"] == sum(hop[name] for name in parts), key
    raised = system.value("SELECT json_agg(f) FROM audit.finding AS f")
    assert raised is None, raised


def test_a_deleted_timer_and_a_second_one(system: Audited) -> None:
    command = system.issue()
    subject = system.value(
        "DELETE FROM command.timer WHERE kind = 'sign_escalate' AND subject_id = (SELECT "
        "assignment_id FROM command.assignment WHERE command_id = $1 LIMIT 1) RETURNING subject_id",
        command,
    )
    other = system.value(
        "INSERT INTO command.timer (subject_id, kind, rung, due_at) SELECT subject_id, kind, 7, "
        "due_at FROM command.timer WHERE kind = 'sign_escalate' AND state = 'armed' LIMIT 1 "
        "RETURNING subject_id"
    )
    result = system.found(f"not_exactly_one_timer sign:{subject}", f"sign:{other}")
    assert sorted(result.values()) == ["0 armed timers, not 1", "2 armed timers, not 1"]
    system.value(
        "INSERT INTO command.timer (subject_id, kind, rung, due_at) "
        "VALUES ($1, 'sign_escalate', 0, now() + interval '1 hour')",
        subject,
    )
    system.value("DELETE FROM command.timer WHERE kind = 'sign_escalate' AND rung = 7")
    system.resolved()


@pytest.mark.parametrize(
    ("change", "back"),
    [
        (
            "UPDATE command.tier_count SET signed = signed + 1 WHERE command_id = $1 AND tier = "
            "(SELECT min(tier) FROM command.tier_count WHERE command_id = $1) "
            "RETURNING 'command.tier_count:' || command_id || ':' || tier",
            "UPDATE command.tier_count SET signed = signed - 1 WHERE 'command.tier_count:' || "
            "command_id || ':' || tier = $1",
        ),
        (
            "UPDATE console.tally SET n = n + 1 WHERE command_id = $1 AND (town, unit_tier) = "
            "(SELECT town, unit_tier FROM console.tally WHERE command_id = $1 ORDER BY 1, 2 LIMIT 1) "
            "RETURNING concat_ws(':', 'console.tally', command_id, town, unit_tier, state)",
            "UPDATE console.tally SET n = n - 1 WHERE "
            "concat_ws(':', 'console.tally', command_id, town, unit_tier, state) = $1",
        ),
    ],
    ids=["of the roll-up", "of the screens"],
)
def test_a_changed_counter(system: Audited, change: str, back: str) -> None:
    command = system.issue()
    system.settle()
    subject = system.value(change, command)
    system.found(f"counter_differs_from_rows {subject}")
    system.value(back, subject)
    system.resolved()


def test_a_hold_that_never_ends(system: Audited) -> None:
    # The timer is lost as it is made: what is held would wait for ever.
    system.value(
        "CREATE FUNCTION alerting.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    system.value(
        "CREATE TRIGGER lost BEFORE INSERT ON alerting.timer FOR EACH ROW WHEN (NEW.kind = 'hold') "
        "EXECUTE FUNCTION alerting.lose()"
    )
    alarm = an_alarm("alm-held", inhibited_by=("gas.high",), place=TOWN, origin_unit=TOWN)
    system.raw(ALARMS.name, alarm.alarm_id, encode(alarm), 0)
    result = system.found("not_exactly_one_timer hold:alm-held")
    assert list(result.values()) == ["0 armed timers, not 1"]
    [books] = system.alarms()
    assert books["aside"] == {"held": 1}
    assert books["difference"] == 0
    system.value("DROP TRIGGER lost ON alerting.timer")
    system.value(
        "INSERT INTO alerting.timer (subject_id, kind, rung, due_at) "
        "VALUES ('hold:Actual|' || left($1, 6) || '000000|alm-held', 'hold', 0, now())",
        TOWN,
    )
    system.resolved()
    system.until(lambda: system.alarms()[0]["in_alerts"] == 1, "the alarm opened no alert")


def test_a_silence_that_ends_without_a_word(system: Audited) -> None:
    alarm = system.value("SELECT alarm_id FROM alerting.alert_alarm WHERE alarm_id = 'alm-held'")
    change = (
        "UPDATE alerting.alert_alarm SET disposition = $2, held = $3, silence_id = $4 "
        "WHERE alarm_id = $1"
    )
    system.value(change, alarm, "silenced", "{}", "sil-that-is-over")
    system.found(f"waits_for_nothing {alarm}")
    system.value(change, alarm, "opened", None, None)
    system.resolved()


def test_a_paused_consumer_and_one_that_is_down(system: Audited) -> None:
    stack, run = system.stack, system.infrastructure.run
    run(stack.pause("notify"))
    try:
        system.issue()
        result = system.found(f"consumer_stopped notify:{ASSIGNMENTS.name}/")
    finally:
        run(stack.resume("notify"))
    assert all("notify" in key for key in result)
    system.resolved()
    run(stack.stop("console"))
    try:
        system.issue()
        system.found(
            f"consumer_stopped console:{ASSIGNMENTS.name}/",
            f"consumer_stopped console:{COMMANDS.name}/",
        )
    finally:
        run(stack.start("console"))
        run(stack.wait_ready())
    system.resolved()


def test_a_record_that_is_none_one_that_was_altered_and_one_nobody_wrote(system: Audited) -> None:
    bootstrap, run = system.stack.kafka_bootstrap, system.infrastructure.run
    before = run(read_all(bootstrap, PAGES))
    one = before[-1]
    altered = json.loads(one.value) | {"headline": "解除警报"}
    system.raw(PAGES.name, one.key.decode(), json.dumps(altered).encode(), one.partition)
    system.raw(PAGES.name, "x", b"\xff\xfe{not a page", one.partition)
    forged = Answer(
        id="ans-nobody-gave-this",
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=TOWN,
        tier=Tier.TOWN,
        page_id="pag-nobody-has",
        officer_id="officer-1",
        verb=AnswerVerb.COMING,
    )
    system.raw(ANSWERS.name, "officer-1", encode(forged), 0)
    first = 1 + max(r.offset for r in before if r.partition == one.partition)
    names = (
        f"record_corrupt notify:{PAGES.name}/{one.partition}@{first}",
        f"record_corrupt notify:{PAGES.name}/{one.partition}@{first + 1}",
        f"record_corrupt console:{ANSWERS.name}/0@0",
    )
    result = system.found(*names)
    assert [result[name].split(",")[0] for name in names] == ["altered", "undecodable", "forged"]
    run(delete_before(bootstrap, PAGES.name, one.partition, first + 2))
    run(delete_before(bootstrap, ANSWERS.name, 0, 1))
    system.resolved()


@pytest.mark.parametrize("table", ["command.assignment", "console.assignment"])
def test_a_row_changed_behind_its_services_back(system: Audited, table: str) -> None:
    command = system.issue()
    change = (
        f"UPDATE {table} SET state = $2 WHERE assignment_id = (SELECT min(assignment_id) "
        "FROM command.assignment WHERE command_id = $1) RETURNING assignment_id"
    )
    system.settle()
    subject = system.value(change, command, "reported")
    system.found(f"row_differs_from_topic {table}:{subject}")
    system.value(change, command, "delivered")
    system.resolved()
