"""The number of messages that carry a text, at the limits of each alphabet."""

from __future__ import annotations

import pytest

from services.console.core.sms_parts import parts


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("水" * 70, 1),
        ("水" * 71, 2),
        ("水" * 134, 2),
        ("水" * 135, 3),
        ("水" * 500, 8),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("a" * 152 + "[" * 5, 2),
        ("a" * 69 + "水", 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("水" * 66 + "😀" * 3, 2),
        ("水" * 66 + "😀" * 34, 3),
    ],
)
def test_parts(text: str, count: int) -> None:
    assert parts(text) == count
