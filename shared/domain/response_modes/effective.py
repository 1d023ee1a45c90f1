"""The mode that holds for a unit: the strictest of its own and its ancestors', with its origin.

Worlds are apart: the modes of a drill are decided, inherited and applied among records of the drill
and nowhere else, and the real ones do not reach into it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.fields import ResponseMode, Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.units import parent_of
from shared.domain.response_modes.order import STRICTNESS


@dataclass(frozen=True, slots=True)
class Effective:
    """A mode with the `version` of the decision of `unit` that it comes from.

    Version 0 without a unit: no unit of the lineage has ever decided.
    """

    mode: ResponseMode = ResponseMode.NORMAL
    version: int = 0
    unit: str | None = None


UNDECIDED = Effective()


class Modes:
    """The newest decision per status and unit.

    Answers are cached until the next decision, since a fan-out asks for thousands of units.
    """

    def __init__(self, decisions: Iterable[tuple[Status, Effective]] = ()) -> None:
        self._own: dict[tuple[Status, str], Effective] = {}
        self._cache: dict[tuple[Status, str], Effective] = {}
        for status, decision in decisions:
            self.decide(status, decision)

    def put(self, event: ResponseModeEvent) -> None:
        """Apply a record of the modes topic."""
        self.decide(event.status, Effective(event.mode, event.version, event.unit))

    def remove(self, key: str) -> str | None:
        """Remove the decision of a deleted record; the key is `status:unit`. Return the unit."""
        status, _, unit = key.partition(":")
        if status not in set(Status) or self._own.pop((Status(status), unit), None) is None:
            return None
        self._cache.clear()
        return unit

    def decide(self, status: Status, decision: Effective) -> None:
        """Apply a decision; an outdated decision changes nothing."""
        assert decision.unit is not None, "a decision is some unit's"
        key = (status, decision.unit)
        if self.own(*key).version < decision.version:
            self._own[key] = decision
            self._cache.clear()

    def own(self, status: Status, unit: str) -> Effective:
        """Return the decision of the unit itself."""
        return self._own.get((status, unit), UNDECIDED)

    def effective(self, status: Status, unit: str) -> Effective:
        """Return the mode in force for the unit; of two equally strict modes the nearer one."""
        if not self._own:
            return UNDECIDED
        key = (status, unit)
        result = self._cache.get(key)
        if result is None:
            parent = parent_of(unit)
            inherited = UNDECIDED if parent is None else self.effective(status, parent)
            result = self._cache[key] = _stricter(self.own(status, unit), inherited)
        return result

    def inherited(self, status: Status, unit: str) -> Effective:
        """Return the mode that the unit inherits, whatever its own decision."""
        parent = parent_of(unit)
        return UNDECIDED if parent is None else self.effective(status, parent)


def _stricter(own: Effective, inherited: Effective) -> Effective:
    if own.unit is None or STRICTNESS[own.mode] < STRICTNESS[inherited.mode]:
        return inherited
    return own
