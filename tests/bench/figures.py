"""Figures of one run of one row, and the median over its repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.bench.reference import Split
from tests.bench.sampling import Mark


@dataclass(frozen=True)
class Run:
    """Between two marks: readings per second, CPU per reading, and the most memory overall."""

    rate: float
    cpu_us: float
    memory_mib: float
    readings: int
    seconds: float
    stages_us: dict[str, float] = field(default_factory=dict)
    """Wall time per reading by stage, of rows that tell it."""
    wrong: str = ""
    """Why the run does not count; empty when it does."""


def between(first: Mark, last: Mark, memory_mib: float) -> Run:
    """The figures of the span from `first` to `last`.

    A span without half of the work says nothing: most was done before we could look.
    """
    readings = max(1, last.count - first.count)
    seconds, cpu = max(1e-9, last.at_s - first.at_s), last.cpu_s - first.cpu_s
    return Run(
        rate=readings / seconds,
        cpu_us=cpu / readings * 1e6,
        memory_mib=memory_mib,
        readings=readings,
        seconds=seconds,
        wrong="" if readings * 2 >= last.count else "most was done before the span began",
    )


def differs(split: Split, expected: Split) -> str:
    """Return the differences of a run's transitions from the expected ones; empty when they are
    equal.
    """
    if split == expected:
        return ""
    names = sorted(set(split) | set(expected))
    parts = [
        f"{name} {split.get(name, 0)} of {expected.get(name, 0)}"
        for name in names
        if split.get(name, 0) != expected.get(name, 0)
    ]
    return f"{sum(split.values())} of {sum(expected.values())} transitions ({', '.join(parts)})"


@dataclass
class Row:
    """A processor and its runs."""

    name: str
    label: str
    runs: list[Run] = field(default_factory=list)
    why: str = ""
    """Why there is no run."""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def invalid(self) -> str:
        """Return the reason why the figures must not be used: one wrong run spoils the row."""
        return self.why or next((run.wrong for run in self.runs if run.wrong), "")

    @property
    def usable(self) -> bool:
        """Return whether ratios may be formed with this row."""
        return bool(self.runs) and not self.invalid

    def median(self, figure: str) -> float | None:
        """The median of a figure over all runs, None for a row that is not usable."""
        return median(getattr(run, figure) for run in self.runs) if self.usable else None

    def as_json(self) -> dict[str, Any]:
        """Medians and every single run."""
        return {
            "label": self.label,
            "valid": self.usable,
            "why": self.invalid or None,
            "rate": self.median("rate"),
            "cpu_us": self.median("cpu_us"),
            "memory_mib": self.median("memory_mib"),
            "runs": [asdict(run) for run in self.runs],
            "versions": self.versions,
        }


def ratio(measured: Row | None, reference: Row | None, figure: str = "rate") -> float | None:
    """Medians divided; None unless both rows are usable."""
    rows: Sequence[Row | None] = (measured, reference)
    values = [row.median(figure) if row else None for row in rows]
    if values[0] is None or not values[1]:
        return None
    return values[0] / values[1]
