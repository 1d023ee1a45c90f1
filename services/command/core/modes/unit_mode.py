"""The mode that a unit has decided, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.fields import ResponseMode, Status


@dataclass(frozen=True, slots=True)
class UnitMode:
    """The mode that a unit has decided. `version` counts decisions and ends in this status."""

    status: Status
    unit: str
    version: int = 0
    mode: ResponseMode = ResponseMode.NORMAL
    proposal_id: str | None = None
