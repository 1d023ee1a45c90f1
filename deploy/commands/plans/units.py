"""The units a plan is checked against: a JSON-lines file of catalogue entries, or of bare ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shared.contracts.catalog import CatalogEntry, GroupEntry, UnitEntry
from shared.domain.selection.tree import UnitTree
from shared.runtime.decoding import explain
from shared.runtime.errors import SetupError

VARIABLE = "FENGHUO_UNITS"
_BARE: TypeAdapter[UnitEntry | GroupEntry] = TypeAdapter(UnitEntry | GroupEntry)
_LONGEST = 65_536


def load_units(file: Path | None) -> UnitTree | None:
    """The tree; None when neither an argument nor FENGHUO_UNITS names a file. Raises SetupError."""
    named = file or (Path(text) if (text := os.environ.get(VARIABLE)) else None)
    return None if named is None else read_file(named)


def read_file(file: Path) -> UnitTree:
    """Units and groups of a file; sensors and other entries are passed over. Raises SetupError."""
    tree = UnitTree()
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    _take(tree, line, f"{file}:{number}")
    except OSError as error:
        raise SetupError(f"the units {file} cannot be read: {error.strerror}.") from None
    return tree


def _take(tree: UnitTree, line: bytes, place: str) -> None:
    if len(line) > _LONGEST:
        raise SetupError(f"{place}: a line of {len(line)} bytes is no unit.")
    try:
        content = json.loads(line)
        if isinstance(content, dict) and content.get("type") == "catalog_entry":
            tree.take(CatalogEntry.model_validate_json(line))
        else:
            tree.put(_BARE.validate_json(line))
    except ValidationError as error:
        raise SetupError(f"{place}: is no unit: {explain(error)[1]}.") from None
    except (ValueError, RecursionError):
        raise SetupError(f"{place}: is no JSON.") from None
