"""How much work a CAP document makes: it grows with the document, not with its square."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.ingest.core.cap.checks import problems
from services.ingest.core.cap.xml import Part, parse


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        (b"<info/>", 2_000),
        (b"<references>a,b,c</references>", 2_000),
        (b"<info><area/></info>", 1_000),
        (b"<info><parameter/></info>", 1_000),
    ],
)
def test_elements_are_looked_at_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch, inside: bytes, count: int
) -> None:
    looked_at = 0
    each = Part.each

    def counted(part: Part, name: str) -> Iterator[Part]:
        nonlocal looked_at
        looked_at += len(part.children)
        return each(part, name)

    text = (inside * count).decode()
    alert = parse(f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{text}</alert>')
    monkeypatch.setattr(Part, "each", counted)
    assert problems(alert)
    assert looked_at < 100 * count
