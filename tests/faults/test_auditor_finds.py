"""The auditor on the real stack: each fault is found within 15 s; a healthy system has none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from anyio.from_thread import start_blocking_portal

from deploy.local.paths import temporary_root
from shared.contracts.assignments import Step
from shared.contracts.fields import Tier
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ASSIGNMENTS,
    COMMANDS,
    PAGE_ANSWERS,
    PAGES,
)
from shared.runtime.outbound_records import encode
from tests.component.command.harness import EVENT_TIME, TOWN
from tests.faults.audited_system import AuditedSystem, delete_before
from tests.support.carrier import Receiver, running_receiver
from tests.support.infrastructure import running
from tests.support.kafka import read_all
from tests.unit.alerting.builders import an_alarm

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.timeout(1_200)]

HEALTHY_S = 60
CALL_S = 60
"""The time in seconds within which officers are called about a dead component."""


STORES = ("kafka", "postgres")
BEAT_S = 0.5
"""The time from one heartbeat to the next in seconds."""


@pytest.fixture(scope="module")
def switch() -> Iterator[Receiver]:
    """The receiver of the dead-man's switch."""
    with served() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def messages() -> Iterator[Receiver]:
    """The receiver of the messages out of band."""
    with served() as receiver:
        yield receiver


@contextmanager
def served() -> Iterator[Receiver]:
    """A receiver in a loop of its own thread, outside of the system."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_receiver()) as receiver,
    ):
        yield receiver


def components(receiver: Receiver, state: str) -> set[str]:
    """Return the components with a message of this state."""
    bodies = [request.body for request in receiver.requests]
    return {body["component"] for body in bodies if body["state"] == state}


@pytest.fixture(scope="module")
def system(switch: Receiver, messages: Receiver) -> Iterator[AuditedSystem]:
    services = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
    environment = {
        "FENGHUO_AUDIT_OUT_OF_BAND_URL": messages.url,
        "FENGHUO_AUDIT_HEARTBEAT_URL": switch.url,
        "FENGHUO_AUDIT_HEARTBEAT_EVERY_S": str(BEAT_S),
    }
    with running(temporary_root("audited"), services, {"audit": environment}) as infrastructure:
        audited_system = AuditedSystem(infrastructure)
        audited_system.seed()
        yield audited_system


def test_a_healthy_time_with_thousands_of_records_raises_nothing(system: AuditedSystem) -> None:
    actions, began_at = 0, time.monotonic()
    while time.monotonic() - began_at < HEALTHY_S:
        command = system.issue()
        for step in (Step.SIGN, Step.REPORT):
            for first in range(0, len(system.units), 200):
                actions += system.step(command, step, system.units[first : first + 200])
                time.sleep(0.5)
    system.wait_until_settled()
    hops = system.hops()
    assert hops["command", ACKNOWLEDGEMENTS.name]["applied"] == actions > 2_000
    assert {key: hop["difference"] for key, hop in hops.items() if hop["difference"]} == {}
    for key, hop in hops.items():
        parts = ("applied", "repeated", "refused", "unchecked", "in_flight")
        assert hop["records_in"] == sum(hop[name] for name in parts), key
    raised = system.value("SELECT json_agg(f) FROM audit.finding AS f")
    assert raised is None, raised


def test_a_deleted_timer_and_a_second_timer_are_found(system: AuditedSystem) -> None:
    command = system.issue()
    subject = system.value(
        "DELETE FROM command.timer WHERE kind = 'sign_escalate' AND subject_id = (SELECT "
        "assignment_id FROM command.assignment WHERE command_id = $1 LIMIT 1) RETURNING subject_id",
        command,
    )
    second = system.value(
        "INSERT INTO command.timer (subject_id, kind, rung, due_at) SELECT subject_id, kind, 7, "
        "due_at FROM command.timer WHERE kind = 'sign_escalate' AND state = 'armed' LIMIT 1 "
        "RETURNING subject_id"
    )
    result = system.wait_for_findings(f"not_exactly_one_timer sign:{subject}", f"sign:{second}")
    assert sorted(result.values()) == ["0 armed timers, not 1", "2 armed timers, not 1"]
    system.value(
        "INSERT INTO command.timer (subject_id, kind, rung, due_at) "
        "VALUES ($1, 'sign_escalate', 0, now() + interval '1 hour')",
        subject,
    )
    system.value("DELETE FROM command.timer WHERE kind = 'sign_escalate' AND rung = 7")
    system.wait_until_resolved()


@pytest.mark.parametrize(
    ("change", "repair"),
    [
        (
            "UPDATE command.tier_count SET signed = signed + 1 WHERE command_id = $1 AND tier = "
            "(SELECT min(tier) FROM command.tier_count WHERE command_id = $1) "
            "RETURNING 'command.tier_count:' || command_id || ':' || tier",
            "UPDATE command.tier_count SET signed = signed - 1 WHERE 'command.tier_count:' || "
            "command_id || ':' || tier = $1",
        ),
        (
            "UPDATE console.assignment_count SET n = n + 1 "
            "WHERE command_id = $1 AND (town, unit_tier) = "
            "(SELECT town, unit_tier FROM console.assignment_count WHERE command_id = $1 "
            "ORDER BY 1, 2 LIMIT 1) "
            "RETURNING concat_ws("
            "':', 'console.assignment_count', command_id, town, unit_tier, state)",
            "UPDATE console.assignment_count SET n = n - 1 WHERE "
            "concat_ws(':', 'console.assignment_count', command_id, town, unit_tier, state) = $1",
        ),
    ],
    ids=["of the roll-up", "of the screens"],
)
def test_a_changed_counter(system: AuditedSystem, change: str, repair: str) -> None:
    command = system.issue()
    system.wait_until_settled()
    subject = system.value(change, command)
    system.wait_for_findings(f"counter_differs_from_rows {subject}")
    system.value(repair, subject)
    system.wait_until_resolved()


def test_a_hold_that_never_ends(system: AuditedSystem) -> None:
    # The timer is never stored: the alarm would be held for ever.
    system.value(
        "CREATE FUNCTION alerting.lose() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NULL; END'"
    )
    system.value(
        "CREATE TRIGGER lost BEFORE INSERT ON alerting.timer FOR EACH ROW WHEN (NEW.kind = 'hold') "
        "EXECUTE FUNCTION alerting.lose()"
    )
    alarm = an_alarm("alm-held", inhibited_by=("gas.high",), place=TOWN, origin_unit=TOWN)
    system.write(ALARMS.name, alarm.alarm_id, encode(alarm), 0)
    result = system.wait_for_findings("not_exactly_one_timer hold:alm-held")
    assert list(result.values()) == ["0 armed timers, not 1"]
    [balance] = system.alarms()
    assert balance["aside"] == {"held": 1}
    assert balance["difference"] == 0
    system.value("DROP TRIGGER lost ON alerting.timer")
    system.value(
        "INSERT INTO alerting.timer (subject_id, kind, rung, due_at) "
        "VALUES ('Actual|' || left($1, 6) || '000000|alm-held', 'hold', 0, now())",
        TOWN,
    )
    system.wait_until_resolved()
    system.wait_until(lambda: system.alarms()[0]["in_alerts"] == 1, "the alarm opened no alert")


def test_a_silence_that_does_not_exist(system: AuditedSystem) -> None:
    alarm = system.value("SELECT alarm_id FROM alerting.alert_alarm WHERE alarm_id = 'alm-held'")
    change = (
        "UPDATE alerting.alert_alarm SET disposition = $2, waiting_event = $3, silence_id = $4 "
        "WHERE alarm_id = $1"
    )
    system.value(change, alarm, "silenced", "{}", "sil-that-is-over")
    system.wait_for_findings(f"waits_for_nothing {alarm}")
    system.value(change, alarm, "opened", None, None)
    system.wait_until_resolved()


def test_a_paused_consumer_and_a_stopped_consumer(system: AuditedSystem) -> None:
    stack, run = system.stack, system.infrastructure.run
    run(stack.pause("notify"))
    try:
        system.issue()
        result = system.wait_for_findings(f"consumer_stopped notify:{ASSIGNMENTS.name}/")
    finally:
        run(stack.resume("notify"))
    assert all("notify" in key for key in result)
    system.wait_until_resolved()
    run(stack.stop("console"))
    try:
        system.issue()
        system.wait_for_findings(
            f"consumer_stopped console:{ASSIGNMENTS.name}/",
            f"consumer_stopped console:{COMMANDS.name}/",
        )
    finally:
        run(stack.start("console"))
        run(stack.wait_ready())
    system.wait_until_resolved()


def test_a_dead_component_is_a_page_within_a_minute(system: AuditedSystem) -> None:
    stack, run = system.stack, system.infrastructure.run
    query = (
        "SELECT state FROM notify.page WHERE body::jsonb ->> 'subject_kind' = 'fault' "
        "AND body::jsonb ->> 'headline' LIKE '%：alerting ‖%'"
    )
    stopped_at = time.monotonic()
    run(stack.stop("alerting"))
    try:
        system.wait_until(lambda: system.value(query) is not None, "nobody is called")
        assert time.monotonic() - stopped_at <= CALL_S
    finally:
        run(stack.start("alerting"))
        run(stack.wait_ready())
    system.wait_until_resolved()
    system.wait_until(lambda: system.value(query) == "withdrawn", "the page still waits")


def test_kafka_and_postgres_away_together_are_messages_by_http_alone(
    system: AuditedSystem, switch: Receiver, messages: Receiver
) -> None:
    stack, run = system.stack, system.infrastructure.run
    system.wait_until(lambda: len(switch.requests) > 2, "the heartbeat has not begun")
    auditor = stack.pid("audit")
    for name in STORES:
        run(stack.stop(name))
    stopped_at = time.monotonic()
    try:
        raised = lambda: components(messages, "raised") >= set(STORES)  # noqa: E731
        system.wait_until(raised, "no message arrives")
        assert time.monotonic() - stopped_at <= CALL_S
        silence_s = messages.requests[-1].at - switch.requests[-1].at
        assert silence_s > 4 * BEAT_S, "the heartbeat goes on"
        beats = len(switch.requests)
    finally:
        for name in STORES:
            run(stack.start(name))
        run(stack.wait_ready())
    cleared = lambda: components(messages, "cleared") >= set(STORES)  # noqa: E731
    system.wait_until(cleared, "the messages are not taken back")
    system.wait_until(lambda: len(switch.requests) > beats + 2, "the heartbeat stays away")
    assert stack.pid("audit") == auditor, "the auditor has died with the stores"
    system.wait_until_resolved()


def test_an_undecodable_an_altered_and_a_forged_record(system: AuditedSystem) -> None:
    bootstrap, run = system.stack.kafka_bootstrap, system.infrastructure.run
    pages = run(read_all(bootstrap, PAGES))
    page = pages[-1]
    altered = json.loads(page.value) | {"headline": "解除警报"}
    system.write(PAGES.name, page.key.decode(), json.dumps(altered).encode(), page.partition)
    system.write(PAGES.name, "x", b"\xff\xfe{not a page", page.partition)
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
    system.write(PAGE_ANSWERS.name, "officer-1", encode(forged), 0)
    first = 1 + max(r.offset for r in pages if r.partition == page.partition)
    names = (
        f"record_corrupt notify:{PAGES.name}/{page.partition}@{first}",
        f"record_corrupt notify:{PAGES.name}/{page.partition}@{first + 1}",
        f"record_corrupt console:{PAGE_ANSWERS.name}/0@0",
    )
    result = system.wait_for_findings(*names)
    assert [result[name].split(",")[0] for name in names] == ["altered", "undecodable", "forged"]
    run(delete_before(bootstrap, PAGES.name, page.partition, first + 2))
    run(delete_before(bootstrap, PAGE_ANSWERS.name, 0, 1))
    system.wait_until_resolved()


@pytest.mark.parametrize("table", ["command.assignment", "console.assignment"])
def test_a_row_changed_behind_its_services_back(system: AuditedSystem, table: str) -> None:
    command = system.issue()
    change = (
        f"UPDATE {table} SET state = $2 WHERE assignment_id = (SELECT min(assignment_id) "
        "FROM command.assignment WHERE command_id = $1) RETURNING assignment_id"
    )
    system.wait_until_settled()
    subject = system.value(change, command, "reported")
    system.wait_for_findings(f"row_differs_from_topic {table}:{subject}")
    system.value(change, command, "delivered")
    system.wait_until_resolved()
