"""Cells of a CSV file that a spreadsheet would take for a formula (OWASP, CSV injection)."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """The cell with an apostrophe in front where it would be a formula (or looks guarded already)."""
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def plain(cell: str) -> str:
    """What `guarded` was given."""
    return cell.removeprefix("'")
