"""The edge: alerts, reports, acknowledgements, requests in; commands, roll-up, duties to report out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from services.command import store
from services.command.core import lifecycle, steps
from services.command.core.authority import may_direct
from services.command.core.deadlines import Clocks
from services.command.core.model import Act
from services.command.core.orders import Order, order_of_alert, order_of_request
from services.command.core.profiles import Profile
from services.command.core.records import Cause
from services.command.core.states import OVER, Event
from services.command.core.wire import PlainStep
from services.command.issuing import issue
from services.command.metrics import CommandMetrics
from services.command.modes import store as mode_store
from services.command.modes.desk import ModeDesk
from services.command.reporting.desk import ReportDesk
from services.command.session import Session
from services.command.stepping import Stepping
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentState,
    CommandRequest,
    CommandState,
    Step,
)
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.ids import case_key
from shared.contracts.modes import ModeRequest
from shared.contracts.reports import Report
from shared.definitions.response_plans.book import PlanBook
from shared.domain.response_modes.effective import Modes
from shared.domain.selection.reach import digest_of, free_reach, outside
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage

log = structlog.get_logger("fenghuo.command")
_ORDERING = (AlertTransition.ISSUED, AlertTransition.ADJUSTED)
_ENDING = (AlertTransition.LIFTED, AlertTransition.EXPIRED, AlertTransition.RECALLED)
_NAMED = 5
_BULK = {
    "check": (Step.CHECK, AssignmentState.REPORTED),
    "close": (Step.CLOSE, AssignmentState.CHECKED),
}
_COME_BACK = (AssignmentState.DONE, AssignmentState.RETURNED)
_HAS_IT = {
    ("close", CommandState.CLOSED),
    ("revoke", CommandState.REVOKED),
    ("reopen", CommandState.ISSUED),
    ("reopen", CommandState.AWAITING_CHECK),
}
"""Verbs that a command in this state needs no more: a repeat, or another officer was quicker."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An order that an alert calls for, and the key under which its case may come back."""

    alert_id: str
    order: Order
    cause: Cause
    case_key: str


class Consumer:
    """Applies batches of messages; the state is in Postgres, units and plans in memory."""

    def __init__(
        self,
        tree: UnitTree,
        plans: PlanBook,
        profile: Profile,
        modes: ModeDesk,
        reports: ReportDesk,
        metrics: CommandMetrics,
    ) -> None:
        self._tree = tree
        self._plans = plans
        self._profile = profile
        self._modes = modes
        self._reports = reports
        self._metrics = metrics

    async def apply(self, work: Transaction, messages: Sequence[InboundMessage]) -> None:
        """Alerts first, then all acknowledgements of the batch together, then requests, modes, reports.

        Messages of one topic keep their order. Between topics there is none to keep; a request acts
        on what acknowledgements have brought about; a mode holds from the next transaction on. That
        is the order of the locks as well. Raises Reject for a message that is refused.
        """
        news: list[tuple[AlertEvent, Level]] = []
        graver: list[AlertEvent] = []
        about_modes: list[ModeRequest] = []
        acknowledgements: list[Acknowledgement | PlainStep] = []
        requests: list[CommandRequest] = []
        about_reports: list[AlertEvent | Report] = []
        for incoming in messages:
            match incoming.message:
                case PlainStep() | Acknowledgement():
                    acknowledgements.append(incoming.message)
                case AlertEvent():
                    about_reports.append(incoming.message)
                    level = await self._news(work, incoming.message)
                    if incoming.message.transition is AlertTransition.RECALLED:
                        recalled = incoming.message.alert_id
                        news = [known for known in news if known[0].alert_id != recalled]
                        graver = [
                            existing_alert
                            for existing_alert in graver
                            if existing_alert.alert_id != recalled
                        ]
                    if level is not None:
                        news.append((incoming.message, level))
                    if level is not None or _holds_of_issued(incoming.message):
                        graver.append(incoming.message)
                case Report():
                    about_reports.append(incoming.message)
                case ModeRequest():
                    about_modes.append(incoming.message)
                case CommandRequest() if incoming.message.verb == "issue":
                    await self._issue(work, incoming.message)
                case CommandRequest():
                    requests.append(incoming.message)
        recurred = await self._order(work, news)
        touched = {acknowledgement.command_id for acknowledgement in acknowledgements}
        touched |= {request.command_id for request in requests} | recurred.keys()
        if touched:
            session = await Session.over(work, self._profile, touched)
            stepping = Stepping(session, self._tree, self._profile)
            for command_id, (alert_id, cause) in recurred.items():
                if session.commands[command_id].state is CommandState.CLOSED:
                    session.brought_back_by(command_id, alert_id)
                    await self._reopen(session, command_id, cause, "")
            outcomes = await stepping.acknowledge(acknowledgements)
            for request in requests:
                await self._direct(session, stepping, request)
            await session.write()
            for labels, count in outcomes.items():
                self._metrics.steps.labels(*labels).inc(count)
        await self._modes.take(work, graver, about_modes)
        await self._reports.take(work, about_reports)

    async def _news(self, work: Transaction, alert: AlertEvent) -> Level | None:
        """The level at which an alert was issued or went up, None when it is no such news."""
        if alert.transition not in _ORDERING + _ENDING:
            return None
        level = None if alert.transition in _ENDING else alert.level
        recalled = alert.transition is AlertTransition.RECALLED
        news, before = await store.level_issued(
            work, alert.alert_id, alert.status, alert.version, level, recalled=recalled
        )
        if news and recalled:
            await self._recall(work, alert)
        if not news or level is None:
            return None
        if before is not None and LEVEL_ORDER[level] <= LEVEL_ORDER[before]:
            return None
        return level

    def _wanted(self, alert: AlertEvent, level: Level, modes: Modes) -> _Wanted | None:
        """What the plan calls for at the alert's level; its key tells when the case comes back."""
        mode = modes.effective(alert.status, alert.place).mode
        plan = self._plans.choose(alert.event_type, level, mode)
        order = None if plan is None else order_of_alert(self._tree, plan, alert, level)
        if order is None:
            if level is not Level.NOTICE:
                log.warning(
                    "no_plan", alert_id=alert.alert_id, event_type=alert.event_type, level=level
                )
                self._metrics.unplanned.labels(alert.status).inc()
            return None
        cause = Cause(alert.id, alert.occurred_at, order.issuer_unit, alert.actor)
        action = f"{order.plan_id} {order.root} {level}"
        case = case_key(order.status, order.event_type, alert.place, action)
        return _Wanted(alert.alert_id, order, cause, case)

    async def _order(
        self, work: Transaction, news: Sequence[tuple[AlertEvent, Level]]
    ) -> dict[str, tuple[str, Cause]]:
        """Issue what is new; by command, because of which alert a closed case comes back."""
        if not news:
            return {}
        modes = await mode_store.decided(work)
        found = [self._wanted(alert, level, modes) for alert, level in news]
        wanted = [one for one in found if one is not None]
        closed = await store.closed_cases(
            work, {one.case_key for one in wanted}, self._profile.recurrence_s
        )
        for one in wanted:
            if one.case_key not in closed:
                await self._give(work, one.order, one.cause, modes, one.case_key)
        return {
            closed[one.case_key]: (one.alert_id, one.cause)
            for one in wanted
            if one.case_key in closed
        }

    async def _recall(self, work: Transaction, alert: AlertEvent) -> None:
        """The alert should never have been issued: its open commands are revoked."""
        open_ones = await store.commands_because_of(work, alert.alert_id, lifecycle.OPEN)
        session = await Session.over(work, self._profile, open_ones)
        officer = alert.actor or alert.origin_unit
        cause = Cause(alert.id, alert.occurred_at, alert.origin_unit, alert.actor)
        for command_id, command in session.commands.items():
            if command.state in lifecycle.OPEN:
                await self._revoke(session, command_id, officer, alert.text, cause)
        await session.write()

    async def _issue(self, work: Transaction, request: CommandRequest) -> None:
        if request.selection is None or request.title is None:
            raise Reject(Reason.SCHEMA, "a command needs selection and title")
        if request.event_type is None or request.level is None:
            raise Reject(Reason.SCHEMA, "a command needs event_type and level")
        issuer = request.origin_unit
        result = free_reach(self._tree, request.selection, issuer)
        if result.unknown:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"not in the catalogue: {_some(result.unknown)}")
        if foreign := outside(result.units, issuer):
            raise Reject(Reason.NOT_ALLOWED, f"not below the issuer {issuer}: {_some(foreign)}")
        if not result.units:
            raise Reject(Reason.UNKNOWN_SUBJECT, "the selection means nobody")
        if request.seen_digest not in (None, digest_of(result.units)):
            raise Reject(
                Reason.STALE,
                f"the recipients are not those the officer was shown; now {len(result.units)}",
            )
        order = order_of_request(
            self._tree,
            request,
            result.units,
            request.event_type,
            request.level,
            request.title,
            work.now,
        )
        cause = Cause(request.id, request.occurred_at, issuer, request.officer_id)
        await self._give(work, order, cause, await mode_store.decided(work))

    async def _direct(self, session: Session, stepping: Stepping, request: CommandRequest) -> None:
        """Check or close all assignments that are ready for it; revoke or re-open the command."""
        command = session.commands.get(request.command_id)
        if command is None:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"no command {request.command_id}")
        if request.status is not command.status:
            raise Reject(Reason.NOT_ALLOWED, f"the command is {command.status}")
        if not may_direct(request.origin_unit, command):
            raise Reject(
                Reason.NOT_ALLOWED, f"{request.verb} is for the issuer {command.issuer_unit}"
            )
        if (request.verb, command.state) in _HAS_IT:
            return
        if command.state not in lifecycle.READY[request.verb]:
            raise Reject(Reason.NOT_ALLOWED, f"the command is {command.state}")
        cause = Cause(request.id, request.occurred_at, request.origin_unit, request.officer_id)
        match request.verb:
            case "revoke":
                officer, why = request.officer_id, request.instruction
                await self._revoke(session, request.command_id, officer, why, cause)
            case "reopen":
                if await store.was_recalled(session.work, command.because_of):
                    raise Reject(Reason.NOT_ALLOWED, "the alert it was given for has been recalled")
                await self._reopen(session, command.command_id, cause, request.instruction)
            case _:
                await self._bulk(session, stepping, request)
                if request.verb == "close":
                    session.ask_close(command.command_id, cause)

    async def _bulk(self, session: Session, stepping: Stepping, request: CommandRequest) -> None:
        step, ready = _BULK[request.verb]
        act = Act(
            step,
            request.id,
            request.officer_id,
            request.origin_unit,
            request.instruction,
            request.occurred_at,
        )
        # Parts before their wholes: a whole that closes waives the optional parts still open.
        for assignment in reversed(await session.load_in(request.command_id, [ready])):
            latest = session.assignments[assignment.assignment_id]
            if latest.state is ready:
                await stepping.apply(latest, act, latest.attempt)

    async def _revoke(
        self, session: Session, command_id: str, officer_id: str, why: str, cause: Cause
    ) -> None:
        unfinished = set(AssignmentState) - OVER
        for assignment in await session.load_in(command_id, unfinished):
            latest = session.assignments[assignment.assignment_id]
            after = steps.end(latest, Event.RECALL, officer_id, why, session.work.now)
            session.change(after, cause)
        session.move(command_id, lifecycle.Event.REVOKE, cause)

    async def _reopen(self, session: Session, command_id: str, cause: Cause, reason: str) -> None:
        """The closed case came back: the command is in progress, its units have a new attempt."""
        level = session.commands[command_id].level
        modes = await mode_store.decided(session.work)
        for assignment in await session.load_in(command_id, _COME_BACK):
            whole = session.assignments.get(assignment.parent_assignment_id or "")
            if whole is not None and whole.state in OVER:
                continue  # what it was a part of does not come back: it was taken away from its unit
            again = steps.reopen(
                session.assignments[assignment.assignment_id],
                cause.actor,
                reason,
                session.work.now,
                Clocks(
                    self._profile,
                    level,
                    modes.effective(assignment.status, assignment.unit),
                    session.finish_of_whole(assignment),
                ),
            )
            session.change(again, cause)
        session.move(command_id, lifecycle.Event.RECUR, cause)

    async def _give(
        self, work: Transaction, order: Order, cause: Cause, modes: Modes, case: str | None = None
    ) -> None:
        if await issue(work, order, self._profile, cause, modes, case):
            recipients = len(order.orders.recipients)
            self._metrics.commands.labels(order.status).inc()
            self._metrics.assignments.labels(order.status).inc(recipients)
            self._metrics.fan_out.labels(order.status).observe(recipients)


def _holds_of_issued(alert: AlertEvent) -> bool:
    """Whether a body has said what it holds of an issued alert: a response level may be new."""
    return alert.transition is AlertTransition.POSITIONED and alert.state is AlertState.ISSUED


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many there are."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
