"""Communication tests 通信测试: when each post is tested, and the pages that test one officer.

Each channel of an officer is tested by a ladder of its own, so that an answer on one says nothing of the
others. Nobody is tested outside the plan's hours, nor while his unit stands by or is in an emergency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from services.notify.core import wording
from services.notify.core.book import Book
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.plan import Call
from services.notify.core.priority import priority
from services.notify.core.roster import Roster, Seat
from shared.contracts.calls import ContactTestPlan
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.ids import content_id
from shared.contracts.pages import SubjectKind
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.units import is_within
from shared.domain.response_modes.effective import Modes

ASKED_WAIT_S = 1_800.0
"""How long an answer to a test may take that an officer has started."""
_BUSY = frozenset({ResponseMode.STANDBY, ResponseMode.EMERGENCY})


@dataclass(frozen=True, slots=True)
class Place:
    """A post that a plan tests."""

    test_id: str
    unit: str
    post: Post

    def __str__(self) -> str:
        return f"{self.test_id}:{self.unit}:{self.post}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """What `str` has written."""
        test_id, unit, post = text.split(":")
        return cls(test_id, unit, Post(post))


class ContactTestPlans:
    """The plans in force."""

    def __init__(self, plans: Iterable[ContactTestPlan] = ()) -> None:
        self._plans: dict[str, ContactTestPlan] = {}
        self.replace(plans)

    def replace(self, plans: Iterable[ContactTestPlan]) -> None:
        """Let these plans hold and no others."""
        self._plans = {plan.test_id: plan for plan in plans if plan.enabled}

    def get(self, test_id: str) -> ContactTestPlan | None:
        """The plan, None when it is not in force."""
        return self._plans.get(test_id)

    def places(self, roster: Roster, now: datetime) -> Iterator[tuple[Place, datetime]]:
        """Every filled post that is to be tested, and when next."""
        for plan in self._plans.values():
            for unit, post in roster.filled():
                if post in plan.posts:
                    place = Place(plan.test_id, unit, post)
                    yield place, next_due(plan, place, now)


def next_due(plan: ContactTestPlan, place: Place, after: datetime) -> datetime:
    """The next time the post is tested, later than `after`: its own day and minute, spread by its name."""
    zone = ZoneInfo(plan.zone)
    spread = int.from_bytes(sha256(str(place).encode()).digest()[:8], "big")
    minutes = (plan.end.hour - plan.begin.hour) * 60 + plan.end.minute - plan.begin.minute
    into = timedelta(minutes=spread // plan.every_days % max(1, minutes))
    day = after.astimezone(zone).date()
    day += timedelta(days=(spread - day.toordinal()) % plan.every_days)
    while True:
        due = datetime.combine(day, plan.begin, zone) + into
        # By way of UTC: two times of one zone are compared by their hands, not by their moments.
        moment = datetime.fromtimestamp(due.timestamp(), after.tzinfo)
        if moment > after:
            return moment
        day += timedelta(days=plan.every_days)


def is_quiet(plan: ContactTestPlan, now: datetime) -> bool:
    """Whether nobody is tested at this time of the day."""
    return not plan.begin <= now.astimezone(ZoneInfo(plan.zone)).time() < plan.end


class UnknownOfficer(Exception):
    """Nobody of the unit's present officers is meant."""


class NotAbove(Exception):
    """The officer's unit is neither the tested one nor above it."""


class ContactTester:
    """Starts tests in one Book. Roster and modes are read, never changed."""

    def __init__(self, roster: Roster, modes: Modes, book: Book) -> None:
        self._roster = roster
        self._modes = modes
        self._book = book

    def due(self, plan: ContactTestPlan, place: Place, due_at: datetime) -> None:
        """A post's time has come; it is let pass when nobody should be disturbed now."""
        seat = self._roster.seat(place.unit, place.post)
        mode = self._modes.effective(Status.ACTUAL, place.unit).mode
        if seat is None or mode in _BUSY or is_quiet(plan, self._book.now):
            return
        self._test(seat, content_id("cte", str(place), due_at.isoformat()), plan.wait_s, plan)

    def asked(self, request: ContactTestRequest) -> None:
        """An officer wants to know now. Raises NotAbove, UnknownOfficer."""
        if not is_within(request.unit, request.origin_unit):
            raise NotAbove
        seats = self._roster.seats(request.unit)
        wanted = [seat for seat in seats if request.of in (None, seat.officer_id)]
        if not wanted:
            raise UnknownOfficer
        for seat in wanted:
            self._test(seat, request.id, ASKED_WAIT_S)

    def _test(
        self, seat: Seat, cause_id: str, wait_s: float, plan: ContactTestPlan | None = None
    ) -> None:
        only = plan.channels if plan is not None else ()
        for channel in seat.channels:
            if channel not in self._book.channels or (only and channel not in only):
                continue
            one = Seat(seat.unit, seat.post, seat.officer_id, (channel,))
            ladder = self._ladder(one, cause_id)
            if self._book.open(ladder):
                self._book.place(ladder, Call(one, 0, 1, wait_s), ladder.text)

    def _ladder(self, seat: Seat, cause_id: str) -> Ladder:
        (channel,) = seat.channels
        headline, text = wording.of_contact_test(channel)
        return Ladder(
            ladder_id=content_id("lad", cause_id, f"{seat.officer_id}:{channel}"),
            cause_id=cause_id,
            trace_id=cause_id,
            subject_kind=SubjectKind.CONTACT_TEST,
            subject_id=cause_id,
            purpose=Purpose.CONTACT_TEST,
            status=Status.TEST,
            level=Level.NOTICE,
            place=seat.unit,
            start_unit=seat.unit,
            headline=headline,
            text=text,
            occurred_at=self._book.now,
            opened_at=self._book.now,
            priority=priority(Status.TEST, Level.NOTICE),
        )
