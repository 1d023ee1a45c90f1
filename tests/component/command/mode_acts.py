"""Acts about response modes on the command service's harness."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.units import tier_of
from tests.component.command.harness import EVENT_TIME, TOWN, CommandHarness

EMERGENCY, STANDBY, NORMAL = ResponseMode.EMERGENCY, ResponseMode.STANDBY, ResponseMode.NORMAL
_numbers = itertools.count(1)


def an_act(verb: ModeVerb, proposal: str, officer: str, **change: Any) -> ModeRequest:
    """An act of TOWN's B about TOWN."""
    where = change.get("origin_unit", TOWN)
    return ModeRequest(
        **{
            "id": f"mrq-{next(_numbers)}",
            "occurred_at": EVENT_TIME,
            "sent_at": EVENT_TIME,
            "origin_unit": where,
            "tier": tier_of(where),
            "unit": TOWN,
            "verb": verb,
            "proposal_id": proposal,
            "officer_id": officer,
            "post": Post.B,
            **change,
        }
    )


async def later(harness: CommandHarness, seconds: float) -> datetime:
    """A moment of the database's time from now."""
    now: datetime = await harness.value("SELECT clock_timestamp()")
    return now + timedelta(seconds=seconds)


async def decide(
    harness: CommandHarness,
    mode: ResponseMode = EMERGENCY,
    *,
    unit: str = TOWN,
    lasts_s: float = 3600,
    status: Status = Status.ACTUAL,
) -> str:
    """Propose and approve by two people of `unit`; the proposal's id."""
    name = f"mod-{next(_numbers)}"
    common: dict[str, Any] = {"unit": unit, "origin_unit": unit, "status": status}
    until = await later(harness, lasts_s)
    await harness.apply(an_act(ModeVerb.PROPOSE, name, "b", mode=mode, until=until, **common))
    await harness.apply(an_act(ModeVerb.APPROVE, name, "a", post=Post.A, **common))
    return name
