"""Pieces of a wire form: many records that differ in a few fields are printed once and filled in.

One record of a kind is printed by its contract with marks in place of the fields that differ, and cut at
the marks; every other record of the kind is those pieces with its own values in between, byte for byte
what `to_wire` gives. Putting them together is one call, whatever the number of pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from pydantic_core import to_json

from shared.contracts.fields import Contract

# What is put in place of a value, and how it is printed. No text of a contract holds NUL, and no other
# moment is the year 1, so nothing else is printed like a mark.
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_MOMENTS = ("occurred_at",)
_LISTS = ("references",)


def cut(event: Contract, names: Iterable[str]) -> bytes:
    """The record's wire form with gaps for the fields in `names`, in the order in which they are printed.

    A field that is absent (None) leaves no gap. `occurred_at` is a moment, `references` a list, every
    other field a text. Made for `fill`: a gap is `%b`, a percent sign of the record's own is doubled.
    """
    gaps = {name for name in names if getattr(event, name) is not None}
    rest = event.model_copy(update={name: _mark(name)[0] for name in gaps}).to_wire()
    pieces = []
    for name in type(event).model_fields:
        if name in gaps:
            piece, _, rest = rest.partition(_mark(name)[1])
            pieces.append(piece)
    return b"%b".join(piece.replace(b"%", b"%%") for piece in (*pieces, rest))


def fill(stencil: bytes, values: tuple[bytes, ...]) -> bytes:
    """The stencil with these printed values in its gaps; TypeError when they are not as many."""
    return stencil % values


def printed(text: str) -> bytes:
    """An id as it is printed: the grammar of ids and units has nothing that needs escaping."""
    return b'"%b"' % text.encode()


def printed_list(texts: Iterable[str]) -> bytes:
    """A list of ids, at least one."""
    return b'["%b"]' % '","'.join(texts).encode()


@cache
def _mark(name: str) -> tuple[object, bytes]:
    """What stands for the field, and how it is printed."""
    mark = f"\x00{name}"
    value = _NEVER if name in _MOMENTS else (mark,) if name in _LISTS else mark
    return value, to_json(value)
