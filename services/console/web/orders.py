"""Commands as an officer may read them."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core import order_views
from services.console.core.access import Viewer, span_of
from services.console.core.names import Names
from services.console.core.record import Record
from services.console.store import rollup
from services.console.store.connections import Connection

Json = order_views.Json


async def heads(
    connection: Connection, rows: Sequence[Record], me: Viewer, names: Names
) -> list[Json]:
    """These commands without their roll-up, in the same order; only for those that would stay closed is it
    asked whether units of the officer's own subtree have to carry them out."""
    closed = [
        row["command_id"] for row in rows if not order_views.is_open_to(me, row, receives=False)
    ]
    received = await rollup.received(connection, closed, span_of(me.unit)) if closed else set()
    return [
        order_views.command_head(
            row,
            names,
            open_to=order_views.is_open_to(me, row, receives=row["command_id"] in received),
        )
        for row in rows
    ]
