"""Commands in the form open to an officer."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.access import Viewer, span_of
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from services.console.features.agency_warnings.queries import warnings_behind
from services.console.features.agency_warnings.views import origin
from services.console.features.commands import counts, views
from services.console.store.connections import Connection


async def heads(
    connection: Connection, rows: Sequence[OutgoingRecord], viewer: Viewer, names: UnitNames
) -> list[Json]:
    """Return these commands without their roll-up, in order.

    Assignments in the officer's subtree are looked up only for commands that are closed otherwise.
    """
    closed = [
        row["command_id"] for row in rows if not views.is_open_to(viewer, row, receives=False)
    ]
    received = await counts.received(connection, closed, span_of(viewer.unit)) if closed else set()
    behind = await warnings_behind(connection, rows)

    def head(row: OutgoingRecord) -> Json:
        open_to = views.is_open_to(viewer, row, receives=row["command_id"] in received)
        warning = behind.get(row["warning_id"]) if open_to else None
        return views.command_head(
            row,
            names,
            open_to=open_to,
            warning=row["warning_id"] and origin(warning, viewer),
        )

    return [head(row) for row in rows]
