"""The outcome of each record at a reader, and the balance of a hop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.core.conservation.audited_record import AuditedRecord
from services.audit.core.conservation.balances import balances
from services.audit.core.conservation.progress import (
    ReaderProgress,
    RecordOutcome,
    TraceKind,
    advance,
    outcome_of,
)
from services.audit.core.conservation.provenance import RecordFlaw, RecordOrigin, flaw_of, origin_of
from services.audit.core.conservation.window import MAX_RECORDS, MIN_IDS, PartitionWindow
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ASSIGNMENTS,
    AUDIT_TRAIL,
    PAGES,
    READINGS,
    RULES,
)

NOW_MS, OLD_MS = 2_000, 500
SINCE_MS = 1_000


def a_record(offset: int = 0, event_id: str | None = "e", **change: object) -> AuditedRecord:
    record = AuditedRecord(offset, NOW_MS, event_id, b"body", b"wire")
    return replace(record, **change)  # type: ignore[arg-type]


def a_progress(first: int = 0, stored_offset: int = 0, end_offset: int = 0) -> ReaderProgress:
    return ReaderProgress("notify", PAGES.name, 0, first, first, stored_offset, end_offset)


OUTCOMES = [
    (a_record(), TraceKind.INBOX, {"e": b"body"}, False, RecordOutcome.APPLIED),
    (a_record(repeated=True), TraceKind.INBOX, {"e": b"body"}, False, RecordOutcome.REPEATED),
    (a_record(), TraceKind.INBOX, {"e": b"other"}, True, RecordOutcome.REFUSED),
    (a_record(event_id=None), TraceKind.INBOX, {}, True, RecordOutcome.REFUSED),
    (a_record(), TraceKind.INBOX, {"e": b"other"}, False, RecordOutcome.LOST),
    (a_record(), TraceKind.INBOX, {}, False, RecordOutcome.LOST),
    (a_record(event_id=None), TraceKind.INBOX, {}, False, RecordOutcome.LOST),
    (a_record(accepted_ms=OLD_MS), TraceKind.INBOX, {}, False, RecordOutcome.UNCHECKED),
    (a_record(accepted_ms=OLD_MS), TraceKind.INBOX, {"e": b"body"}, False, RecordOutcome.APPLIED),
    (a_record(), TraceKind.DEAD_LETTERS, {}, False, RecordOutcome.APPLIED),
    (a_record(event_id=None), TraceKind.DEAD_LETTERS, {}, False, RecordOutcome.LOST),
    (a_record(), TraceKind.DEAD_LETTERS, {}, True, RecordOutcome.REFUSED),
]


@pytest.mark.parametrize(("record", "trace", "inbox", "refused", "expected"), OUTCOMES)
def test_every_record_has_one_outcome(
    record: AuditedRecord,
    trace: TraceKind,
    inbox: dict[str, bytes],
    refused: bool,
    expected: RecordOutcome,
) -> None:
    assert outcome_of(record, trace, inbox, refused, SINCE_MS) is expected


records = st.lists(
    st.tuples(st.sampled_from(["applied", "refused", "lost"]), st.integers(0, 3)), max_size=40
)


@given(records, st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_in_is_out_and_suppressed_and_dead_letters_and_in_flight(
    outcomes: list[tuple[str, int]], steps: list[int], compacted: bool
) -> None:
    written: list[AuditedRecord] = []
    offset = 0
    for number, (_, gap) in enumerate(outcomes):
        offset += gap if compacted else 0
        written.append(a_record(offset, f"e{number}"))
        offset += 1
    inbox = {f"e{n}": b"body" for n, (name, _) in enumerate(outcomes) if name == "applied"}
    refused = {written[n].offset for n, (name, _) in enumerate(outcomes) if name == "refused"}
    progress = a_progress(end_offset=offset)
    lost: list[AuditedRecord] = []
    for step in sorted(min(step, offset) for step in steps):
        new = [record for record in written if progress.next_offset <= record.offset < step]
        advanced = advance(
            replace(progress, stored_offset=step),
            new,
            max(step, progress.next_offset),
            TraceKind.INBOX,
            inbox,
            refused,
            SINCE_MS,
            compacted=compacted,
        )
        progress, lost = advanced.progress, lost + advanced.lost
        (hop,) = balances([progress])
        assert hop.difference == hop.lost == len(lost)
        assert hop.unexplained == 0
        assert hop.records_in == (
            hop.applied + hop.repeated + hop.refused + hop.unchecked + hop.in_flight + hop.lost
        )
        passed = [record for record in written if record.offset < progress.next_offset]
        assert len(passed) == hop.records_in - hop.in_flight


def test_an_offset_that_holds_nothing_does_not_balance_unless_it_is_explained() -> None:
    def unexplained(**reasons: bool) -> int:
        advanced = advance(
            a_progress(end_offset=2),
            [a_record(1)],
            2,
            TraceKind.INBOX,
            {"e": b"body"},
            (),
            SINCE_MS,
            **reasons,
        )
        return balances([advanced.progress])[0].unexplained

    assert unexplained() == 1
    assert unexplained(gaps_allowed=True) == 0
    assert unexplained(compacted=True) == 0


def test_a_hop_is_the_sum_of_its_partitions() -> None:
    first = replace(a_progress(stored_offset=5, end_offset=9), next_offset=4, applied=4)
    second = replace(
        a_progress(first=10, stored_offset=12, end_offset=12), part=1, next_offset=12, refused=2
    )
    (hop,) = balances([first, second])
    assert (hop.records_in, hop.applied, hop.refused, hop.in_flight) == (11, 4, 2, 5)
    assert (hop.backlog, hop.difference) == (4, 0)


def test_a_reader_beyond_the_end_that_was_read_before_has_nothing_in_flight() -> None:
    progress = replace(a_progress(stored_offset=7, end_offset=5), next_offset=7, applied=7)
    assert balances([progress])[0].difference == balances([progress])[0].in_flight == 0


def test_a_window_marks_repeats_and_deletes_records_that_all_readers_have_passed() -> None:
    window = PartitionWindow(0)
    window.append([a_record(0, "a"), a_record(1, "b"), a_record(2, "a", body_hash=b"other")], 3)
    assert [record.repeated for record in window.between(0, 3)] == [False, False, True]
    assert [record.conflicting for record in window.between(0, 3)] == [False, False, True]
    window.delete_below(2)
    assert window.start == 2
    assert [record.offset for record in window.between(0, 3)] == [2]


def test_a_window_recognises_a_repeat_of_what_all_readers_have_passed() -> None:
    window = PartitionWindow(0)
    end = 0
    for _ in range(2 * MIN_IDS // 100):
        window.append([a_record(n, f"x{n}") for n in range(end, end + 100)], end + 100)
        end += 100
        window.delete_below(end)
        assert window.between(0, end) == []
    oldest = end - MIN_IDS
    repeats = [
        a_record(end, f"x{oldest}"),
        a_record(end + 1, f"x{oldest + 1}", body_hash=b"other"),
        a_record(end + 2, "x0"),
    ]
    window.append(repeats, end + 3)
    marks = [(record.repeated, record.conflicting) for record in window.between(end, end + 3)]
    assert marks == [(True, False), (True, True), (False, False)]


def test_a_window_is_full_when_its_readers_do_not_move() -> None:
    window = PartitionWindow(0)
    window.append([a_record(n, f"x{n}") for n in range(MAX_RECORDS)], MAX_RECORDS)
    window.delete_below(0)
    assert window.full
    window.delete_below(MAX_RECORDS)
    assert not window.full


FLAWS: list[
    tuple[RecordOrigin, AuditedRecord, dict[str, bytes], dict[str, bytes], RecordFlaw | None]
] = [
    (RecordOrigin.CONSOLE_ACTIONS, a_record(), {"e": b"wire"}, {}, None),
    (RecordOrigin.CONSOLE_ACTIONS, a_record(), {"e": b"else"}, {}, RecordFlaw.ALTERED),
    (RecordOrigin.CONSOLE_ACTIONS, a_record(), {}, {"e": b"body"}, RecordFlaw.FORGED),
    (RecordOrigin.CONSOLE_ACTIONS, a_record(accepted_ms=OLD_MS), {}, {}, None),
    (
        RecordOrigin.CONSOLE_ACTIONS,
        a_record(accepted_ms=OLD_MS),
        {"e": b"else"},
        {},
        RecordFlaw.ALTERED,
    ),
    (RecordOrigin.CONSOLE_ACTIONS, a_record(event_id=None), {}, {}, RecordFlaw.UNDECODABLE),
    (RecordOrigin.OUTBOX, a_record(), {}, {}, None),
    (RecordOrigin.OUTBOX, a_record(), {}, {"e": b"body"}, None),
    (RecordOrigin.OUTBOX, a_record(), {}, {"e": b"other"}, RecordFlaw.ALTERED),
    (RecordOrigin.OUTBOX, a_record(conflicting=True), {}, {}, RecordFlaw.ALTERED),
    (RecordOrigin.OUTBOX, a_record(event_id=None), {}, {}, RecordFlaw.UNDECODABLE),
    (RecordOrigin.UNVERIFIABLE, a_record(event_id=None), {}, {}, None),
]


@pytest.mark.parametrize(("origin", "record", "actions", "inbox", "expected"), FLAWS)
def test_a_record_is_compared_with_what_is_known_of_its_origin(
    origin: RecordOrigin,
    record: AuditedRecord,
    actions: dict[str, bytes],
    inbox: dict[str, bytes],
    expected: RecordFlaw | None,
) -> None:
    assert flaw_of(record, origin, actions, inbox, SINCE_MS) is expected


def test_an_act_of_the_canary_is_no_forgery_and_a_second_body_is_an_alteration() -> None:
    act = a_record(of_canary=True)
    origin = RecordOrigin.CONSOLE_ACTIONS
    assert flaw_of(act, origin, {}, {"e": b"body"}, SINCE_MS) is None
    assert flaw_of(act, origin, {}, {"e": b"other"}, SINCE_MS) is RecordFlaw.ALTERED
    assert flaw_of(a_record(), origin, {}, {"e": b"body"}, SINCE_MS) is RecordFlaw.FORGED


def test_the_origin_of_a_topic_follows_from_who_writes_it() -> None:
    assert {origin_of(topic_spec.name) for topic_spec in (ALERTS, ASSIGNMENTS, AUDIT_TRAIL)} == {
        RecordOrigin.OUTBOX
    }
    assert origin_of(ACKNOWLEDGEMENTS.name) is RecordOrigin.CONSOLE_ACTIONS
    assert {origin_of(topic_spec.name) for topic_spec in (ALARMS, READINGS, RULES)} == {
        RecordOrigin.UNVERIFIABLE
    }
