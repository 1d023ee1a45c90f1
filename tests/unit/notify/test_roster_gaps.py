"""A post that will be empty is announced once, a week before, and not when it is filled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.notify.core.escalation.states import EscalationState
from services.notify.core.subjects.roster_gaps import gaps_id
from services.notify.core.working_set import WorkingSet
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.fields import Level, Post
from shared.contracts.pages import PageState, SubjectKind
from shared.contracts.units import tier_of
from tests.unit.notify.builders import T0, TOWN, a_slot, full_roster
from tests.unit.notify.core_harness import CoreHarness, a_core, new_pages
from tests.unit.notify.harness import NotifyHarness

DAY = timedelta(days=1)


def a_coverage(*begins: datetime, at: datetime = T0, post: Post = Post.B) -> DutyCoverage:
    return DutyCoverage(
        id=f"cov-{at:%Y%m%dT%H%M%S}",
        occurred_at=at,
        sent_at=at,
        origin_unit=TOWN,
        tier=tier_of(TOWN),
        unit=TOWN,
        post=post,
        begin=at,
        end=at + 30 * DAY,
        gaps=tuple(Gap(begin=moment, end=moment + DAY) for moment in begins),
        headline="朱沱镇 B岗 空班",
    )


def test_a_gap_within_a_week_is_announced_once_to_the_commander(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_coverage(a_coverage(T0 + DAY, T0 + 3 * DAY, T0 + 20 * DAY))
    (page,) = new_pages(working_set)
    assert (page.unit, page.post, page.level) == (TOWN, Post.COMMANDER, Level.NOTICE)
    assert page.subject_kind is SubjectKind.ROSTER
    assert page.text.count("至") == 2, "the gaps of the coming week"
    core.on_coverage(a_coverage(T0 + DAY, T0 + 4 * DAY, at=T0 + timedelta(hours=1)))
    assert new_pages(working_set) == [page]


@pytest.mark.parametrize("empty", [Post.COMMANDER, Post.A])
def test_the_responsible_officer_is_never_the_holder_of_the_empty_post(
    working_set: WorkingSet, empty: Post
) -> None:
    roster = full_roster()
    roster.add(a_slot(TOWN, empty))
    a_core(roster, working_set).on_coverage(a_coverage(T0 + DAY, post=empty))
    assert new_pages(working_set)[0].post is (Post.A if empty is Post.COMMANDER else Post.COMMANDER)


def test_silence_calls_nobody_else(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_coverage(a_coverage(T0 + DAY))
    (escalation,) = working_set.escalations.values()
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert (escalation.state, len(new_pages(working_set))) == (EscalationState.CLOSED, 1)


def test_a_filled_gap_needs_no_answer_and_a_new_one_is_announced(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_coverage(a_coverage(T0 + DAY))
    core.on_coverage(a_coverage(at=T0 + timedelta(hours=1)))
    assert working_set.events[-1].state is PageState.WITHDRAWN
    core.on_coverage(a_coverage(T0 + DAY, at=T0 + timedelta(hours=2)))
    assert len(new_pages(working_set)) == 2


def test_older_coverage_changes_nothing(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_coverage(a_coverage(at=T0 + timedelta(hours=2)))
    core.on_coverage(a_coverage(T0 + DAY))
    assert new_pages(working_set) == []


def test_a_far_gap_is_announced_in_time_and_a_long_one_each_week(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    event = a_coverage(T0 + 9 * DAY, T0 + 18 * DAY)
    subject = gaps_id(event)
    core.on_coverage(event)
    assert new_pages(working_set) == []
    for days in (2, 9, 16):
        due = working_set.gaps[subject].due_at(working_set.now)
        assert due == T0 + days * DAY
        working_set.now = due
        core.announce_gaps(subject)
    assert len({page.page_id for page in new_pages(working_set)}) == 3
    working_set.now = T0 + 20 * DAY
    assert working_set.gaps[subject].due_at(working_set.now) is None


def test_a_gap_that_has_passed_is_no_gap(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_coverage(a_coverage(T0 + DAY))
    working_set.now = T0 + 3 * DAY
    core.on_coverage(a_coverage(T0 + DAY, at=working_set.now))
    assert working_set.events[-1].state is PageState.WITHDRAWN


@pytest.mark.e2e
async def test_the_time_of_an_announcement_is_a_durable_timer(notify: NotifyHarness) -> None:

    notify.fill_posts(TOWN)
    now = await notify.value("SELECT now()")
    assert await notify.deliver(a_coverage(now + 9 * DAY, at=now)) == []
    armed = "SELECT count(*) FROM notify.timer WHERE kind = 'gap' AND state = 'armed'"
    assert await notify.value(armed) == 1
    async with notify.database.transaction() as transaction:
        await transaction.connection.execute(
            "UPDATE notify.duty_gap SET body = replace(body, $1, $2)",
            f"{now + 9 * DAY:%Y-%m-%d}",
            f"{now + 6 * DAY:%Y-%m-%d}",
        )
    (page,) = await notify.pass_time(3 * DAY.total_seconds())
    assert (page.post, page.subject_kind) == (Post.COMMANDER, SubjectKind.ROSTER)
    assert (
        await notify.value("SELECT count(*) FROM notify.duty_gap WHERE announced_at IS NOT NULL")
        == 1
    )
    assert await notify.escalations_without_timer() == 0
    covered = await notify.deliver(a_coverage(at=now + timedelta(hours=1)))
    assert [page.state for page in covered] == [PageState.WITHDRAWN]
    assert await notify.value(armed) == 0
