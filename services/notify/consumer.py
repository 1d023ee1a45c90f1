"""The edge: records, timers and delivery outcomes in, the desk's decisions, rows and pages out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import structlog

from services.notify.core import folding, roster_calls
from services.notify.core.answers import Refusal
from services.notify.core.book import Book
from services.notify.core.budgets import Budgets
from services.notify.core.call_rules import CallRules
from services.notify.core.calling import Refused
from services.notify.core.contact_tests import (
    ContactTester,
    ContactTestPlans,
    NotAbove,
    Place,
    UnknownOfficer,
    next_due,
)
from services.notify.core.desk import Desk
from services.notify.core.names import BEIJING, Names
from services.notify.core.profiles import Profile
from services.notify.core.reaches import Reaches
from services.notify.core.roster import Roster
from services.notify.metrics import NotifyMetrics
from services.notify.store import digests, gaps, reachability
from services.notify.store import ladders as store
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import AssignmentEvent, AssignmentState, SupervisionEvent
from shared.contracts.dead_letter import Reason
from shared.contracts.duty import DutyCoverage
from shared.contracts.ids import mode_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, Channel
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.reports import ReportDuty
from shared.definitions.call_plans.pack import Pack
from shared.domain.response_modes.effective import Modes
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.timers import Timer, TimerKey

log = structlog.get_logger("fenghuo.notify")

_REASONS: dict[Refusal, Reason] = {
    Refusal.UNKNOWN_PAGE: Reason.UNKNOWN_SUBJECT,
    Refusal.NOT_THE_OFFICER: Reason.NOT_ALLOWED,
    Refusal.OTHER_STATUS: Reason.NOT_ALLOWED,
}


class NotifyConsumer:
    """Holds what all transactions share: roster, names, modes, profile, budgets, the channels that are on."""

    def __init__(
        self,
        profile: Profile,
        budgets: Budgets,
        channels: frozenset[Channel],
        metrics: NotifyMetrics,
        zone: ZoneInfo = BEIJING,
    ) -> None:
        self.roster = Roster()
        self.names = Names(UnitTree(), self.roster, zone)
        self.modes = Modes()
        self.reaches = Reaches()
        self.calls = CallRules(profile)
        self.test_plans = ContactTestPlans()
        self.budgets = budgets
        self._channels = channels
        self._metrics = metrics

    def book(self, work: Transaction) -> Book:
        """An empty Book at the transaction's time."""
        return Book(self._channels, work.now, self.reaches)

    def called_by(self, pack: Pack) -> None:
        """Let the operator's settings hold from now on."""
        self.calls.replace(pack.calls)
        self.test_plans.replace(pack.tests)

    def desk(self, book: Book) -> Desk:
        """Decides in this Book."""
        return Desk(self.roster, self.calls, self.modes, book, self.names)

    async def apply(self, work: Transaction, incoming: Sequence[InboundMessage]) -> None:
        """Handle a batch; raises Reject for an answer that does not count."""
        messages = [one.message for one in incoming]
        book = self.book(work)
        await store.load(work, _keys(messages), book)
        desk = self.desk(book)
        for message in messages:
            match message:
                case AlertEvent():
                    desk.on_alert(message)
                case AssignmentEvent():
                    desk.on_assignment(message)
                case SupervisionEvent():
                    desk.on_supervision(message)
                case ModeProposal():
                    desk.on_proposal(message)
                case ResponseModeEvent():
                    desk.on_mode(message)
                case ReportDuty():
                    desk.on_duty(message)
                case DutyCoverage():
                    desk.on_coverage(message)
                case Answer():
                    _answer(desk, message)
                case ContactTestRequest():
                    _test(ContactTester(self.roster, self.modes, book), message)
        await self.write(work, book)
        answers = Counter((m.verb, m.status) for m in messages if isinstance(m, Answer))
        for labels, count in answers.items():
            self._metrics.answers.labels(*labels).inc(count)

    async def lock(self, work: Transaction, keys: Sequence[TimerKey]) -> None:
        """Lock the ladders whose timers are due and those that a due digest tells of, then the digests."""
        ladder_ids = [key.subject_id for key in keys]
        told = await digests.to_tell(work, ladder_ids)
        await store.lock(work, [*ladder_ids, *(one.ladder_id for one in told)])
        await digests.lock(work, ladder_ids)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """A time is over: for an answer, the next call or none left; a gap of the roster is near."""
        book = self.book(work)
        posts = {timer.subject_id for timer in timers if timer.kind == gaps.KIND}
        gathered = {timer.subject_id for timer in timers if timer.kind == digests.SEND}
        answered = {timer.subject_id for timer in timers if timer.kind == digests.TELL}
        tests = [timer for timer in timers if timer.kind == reachability.KIND]
        others = (gaps.KIND, reachability.KIND, *digests.KINDS)
        rest = [timer for timer in timers if timer.kind not in others]
        told = await digests.to_tell(work, sorted(answered))
        keys = store.Keys(
            ladders={timer.subject_id for timer in rest},
            gaps=posts,
            pages={one.page_id for one in told},
            digests=gathered | answered,
        )
        await store.load(work, keys, book)
        desk = self.desk(book)
        for timer in rest:
            desk.on_timer(timer.subject_id, timer.kind, timer.rung)
        for post in sorted(posts):
            desk.tell_gaps(post)
        for name in sorted(gathered):
            desk.send_digest(book.digests[name], await digests.contents(work, name))
        for name in sorted(answered):
            pages = [page.page_id for page in told if page.digest_id == name]
            desk.pass_on(book.digests[name], pages, last=len(pages) < digests.MOST_AT_ONCE)
        await self._test_due(work, tests, book)
        await self.write(work, book)

    async def _test_due(self, work: Transaction, timers: Sequence[Timer], book: Book) -> None:
        """Test the posts whose time has come, and arm each for its next."""
        tester = ContactTester(self.roster, self.modes, book)
        dues = []
        for timer in timers:
            place = Place.parse(timer.subject_id)
            plan = self.test_plans.get(place.test_id)
            if plan is not None and place.post in plan.posts:
                tester.due(plan, place, timer.due_at)
                dues.append((place, next_due(plan, place, work.now)))
        await reachability.schedule(work, dues)

    async def write(self, work: Transaction, book: Book) -> None:
        """Put into digests what is over budget, store the book's changes and count its pages."""
        await self._fold(work, book)
        await store.save(work, book)
        await reachability.save(work, book)
        for digest in book.changed_digests.values():
            self._metrics.digests.labels(digest.state, digest.status).inc()
        seen = Counter((page.channel, page.state, page.status) for page in book.events)
        for labels, count in seen.items():
            self._metrics.pages.labels(*labels).inc(count)
        if book.ran_out:
            for ladder_id in book.ran_out:
                self._metrics.exhausted.labels(book.ladders[ladder_id].status).inc()
            log.error("ladders_exhausted", count=len(book.ran_out), first=book.ran_out[0])

    async def _fold(self, work: Transaction, book: Book) -> None:
        calls = folding.candidates(book)
        if not calls:
            return
        officers = {line.page.officer_id for line in calls}
        spent = await digests.spent(work, officers, self.budgets)
        folded = folding.fold(calls, book, spent, self.budgets)
        if not folded:
            return
        gathering = await digests.gather(work, folded)
        book.fold({one.page_id: gathering[one.reader] for one in folded})
        for one in folded:
            page = book.pages[one.page_id].page
            self._metrics.folded.labels(page.level, page.status).inc()


def _answer(desk: Desk, answer: Answer) -> None:
    try:
        desk.on_answer(answer)
    except Refused as why:
        detail = f"answer of {answer.officer_id} to {answer.page_id}: {why.reason}"
        raise Reject(_REASONS[why.reason], detail) from why


def _test(tester: ContactTester, request: ContactTestRequest) -> None:
    who = f"test of {request.of or 'everybody'} at {request.unit}"
    try:
        tester.asked(request)
    except NotAbove:
        detail = f"{who} by {request.officer_id} of {request.origin_unit}"
        raise Reject(Reason.NOT_ALLOWED, detail) from None
    except UnknownOfficer:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"{who}: nobody there is on duty") from None


def _keys(messages: Sequence[object]) -> store.Keys:
    keys = store.Keys()
    for message in messages:
        match message:
            case AlertEvent():
                keys.alerts.add(message.alert_id)
                if message.transition is AlertTransition.RECALLED:
                    keys.recalled.add(message.alert_id)
            case AssignmentEvent():
                keys.assignments.add(message.assignment_id)
                if message.state is AssignmentState.DELIVERED and message.alert_id is not None:
                    keys.causes.add(message.alert_id)
            case SupervisionEvent():
                mine = keys.assignments if message.clock in ("sign", "finish") else keys.duties
                mine.add(message.subject_id)
                if message.alert_id is not None:
                    keys.causes.add(message.alert_id)
            case ModeProposal():
                keys.subjects.add(message.proposal_id)
            case ResponseModeEvent():
                keys.subjects.add(mode_id(message.status, message.unit))
            case ReportDuty():
                keys.duties.add(message.duty_id)
            case DutyCoverage():
                subject = roster_calls.subject_of(message)
                keys.gaps.add(subject)
                keys.subjects.add(subject)
            case Answer():
                keys.pages.add(message.page_id)
    return keys
