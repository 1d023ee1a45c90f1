"""The recount finds what is planted: something missing, something twice, a drill that leaks."""

from datetime import UTC, datetime
from typing import Any

from deploy.demo import expected_alarms, figures, losses
from deploy.demo.accepted_log import Accepted
from deploy.demo.expected_alarms import Transition
from deploy.demo.stored_state import Books
from deploy.demo.topic_reader import Entry, Log, ReadingHead
from deploy.demo.webhook import Received
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import PublicNotice
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.topics import ALARMS, NOTICES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY: expected_alarms.Key = ("flood-cuntan", "gauge-cuntan", Status.ACTUAL)


def test_an_accepted_reading_that_is_not_on_the_topic_is_lost() -> None:
    accepted = Accepted(frozenset({"r-1", "r-2"}), frozenset({"rep-1"}), ({"id": "act-1"},))
    result = losses.lost(_log(), _books(), accepted, {})
    assert result.kinds["readings"] == 1
    assert result.kinds["reports"] == 1
    assert result.kinds["acts"] == 1
    assert result.examples["readings"] == ["r-2"]


def test_a_missing_alarm_is_lost_and_a_surplus_alarm_is_a_duplicate() -> None:
    raised = Transition(KEY[0], KEY[1], Status.ACTUAL, "raised", "yellow")
    log = _log(_alarm(1, AlarmTransition.RAISED))
    none = Accepted(frozenset(), frozenset(), ())
    transitions = {KEY: [raised, Transition(KEY[0], KEY[1], Status.ACTUAL, "cleared", "yellow")]}
    assert losses.lost(log, _books(), none, transitions).kinds["alarm_changes"] == 1
    assert losses.lost(log, _books(), none, {KEY: [raised]}).kinds["alarm_changes"] == 0
    assert losses.duplicates(log, _books(), Received(), {}).kinds["alarm_changes"] == 1
    assert losses.duplicates(log, _books(), Received(), transitions).kinds["alarm_changes"] == 0


def test_a_raised_alarm_without_an_alert_is_lost() -> None:
    log, none = _log(_alarm(1, AlarmTransition.RAISED)), Accepted(frozenset(), frozenset(), ())
    assert losses.lost(log, _books(), none, {}).kinds["alarms_without_disposition"] == 1


def test_a_repeated_webhook_counts_only_without_the_mark() -> None:
    received = Received()
    received.pages.update({"pag-1": 2, "pag-2": 2, "pag-3": 1})
    received.resent.update({"pag-2": 1})
    assert received.repeats() == ["pag-1"]


def test_a_drill_that_refers_to_a_real_record_and_a_notice_of_a_drill_are_leaks() -> None:
    exercise = _alarm(1, AlarmTransition.RAISED, Status.EXERCISE)
    assert losses.drill_leaks(_log(exercise), Received()).kinds["references"] == 1
    assert losses.drill_leaks(_log(_alarm(1, AlarmTransition.RAISED)), Received()).total == 0
    log = _log()
    notice = PublicNotice(
        notice_id="not-1", alert_id="alt-1", level=Level.BLUE, headline="x", **_head("n-1")
    ).model_copy(update={"status": Status.EXERCISE})
    log.entries[NOTICES.name].append(Entry(notice, 0))
    assert losses.drill_leaks(log, Received()).kinds["public_notices"] == 1


def test_a_repeated_record_counts_once_and_latency_is_between_record_times() -> None:
    log = _log(_alarm(1, AlarmTransition.RAISED), _alarm(1, AlarmTransition.RAISED))
    assert figures.counts(log, Status.ACTUAL)["alarms"]["raised"] == 1
    assert figures.latencies(log)["reading_to_alarm"] == {"p50": 40, "p99": 40, "n": 1}


def test_two_pages_for_one_call_are_a_duplicate_and_a_digest_is_not() -> None:
    first = _page("pag-1", 1, ["sup-1"])
    answered = _page("pag-1", 2, [first.id, "sup-1"])
    digest = _page("pag-2", 1, [first.id], SubjectKind.DIGEST)
    assert losses.called_twice([first, answered, digest]) == []
    repeat = _page("pag-3", 1, ["sup-1"])
    assert losses.called_twice([first, answered, digest, repeat]) == ["o-1"]


def _page(
    page_id: str,
    version: int,
    references: list[str],
    kind: SubjectKind = SubjectKind.SUPERVISION,
) -> Page:
    return Page(
        **_head(f"evt-{page_id}-{version}"),
        references=tuple(references),
        page_id=page_id,
        version=version,
        subject_kind=kind,
        subject_id="subject-1",
        officer_id="o-1",
        unit="500105000000",
        post=Post.B,
        channel=Channel.CONSOLE,
        state=PageState.SENT,
        level=Level.YELLOW,
        headline="water",
        text="water",
        answer_by=NOW,
    )


def _log(*alarms: AlarmEvent) -> Log:
    log = Log()
    log.readings["r-1"] = (ReadingHead("reading", "r-1", "gauge-cuntan"), 1_000)
    log.entries[ALARMS.name] = [Entry(alarm, 1_040) for alarm in alarms]
    return log


def _alarm(version: int, transition: AlarmTransition, status: Status = Status.ACTUAL) -> AlarmEvent:
    return AlarmEvent(
        **_head(f"evt-{version}-{status}"),
        status=status,
        alarm_id=f"alm-1-{status}",
        version=version,
        transition=transition,
        rule_id=KEY[0],
        rule_version=1,
        kind="threshold",
        sensor_id=KEY[1],
        place="500105000000",
        event_type="11A01",
        level=Level.YELLOW,
        score=50,
        evidence=Evidence(metric="water_level", value=181.0, unit="m", limit=180.5, event_id="r-1"),
        headline="water",
    )


def _head(event_id: str) -> dict[str, Any]:
    return {
        "id": event_id,
        "occurred_at": NOW,
        "sent_at": NOW,
        "origin_unit": "500105000000",
        "tier": Tier.DISTRICT,
    }


def _books() -> Books:
    return Books([], [], [], [], [], {})
