"""The refusal of a rule or a reading, with its reason."""

from __future__ import annotations

from shared.contracts.dead_letter import Reason


class RefusedInput(Exception):
    """A rule or a reading is refused; `reason` is of the closed set, `detail` is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
