"""What belongs to a case, who may see it, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.console.core.access import Viewer, sees
from services.console.core.masking import opens
from services.console.core.record import Record
from services.console.features.commands.views import is_open_to
from shared.contracts.alerts import AlertState
from shared.contracts.commands import CommandState
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, highest_grade
from shared.contracts.lifecycles import alert, command
from shared.contracts.units import lineage


class CaseState(StrEnum):
    """open 办理中, closed 办结; evaluated 评价 when its review is written."""

    OPEN = "open"
    CLOSED = "closed"
    EVALUATED = "evaluated"


@dataclass(frozen=True, slots=True)
class Case:
    """A command's case is that command; an alert's case is its incident: alerts and their commands.

    `began`: when its first fact was told; None as long as only heads have arrived.
    """

    case_id: str
    alerts: tuple[Record, ...]
    commands: tuple[Record, ...]
    began: datetime | None = None
    received: frozenset[str] = frozenset()
    """Commands of which a unit of the viewer's own subtree has (had) an assignment; only asked of graded ones."""

    @property
    def head(self) -> Record:
        """What the case is called after: the alert asked for, or the command."""
        named = [alert for alert in self.alerts if alert["alert_id"] == self.case_id]
        return named[0] if named else self.commands[0]

    @property
    def status(self) -> str:
        """Actual, Exercise or Test: nothing of another status belongs to the case."""
        text: str = self.head["status"]
        return text

    @property
    def root(self) -> str:
        """The unit in whose area it is."""
        text: str = self.head["place"] if self.alerts else self.head["root"]
        return text

    @property
    def owner(self) -> str:
        """The unit that issued it: it writes the review, or one above."""
        text: str = self.head["approver_unit"] if self.alerts else self.head["issuer_unit"]
        return text

    def is_open_to(self, viewer: Viewer) -> bool:
        """Whether its words are shown to the viewer: those of a graded alert or command are not to everybody."""
        if self.alerts:
            return opens(viewer, self.root, self.head["data_grade"])
        return self.opens_order(viewer, self.case_id)

    def opens_order(self, viewer: Viewer, command_id: str) -> bool:
        """Whether the words of a command of it are shown to the viewer: as they are in the lists."""
        received = command_id in self.received
        return any(
            command["command_id"] == command_id and is_open_to(viewer, command, receives=received)
            for command in self.commands
        )

    def closed_orders(self, viewer: Viewer) -> list[str]:
        """Its commands whose words are shown to the viewer only if units of his have to carry them out."""
        return [
            command_id
            for command_id in self.command_ids
            if not self.opens_order(viewer, command_id)
        ]

    def title_for(self, viewer: Viewer) -> str:
        """Its name; empty where it is not open to the viewer."""
        text: str = self.head["headline"] if self.alerts else self.head["title"]
        return text if self.is_open_to(viewer) else ""

    @property
    def grade(self) -> DataGrade:
        """The highest of all that belongs to it."""
        data_grades = [DataGrade(alert["data_grade"]) for alert in (*self.alerts, *self.commands)]
        return highest_grade(*data_grades)

    @property
    def level(self) -> str | None:
        """The level of its head; of a lifted alert that of the gravest command it led to."""
        text: str | None = self.head["level"]
        levels = [Level(command["level"]) for command in self.commands]
        return text or max(levels, key=LEVEL_ORDER.__getitem__, default=None)

    @property
    def trace_id(self) -> str:
        """What joins its records."""
        text: str = self.head["trace_id"]
        return text

    @property
    def threads(self) -> list[str]:
        """Alerts, incidents and commands whose facts are the case's."""
        incidents = sorted({alert["incident_id"] for alert in self.alerts})
        return [alert["alert_id"] for alert in self.alerts] + incidents + self.command_ids

    @property
    def command_ids(self) -> list[str]:
        """Its commands."""
        return [command["command_id"] for command in self.commands]

    @property
    def filed(self) -> Case:
        """The same case called by its first alert, whichever of them it was asked for by: so it is reviewed."""
        return replace(self, case_id=self.alerts[0]["alert_id"]) if self.alerts else self

    @property
    def review_key(self) -> str:
        """What the ids of its review follow from: the incident, or the command."""
        text: str = self.head["incident_id"] if self.alerts else self.case_id
        return text

    @property
    def called(self) -> list[str]:
        """Every id that names it: a review of any of them is its review."""
        return [alert["alert_id"] for alert in self.alerts] or [self.case_id]

    @property
    def mode_units(self) -> list[str]:
        """Units whose response mode holds at the root of the case."""
        return lineage(self.root)

    @property
    def is_closed(self) -> bool:
        """Whether nothing of it is open any more."""
        open_alerts = any(AlertState(record["state"]) in alert.OPEN for record in self.alerts)
        open_commands = any(
            CommandState(record["state"]) in command.OPEN for record in self.commands
        )
        return not open_alerts and not open_commands

    @property
    def ended_at(self) -> datetime:
        """When its last head changed."""
        last: datetime = max(alert["sent_at"] for alert in (*self.alerts, *self.commands))
        return last

    def state(self, reviewed: bool) -> CaseState:
        """How far it has come; a case that came back is open, reviewed or not."""
        if not self.is_closed:
            return CaseState.OPEN
        return CaseState.EVALUATED if reviewed else CaseState.CLOSED


def is_seen(viewer: Viewer, case: Case, *, takes_part: bool) -> bool:
    """Whether the viewer may look at the case; `takes_part`: units of his subtree have assignments."""
    heads = [alert["place"] for alert in case.alerts]
    heads += [command[name] for command in case.commands for name in ("root", "issuer_unit")]
    return takes_part or any(sees(viewer, unit) for unit in heads)
