"""The plans of communication tests, and the times at which they test each post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from shared.contracts.calls import ContactTestPlan
from shared.contracts.fields import Post
from shared.domain.roster.post_holders import Roster


@dataclass(frozen=True, slots=True)
class TestedPost:
    """A post tested by a plan; the text form is the subject of the post's timer."""

    __test__ = False

    test_id: str
    unit: str
    post: Post

    def __str__(self) -> str:
        return f"{self.test_id}:{self.unit}:{self.post}"

    @classmethod
    def parse(cls, text: str) -> TestedPost:
        """Return the post from the text form."""
        test_id, unit, post = text.split(":")
        return cls(test_id, unit, Post(post))


class ContactTestPlans:
    """The plans in force."""

    def __init__(self, plans: Iterable[ContactTestPlan] = ()) -> None:
        self._plans: dict[str, ContactTestPlan] = {}
        self.replace(plans)

    def replace(self, plans: Iterable[ContactTestPlan]) -> None:
        """Put these plans in force, and no others."""
        self._plans = {plan.test_id: plan for plan in plans if plan.enabled}

    def get(self, test_id: str) -> ContactTestPlan | None:
        """Return the plan, None for a plan not in force."""
        return self._plans.get(test_id)

    def schedule(self, roster: Roster, now: datetime) -> Iterator[tuple[TestedPost, datetime]]:
        """Return all filled posts of the plans, each with the time of the next test."""
        for plan in self._plans.values():
            for unit, post in roster.filled():
                if post in plan.posts:
                    tested = TestedPost(plan.test_id, unit, post)
                    yield tested, next_due(plan, tested, now)


def next_due(plan: ContactTestPlan, tested: TestedPost, after: datetime) -> datetime:
    """Return the time of the post's next test, later than `after`.

    Day and minute follow from a hash of the post: the tests are spread over the period.
    """
    zone = ZoneInfo(plan.zone)
    spread = int.from_bytes(sha256(str(tested).encode()).digest()[:8], "big")
    minutes = (plan.end.hour - plan.begin.hour) * 60 + plan.end.minute - plan.begin.minute
    offset = timedelta(minutes=spread // plan.every_days % max(1, minutes))
    day = after.astimezone(zone).date()
    day += timedelta(days=(spread - day.toordinal()) % plan.every_days)
    while True:
        due = datetime.combine(day, plan.begin, zone) + offset
        # Compare in UTC: two times of one zone compare by wall clock, not by moment.
        moment = datetime.fromtimestamp(due.timestamp(), after.tzinfo)
        if moment > after:
            return moment
        day += timedelta(days=plan.every_days)


def is_quiet(plan: ContactTestPlan, now: datetime) -> bool:
    """Return True outside the hours of the plan."""
    return not plan.begin <= now.astimezone(ZoneInfo(plan.zone)).time() < plan.end
