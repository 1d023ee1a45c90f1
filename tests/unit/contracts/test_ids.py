"""Ids are content: equal for equal fields, different for any other, whatever the fields hold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.ids import content_id

fields = st.lists(st.text() | st.integers(), min_size=1, max_size=5)


@given(fields)
def test_an_id_is_repeatable_and_well_formed(parts: list[str | int]) -> None:
    first = content_id("x", *parts)
    assert first == content_id("x", *parts)
    assert re.fullmatch(r"x-[0-9a-f]{32}", first)


@given(fields, fields)
def test_other_fields_give_another_id(first: list[str | int], second: list[str | int]) -> None:
    are_equal = [str(part) for part in first] == [str(part) for part in second]
    assert (content_id("x", *first) == content_id("x", *second)) == are_equal


def test_where_a_field_ends_matters() -> None:
    assert content_id("x", "ab", "c") != content_id("x", "a", "bc")
    assert content_id("x", "a", "") != content_id("x", "", "a")


def test_the_recipe_never_changes() -> None:
    """Stored ids must be found again by every later release."""
    assert content_id("alm", "rule", "sensor", 1) == "alm-3aa89b8b06a04b6ddefd23cb806fb7c1"
