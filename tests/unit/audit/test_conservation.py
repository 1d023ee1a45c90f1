"""What became of each record, and that the books of a hop balance whatever happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.core.conservation import Fact, Fate, Passage, Trace, balances, fate, settle
from services.audit.core.provenance import Flaw, Origin, flaw, origin
from services.audit.core.window import KEEP, MOST, Window
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ASSIGNMENTS,
    PAGES,
    READINGS,
    RULES,
    TRAIL,
)

NOW_MS, OLD_MS = 2_000, 500
SINCE_MS = 1_000


def a_fact(offset: int = 0, event_id: str | None = "e", **change: object) -> Fact:
    return replace(Fact(offset, NOW_MS, event_id, b"body", b"wire"), **change)  # type: ignore[arg-type]


def a_passage(first: int = 0, stored: int = 0, end: int = 0) -> Passage:
    return Passage("notify", PAGES.name, 0, first, first, stored, end)


FATES = [
    (a_fact(), Trace.INBOX, {"e": b"body"}, False, Fate.APPLIED),
    (a_fact(repeat=True), Trace.INBOX, {"e": b"body"}, False, Fate.REPEATED),
    (a_fact(), Trace.INBOX, {"e": b"other"}, True, Fate.REFUSED),
    (a_fact(event_id=None), Trace.INBOX, {}, True, Fate.REFUSED),
    (a_fact(), Trace.INBOX, {"e": b"other"}, False, Fate.LOST),
    (a_fact(), Trace.INBOX, {}, False, Fate.LOST),
    (a_fact(event_id=None), Trace.INBOX, {}, False, Fate.LOST),
    (a_fact(accepted_ms=OLD_MS), Trace.INBOX, {}, False, Fate.UNCHECKED),
    (a_fact(accepted_ms=OLD_MS), Trace.INBOX, {"e": b"body"}, False, Fate.APPLIED),
    (a_fact(), Trace.LETTERS, {}, False, Fate.APPLIED),
    (a_fact(event_id=None), Trace.LETTERS, {}, False, Fate.LOST),
    (a_fact(), Trace.LETTERS, {}, True, Fate.REFUSED),
]


@pytest.mark.parametrize(("fact", "trace", "memory", "refused", "expected"), FATES)
def test_every_record_has_one_fate(
    fact: Fact, trace: Trace, memory: dict[str, bytes], refused: bool, expected: Fate
) -> None:
    assert fate(fact, trace, memory, refused, SINCE_MS) is expected


records = st.lists(
    st.tuples(st.sampled_from(["applied", "refused", "lost"]), st.integers(0, 3)), max_size=40
)


@given(records, st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_in_is_out_and_suppressed_and_dead_letters_and_in_flight(
    made: list[tuple[str, int]], steps: list[int], compacted: bool
) -> None:
    facts, offset = [], 0
    for number, (_, gap) in enumerate(made):
        offset += gap if compacted else 0
        facts.append(a_fact(offset, f"e{number}"))
        offset += 1
    memory = {f"e{n}": b"body" for n, (what, _) in enumerate(made) if what == "applied"}
    refused = {facts[n].offset for n, (what, _) in enumerate(made) if what == "refused"}
    passage = a_passage(end=offset)
    lost: list[Fact] = []
    for step in sorted(min(step, offset) for step in steps):
        mine = [fact for fact in facts if passage.next_offset <= fact.offset < step]
        settled = settle(
            replace(passage, stored=step),
            mine,
            max(step, passage.next_offset),
            Trace.INBOX,
            memory,
            refused,
            SINCE_MS,
            compacted=compacted,
        )
        passage, lost = settled.passage, lost + settled.lost
        (hop,) = balances([passage])
        assert hop.difference == hop.lost == len(lost)
        assert hop.unexplained == 0
        assert hop.records_in == (
            hop.applied + hop.repeated + hop.refused + hop.unchecked + hop.in_flight + hop.lost
        )
        passed = [fact for fact in facts if fact.offset < passage.next_offset]
        assert len(passed) == hop.records_in - hop.in_flight


def test_an_offset_that_holds_nothing_does_not_balance_unless_it_is_explained() -> None:
    def after(**why: bool) -> int:
        settled = settle(
            a_passage(end=2), [a_fact(1)], 2, Trace.INBOX, {"e": b"body"}, (), SINCE_MS, **why
        )
        return balances([settled.passage])[0].unexplained

    assert after() == 1
    assert after(gaps_allowed=True) == 0
    assert after(compacted=True) == 0


def test_a_hop_is_the_sum_of_its_partitions() -> None:
    first = replace(a_passage(stored=5, end=9), next_offset=4, applied=4)
    second = replace(a_passage(first=10, stored=12, end=12), part=1, next_offset=12, refused=2)
    (hop,) = balances([first, second])
    assert (hop.records_in, hop.applied, hop.refused, hop.in_flight) == (11, 4, 2, 5)
    assert (hop.waiting, hop.difference) == (4, 0)


def test_a_reader_beyond_the_end_that_was_read_before_has_nothing_in_flight() -> None:
    ahead = replace(a_passage(stored=7, end=5), next_offset=7, applied=7)
    assert balances([ahead])[0].difference == balances([ahead])[0].in_flight == 0


def test_a_window_knows_repeats_and_forgets_what_all_have_passed() -> None:
    window = Window(0)
    window.take([a_fact(0, "a"), a_fact(1, "b"), a_fact(2, "a", digest=b"other")], 3)
    assert [fact.repeat for fact in window.between(0, 3)] == [False, False, True]
    assert [fact.conflict for fact in window.between(0, 3)] == [False, False, True]
    window.take([a_fact(n, f"x{n}") for n in range(3, KEEP + 10)], KEEP + 10)
    window.forget(KEEP + 10)
    assert window.start == 10
    assert [fact.offset for fact in window.between(0, 12)] == [10, 11]
    window.take([a_fact(KEEP + 10, "b"), a_fact(KEEP + 11, f"x{KEEP}")], KEEP + 12)
    assert [fact.repeat for fact in window.between(KEEP + 10, KEEP + 12)] == [False, True]


def test_a_window_whose_readers_stand_still_is_full() -> None:
    window = Window(0)
    window.take([a_fact(n, f"x{n}") for n in range(MOST)], MOST)
    window.forget(0)
    assert window.full
    window.forget(MOST)
    assert not window.full


FLAWS: list[tuple[Origin, Fact, dict[str, bytes], dict[str, bytes], Flaw | None]] = [
    (Origin.ACTS, a_fact(), {"e": b"wire"}, {}, None),
    (Origin.ACTS, a_fact(), {"e": b"else"}, {}, Flaw.ALTERED),
    (Origin.ACTS, a_fact(), {}, {"e": b"body"}, Flaw.FORGED),
    (Origin.ACTS, a_fact(accepted_ms=OLD_MS), {}, {}, None),
    (Origin.ACTS, a_fact(accepted_ms=OLD_MS), {"e": b"else"}, {}, Flaw.ALTERED),
    (Origin.ACTS, a_fact(event_id=None), {}, {}, Flaw.UNDECODABLE),
    (Origin.OUTBOX, a_fact(), {}, {}, None),
    (Origin.OUTBOX, a_fact(), {}, {"e": b"body"}, None),
    (Origin.OUTBOX, a_fact(), {}, {"e": b"other"}, Flaw.ALTERED),
    (Origin.OUTBOX, a_fact(conflict=True), {}, {}, Flaw.ALTERED),
    (Origin.OUTBOX, a_fact(event_id=None), {}, {}, Flaw.UNDECODABLE),
    (Origin.OTHERS, a_fact(event_id=None), {}, {}, None),
]


@pytest.mark.parametrize(("whose", "fact", "acts", "known", "expected"), FLAWS)
def test_a_record_is_compared_with_what_is_known_of_its_origin(
    whose: Origin,
    fact: Fact,
    acts: dict[str, bytes],
    known: dict[str, bytes],
    expected: Flaw | None,
) -> None:
    assert flaw(fact, whose, acts, known, SINCE_MS) is expected


def test_the_origin_of_a_topic_follows_from_who_writes_it() -> None:
    assert {origin(topic_spec.name) for topic_spec in (ALERTS, ASSIGNMENTS, TRAIL)} == {
        Origin.OUTBOX
    }
    assert origin(ACKNOWLEDGEMENTS.name) is Origin.ACTS
    assert {origin(topic_spec.name) for topic_spec in (ALARMS, READINGS, RULES)} == {Origin.OTHERS}
