"""The edge: alerts, reports, acknowledgements, requests in; commands, roll-up, duties to report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog

from services.command import store
from services.command.core import steps
from services.command.core.authority import may_direct, refusal
from services.command.core.model import Act
from services.command.core.orders import Order, order_of_alert, order_of_request
from services.command.core.profiles import Profile
from services.command.core.records import Cause
from services.command.core.states import IllegalStep
from services.command.issuing import issue
from services.command.metrics import CommandMetrics
from services.command.modes import store as mode_store
from services.command.modes.desk import ModeDesk
from services.command.reporting.desk import ReportDesk
from services.command.session import Session
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentState,
    CommandRequest,
    CommandState,
    Step,
)
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.modes import ModeRequest
from shared.contracts.reports import Report
from shared.modes.effective import Modes
from shared.plans.book import PlanBook
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbox import Incoming
from shared.selection.reach import digest_of, free_reach, outside
from shared.selection.tree import UnitTree

log = structlog.get_logger("fenghuo.command")
_OPEN = (CommandState.ISSUED, CommandState.AWAITING_CHECK)
_ORDERING = (AlertTransition.ISSUED, AlertTransition.ADJUSTED)
_ENDING = (AlertTransition.LIFTED, AlertTransition.EXPIRED, AlertTransition.RECALLED)
_NAMED = 5
_BULK = {
    "check": (Step.CHECK, AssignmentState.REPORTED),
    "close": (Step.CLOSE, AssignmentState.CHECKED),
}


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

    async def apply(self, work: Transaction, messages: Sequence[Incoming]) -> None:
        """Alerts first, then all acknowledgements of the batch together, then requests, modes, reports.

        Messages of one topic keep their order. Between topics there is none to keep; a request acts
        on what acknowledgements have brought about; a mode holds from the next transaction on. That
        is the order of the locks as well. Raises Reject for a message that is refused.
        """
        raised: list[AlertEvent] = []
        about_modes: list[ModeRequest] = []
        acknowledgements: list[Acknowledgement] = []
        requests: list[CommandRequest] = []
        for one in messages:
            match one.message:
                case AlertEvent():
                    if await self._alert(work, one.message):
                        raised.append(one.message)
                case ModeRequest():
                    about_modes.append(one.message)
                case Acknowledgement():
                    acknowledgements.append(one.message)
                case CommandRequest() if one.message.verb == "issue":
                    await self._issue(work, one.message)
                case CommandRequest():
                    requests.append(one.message)
        if acknowledgements or requests:
            touched = {one.command_id for one in acknowledgements}
            touched |= {one.command_id for one in requests}
            session = await Session.over(work, self._profile, touched)
            await self._acknowledge(session, acknowledgements)
            for request in requests:
                await self._direct(session, request)
            await session.write()
        await self._modes.take(work, raised, about_modes)
        await self._reports.take(
            work, [m for one in messages if isinstance(m := one.message, AlertEvent | Report)]
        )

    async def _alert(self, work: Transaction, alert: AlertEvent) -> bool:
        """Command what the alert's level calls for; whether it was issued or went up."""
        if alert.transition not in _ORDERING + _ENDING:
            return False
        level = None if alert.transition in _ENDING else alert.level
        news, before = await store.level_issued(
            work, alert.alert_id, alert.status, alert.version, level
        )
        if news and alert.transition is AlertTransition.RECALLED:
            await self._recall(work, alert)
        if not news or level is None:
            return False
        if before is not None and LEVEL_ORDER[level] <= LEVEL_ORDER[before]:
            return False
        modes = await mode_store.decided(work)
        mode = modes.effective(alert.status, alert.place).mode
        plan = self._plans.choose(alert.event_type, level, mode)
        order = None if plan is None else order_of_alert(self._tree, plan, alert, level)
        if order is not None:
            cause = Cause(alert.id, alert.occurred_at, order.issuer_unit, alert.actor)
            await self._give(work, order, cause, modes)
        elif level is not Level.NOTICE:
            log.warning(
                "no_plan", alert_id=alert.alert_id, event_type=alert.event_type, level=level
            )
            self._metrics.unplanned.labels(alert.status).inc()
        return True

    async def _recall(self, work: Transaction, alert: AlertEvent) -> None:
        """The alert should never have been issued: its open commands are revoked."""
        open_ones = await store.commands_because_of(work, alert.alert_id, _OPEN)
        session = await Session.over(work, self._profile, open_ones)
        officer = alert.actor or alert.origin_unit
        cause = Cause(alert.id, alert.occurred_at, alert.origin_unit, alert.actor)
        for command_id, command in session.commands.items():
            if command.state in _OPEN:
                await self._revoke(session, command_id, officer, alert.text, cause)
        await session.write()

    async def _issue(self, work: Transaction, request: CommandRequest) -> None:
        if request.selection is None or request.title is None:
            raise Reject(Reason.SCHEMA, "a command needs selection and title")
        if request.event_type is None or request.level is None:
            raise Reject(Reason.SCHEMA, "a command needs event_type and level")
        issuer = request.origin_unit
        found = free_reach(self._tree, request.selection, issuer)
        if found.unknown:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"not in the catalogue: {_some(found.unknown)}")
        if foreign := outside(found.units, issuer):
            raise Reject(Reason.NOT_ALLOWED, f"not below the issuer {issuer}: {_some(foreign)}")
        if not found.units:
            raise Reject(Reason.UNKNOWN_SUBJECT, "the selection means nobody")
        if request.seen_digest not in (None, digest_of(found.units)):
            raise Reject(
                Reason.STALE,
                f"the recipients are not those the officer was shown; now {len(found.units)}",
            )
        order = order_of_request(
            self._tree, request, found.units, request.event_type, request.level, request.title
        )
        cause = Cause(request.id, request.occurred_at, issuer, request.officer_id)
        await self._give(work, order, cause, await mode_store.decided(work))

    async def _acknowledge(self, session: Session, batch: Sequence[Acknowledgement]) -> None:
        if not batch:
            return
        await session.load({one.assignment_id for one in batch})
        outcomes: Counter[steps.Outcome] = Counter()
        late: list[Acknowledgement] = []
        begins = any(one.step is Step.SEND_BACK for one in batch)
        modes = await mode_store.decided(session.work) if begins else Modes()
        for one in batch:
            outcome = self._take(session, one, modes)
            outcomes[outcome] += 1
            if outcome is steps.Outcome.LATE:
                late.append(one)
        await store.keep_late(session.work, late)
        for outcome, count in outcomes.items():
            self._metrics.steps.labels(outcome).inc(count)

    def _take(self, session: Session, one: Acknowledgement, modes: Modes) -> steps.Outcome:
        assignment = session.assignments.get(one.assignment_id)
        command = session.commands.get(one.command_id)
        if assignment is None or command is None or assignment.command_id != one.command_id:
            raise Reject(
                Reason.UNKNOWN_SUBJECT,
                f"no assignment {one.assignment_id} under command {one.command_id}",
            )
        if one.unit != assignment.unit:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"this assignment is not of unit {one.unit}")
        if one.status is not assignment.status:
            raise Reject(
                Reason.NOT_ALLOWED, f"a step of {one.status} cannot change what is {command.status}"
            )
        why = refusal(one.step, one.officer_unit, assignment, command)
        if why is not None:
            raise Reject(Reason.NOT_ALLOWED, why)
        act = Act(one.step, one.id, one.officer_id, one.officer_unit, one.text, one.occurred_at)
        try:
            outcome, changes = steps.take(
                assignment,
                act,
                one.attempt,
                session.work.now,
                profile=self._profile,
                level=command.level,
                command_open=command.state in _OPEN,
                mode=modes.effective(assignment.status, assignment.unit),
            )
        except IllegalStep as error:
            raise Reject(Reason.NOT_ALLOWED, str(error)) from error
        for done, after in changes:
            cause = Cause(done.record_id, done.occurred_at, done.officer_unit, done.officer_id)
            session.change(after, cause)
        return outcome

    async def _direct(self, session: Session, request: CommandRequest) -> None:
        """Check or close all assignments that are ready for it, or revoke the command."""
        command = session.commands.get(request.command_id)
        if command is None:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"no command {request.command_id}")
        if request.status is not command.status:
            raise Reject(Reason.NOT_ALLOWED, f"the command is {command.status}")
        if not may_direct(request.origin_unit, command):
            raise Reject(
                Reason.NOT_ALLOWED, f"{request.verb} is for the issuer {command.issuer_unit}"
            )
        if command.state not in _OPEN:
            if (request.verb, command.state) in {
                ("close", CommandState.CLOSED),
                ("revoke", CommandState.REVOKED),
            }:
                return
            raise Reject(Reason.NOT_ALLOWED, f"the command is {command.state}")
        cause = Cause(request.id, request.occurred_at, request.origin_unit, request.officer_id)
        if request.verb == "revoke":
            officer, why = request.officer_id, request.instruction
            await self._revoke(session, request.command_id, officer, why, cause)
            return
        step, ready = _BULK[request.verb]
        act = Act(
            step,
            request.id,
            request.officer_id,
            request.origin_unit,
            request.instruction,
            request.occurred_at,
        )
        for assignment in await session.load_in(command.command_id, [ready]):
            _, changes = steps.take(
                assignment,
                act,
                assignment.attempt,
                session.work.now,
                profile=self._profile,
                level=command.level,
            )
            for _, after in changes:
                session.change(after, cause)
        if request.verb == "close":
            session.ask_close(command.command_id, cause)

    async def _revoke(
        self, session: Session, command_id: str, officer_id: str, why: str, cause: Cause
    ) -> None:
        unfinished = set(AssignmentState) - {AssignmentState.DONE, AssignmentState.REVOKED}
        for assignment in await session.load_in(command_id, unfinished):
            session.change(steps.revoke(assignment, officer_id, why, session.work.now), cause)
        session.revoke(command_id, cause)

    async def _give(self, work: Transaction, order: Order, cause: Cause, modes: Modes) -> None:
        if await issue(work, order, self._profile, cause, modes):
            recipients = len(order.orders.recipients)
            self._metrics.commands.labels(order.status).inc()
            self._metrics.assignments.labels(order.status).inc(recipients)
            self._metrics.fan_out.observe(recipients)


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many there are."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
