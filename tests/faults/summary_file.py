"""The summary of both suites, of faults and of hostile input, in one file.

Either run replaces its own figures and leaves those of the other suite as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.files import write_atomically

_SUMS = ("crashes", "http_5xx")
"""Figures of both suites: the summary has their sums."""
_OF_HOSTILE_INPUT = ("hostile_inputs", "hostile_unaccounted")
_PARTS = ("suite", "hostile")
Figures = Mapping[str, Any]


def write_suite(path: Path, figures: Figures) -> dict[str, Any]:
    """Write the figures of a run of faults; return the whole summary."""
    return _write(path, figures, _document(path).get("hostile", {}))


def write_hostile(path: Path, figures: Figures) -> dict[str, Any]:
    """Write the figures of a run of hostile input; return the whole summary."""
    document = _document(path)
    names = document.keys() - {*_OF_HOSTILE_INPUT, *_PARTS}
    suite = {name: value for name, value in document.items() if name in names}
    return _write(path, suite | document.get("suite", {}), figures)


def _write(path: Path, suite: Figures, hostile: Figures) -> dict[str, Any]:
    summary = {
        **{name: hostile.get(name, 0) for name in _OF_HOSTILE_INPUT},
        **suite,
        **{name: suite.get(name, 0) + hostile.get(name, 0) for name in _SUMS},
        "suite": {name: suite.get(name, 0) for name in _SUMS},
        "hostile": dict(hostile),
    }
    write_atomically(path, json.dumps(summary, ensure_ascii=False, indent=1))
    return summary


def _document(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
