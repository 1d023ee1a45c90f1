"""The unit whose duty officers are called about findings and faults of the system."""

from __future__ import annotations

from shared.contracts.fields import UnitId
from shared.domain.top_unit import TopUnit


class ResponsibleUnit:
    """The unit that the settings name, else the topmost unit of the catalogue.

    Before the catalogue has a unit it is NO_UNIT, for which nobody is on duty.
    """

    def __init__(self, named: UnitId | None = None) -> None:
        self._named = named
        self.top = TopUnit()

    @property
    def unit(self) -> UnitId:
        """The unit at this moment."""
        return self._named or self.top.unit
