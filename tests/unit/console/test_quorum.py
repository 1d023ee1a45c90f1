"""The progress of calls that several officers have to answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.core.quorum import progress
from services.console.projector.handlers.pages import quorum_words
from shared.contracts.fields import Post
from shared.contracts.pages import Quorum

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TOWN, DISTRICT = "500118118000", "500118000000"


def a_call(officer: str, post: str = "B", **more: Any) -> dict[str, Any]:
    return {
        "officer_id": officer,
        "unit": TOWN,
        "post": post,
        "round": 1,
        "rung": 0,
        "state": "sent",
        "verb": None,
        "answered_at": None,
        **more,
    }


def answered(verb: str, minutes: int = 0) -> dict[str, Any]:
    at = NOW + timedelta(minutes=minutes)
    return {"state": "answered", "verb": verb, "answered_at": at}


def figures(words: str, *calls: dict[str, Any]) -> tuple[int, int, list[str], list[str]]:
    result = progress(words, calls)
    return (
        result.needed,
        result.count,
        [call["officer_id"] for call in result.answered],
        [call["officer_id"] for call in result.waiting],
    )


@pytest.mark.parametrize(
    ("quorum", "words"),
    [
        ("any", None),
        (1, None),
        ("all", "all"),
        (2, "2"),
        ((Post.B, Post.COMMANDER), "B commander"),
    ],
)
def test_a_quorum_above_one_has_words(quorum: Quorum, words: str | None) -> None:
    assert quorum_words(quorum) == words


CREW = (
    a_call("li", "B", **answered("coming")),
    a_call("ma", "A"),
    a_call("wu", "commander", **answered("cannot")),
)
ABOVE = a_call("sun", "B", unit=DISTRICT, rung=1, **answered("coming", 5))


@pytest.mark.parametrize(
    ("words", "calls", "expected"),
    [
        ("all", CREW, (3, 1, ["li"], ["ma"])),
        ("2", CREW, (2, 1, ["li"], ["ma"])),
        ("A commander", CREW, (2, 0, ["li"], ["ma"])),
        ("B A", CREW[:1], (1, 1, ["li"], [])),
        ("A commander", (*CREW, ABOVE), (2, 1, ["li", "sun"], ["ma"])),
        ("all", (*CREW, ABOVE), (3, 2, ["li", "sun"], ["ma"])),
        ("2", (a_call("li", **answered("need_help")),), (2, 1, ["li"], [])),
    ],
)
def test_officers_count_by_the_kind_of_quorum(
    words: str, calls: tuple[dict[str, Any], ...], expected: tuple[int, int, list[str], list[str]]
) -> None:
    assert figures(words, *calls) == expected


def test_the_answer_on_one_channel_answers_the_call_on_all() -> None:
    assert figures("2", a_call("li"), a_call("li", **answered("coming"))) == (2, 1, ["li"], [])


def test_whoever_is_called_again_after_a_broken_promise_is_asked() -> None:
    first = a_call("li", **answered("coming"))
    assert figures("2", first, a_call("li", round=2)) == (2, 0, [], ["li"])
    second = a_call("li", round=2, **answered("coming", 5))
    assert figures("2", first, second) == (2, 1, ["li"], [])


def test_the_last_of_two_answers_counts() -> None:
    late = a_call("li", state="answered")  # the second call, answered by the first page
    first = a_call("li", **answered("coming", 5))
    assert figures("2", first, {**late, "round": 2}) == (2, 1, ["li"], [])
    declined = a_call("li", round=2, **answered("cannot", 9))
    assert figures("2", first, declined) == (2, 0, [], [])
