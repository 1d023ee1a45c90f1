"""Rows as columns: one statement writes many rows from one array per column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_TYPES = {
    "occurred_at": "timestamptz",
    "opened_at": "timestamptz",
    "due_at": "timestamptz",
    "escalation_level": "int",
    "round": "int",
    "step": "int",
    "lapses": "int",
    "priority": "int",
    "mode_version": "int",
}


def unnest(names: Sequence[str]) -> str:
    """Return the unnest expression for these columns of an escalation, from $1 on."""
    casts = (f"${n}::{_TYPES.get(name, 'text')}[]" for n, name in enumerate(names, 1))
    return f"unnest({', '.join(casts)})"


def columns(rows: Iterable[object], names: Sequence[str]) -> list[list[Any]]:
    """Return the values of these attributes, one list per attribute."""
    rows = list(rows)
    return [[getattr(row, name) for row in rows] for name in names]
