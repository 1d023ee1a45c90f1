"""The work that a rule may cost in one transaction, counted in steps, without a clock.

A step compares one piece of evidence. The rules over several sources have no other cost that grows:
trees are small, and evidence of long ago is not loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

FIRST_STEPS = 1_000_000
"""The steps that a rule may cost in any transaction: some seconds."""
STEPS_PER_MESSAGE = 200_000
"""The further steps for each message of the transaction: some tenths of a second."""
Spend = Callable[[int], None]
"""Counts steps before they are done; raises RuleTooCostly when there are too many."""


class RuleTooCostly(Exception):
    """A rule costs more steps than a rule may."""


class WorkLimit:
    """Counts the steps of each rule in one transaction."""

    def __init__(self) -> None:
        self._allowed = FIRST_STEPS
        self._steps: Counter[str] = Counter()

    def allow_message(self) -> None:
        """Allow the steps of one more message."""
        self._allowed += STEPS_PER_MESSAGE

    def spend(self, rule_id: str, steps: int) -> None:
        """Count steps of a rule. Raises RuleTooCostly."""
        self._steps[rule_id] += steps
        if self._steps[rule_id] > self._allowed:
            raise RuleTooCostly(f"rule {rule_id} costs more than {self._allowed} steps")


def spend_freely(_steps: int) -> None:
    """Count nothing."""
