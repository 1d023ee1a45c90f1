"""Replies of people: each is understood, or its refusal says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.pages import AnswerVerb
from shared.domain.replies import Reply, understand
from shared.domain.wording import NOTES, REPLIES

COMING, CANNOT, HAND_OVER = AnswerVerb.COMING, AnswerVerb.CANNOT, AnswerVerb.HAND_OVER


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1", Reply(COMING, None, "")),
        (" １。", Reply(COMING, None, "")),
        ("能到岗", Reply(COMING, None, "")),
        ("YES 3fb93f", Reply(COMING, "3fb93f", "")),
        ("2 3FB93F 在外地，明天回", Reply(CANNOT, "3fb93f", "在外地 明天回")),
        ("不能，发烧", Reply(CANNOT, None, "发烧")),
        ("3,abcdef", Reply(HAND_OVER, "abcdef", "")),
        ("2 abcdefg", Reply(CANNOT, None, "abcdefg")),
    ],
)
def test_a_verb_then_a_reference_then_a_reason(text: str, reply: Reply) -> None:
    assert understand(text) == reply


@pytest.mark.parametrize("text", ["", "   ", "？", "5", "11", "好的 1", "delivered", "3fb93f 1"])
def test_an_unintelligible_reply_is_no_answer(text: str) -> None:
    assert understand(text) is None


@given(st.text(max_size=200))
def test_any_text_is_parsed_and_only_a_person_s_verbs_result(text: str) -> None:
    result = understand(text)
    assert result is None or result.verb in {COMING, CANNOT, HAND_OVER}


def test_each_answer_that_is_asked_for_is_understood() -> None:
    for prompt in (REPLIES, NOTES):
        _is_understood(prompt.zh.removeprefix("回复 ").split())


def _is_understood(words: list[str]) -> None:
    for number, word in zip(words[::2], words[1::2], strict=True):
        by_number, by_word = understand(number), understand(word)
        assert by_number is not None
        assert by_word is not None
        assert by_number.verb is by_word.verb
