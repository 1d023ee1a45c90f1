"""A case: the alerts and commands of an incident, their visibility and the state of the case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.console.core.access import Viewer, sees
from services.console.core.masking import opens
from services.console.core.record import OutgoingRecord
from services.console.features.commands.views import is_open_to
from shared.contracts.alerts import AlertState
from shared.contracts.commands import CommandState
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, highest_grade
from shared.contracts.lifecycles import alert, command
from shared.contracts.units import lineage


class CaseState(StrEnum):
    """open 办理中, closed 办结; evaluated 评价 once the review is written."""

    OPEN = "open"
    CLOSED = "closed"
    EVALUATED = "evaluated"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The alerts and commands of a case.

    A command without an alert is a case of its own; the case of an alert is its incident, with all
    alerts and their commands. `began` is the time of the first fact, None until a fact arrives.
    """

    case_id: str
    alerts: tuple[OutgoingRecord, ...]
    commands: tuple[OutgoingRecord, ...]
    began: datetime | None = None
    received: frozenset[str] = frozenset()
    """Commands with an assignment, now or earlier, of a unit in the viewer's subtree.

    The set is filled for graded commands only.
    """

    @property
    def head(self) -> OutgoingRecord:
        """The alert with the id of the case, or the command; the case has its name."""
        matches = [alert for alert in self.alerts if alert["alert_id"] == self.case_id]
        return matches[0] if matches else self.commands[0]

    @property
    def incident_id(self) -> str | None:
        """The incident of the alerts; None for a case of a command alone."""
        return self.head["incident_id"] if self.alerts else None

    @property
    def status(self) -> str:
        """Actual, Exercise or Test; all records of a case have an equal status."""
        text: str = self.head["status"]
        return text

    @property
    def root(self) -> str:
        """The unit whose area the case lies in."""
        text: str = self.head["place"] if self.alerts else self.head["root"]
        return text

    @property
    def owner(self) -> str:
        """The issuing unit; this unit, or a unit above, writes the review."""
        text: str = self.head["approver_unit"] if self.alerts else self.head["issuer_unit"]
        return text

    def is_open_to(self, viewer: Viewer) -> bool:
        """Return whether the viewer may read the words of the case.

        The words of a graded head are not open to everybody.
        """
        if self.alerts:
            return opens(viewer, self.root, self.head["data_grade"])
        return self.opens_order(viewer, self.case_id)

    def opens_order(self, viewer: Viewer, command_id: str) -> bool:
        """Return whether the viewer may read the words of a command, by the rule of the lists."""
        received = command_id in self.received
        return any(
            command["command_id"] == command_id and is_open_to(viewer, command, receives=received)
            for command in self.commands
        )

    def closed_orders(self, viewer: Viewer) -> list[str]:
        """Return the commands whose words are open to viewers with a receiving unit only."""
        return [
            command_id
            for command_id in self.command_ids
            if not self.opens_order(viewer, command_id)
        ]

    def title_for(self, viewer: Viewer) -> str:
        """Return the title, or an empty text when the case is not open to the viewer."""
        text: str = self.head["headline"] if self.alerts else self.head["title"]
        return text if self.is_open_to(viewer) else ""

    @property
    def grade(self) -> DataGrade:
        """The highest data grade of all alerts and commands of the case."""
        data_grades = [DataGrade(alert["data_grade"]) for alert in (*self.alerts, *self.commands)]
        return highest_grade(*data_grades)

    @property
    def level(self) -> str | None:
        """The level of the head; for a lifted alert, the highest level of its commands."""
        text: str | None = self.head["level"]
        levels = [Level(command["level"]) for command in self.commands]
        return text or max(levels, key=LEVEL_ORDER.__getitem__, default=None)

    @property
    def trace_id(self) -> str:
        """The trace id shared by the records of the case."""
        text: str = self.head["trace_id"]
        return text

    @property
    def threads(self) -> list[str]:
        """Ids of the alerts, incidents and commands whose facts belong to the case."""
        incidents = sorted({alert["incident_id"] for alert in self.alerts})
        return [alert["alert_id"] for alert in self.alerts] + incidents + self.command_ids

    @property
    def command_ids(self) -> list[str]:
        """Ids of the commands of the case."""
        return [command["command_id"] for command in self.commands]

    @property
    def filed(self) -> CaseFile:
        """The case under the id of its first alert; the review is filed under this id."""
        return replace(self, case_id=self.alerts[0]["alert_id"]) if self.alerts else self

    @property
    def review_key(self) -> str:
        """The base of the ids of the review: the incident, or the command."""
        text: str = self.head["incident_id"] if self.alerts else self.case_id
        return text

    @property
    def called(self) -> list[str]:
        """All ids of the case; a review under any of these ids is the review of the case."""
        return [alert["alert_id"] for alert in self.alerts] or [self.case_id]

    @property
    def mode_units(self) -> list[str]:
        """Units whose response mode applies at the root of the case."""
        return lineage(self.root)

    @property
    def is_closed(self) -> bool:
        """Return whether no alert and no command of the case is open."""
        open_alerts = any(AlertState(record["state"]) in alert.OPEN for record in self.alerts)
        open_commands = any(
            CommandState(record["state"]) in command.OPEN for record in self.commands
        )
        return not open_alerts and not open_commands

    @property
    def ended_at(self) -> datetime:
        """The time of the last change of an alert or command."""
        last: datetime = max(alert["sent_at"] for alert in (*self.alerts, *self.commands))
        return last

    def state(self, reviewed: bool) -> CaseState:
        """Return the state of the case; a reopened case is open, with or without a review."""
        if not self.is_closed:
            return CaseState.OPEN
        return CaseState.EVALUATED if reviewed else CaseState.CLOSED


def is_seen(viewer: Viewer, case: CaseFile, *, takes_part: bool) -> bool:
    """Return whether the viewer may see the case.

    `takes_part`: units of the viewer's subtree have assignments in the case.
    """
    heads = [alert["place"] for alert in case.alerts]
    heads += [command[name] for command in case.commands for name in ("root", "issuer_unit")]
    return takes_part or any(sees(viewer, unit) for unit in heads)
