"""The progress of calls that several officers have to answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.core.quorum import progress
from shared.contracts.fields import Post
from shared.domain.roster.post_holders import PostHolder

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VILLAGE, TOWN, DISTRICT = "500118118201", "500118118000", "500118000000"


HOLDERS = {
    TOWN: [
        PostHolder(TOWN, Post.B, "li"),
        PostHolder(TOWN, Post.A, "ma"),
        PostHolder(TOWN, Post.COMMANDER, "wu"),
    ]
}


def a_call(officer: str, post: str = "B", **more: Any) -> dict[str, Any]:
    return {
        "officer_id": officer,
        "unit": TOWN,
        "start_unit": TOWN,
        "post": post,
        "round": 1,
        "rung": 0,
        "state": "sent",
        "called_at": NOW,
        "verb": None,
        "answered_at": None,
        **more,
    }


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def answered(verb: str, minutes: int = 1) -> dict[str, Any]:
    return {"state": "answered", "verb": verb, "answered_at": at(minutes)}


def figures(words: str, *calls: dict[str, Any]) -> tuple[int, int, list[str], list[str]]:
    result = progress(
        [{**call, "quorum": words} for call in calls], lambda unit: HOLDERS.get(unit, [])
    )
    return (
        result.total.needed,
        result.total.count,
        [call["officer_id"] for call in result.answered],
        [call["officer_id"] for call in result.waiting],
    )


CREW = (
    a_call("li", "B", **answered("coming")),
    a_call("ma", "A"),
    a_call("wu", "commander", **answered("cannot")),
)
ABOVE = a_call("sun", "B", unit=DISTRICT, rung=1, **answered("coming", 5))
ON_TWO_POSTS = (
    a_call("ma", "A"),
    a_call("wu", "commander", state="no_answer"),
    a_call("wu", unit=DISTRICT, rung=1, round=2, called_at=at(9), **answered("coming", 10)),
)
EMPTY = {"start_unit": VILLAGE}


@pytest.mark.parametrize(
    ("words", "calls", "expected"),
    [
        ("all", CREW, (3, 1, ["li"], ["ma"])),
        ("2", CREW, (2, 1, ["li"], ["ma"])),
        ("A commander", CREW, (2, 0, ["li"], ["ma"])),
        ("A commander", (*CREW, ABOVE), (2, 1, ["li", "sun"], ["ma"])),
        ("all", (*CREW, ABOVE), (3, 2, ["li", "sun"], ["ma"])),
        ("2", (a_call("li", **answered("need_help")),), (2, 1, ["li"], [])),
    ],
)
def test_officers_count_by_the_kind_of_quorum(
    words: str, calls: tuple[dict[str, Any], ...], expected: tuple[int, int, list[str], list[str]]
) -> None:
    assert figures(words, *calls) == expected


@pytest.mark.parametrize(
    ("words", "calls", "expected"),
    [
        # The calls of the town went on in the district when the alert was raised.
        ("all", (ABOVE,), (3, 1, ["sun"], [])),
        ("B A", (CREW[0],), (2, 1, ["li"], [])),
        # Nobody holds a post of the first unit: one officer above is enough.
        ("A commander", ({**CREW[0], **EMPTY},), (1, 1, ["li"], [])),
        ("all", ({**CREW[0], **EMPTY}, {**CREW[1], **EMPTY}), (1, 1, ["li"], ["ma"])),
        # Who is silent on a post and comes on one above counts for both.
        ("A commander", ON_TWO_POSTS, (2, 2, ["wu"], ["ma"])),
        # The holder of a post has changed since the call.
        ("B", (a_call("he", **answered("coming")),), (1, 1, ["he"], [])),
    ],
)
def test_the_first_unit_and_its_holders_are_those_of_notify(
    words: str, calls: tuple[dict[str, Any], ...], expected: tuple[int, int, list[str], list[str]]
) -> None:
    assert figures(words, *calls) == expected


def test_older_calls_begin_in_the_unit_of_the_first() -> None:
    calls = [{**call, "start_unit": None} for call in (*CREW, ABOVE)]
    assert figures("all", *calls) == (3, 2, ["li", "sun"], ["ma"])


def test_the_newest_call_has_the_quorum_that_holds() -> None:
    calls = [{**CREW[0], "quorum": "3"}, {**CREW[1], "quorum": "2"}]
    assert progress(calls, lambda unit: HOLDERS[unit]).total.needed == 2


def test_the_answer_on_one_channel_answers_the_call_on_all() -> None:
    assert figures("2", a_call("li"), a_call("li", **answered("coming"))) == (2, 1, ["li"], [])


def test_whoever_is_called_again_after_a_broken_promise_is_asked() -> None:
    first = a_call("li", **answered("coming"))
    second = a_call("li", round=2, called_at=at(9))
    assert figures("2", first, second) == (2, 0, [], ["li"])
    assert figures("2", first, {**second, "state": "no_answer"}) == (2, 0, [], [])
    promised = {**second, **answered("coming", 10)}
    assert figures("2", first, promised) == (2, 1, ["li"], [])


def test_the_last_of_two_answers_counts() -> None:
    first = a_call("li", **answered("coming", 10))
    second = a_call("li", round=2, called_at=at(9), state="answered")
    assert figures("2", first, second) == (2, 1, ["li"], [])
    late = {**second, "state": "no_answer"}
    assert figures("2", first, late) == (2, 1, ["li"], []), "an answer by the page of before"
    crossed = {**second, "called_at": at(11)}
    assert figures("2", first, crossed) == (2, 1, ["li"], []), "the call crossed the answer"
    declined = {**second, **answered("cannot", 12)}
    assert figures("2", first, declined) == (2, 0, [], [])
