"""Alerts 预警: commands are issued, cases re-opened, modes proposed, obligations to report made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from services.command.core.cause import Cause
from services.command.core.commands import states as lifecycle
from services.command.core.commands.orders import CommandOrder, order_of_alert
from services.command.core.modes.triggers import trigger_of
from services.command.store import commands as command_store
from services.command.store import modes as mode_store
from services.command.unit_of_work import Stage, UnitOfWork
from services.command.unit_of_work.command_actions import (
    issue_command,
    reopen_command,
    revoke_command,
)
from services.command.unit_of_work.commands import LockedCommands
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.commands import CommandState
from shared.contracts.fields import LEVEL_ORDER, Level, Status
from shared.contracts.ids import case_key
from shared.contracts.topics import ALERTS
from shared.domain.response_modes.effective import Modes
from shared.runtime.handlers import Router

log = structlog.get_logger("fenghuo.command")
router: Router[UnitOfWork] = Router()

_ISSUING = (AlertTransition.ISSUED, AlertTransition.ADJUSTED)
_ENDING = (AlertTransition.LIFTED, AlertTransition.EXPIRED, AlertTransition.RECALLED)


@dataclass(frozen=True, slots=True)
class _AlertOrder:
    """The order of an alert, and the key under which a closed case may be re-opened."""

    alert_id: str
    order: CommandOrder
    cause: Cause
    case_key: str


def load(alert: AlertEvent, unit: UnitOfWork) -> None:
    """An alert needs its incident; the level decides which commands are needed."""
    if alert.status is not Status.SYSTEM:
        unit.reports.need(alert)


@router.subscriber(ALERTS, load=load, batch=True)
async def handle_alerts(alerts: Sequence[AlertEvent], unit: UnitOfWork) -> None:
    """Issue the commands of alerts at a new or higher level; revoke those of recalled alerts.

    Proposals of modes and obligations to report follow in their stages.
    """
    raised: list[tuple[AlertEvent, Level]] = []
    triggering: list[AlertEvent] = []
    for alert in alerts:
        level = await _raised_level(alert, unit)
        if alert.transition is AlertTransition.RECALLED:
            raised = [item for item in raised if item[0].alert_id != alert.alert_id]
            triggering = [item for item in triggering if item.alert_id != alert.alert_id]
        if level is not None:
            raised.append((alert, level))
        if level is not None or _is_position_on_issued(alert):
            triggering.append(alert)
        if alert.status is not Status.SYSTEM:  # nobody reports the canary upward
            unit.defer(Stage.REPORTS, partial(unit.reports.observe, alert), alert)
    await _issue_or_reopen(raised, unit)
    for trigger in map(trigger_of, triggering):
        if trigger is not None:
            unit.modes.need(trigger.status, trigger.unit)
            unit.defer(Stage.MODES, partial(unit.modes.propose, trigger), trigger.alert)


async def _raised_level(alert: AlertEvent, unit: UnitOfWork) -> Level | None:
    """Store the alert's level; return the level when it is new or higher than before."""
    if alert.transition not in _ISSUING + _ENDING:
        return None
    level = None if alert.transition in _ENDING else alert.level
    recalled = alert.transition is AlertTransition.RECALLED
    is_newer, previous_level = await command_store.save_alert_level(
        unit.transaction, alert.alert_id, alert.status, alert.version, level, recalled=recalled
    )
    if is_newer and recalled:
        await _revoke_commands(alert, unit)
    if not is_newer or level is None:
        return None
    if previous_level is not None and LEVEL_ORDER[level] <= LEVEL_ORDER[previous_level]:
        return None
    return level


async def _revoke_commands(alert: AlertEvent, unit: UnitOfWork) -> None:
    """Revoke the open commands of a recalled alert."""
    ids = await command_store.commands_of_alert(unit.transaction, alert.alert_id, lifecycle.OPEN)
    commands = await LockedCommands.lock(unit.transaction, unit.context, ids)
    officer = alert.actor or alert.origin_unit
    cause = Cause(alert.id, alert.occurred_at, alert.origin_unit, alert.actor)
    for command_id, command in commands.commands.items():
        if command.state in lifecycle.OPEN:
            await revoke_command(commands, command_id, officer, alert.text, cause)
    await commands.save()


async def _issue_or_reopen(raised: Sequence[tuple[AlertEvent, Level]], unit: UnitOfWork) -> None:
    """Issue the commands of raised alerts, or re-open a case that was closed lately."""
    if not raised:
        return
    transaction, context = unit.transaction, unit.context
    modes = await mode_store.load_modes(transaction)
    results = [_order_of(alert, level, modes, unit) for alert, level in raised]
    orders = [order for order in results if order is not None]
    closed = await _closed_cases(orders, unit)
    reopened: dict[str, _AlertOrder] = {}
    for order in orders:
        if order.case_key in closed:
            reopened[closed[order.case_key]] = order
        else:
            await issue_command(
                transaction, context, order.order, order.cause, modes, order.case_key
            )
    if not reopened:
        return
    commands = await unit.commands(reopened)
    for command_id, order in reopened.items():
        if commands.commands[command_id].state is CommandState.CLOSED:
            commands.set_current_alert(command_id, order.alert_id)
            await reopen_command(commands, command_id, order.cause, "")


async def _closed_cases(orders: Sequence[_AlertOrder], unit: UnitOfWork) -> dict[str, str]:
    """Return the closed commands that these orders re-open, each by the limits of its root."""
    profiles = unit.context.profiles_at(unit.transaction.now)
    keys: defaultdict[float, set[str]] = defaultdict(set)
    for order in orders:
        keys[profiles.of(order.order.root).recurrence_s].add(order.case_key)
    closed: dict[str, str] = {}
    for within_s, case_keys in keys.items():
        closed |= await command_store.closed_cases(unit.transaction, case_keys, within_s)
    return closed


def _order_of(
    alert: AlertEvent, level: Level, modes: Modes, unit: UnitOfWork
) -> _AlertOrder | None:
    """Return the order of the plan for the alert's level; None when no plan or unit applies."""
    context = unit.context
    mode = modes.effective(alert.status, alert.place).mode
    plan = context.plans.choose(alert.event_type, level, mode)
    order = None if plan is None else order_of_alert(context.tree, plan, alert, level)
    if order is None:
        if level is not Level.NOTICE:
            log.warning(
                "no_plan", alert_id=alert.alert_id, event_type=alert.event_type, level=level
            )
            context.metrics.unplanned.labels(alert.status).inc()
        return None
    cause = Cause(alert.id, alert.occurred_at, order.issuer_unit, alert.actor)
    action = f"{order.plan_id} {order.root} {level}"
    key = case_key(order.status, order.event_type, alert.place, action)
    return _AlertOrder(alert.alert_id, order, cause, key)


def _is_position_on_issued(alert: AlertEvent) -> bool:
    """Return whether a body has given its position on an issued alert: a new response level."""
    return alert.transition is AlertTransition.POSITIONED and alert.state is AlertState.ISSUED
