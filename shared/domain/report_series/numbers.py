"""Numbers of follow-up reports 续报: a gap or a repeat is kept, and marked.

A mark follows from the set of reports of one line (sender to receiver), not from their order: the
gap disappears when the missing number arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.reports import ReportKind


class Mark(StrEnum):
    """The defect of a number."""

    GAP = "gap"
    REPEAT = "repeat"


class Numbered(NamedTuple):
    """A report as far as its number matters; `report_id` orders those with the same number."""

    report_id: str
    kind: ReportKind
    number: int


def marks(line: Iterable[Numbered]) -> dict[str, Mark]:
    """Return the defects of follow-ups by report id; other kinds may repeat their number 1."""
    defects: dict[str, Mark] = {}
    first: dict[int, str] = {}
    for numbered in sorted(line):
        if numbered.kind is not ReportKind.FOLLOW_UP:
            continue
        if first.setdefault(numbered.number, numbered.report_id) != numbered.report_id:
            defects[numbered.report_id] = Mark.REPEAT
    for number, report_id in first.items():
        if number > 1 and number - 1 not in first:
            defects[report_id] = Mark.GAP
    return defects
