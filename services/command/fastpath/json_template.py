"""JSON templates: many records that differ in a few fields are serialised once and filled in.

The contract serialises one record of a kind, with marks in place of the fields that differ. The
result is cut at the marks. Every further record of the kind is the template with its own values in
between, byte for byte equal to `to_wire`. Rendering is one call, whatever the number of fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from pydantic_core import to_json

from shared.contracts.fields import Contract

# Marks and their serialised form. No text of a contract contains NUL, and no other time lies in the
# year 1, so that no value is serialised like a mark.
_MARK_TIME = datetime(1, 1, 1, tzinfo=UTC)
_TIME_FIELDS = ("occurred_at",)
_LIST_FIELDS = ("references",)


def compile_template(event: Contract, names: Iterable[str]) -> bytes:
    """Return the record's wire form with gaps for the fields in `names`, in the contract's order.

    An absent field (None) leaves no gap. `occurred_at` is a time, `references` a list, every other
    field a text. A gap is `%b`; a percent sign of the record itself is doubled.
    """
    gaps = {name for name in names if getattr(event, name) is not None}
    tail = event.model_copy(update={name: _mark(name)[0] for name in gaps}).to_wire()
    pieces = []
    for name in type(event).model_fields:
        if name in gaps:
            piece, _, tail = tail.partition(_mark(name)[1])
            pieces.append(piece)
    return b"%b".join(piece.replace(b"%", b"%%") for piece in (*pieces, tail))


def render(template: bytes, values: tuple[bytes, ...]) -> bytes:
    """Return the template with these serialised values; raise TypeError for a wrong number."""
    return template % values


def encoded(text: str) -> bytes:
    """Return the JSON of an id: the grammar of ids and units has nothing to escape."""
    return b'"%b"' % text.encode()


def encoded_list(texts: Iterable[str]) -> bytes:
    """Return the JSON of a list of at least one id."""
    return b'["%b"]' % '","'.join(texts).encode()


@cache
def _mark(name: str) -> tuple[object, bytes]:
    """Return the mark of a field and its JSON."""
    text = f"\x00{name}"
    value: object = text
    if name in _TIME_FIELDS:
        value = _MARK_TIME
    elif name in _LIST_FIELDS:
        value = (text,)
    return value, to_json(value)
