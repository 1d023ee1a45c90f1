"""The rule which officers have to be coming before the calls of an escalation end."""

from __future__ import annotations

import pytest

from shared.contracts.fields import Post
from shared.contracts.pages import Quorum
from shared.domain.quorum import count_of, posts_called_at_once, quorum_of, words_of
from shared.domain.roster.post_holders import PostHolder

TOWN, DISTRICT = "500118118000", "500118000000"
B = PostHolder(TOWN, Post.B, "li")
A = PostHolder(TOWN, Post.A, "ma")
COMMANDER = PostHolder(TOWN, Post.COMMANDER, "wu")
CREW = (B, A, COMMANDER)
ABOVE = PostHolder(DISTRICT, Post.B, "sun")
LI_ABOVE = PostHolder(DISTRICT, Post.B, "li")
FORMER = PostHolder(TOWN, Post.B, "he")

TABLE: list[tuple[Quorum, tuple[PostHolder, ...], tuple[PostHolder, ...], tuple[int, int]]] = [
    ("any", CREW, (), (1, 0)),
    ("any", CREW, (ABOVE,), (1, 1)),
    ("any", (), (ABOVE,), (1, 1)),
    (2, CREW, (B,), (2, 1)),
    (2, CREW, (B, ABOVE), (2, 2)),
    (2, CREW, (B, LI_ABOVE), (2, 1)),
    (9, CREW, (*CREW, ABOVE), (9, 4)),
    ("all", CREW, (B, A), (3, 2)),
    ("all", CREW, (B, A, ABOVE), (3, 3)),
    ("all", (B,), (ABOVE,), (1, 1)),
    ("all", (), (), (1, 0)),
    ("all", (), (ABOVE,), (1, 1)),
    ((Post.B, Post.COMMANDER), CREW, (B, A), (2, 1)),
    ((Post.B, Post.COMMANDER), CREW, (B, COMMANDER), (2, 2)),
    ((Post.B, Post.COMMANDER), CREW, (A, ABOVE), (2, 1)),
    ((Post.B, Post.COMMANDER), CREW, (B, ABOVE), (2, 2)),
    ((Post.B, Post.COMMANDER), CREW, (B, LI_ABOVE), (2, 2)),
    ((Post.B, Post.COMMANDER), CREW, (FORMER,), (2, 1)),
    ((Post.B, Post.COMMANDER), (A, COMMANDER), (FORMER, A), (1, 0)),
    ((Post.B,), (A,), (A,), (1, 1)),
    ((Post.B,), (), (ABOVE,), (1, 1)),
]


@pytest.mark.parametrize(("quorum", "holders", "coming", "expected"), TABLE)
def test_the_officers_who_have_to_be_coming_are_counted(
    quorum: Quorum,
    holders: tuple[PostHolder, ...],
    coming: tuple[PostHolder, ...],
    expected: tuple[int, int],
) -> None:
    result = count_of(quorum, coming, holders, TOWN)
    assert (result.needed, result.count) == expected
    assert result.is_reached is (expected[1] >= expected[0])


@pytest.mark.parametrize(
    ("quorum", "words", "posts"),
    [
        ("any", None, {Post.A}),
        (1, None, {Post.A}),
        ("all", "all", set(Post)),
        (2, "2", set(Post)),
        ((Post.B,), "B", {Post.B, Post.A}),
        ((Post.B, Post.COMMANDER), "B commander", set(Post)),
    ],
)
def test_a_quorum_has_words_and_calls_posts_at_once(
    quorum: Quorum, words: str | None, posts: set[Post]
) -> None:
    assert words_of(quorum) == words
    assert quorum_of(words) == ("any" if words is None else quorum)
    assert posts_called_at_once(quorum, (Post.A,)) == posts
