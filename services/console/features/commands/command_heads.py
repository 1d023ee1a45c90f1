"""Commands as an officer may read them."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.access import Viewer, span_of
from services.console.core.names import Names
from services.console.core.record import Json, Record
from services.console.features.commands import counts, views
from services.console.store.connections import Connection


async def heads(
    connection: Connection, rows: Sequence[Record], viewer: Viewer, names: Names
) -> list[Json]:
    """These commands without their roll-up, in the same order; only for those that would stay closed is it
    asked whether units of the officer's own subtree have to carry them out."""
    closed = [
        row["command_id"] for row in rows if not views.is_open_to(viewer, row, receives=False)
    ]
    received = await counts.received(connection, closed, span_of(viewer.unit)) if closed else set()
    return [
        views.command_head(
            row,
            names,
            open_to=views.is_open_to(viewer, row, receives=row["command_id"] in received),
        )
        for row in rows
    ]
