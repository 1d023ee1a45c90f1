"""Orders: recipients and texts of a command, from an issued alert or from an officer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from services.command.core.commands.authority import issuer_of
from shared.contracts.alerts import AlertEvent
from shared.contracts.assignments import AssignmentRole
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import DataGrade, Level, Status
from shared.contracts.ids import command_id
from shared.contracts.plans import PlanDefinition
from shared.contracts.units import parent_of
from shared.definitions.response_plans.orders import Brief, Orders, orders_of
from shared.domain.bilingual import SEPARATOR, Bilingual, bilingual_of
from shared.domain.selection.reach import FreeReach, root_of
from shared.domain.selection.resolve import AlertScope
from shared.domain.selection.tree import UnitTree

_NAMED_LEADS = 5
"""The most leading units that an assisting unit reads by name."""
_TEXT_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class CommandOrder:
    """A command before it has deadlines. `orders` has the recipients and their texts."""

    command_id: str
    status: Status
    alert_id: str | None
    event_type: str
    level: Level
    root: str
    issuer_unit: str
    areas: tuple[str, ...]
    trace_id: str
    orders: Orders
    grade: DataGrade = DataGrade.GENERAL
    plan_id: str | None = None
    plan_version: int | None = None
    warning_id: str | None = None


def order_of_alert(
    tree: UnitTree, plan: PlanDefinition, alert: AlertEvent, level: Level
) -> CommandOrder | None:
    """Return the command that `plan` makes of an alert at this level; None without recipients."""
    orders = orders_of(tree, plan, AlertScope(alert.place, alert.areas))
    units: Collection[str] = {recipient.unit for recipient in orders.recipients}
    issuer = issuer_of(alert.approver_unit, units, parent_of(alert.approver_unit))
    if issuer in units:
        orders = orders.without(issuer)
    if not orders.recipients:
        return None
    root = root_of([recipient.unit for recipient in orders.recipients]) or alert.place
    return CommandOrder(
        command_id=command_id(alert.alert_id, plan.plan_id, root, alert.version),
        status=alert.status,
        alert_id=alert.alert_id,
        event_type=alert.event_type,
        level=level,
        root=root,
        issuer_unit=issuer,
        areas=alert.areas,
        trace_id=alert.trace_id or alert.id,
        grade=alert.data_grade,
        orders=orders,
        plan_id=plan.plan_id,
        plan_version=plan.version,
    )


def order_of_request(
    tree: UnitTree,
    request: CommandRequest,
    reach: FreeReach,
    event_type: str,
    level: Level,
    title: str,
    now: datetime,
) -> CommandOrder:
    """Return the order of an officer's free command; the caller has checked the fields.

    A date set by the officer takes precedence over the profile; a date in the past is due at once.
    """
    root = root_of(reach.units) or request.origin_unit
    lead = Brief(
        title,
        request.instruction,
        sign_within_s=_seconds_to(request.sign_by, now),
        finish_within_s=_seconds_to(request.finish_by, now),
    )
    assist = replace(
        lead,
        role=AssignmentRole.ASSIST,
        instruction=_with_leads(request.instruction, [tree.name(unit) for unit in reach.leads]),
    )
    briefs = (lead, assist) if reach.assists else (lead,)
    recipients = tuple(tree.get(unit) for unit in sorted(reach.units))
    brief_of = tuple(int(recipient.unit in reach.assists) for recipient in recipients)
    return CommandOrder(
        command_id=request.command_id,
        status=request.status,
        alert_id=None,
        event_type=event_type,
        level=level,
        root=root,
        issuer_unit=request.origin_unit,
        areas=request.areas or (root,),
        trace_id=request.trace_id or request.id,
        grade=request.data_grade,
        warning_id=request.warning_id,
        orders=Orders(lead, recipients, brief_of, briefs),
    )


def _with_leads(instruction: str, names: Collection[str]) -> str:
    """Return the instruction with the names of the leading units, for those that assist them.

    An instruction that would have to be cut for it stays as its officer wrote it.
    """
    some = sorted(names)[:_NAMED_LEADS]
    more = len(names) - len(some)
    zh = f"主办：{'、'.join(some)}" + (f"等 {len(names)} 个单位" if more else "")
    en = f"Led by: {', '.join(some)}" + (f" and {more} more" if more else "")
    halves = bilingual_of(instruction)
    words = Bilingual(f"{halves.zh}\n{zh}".strip(), f"{halves.en}\n{en}".strip())
    length = len(words.zh) + len(words.en) + len(SEPARATOR)
    return words.joined(_TEXT_LENGTH) if length <= _TEXT_LENGTH else instruction


def _seconds_to(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(1.0, (moment - now).total_seconds())
