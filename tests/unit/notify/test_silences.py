"""Silences: the owner is told once before the end, in words that say what can be done."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.duty import DayKind
from shared.contracts.fields import Language, Level, Post, Status
from shared.contracts.ids import transition_id
from shared.contracts.pages import PageState, SubjectKind
from shared.contracts.silences import Matcher, SilenceEvent, SilenceKind, WeeklyWindow
from shared.contracts.units import tier_of
from shared.domain.page_texts.messages import message
from tests.unit.notify.builders import DISTRICT, T0, TOWN, a_slot, full_roster, name_of
from tests.unit.notify.core_harness import CoreHarness, a_core, new_pages
from tests.unit.notify.harness import NotifyHarness

HOUR = timedelta(hours=1)


def a_silence(version: int = 2, **changes: Any) -> SilenceEvent:
    values: dict[str, Any] = {
        "id": transition_id("sil-1", version),
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": DISTRICT,
        "tier": tier_of(DISTRICT),
        "silence_id": "sil-1",
        "version": version,
        "kind": SilenceKind.SILENCE,
        "matcher": Matcher(place=TOWN, event_type="12:gas_leak"),
        "unit": DISTRICT,
        "owner": name_of(DISTRICT, Post.A),
        "post": Post.A,
        "begin_at": T0 - HOUR,
        "end_at": T0 + HOUR / 4,
        "warned_at": T0,
        "silenced": 3,
        "still_firing": 2,
        "reason": "管网检修",
    }
    return SilenceEvent(**(values | changes))


def test_the_owner_is_called_and_nobody_else(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_silence(a_silence())
    [page] = new_pages(working_set)
    assert (page.unit, page.post, page.level) == (DISTRICT, Post.A, Level.NOTICE)
    assert (page.subject_kind, page.subject_id, page.to_note) == (
        SubjectKind.SILENCE,
        "sil-1",
        True,
    )
    [escalation] = working_set.escalations.values()
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert (escalation.state, len(new_pages(working_set))) == (EscalationState.CLOSED, 1)


def test_the_words_say_what_ends_when_and_what_can_be_done(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_silence(a_silence())
    [page] = new_pages(working_set)
    zh, en = (message(page, language, resend=False) for language in (Language.ZH, Language.EN))
    for words in ("静默将于 14:15 到期，仍有 2 条告警未解除", "可燃气体泄漏", "管网检修", "延长"):
        assert words in zh
    for words in ("a silence ends at 14:15, 2 alarms are still on", "Gas leak", "Prolong"):
        assert words in en


@pytest.mark.parametrize(
    ("owner", "post", "called"),
    [
        (name_of(DISTRICT, Post.A), Post.A, Post.A),
        (name_of(DISTRICT, Post.B), Post.A, Post.B),
        ("o-off-duty", Post.A, Post.A),
    ],
)
def test_whoever_holds_the_post_stands_in_for_an_owner_off_duty(
    working_set: WorkingSet, core: CoreHarness, owner: str, post: Post, called: Post
) -> None:
    core.on_silence(a_silence(owner=owner, post=post))
    assert [page.post for page in new_pages(working_set)] == [called]


def test_an_empty_post_leaves_the_first_officer_of_the_unit(working_set: WorkingSet) -> None:
    roster = full_roster()
    roster.add(a_slot(DISTRICT, Post.A))
    a_core(roster, working_set).on_silence(a_silence(owner="o-off-duty"))
    assert [page.post for page in new_pages(working_set)] == [Post.B]


@pytest.mark.parametrize(
    "changes",
    [
        {"warned_at": None},
        {"version": 3, "sent_at": T0 + timedelta(minutes=1)},
        {"end_at": T0},
        {"ended_at": T0},
    ],
)
def test_other_versions_call_nobody(
    working_set: WorkingSet, core: CoreHarness, changes: dict[str, Any]
) -> None:
    core.on_silence(a_silence(**changes))
    assert new_pages(working_set) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"ended_at": T0 + HOUR / 8}, "已结束"), ({"warned_at": None}, "已处理")],
    ids=["ended", "prolonged"],
)
def test_the_page_is_withdrawn_when_the_silence_ends_or_is_prolonged(
    working_set: WorkingSet, core: CoreHarness, changes: dict[str, Any], words: str
) -> None:
    core.on_silence(a_silence())
    core.on_silence(a_silence(3, sent_at=T0 + HOUR / 8, **changes))
    last = working_set.events[-1]
    assert (last.state, words in last.text) == (PageState.WITHDRAWN, True)


def test_a_drill_is_marked(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_silence(a_silence(status=Status.EXERCISE))
    [page] = new_pages(working_set)
    assert (page.status, page.headline.startswith("【演练】")) == (Status.EXERCISE, True)


WEEKLY: dict[str, Any] = {
    "begin_at": T0 - 24 * HOUR,
    "end_at": T0 + 60 * 24 * HOUR,
    "weekly": WeeklyWindow(days=tuple(DayKind)[:7], begin=time(13), until=time(14, 15)),
}


def test_each_window_of_a_weekly_silence_has_its_page(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_silence(a_silence(**WEEKLY))
    core.on_silence(a_silence(3, **WEEKLY, sent_at=T0 + HOUR / 4, warned_at=None))
    assert working_set.events[-1].state is PageState.WITHDRAWN
    working_set.now = T0 + 24 * HOUR
    core.on_silence(a_silence(4, **WEEKLY, sent_at=working_set.now, warned_at=working_set.now))
    assert [(page.unit, page.post) for page in new_pages(working_set)] == 2 * [(DISTRICT, Post.A)]


def test_the_words_of_a_weekly_silence_name_the_end_of_the_window(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_silence(a_silence(**WEEKLY))
    [page] = new_pages(working_set)
    zh, en = (message(page, language, resend=False) for language in (Language.ZH, Language.EN))
    for words in ("每周静默的本次时段将于 14:15 结束，仍有 2 条", "另设静默"):
        assert words in zh
    for words in ("a window of a weekly silence ends at 14:15, 2 alarms are", "Make another"):
        assert words in en
    assert "延长" not in zh
    assert "Prolong" not in en


async def test_the_service_reads_silences(notify: NotifyHarness) -> None:
    notify.fill_posts(DISTRICT)
    now = T0.replace(year=2099)
    silence = a_silence(sent_at=now, warned_at=now, end_at=now + HOUR)
    [page] = await notify.deliver(silence)
    assert page.subject_kind is SubjectKind.SILENCE
    assert await notify.deliver(silence) == []
    withdrawn = await notify.deliver(a_silence(3, warned_at=now, ended_at=now))
    assert [page.state for page in withdrawn] == [PageState.WITHDRAWN]
