"""The view of the city's duty officers: open alerts and commands, as their screen shows them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.actors import QUIET_TOWN
from deploy.demo.strands import Gate
from shared.contracts.fields import Status
from shared.contracts.units import is_within

Json = dict[str, Any]


@dataclass
class CityWatch:
    """The screen's alerts and commands, shared by all simulated officers; polling fills both."""

    alerts: dict[str, Json] = field(default_factory=dict)
    """The newest state of every alert ever seen open; `gone` is set when it is open no more."""
    commands: dict[str, Json] = field(default_factory=dict)
    """Likewise for commands."""
    stays_open: set[str] = field(default_factory=set)
    """Commands whose last unit leaves something to sign for whoever looks at the console later."""
    page_at_city: bool = False
    """The page ladder of the quiet town has reached the city."""
    supervision_at_city: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    changes: int = 0
    """Changes on the screen so far: while the count grows, the scenario advances."""
    """From here on the quiet town and its village act."""

    def apply_alerts(self, status: Status, items: list[Json]) -> None:
        """Take in the list of open alerts of one status."""
        self.changes += _apply(self.alerts, "alert_id", status, items)

    def apply_commands(self, status: Status, items: list[Json]) -> None:
        """Take in the list of open commands of one status."""
        self.changes += _apply(self.commands, "command_id", status, items)

    def passed(self, gate: Gate) -> bool:
        """Return whether officers have done the act that the scenario waits for."""
        own = [
            alert
            for alert in self.alerts.values()
            if alert["status"] == gate.status
            and alert["event_type"] == gate.event_type
            and is_within(alert["place"], gate.place)
        ]
        if gate.level is None:
            return bool(own) and all(row.get("gone") for row in own)
        return any(
            row["level"] == gate.level and row["state"] == "issued" and not row.get("gone")
            for row in own
        )

    def has_seen(self, alert_id: str | None, command_id: str | None) -> bool:
        """Return whether a page's subject has been on the screen; a telephone may be faster."""
        if command_id is not None:
            return command_id in self.commands
        return alert_id is None or alert_id in self.alerts

    def is_quiet(self, alert_id: str | None, command_id: str | None) -> bool:
        """Return whether a page is about the quiet town's alert or a command of this alert."""
        command = self.commands.get(command_id or "")
        alert = self.alerts.get(alert_id or (command["alert_id"] if command else None) or "")
        return alert is not None and is_within(alert["place"], QUIET_TOWN)

    def release_when_both(self) -> None:
        """The city has been called by both ladders: the town wakes up."""
        if self.page_at_city and self.supervision_at_city:
            self.released.set()

    def open_alerts(self) -> list[Json]:
        """Alerts somebody has to decide on still."""
        return [alert for alert in self.alerts.values() if not alert.get("gone")]

    def open_commands(self) -> list[Json]:
        """Commands that have to be closed still."""
        return [
            command
            for name, command in self.commands.items()
            if not command.get("gone") and name not in self.stays_open
        ]

    def is_past(self, alert_id: str | None, command_id: str | None) -> bool:
        """Return whether the subject of a page was on the screen and is closed now."""
        if command_id is not None:
            return bool(self.commands.get(command_id, {}).get("gone"))
        return bool(self.alerts.get(alert_id or "", {}).get("gone"))

    def settled(self) -> str | None:
        """Return None when no alert is open and every command but the last is closed."""
        alerts, commands = len(self.open_alerts()), len(self.open_commands())
        waiting = sum(_waiting(self.commands.get(name)) for name in self.stays_open)
        if alerts or commands or waiting:
            return f"{alerts} alerts, {commands} commands, {waiting} towns still open"
        return None


def _waiting(last: Json | None) -> int:
    """Return the units without a report on the last command; the delaying unit is left out."""
    if last is None:
        return 1  # given, but on nobody's screen yet
    totals = last["totals"]
    return int(totals["total"] - totals["reported"] - 1)


def _apply(rows: dict[str, Json], key: str, status: Status, items: list[Json]) -> int:
    """The listed rows are as listed; a row of this status that is listed no more is gone.

    Returns how many rows have changed.
    """
    present = {row[key]: row for row in items}
    changed = sum(rows.get(name) != row for name, row in present.items())
    rows |= present
    for name, row in rows.items():
        if row["status"] == status and name not in present and not row.get("gone"):
            row["gone"] = True
            changed += 1
    return changed
