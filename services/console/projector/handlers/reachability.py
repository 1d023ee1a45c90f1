"""Channels of officers: a row of `reachability`."""

from __future__ import annotations

from pydantic import TypeAdapter

from services.console.projector.projections.table import Projection, column, integer, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.reachability import ChannelReach, Reachability
from shared.contracts.topics import REACHABILITY
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

_CHANNELS: TypeAdapter[tuple[ChannelReach, ...]] = TypeAdapter(tuple[ChannelReach, ...])


def _channels(event: Reachability) -> str:
    return _CHANNELS.dump_json(event.channels, exclude_none=True).decode()


TABLE = Projection(
    "reachability",
    key=("officer_id",),
    columns=(
        *text("officer_id"),
        *integer("version"),
        column("channels", "text", _channels),
        *time("sent_at"),
    ),
)


@router.subscriber(REACHABILITY)
async def handle_reachability(event: Reachability, unit: UnitOfWork) -> None:
    """Show on which channels an officer can be reached."""
    unit.add(TABLE, event)
