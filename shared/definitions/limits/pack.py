"""A limits pack: YAML files as documents, and everything that is wrong with them, at once.

How the files are read: shared/definitions/yaml_files/items.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.contracts.limits import LimitsDocument
from shared.contracts.units import NO_UNIT
from shared.definitions.limits.checks import problems
from shared.definitions.yaml_files import items
from shared.definitions.yaml_files.findings import Finding
from shared.definitions.yaml_files.items import Item, Kind, PackError
from shared.domain.selection.tree import UnitTree

LIMITS = Kind(LimitsDocument, "limits_id", "lim", "limits document")


@dataclass(frozen=True, slots=True)
class LimitsPack:
    """The pack as read, with its findings."""

    items: tuple[Item[LimitsDocument], ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that make the pack unusable."""
        return items.errors(self.findings)

    @property
    def documents(self) -> list[LimitsDocument]:
        """The documents in the order of the files."""
        return [item.value for item in self.items]

    def usable(self) -> LimitsPack:
        """Itself; raises PackError naming every error."""
        if errors := self.errors:
            raise PackError(errors)
        return self


def load(
    paths: Sequence[Path], now: datetime, tree: UnitTree | None = None, issuer: str = NO_UNIT
) -> LimitsPack:
    """Read folders and files of documents and check all of it; never raises for their content.

    `tree` None = no catalogue at hand, units are not checked.
    """
    result = items.read_items(LIMITS, paths, now, issuer)
    where = {item.name: item for item in result.items}
    documents = [item.value for item in result.items]
    meaning = [
        where[document.limits_id].placed(problem) for document, problem in problems(documents, tree)
    ]
    return LimitsPack(result.items, items.in_order([*result.findings, *meaning]))
