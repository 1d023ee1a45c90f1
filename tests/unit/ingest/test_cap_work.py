"""The work for a CAP document is linear in its size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.ingest.core.cap.checks import find_problems
from services.ingest.core.cap.xml import CapElement, parse


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        (b"<info/>", 2_000),
        (b"<references>a,b,c</references>", 2_000),
        (b"<info><area/></info>", 1_000),
        (b"<info><parameter/></info>", 1_000),
    ],
)
def test_elements_are_visited_a_limited_number_of_times(
    monkeypatch: pytest.MonkeyPatch, inside: bytes, count: int
) -> None:
    visited = 0
    children_named = CapElement.children_named

    def counted(element: CapElement, name: str) -> Iterator[CapElement]:
        nonlocal visited
        visited += len(element.children)
        return children_named(element, name)

    text = (inside * count).decode()
    alert = parse(f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{text}</alert>')
    monkeypatch.setattr(CapElement, "children_named", counted)
    assert find_problems(alert)
    assert visited < 100 * count
