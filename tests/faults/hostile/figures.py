"""Figures of a run: inputs by class, answers, and everything that is not as it should be."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.hostile.conservation import UnaccountedInput
from tests.faults.hostile.http_client import HttpAnswer

_MOST_LISTED = 40


@dataclass
class HostileFigures:
    """The figures that all parts of a run add to."""

    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)
    unaccounted: list[UnaccountedInput] = field(default_factory=list)
    refused_by_broker: Counter[str] = field(default_factory=Counter)
    crashes: list[dict[str, Any]] = field(default_factory=list)
    schema_failures: list[str] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage."""

    def is_green(self) -> bool:
        """Return True if nothing crashed, failed, or is unaccounted for."""
        return not (self.crashes or self.server_errors or self.unaccounted or self.schema_failures)

    def add(self, input_class: str, subject: str, answer: HttpAnswer) -> None:
        """Add an input of HTTP and its answer."""
        self.inputs[input_class] += 1
        self.answers[answer.status] += 1
        # 503 says that the system cannot take anything now; the sender tries again.
        if answer.status >= 500 and answer.status != 503:
            text = answer.body[:200].decode(errors="replace")
            self.server_errors.append(f"{input_class} {subject}: {answer.status} {text}")

    def miss(self, input_class: str, subject: str, detail: str) -> None:
        """Add an input of which nothing shows what became of it."""
        self.unaccounted.append(UnaccountedInput(input_class, subject, detail))

    def summary(self) -> dict[str, Any]:
        """Return the figures as a document."""
        return {
            "hostile_inputs": sum(self.inputs.values()),
            "hostile_classes": len(self.inputs),
            "hostile_unaccounted": len(self.unaccounted),
            "crashes": len(self.crashes),
            "http_5xx": len(self.server_errors),
            "stages": self.stages,
            "answers": {str(status): number for status, number in sorted(self.answers.items())},
            "refused_by_broker": dict(self.refused_by_broker),
            "inputs": dict(sorted(self.inputs.items())),
            "unaccounted": [str(item) for item in self.unaccounted[:_MOST_LISTED]],
            "unaccounted_by_class": dict(
                Counter(f"{item.input_class} {item.detail}" for item in self.unaccounted)
            ),
            "server_errors": self.server_errors[:_MOST_LISTED],
            "schema_failures": self.schema_failures,
            "crashed": self.crashes[:_MOST_LISTED],
            "load": {"cpus": os.cpu_count(), "average": [round(x, 2) for x in os.getloadavg()]},
        }
