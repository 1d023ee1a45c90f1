"""Refused acts for the trail: the first at once, then a count each minute, none lost, no flood."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.refusals import UNKNOWN, Refusal, RefusedFor
from shared.domain import refusal_log
from shared.domain.refusal_log import (
    INTERVAL,
    INTERVAL_OF_WRONG_RECORDS,
    RefusalLog,
    RefusedAttempt,
)

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
TOWN = "500118118000"


def tried(
    actor: str = "o-1", action: str = "POST /api/commands", reason: str = "wrong_post"
) -> RefusedAttempt:
    return RefusedAttempt(actor, action, RefusedFor(reason), TOWN, TOWN, "cmd-1", "10.0.0.7")


def fresh() -> RefusalLog:
    return RefusalLog("p1", lambda: "500000000000")


def written(refusals: RefusalLog, now: datetime, limit: int = 1_000) -> list[Refusal]:
    return list(refusals.due(now, limit))


def test_the_first_is_reported_at_once_and_the_rest_of_the_minute_in_one_record() -> None:
    result = fresh()
    result.note(tried(), NOW)
    [first] = written(result, NOW)
    assert (first.count, first.place, first.origin_unit) == (1, TOWN, TOWN)
    for second in range(1, 31):
        result.note(tried(), NOW + timedelta(seconds=second))
    assert written(result, NOW + timedelta(seconds=59)) == []
    [refusal] = written(result, NOW + INTERVAL)
    assert (refusal.count, refusal.occurred_at) == (30, NOW + timedelta(seconds=1))
    assert refusal.until == NOW + timedelta(seconds=30)
    assert refusal.id != first.id
    assert written(result, NOW + 2 * INTERVAL) == []
    result.note(tried(), NOW + 2 * INTERVAL)
    assert len(written(result, NOW + 2 * INTERVAL)) == 1, (
        "a quiet minute later it is a first one again"
    )


def test_wrong_records_of_a_source_are_counted_by_what_is_wrong_and_longer() -> None:
    result = fresh()
    for number in range(700):
        for problem in ("unit_mismatch", "future_time"):
            attempt = RefusedAttempt(
                "gauges", "POST /v1/readings", RefusedFor.NOT_ACCEPTABLE, TOWN, problem=problem
            )
            result.note(attempt, NOW + timedelta(seconds=number))
    [first, second] = result.due_with_attempts(NOW, 10)
    assert {attempt.problem for _, attempt in (first, second)} == {"unit_mismatch", "future_time"}
    assert first[0].id != second[0].id
    assert written(result, NOW + INTERVAL_OF_WRONG_RECORDS - timedelta(seconds=1)) == []
    later = NOW + INTERVAL_OF_WRONG_RECORDS
    result.note(tried("gauges"), later)
    assert sorted(record.reason for record in written(result, later)) == ["wrong_post"]


def test_an_address_that_postgres_cannot_hold_keeps_no_try_out_of_the_trail() -> None:
    result = fresh()
    address = "10.0.0.7\x00\ud800"
    result.note(
        RefusedAttempt("o-1", "POST /a", RefusedFor.WRONG_POST, TOWN, TOWN, "cmd\x00", address), NOW
    )
    [record] = written(result, NOW)
    assert record.address.startswith("10.0.0.7")
    assert record.subject_id.startswith("cmd")
    assert Refusal.model_validate_json(record.to_wire()) == record


def test_strangers_write_one_record_a_reason_whatever_they_make_up() -> None:
    result = fresh()
    for number in range(1_000):
        result.note(tried(UNKNOWN, f"GET /x{number}", "signed_out"), NOW)
        result.note(tried(UNKNOWN, f"POST /y{number}", "wrong_password"), NOW)
    assert sorted((refusal.reason, refusal.count) for refusal in written(result, NOW)) == [
        ("signed_out", 1_000),
        ("wrong_password", 1_000),
    ]


def test_beyond_what_is_reported_apart_only_the_reason_is_kept() -> None:
    result = fresh()
    for number in range(refusal_log.MOST_KINDS + 7):
        result.note(tried(f"o-{number}"), NOW)
    records = written(result, NOW, 10**6)
    assert len(records) == refusal_log.MOST_KINDS + 1
    assert [record.count for record in records if record.actor == UNKNOWN] == [7]


def test_one_officer_writes_not_many_more_than_a_hundred_a_minute() -> None:
    result = fresh()
    for number in range(1_000):
        result.note(
            tried(action=f"POST /{number}", reason=("wrong_post", "no_sight")[number % 2]), NOW
        )
    records = written(result, NOW)
    assert len(records) == refusal_log.MOST_KINDS_OF_ACTOR + 2
    assert sum(record.count for record in records) == 1_000
    assert {record.actor for record in records} == {"o-1"}
    assert written(result, NOW + INTERVAL) == []
    result.note(tried(action="POST /again"), NOW + INTERVAL)
    [refusal] = written(result, NOW + INTERVAL)
    assert refusal.action == "POST /again", "what was a minute ago counts no more"


def test_a_few_at_a_time_and_none_is_forgotten_before_it_is_written() -> None:
    result = fresh()
    for number in range(25):
        result.note(tried(f"o-{number}"), NOW)
    actors = [refusal.actor for _ in range(3) for refusal in written(result, NOW, 10)]
    assert sorted(actors) == sorted(f"o-{number}" for number in range(25))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from(["o-1", "o-2", UNKNOWN]),
            st.sampled_from(["a", "b", "c"]), st.sampled_from(["wrong_post", "no_sight"]),
        ),
        max_size=150,
    )
)  # fmt: skip
def test_counts_add_up_and_no_kind_has_two_records_within_a_minute(
    tries: list[tuple[int, str, str, str]],
) -> None:
    result, records = fresh(), []
    todo = sorted(tries)
    for second in range(301 + 60):
        now = NOW + timedelta(seconds=second)
        for _, actor, action, reason in (entry for entry in todo if entry[0] == second):
            result.note(tried(actor, action, reason), now)
        records += written(result, now)
    noted = Counter((item[1], item[3]) for item in todo)
    counted: Counter[tuple[str, str]] = Counter()
    times: dict[tuple[str, str, str], list[datetime]] = {}
    for record in records:
        counted[record.actor, record.reason] += record.count
        action = "" if record.actor == UNKNOWN else record.action
        times.setdefault((record.actor, action, record.reason), []).append(record.sent_at)
    assert counted == noted
    assert len({record.id for record in records}) == len(records)
    for sent in times.values():
        assert all(b - a >= INTERVAL for a, b in pairwise(sent))
