"""Cells of a CSV file that a spreadsheet would take for a formula (OWASP, CSV injection)."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guard_cell(cell: str) -> str:
    """Return the cell, with an apostrophe in front of a formula (and of an apostrophe)."""
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def unguard_cell(cell: str) -> str:
    """Return the cell as it was before `guarded`."""
    return cell.removeprefix("'")
