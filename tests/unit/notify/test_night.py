"""A night from 22:00 to 08:00 played against the clock by simulated officers.

The people answer soon, late or never, decline, hand over, promise and forget. The course of each
escalation is compared with the calling order as a table, written down here a second time.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.states import EscalationState
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Level, Post
from shared.contracts.pages import AnswerVerb, Page
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import CITY, DISTRICT, TOWN, UNITS, a_slot, an_alert, an_answer
from tests.unit.notify.core_harness import a_core, a_working_set

EVENING = datetime(2026, 7, 1, 14, 0, tzinfo=UTC)
"""22:00 in Chongqing."""
MIDNIGHT, MORNING = EVENING + timedelta(hours=2), EVENING + timedelta(hours=10)
B, A, COMMANDER = Post.B, Post.A, Post.COMMANDER
ORDER: dict[str, list[tuple[int, str, Post]]] = {
    TOWN: [
        (0, TOWN, B),
        (1, TOWN, B),
        (3, TOWN, A),
        (4, TOWN, COMMANDER),
        (5, DISTRICT, B),
        (6, CITY, B),
        (7, CITY, B),
        (8, CITY, B),
        (9, CITY, COMMANDER),
    ],
    DISTRICT: [
        (0, DISTRICT, B),
        (1, DISTRICT, B),
        (3, DISTRICT, A),
        (4, DISTRICT, COMMANDER),
        (5, CITY, B),
        (6, CITY, B),
        (7, CITY, B),
        (8, CITY, COMMANDER),
    ],
}
"""Call-1/3/5 by the unit of the first call: fifths of the answer time, unit, post."""
ANSWER_S = {Level.RED: 300, Level.ORANGE: 600, Level.YELLOW: 900}
PROMISE = timedelta(minutes=30)
TIMERS = {
    EscalationState.OPEN: "answer",
    EscalationState.ANSWERED: "promise",
    EscalationState.EXHAUSTED: "last",
}
WAYS = ("soon", "late", "sleeps", "declines", "hands over", "forgets")


def on_duty(unit: str, post: Post, at: datetime) -> str:
    """Return the officer on duty: B and A change at midnight, commanders stay."""
    half = "night" if post is COMMANDER or at < MIDNIGHT else "morning"
    return f"o-{unit}-{post}-{half}"


def fill(roster: Roster, at: datetime) -> None:
    for unit in UNITS:
        for post in Post:
            roster.add(a_slot(unit, post, on_duty(unit, post, at)))


@dataclass
class Course:
    """The calls and replies of one escalation, in order, and the end of its matter."""

    escalation: Escalation
    level: Level
    calls: list[tuple[datetime, Page]] = field(default_factory=list)
    replies: list[tuple[datetime, str, AnswerVerb]] = field(default_factory=list)
    ended_at: datetime | None = None


class Night:
    """One night: a queue of what people do, beside the timers of the escalations."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = EVENING
        self.roster = Roster()
        fill(self.roster, EVENING)
        self.working_set = a_working_set(EVENING)
        self.core = a_core(self.roster, self.working_set, "standard")
        self.courses: dict[str, Course] = {}
        self.ways: Counter[str] = Counter()
        self._levels: dict[str, Level] = {}
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count(1)
        self._noted_events = 0
        self._decided: set[tuple[str, str]] = set()

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (moment, next(self._numbers), act))

    def play(self) -> None:
        """Play until the morning; at one moment people come before timers."""
        self.at(MIDNIGHT, lambda: fill(self.roster, MIDNIGHT))
        for number in range(12):
            begin = EVENING + timedelta(seconds=self.random.randrange(0, 9 * 3600))
            if number < 3:  # These run across the change of the shift.
                begin = MIDNIGHT - timedelta(seconds=61 + 97 * number)
            level = self.random.choice(list(ANSWER_S))
            self.at(begin, partial(self._raise, f"alt-{number}", level))
        while (moment := self._next_moment()) <= MORNING:
            self.now = self.working_set.now = moment
            if self._queue and self._queue[0][0] == moment:
                heapq.heappop(self._queue)[2]()
            else:
                self._fire(moment)
            self._note_calls()

    def _armed(self) -> Iterator[tuple[datetime, Escalation]]:
        for escalation in self.working_set.escalations.values():
            if escalation.due_at is not None and escalation.state in TIMERS:
                yield escalation.due_at, escalation

    def _next_moment(self) -> datetime:
        moments = [moment for moment, _ in self._armed()]
        moments += [self._queue[0][0]] if self._queue else []
        return min(moments, default=MORNING + timedelta(seconds=1))

    def _fire(self, moment: datetime) -> None:
        escalation = next(item for due_at, item in self._armed() if due_at == moment)
        kind = TIMERS[escalation.state]
        self.core.on_timer(escalation.escalation_id, kind, escalation.step)

    def _raise(self, alert: str, level: Level) -> None:
        self._levels[alert] = level
        self.core.on_alert(an_alert(alert=alert, proposed=level, at=self.now))

    def _note_calls(self) -> None:
        events, self._noted_events = (
            self.working_set.events[self._noted_events :],
            len(self.working_set.events),
        )
        for page in events:
            if page.version == 1:
                escalation_id = self.working_set.pages[page.page_id].escalation_id
                escalation = self.working_set.escalations[escalation_id]
                level = self._levels[page.alert_id or ""]
                course = self.courses.setdefault(escalation_id, Course(escalation, level))
                course.calls.append((self.now, page))
                self._decide(page, course)

    def _decide(self, page: Page, course: Course) -> None:
        """Decide what an officer does about a call; each replies once about a matter."""
        key = (course.escalation.escalation_id, page.officer_id)
        if key in self._decided:
            if any(officer == page.officer_id for _, officer, _ in course.replies):
                self.at(self.now + timedelta(seconds=171), lambda: self._act(page))
            return
        way = self.random.choice(WAYS)
        self.ways[way] += 1
        if way == "sleeps":
            return
        self._decided.add(key)
        seconds = self.random.randrange(5, 50)
        if way == "late":
            seconds = ANSWER_S[course.level] // 5 + self.random.randrange(1, 1_200)
        verb = {"declines": AnswerVerb.CANNOT, "hands over": AnswerVerb.HAND_OVER}.get(
            way, AnswerVerb.COMING
        )
        # No reply falls on a timer: whole seconds and a part.
        moment = self.now + timedelta(seconds=seconds, milliseconds=500)
        self.at(moment, lambda: self._reply(page, course, verb, forgets=way == "forgets"))

    def _reply(self, page: Page, course: Course, verb: AnswerVerb, *, forgets: bool) -> None:
        if course.ended_at is not None:
            return
        course.replies.append((self.now, page.officer_id, verb))
        coming = verb is AnswerVerb.COMING
        promise = {"arrive_by": self.now + PROMISE} if coming else {}
        self.core.on_answer(an_answer(page, verb, occurred_at=self.now, **promise))
        if coming and not forgets:
            self.at(self.now + PROMISE / 2, lambda: self._act(page))

    def _act(self, page: Page) -> None:
        """The officer finds a false alarm: the matter ends."""
        courses = [
            item for item in self.courses.values() if item.calls[0][1].alert_id == page.alert_id
        ]
        if any(course.ended_at is not None for course in courses):
            return
        event = an_alert(
            2,
            AlertTransition.DISMISSED,
            AlertState.DISMISSED,
            alert=page.alert_id or "",
            actor=page.officer_id,
            at=self.now,
        )
        self.core.on_alert(event)
        for course in courses:
            course.ended_at = self.now


def expected(course: Course) -> tuple[list[tuple[datetime, str, Post]], datetime | None, str]:
    """Return the calls by the table, from the first call and the replies alone.

    They end with the first promise: its moment and officer follow (None without a promise).
    """
    begin, first = course.calls[0]
    steps, fifth = ORDER[first.unit], timedelta(seconds=ANSWER_S[course.level] / 5)
    over = min(course.ended_at or MORNING, MORNING)
    replies = list(course.replies)
    result, position, at = [(begin, *steps[0][1:])], 0, begin
    while True:
        _, unit, post = steps[position]
        is_last = position == len(steps) - 1
        waits = 1 if is_last else steps[position + 1][0] - steps[position][0]
        due, following = at + waits * fifth, position + 1
        while replies and (is_last or replies[0][0] < due):
            moment, officer, verb = replies.pop(0)
            if verb is AnswerVerb.COMING:
                return result, moment, officer
            if officer == on_duty(unit, post, at) and not is_last:
                due = moment
                following = _other_post(steps, position)
                break
        if is_last or due > over:
            return result, None, ""
        position, at = following, due
        result.append((at, *steps[position][1:]))


def _other_post(steps: list[tuple[int, str, Post]], position: int) -> int:
    """Return the next step that is at another post."""
    return next(n for n in range(position, len(steps)) if steps[n][1:] != steps[position][1:])


@pytest.fixture(scope="module")
def nights() -> list[Night]:
    result = [Night(seed) for seed in range(30)]
    for night in result:
        night.play()
    return result


def test_nobody_is_called_who_is_off_duty(nights: list[Night]) -> None:
    for night in nights:
        for course in night.courses.values():
            for at, page in course.calls:
                assert page.officer_id == on_duty(page.unit, page.post, at), (at, page.headline)


def test_every_call_is_answered_or_climbs_to_the_next_post_then_tier_at_its_time(
    nights: list[Night],
) -> None:
    broken = 0
    for course in (course for night in nights for course in night.courses.values()):
        calls, promised_at, officer = expected(course)
        places = [(at, page.unit, page.post) for at, page in course.calls]
        assert places[: len(calls)] == calls
        later = course.calls[len(calls) :]
        if promised_at is None:
            assert later == [], "no call but those of the table"
            continue
        assert places[len(calls) - 1][0] <= promised_at
        lapse = promised_at + PROMISE
        over = min(course.ended_at or MORNING, MORNING)
        if lapse > over:
            assert later == [], "nobody is called while a promise holds"
            continue
        broken += 1
        at, page = later[0]
        assert at == lapse
        place = next(page for _, page in course.calls if page.officer_id == officer)
        still_on_duty = on_duty(place.unit, place.post, lapse) == officer
        assert (page.officer_id == officer) is still_on_duty
    assert broken > 10


def test_nobody_is_called_again_after_an_answer(nights: list[Night]) -> None:
    """But by a promise that they did not keep."""
    for course in (course for night in nights for course in night.courses.values()):
        for moment, officer, verb in course.replies:
            repeats = [
                at for at, page in course.calls if page.officer_id == officer and at > moment
            ]
            if verb is AnswerVerb.COMING:
                assert all(at >= moment + PROMISE for at in repeats)
            else:
                assert repeats == []


def test_a_matter_that_has_ended_calls_nobody(nights: list[Night]) -> None:
    for course in (course for night in nights for course in night.courses.values()):
        if course.ended_at is not None:
            assert max(at for at, _ in course.calls) <= course.ended_at
            assert course.escalation.state is EscalationState.CLOSED


def test_a_matter_across_midnight_goes_on_with_the_new_shift(nights: list[Night]) -> None:
    crossing = [
        course
        for night in nights
        for course in night.courses.values()
        if course.calls[0][0] < MIDNIGHT < course.calls[-1][0]
    ]
    new_shift = [
        page
        for course in crossing
        for at, page in course.calls
        if at >= MIDNIGHT and page.officer_id.endswith("-morning")
    ]
    assert len(crossing) > 20
    assert len(new_shift) > 20


def test_people_did_all_that_people_do(nights: list[Night]) -> None:
    ways = sum((night.ways for night in nights), Counter[str]())
    assert min(ways[way] for way in WAYS) > 50
    courses = [course for night in nights for course in night.courses.values()]
    assert sum(page.unit == CITY for course in courses for _, page in course.calls) > 50
    assert {course.calls[0][1].unit for course in courses} == {TOWN, DISTRICT}
