"""What the desk makes of the later life of an alert: recalls, debts, flapping, merges, any order."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.book import Book
from services.notify.core.desk import Desk
from services.notify.core.ladders import LadderState, Purpose
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition, Callee, Debt
from shared.contracts.fields import Level, Post
from shared.contracts.pages import PageState
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_book,
    a_desk,
    an_alert,
    full_roster,
    name_of,
)

ISSUED, RECALLED = AlertTransition.ISSUED, AlertTransition.RECALLED


@pytest.fixture
def book() -> Book:
    return a_book()


@pytest.fixture
def desk(book: Book) -> Desk:
    return a_desk(full_roster(), book)


def called(book: Book, since: int) -> list[str]:
    return [event.officer_id for event in book.events[since:] if event.version == 1]


def with_calls(event: AlertEvent, *calls: Callee, **more: Any) -> AlertEvent:
    return event.model_copy(update={"calls": calls, **more})


def in_force(version: int, transition: AlertTransition, **more: Any) -> AlertEvent:
    state = {
        AlertTransition.RECALLED: AlertState.RECALLED,
        AlertTransition.EXPIRED: AlertState.EXPIRED,
        AlertTransition.LIFTED: AlertState.LIFTED,
    }.get(transition, AlertState.ISSUED)
    values: dict[str, Any] = {"level": Level.YELLOW, "proposed": Level.YELLOW, **more}
    return an_alert(version, transition, state, **values)


def test_a_recall_reaches_everybody_who_was_paged_each_once_and_goes_first(
    book: Book, desk: Desk
) -> None:
    desk.on_alert(an_alert())
    desk.on_alert(in_force(2, ISSUED, actor="o-signer"))
    village, gone = name_of(VILLAGE, Post.B), "o-who-left"
    book.paged["alt-1"] = {
        (TOWN, Post.B, name_of(TOWN, Post.B)),
        (VILLAGE, Post.B, village),
        (VILLAGE, Post.A, gone),
    }
    before = len(book.events)
    desk.on_alert(in_force(3, RECALLED, actor="o-recaller"))
    told = called(book, before)
    assert sorted(told) == sorted([name_of(TOWN, Post.B), name_of(DISTRICT, Post.B), village, gone])
    pages = [event for event in book.events[before:] if event.version == 1]
    assert all("撤回" in page.text for page in pages)
    living = [ladder for ladder in book.ladders.values() if ladder.state is LadderState.OPEN]
    assert {ladder.priority for ladder in living} == {0}, "a recall goes before everything"
    withdrawn = [event for event in book.events[before:] if event.version > 1]
    assert {page.state for page in withdrawn} == {PageState.WITHDRAWN}


def test_a_recall_of_a_person_does_not_climb_to_others(book: Book, desk: Desk) -> None:
    book.paged["alt-1"] = {(VILLAGE, Post.B, name_of(VILLAGE, Post.B))}
    desk.on_alert(in_force(3, RECALLED))
    (mine,) = (ladder for ladder in book.ladders.values() if ladder.purpose is Purpose.RECALL)
    for _ in range(10):
        if mine.state is LadderState.OPEN:
            desk.on_timer(mine.ladder_id, "answer", mine.step)
    assert mine.state is LadderState.CLOSED
    mine_pages = [line.page.officer_id for line in book.pages_of(mine.ladder_id)]
    assert set(mine_pages) == {name_of(VILLAGE, Post.B)}


def test_an_emergency_calls_the_gate_and_its_debt_does_so_again(book: Book, desk: Desk) -> None:
    owed = Debt(unit=CITY, approvals=1, by_officer="o", by_unit=TOWN, due_at=T0, next_at=T0)
    gate = Callee(unit=CITY)
    desk.on_alert(with_calls(in_force(2, ISSUED, actor="o"), gate, debt=owed))
    assert name_of(CITY, Post.B) in called(book, 0)
    before = len(book.events)
    desk.on_alert(with_calls(in_force(3, AlertTransition.DEBT_DUE), gate, debt=owed))
    assert called(book, before) == [name_of(CITY, Post.B)]
    page = [event for event in book.events if event.version == 1][-1]
    assert "追认" in page.text
    asking = [ladder for ladder in book.ladders.values() if ladder.purpose is Purpose.DECIDE]
    # More evidence does not end the calling; the ratification does.
    update = in_force(4, AlertTransition.UPDATED).model_copy(update={"debt": owed})
    desk.on_alert(update)
    assert [ladder.state for ladder in asking] == [LadderState.OPEN]
    desk.on_alert(in_force(5, AlertTransition.RATIFIED))
    assert [ladder.state for ladder in asking] == [LadderState.CLOSED]


def test_an_emergency_that_expires_unsigned_says_so(book: Book, desk: Desk) -> None:
    owed = Debt(unit=CITY, approvals=1, by_officer="o", by_unit=TOWN, due_at=T0, next_at=T0)
    desk.on_alert(in_force(2, AlertTransition.EXPIRED, actor="o").model_copy(update={"debt": owed}))
    told = [event.text for event in book.events]
    assert told
    assert all("始终未追认" in name and "按期追认" not in name for name in told)


def test_the_owner_of_a_silence_is_called_on_his_post_beside_the_desk(
    book: Book, desk: Desk
) -> None:
    calls = (Callee(unit=DISTRICT, post=Post.A), Callee(unit=VILLAGE))
    desk.on_alert(with_calls(an_alert(), *calls))
    assert called(book, 0) == [
        name_of(TOWN, Post.B),
        name_of(DISTRICT, Post.B),
        name_of(DISTRICT, Post.A),
    ]


def test_into_an_alert_that_is_known_only_the_named_are_called(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert())
    before = len(book.events)
    desk.on_alert(
        with_calls(an_alert(2, AlertTransition.UPDATED), Callee(unit=CITY, post=Post.COMMANDER))
    )
    assert called(book, before) == [name_of(CITY, Post.COMMANDER)]
    assert sum(ladder.state is LadderState.OPEN for ladder in book.ladders.values()) == 3


@pytest.mark.parametrize(
    ("transition", "times"), [(AlertTransition.FLAPPING, 1), (AlertTransition.UPDATED, 0)]
)
def test_flapping_is_told_once_and_a_flip_is_not(
    book: Book, desk: Desk, transition: AlertTransition, times: int
) -> None:
    desk.on_alert(an_alert())
    before = len(book.events)
    desk.on_alert(an_alert(2, transition))
    assert len(called(book, before)) == 2 * times
    before = len(book.events)
    for version in range(3, 8):
        desk.on_alert(an_alert(version, AlertTransition.UPDATED))
    assert called(book, before) == []


@pytest.mark.parametrize("state", [AlertState.MERGED, AlertState.ABSORBED, AlertState.EXPIRED])
def test_what_is_merged_or_over_is_not_called_about_any_more(
    book: Book, desk: Desk, state: AlertState
) -> None:
    desk.on_alert(an_alert())
    desk.on_alert(an_alert(2, AlertTransition.MERGED, state))
    assert {ladder.state for ladder in book.ladders.values()} == {LadderState.CLOSED}


def test_what_comes_back_from_a_merge_is_called_about_anew(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert())
    desk.on_alert(an_alert(2, AlertTransition.MERGED, AlertState.MERGED))
    before = len(book.events)
    desk.on_alert(an_alert(3, AlertTransition.UNMERGED))
    assert called(book, before) == [name_of(TOWN, Post.B), name_of(DISTRICT, Post.B)]


CHAIN = [
    an_alert(),
    in_force(2, ISSUED),
    in_force(3, AlertTransition.ADJUSTED, level=Level.BLUE, proposed=Level.BLUE),
    in_force(4, AlertTransition.EXPIRED, level=Level.BLUE, proposed=Level.BLUE),
]


def last_word(events: list[AlertEvent]) -> tuple[Any, ...]:
    book = a_book()
    desk = a_desk(full_roster(), book)
    for event in events:
        desk.on_alert(event)
    memory = book.alerts["alt-1"]
    open_ones = [ladder for ladder in book.ladders.values() if ladder.state is LadderState.OPEN]
    texts = {ladder.text for ladder in open_ones}
    return memory, texts


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_last_word_is_the_newest_version_whatever_the_order_of_arrival(
    order: tuple[int, ...],
) -> None:
    assert last_word([CHAIN[n] for n in order]) == last_word(CHAIN)


@given(st.lists(st.sampled_from(CHAIN), min_size=1, max_size=12))
def test_repeats_change_nothing(events: list[AlertEvent]) -> None:
    memory, _ = last_word(events)
    assert memory.version == max(event.version for event in events)
