"""Histories: one JSON line per phase of a request, and one per event of a sink."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, Literal

Phase = Literal["invoked", "ok", "failed", "unknown"]
"""`unknown`: no answer, or one that leaves open whether the request had an effect."""


class LineFile:
    """An append-only file of JSON lines, flushed line by line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, **fields: Any) -> None:
        """Append a line with the present time."""
        line = {"at": time.time(), "mono": time.monotonic(), **fields}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class History(LineFile):
    """The requests of the generators."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[int] = Counter()

    def note(self, phase: Phase, kind: str, key: str, **facts: Any) -> None:
        """Write a phase of a request; `key` identifies the request on the topics."""
        self.counts[kind, phase] += 1
        if "status" in facts:
            self.statuses[facts["status"]] += 1
        self.write(phase=phase, kind=kind, key=key, **facts)
