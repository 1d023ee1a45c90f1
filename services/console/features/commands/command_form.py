"""The form of a free command: its words, its deadlines and its recipients."""

from __future__ import annotations

from services.console.web.actions import Body
from services.console.web.selecting import SelectionBody
from shared.contracts.fields import DoorStatus, EventType, Instant, Level, Line, Status, Text


class CommandForm(Body):
    """A command to all units of `selection`, which lead, and of `assist`, which assist.

    `sign_by` and `finish_by` replace the deadlines of the level.
    """

    selection: SelectionBody
    assist: SelectionBody | None = None
    event_type: EventType
    level: Level
    title: Line
    instruction: Text = ""
    sign_by: Instant | None = None
    finish_by: Instant | None = None
    status: DoorStatus = Status.ACTUAL
