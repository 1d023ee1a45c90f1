"""Findings: the problems of a pack with their places, one line each, for people and machines."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from shared.contracts.dead_letter import Reason

Step = str | int
FieldPath = tuple[Step, ...]
"""From an item of a pack down to a field: names of mappings, positions in lists (from 0)."""
_MOST_ALLOWED = 400


class Severity(StrEnum):
    """An error keeps a pack from being used; a warning is told and nothing more."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of an item, without the file of the item; `zh` is the text in Chinese."""

    reason: Reason
    text: str
    path: FieldPath = ()
    allowed: str = ""
    severity: Severity = Severity.ERROR
    zh: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its place.

    `line` counts from 1; `field` is dotted, lists as `[0]`; `item` is the name of the rule or plan.
    """

    file: str
    line: int
    field: str
    message: str
    allowed: str = ""
    severity: Severity = Severity.ERROR
    item: str = ""

    def __str__(self) -> str:
        mild = "warning: " if self.severity is Severity.WARNING else ""
        allowed = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{self.file}:{self.line}: {mild}{self.field}: {self.message}{allowed}"


def dotted(path: FieldPath) -> str:
    """A path as people write it: `body.rungs[0].raise_at`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(name: str, names: list[str] | tuple[str, ...] | set[str] | frozenset[str]) -> str:
    """Return `, did you mean X?` for a misspelt name, empty without a similar name."""
    result = get_close_matches(name[:80], sorted(names), n=1, cutoff=0.6)
    return f", did you mean {result[0]}?" if result else ""


def listed(names: list[str] | tuple[str, ...] | set[str] | frozenset[str]) -> str:
    """Names in order, cut where nobody would read on."""
    text = ", ".join(sorted(names))
    return text if len(text) <= _MOST_ALLOWED else text[: _MOST_ALLOWED - 3] + "..."
