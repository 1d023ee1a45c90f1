"""A log of accepted records for the recount: one JSON line per 202 or acknowledged record."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class Ledger:
    """An append-only file of accepted things, flushed line by line."""

    path: Path
    _file: IO[str] | None = field(default=None, init=False)

    def note(self, kind: str, **facts: Any) -> None:
        """Write down that something of `kind` was accepted."""
        if self._file is None:
            self._file = self.path.open("a", encoding="utf-8")
        self._file.write(json.dumps({"kind": kind, **facts}, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(frozen=True)
class Accepted:
    """The ledger, read back."""

    readings: frozenset[str]
    reports: frozenset[str]
    acts: tuple[dict[str, Any], ...]


def read(path: Path) -> Accepted:
    """Everything that was accepted. A missing file is an empty ledger."""
    readings: set[str] = set()
    reports: set[str] = set()
    acts: list[dict[str, Any]] = []
    for line in _lines(path):
        entry = json.loads(line)
        match entry["kind"]:
            case "readings":
                readings.update(entry["ids"])
            case "reports":
                reports.update(entry["ids"])
            case _:
                acts.append(entry)
    return Accepted(frozenset(readings), frozenset(reports), tuple(acts))


def _lines(path: Path) -> Iterable[str]:
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8").splitlines()
