"""Orders: what is to be commanded to whom, from an issued alert or an officer's free command."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.command.core.authority import issuer_of
from services.command.core.plans import plan_for
from services.command.core.routing import Reach, UnitTree, free_reach, reach_of
from shared.contracts.alerts import AlertEvent
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level, Status
from shared.contracts.ids import command_id
from shared.contracts.units import parent_of

_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be commanded, before it has deadlines."""

    command_id: str
    status: Status
    alert_id: str | None
    event_type: str
    level: Level
    issuer_unit: str
    title: str
    instruction: str
    areas: tuple[str, ...]
    trace_id: str


def order_of_alert(tree: UnitTree, alert: AlertEvent, level: Level) -> tuple[Order, Reach] | None:
    """The command that an alert's present level calls for, or None when its plan has none."""
    plan = plan_for(alert.event_type, level)
    if plan is None:
        return None
    reach = reach_of(tree, plan, alert.place, alert.areas)
    units: Collection[str] = {one.unit for one in reach.recipients}
    order = Order(
        command_id=command_id(alert.alert_id, plan.action, reach.root, alert.version),
        status=alert.status,
        alert_id=alert.alert_id,
        event_type=alert.event_type,
        level=level,
        issuer_unit=issuer_of(alert.approver_unit, units, parent_of(alert.approver_unit)),
        title=f"{tree.name(alert.place)} {plan.title}"[:_TITLE_LENGTH],
        instruction=plan.instruction,
        areas=alert.areas,
        trace_id=alert.trace_id or alert.id,
    )
    return order, reach


def order_of_request(
    tree: UnitTree, request: CommandRequest, root: str, event_type: str, level: Level, title: str
) -> tuple[Order, Reach]:
    """The order of an officer's free command; the caller has seen to it that nothing is missing."""
    order = Order(
        command_id=request.command_id,
        status=request.status,
        alert_id=None,
        event_type=event_type,
        level=level,
        issuer_unit=request.origin_unit,
        title=title,
        instruction=request.instruction,
        areas=request.areas or (root,),
        trace_id=request.trace_id or request.id,
    )
    return order, free_reach(tree, root, request.tiers, request.origin_unit)
