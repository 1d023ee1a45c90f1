"""The division of calls into those made alone and those in digests: pure, no database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.digests.budgets import BUDGETS, LONGEST_SHARE, Budget, BudgetShare
from services.notify.core.digests.calls import answer_for_content, digest_escalation
from services.notify.core.digests.digest import Digest, DigestContent
from services.notify.core.digests.digesting import BudgetUse, DigestedCall, candidates, over_budget
from services.notify.core.digests.states import DigestState
from services.notify.core.escalation.priority import is_urgent, priority
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import (
    LEVEL_ORDER,
    DataGrade,
    Language,
    Level,
    Post,
    ResponseMode,
    Status,
)
from shared.contracts.pages import AnswerVerb, Channel, PageState
from shared.domain.bilingual import in_language
from shared.domain.page_texts.messages import message
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.effects import EFFECTS
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_mode,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import a_core, a_working_set

STANDARD = BUDGETS["standard"]
UNUSED = BudgetUse({}, {})
ROSTER = full_roster(channels=CONSOLE_AND_WEBHOOK)


def assigned(
    count: int, level: Level, status: Status = Status.ACTUAL, **modes: Modes
) -> WorkingSet:
    """The working set after `count` commands to the village at once."""
    working_set = a_working_set()
    core = a_core(ROSTER, working_set, "standard", modes.get("modes"))
    for n in range(count):
        core.on_assignment(an_assignment(command=f"cmd-{n}", level=level, status=status))
    return working_set


def digested(working_set: WorkingSet, use: BudgetUse = UNUSED) -> list[DigestedCall]:
    return over_budget(candidates(working_set), working_set, use, STANDARD)


@pytest.mark.parametrize("level", Level)
def test_a_budget_is_spent_and_then_calls_are_put_together(level: Level) -> None:
    budget = STANDARD.levels[level]
    assert digested(assigned(budget.calls, level)) == []
    digested_calls = digested(assigned(budget.calls + 3, level))
    assert len(digested_calls) == 3
    assert len({call.key for call in digested_calls}) == 1


def test_earlier_calls_count() -> None:
    working_set = assigned(1, Level.BLUE)
    (page_row,) = candidates(working_set)
    full = {(page_row.page.officer_id, Status.ACTUAL, Level.BLUE, BudgetShare.LEVEL): 3}
    assert len(digested(working_set, BudgetUse(full, {}))) == 1
    elsewhere = {(page_row.page.officer_id, Status.EXERCISE, Level.BLUE, BudgetShare.LEVEL): 3}
    assert digested(working_set, BudgetUse(elsewhere, {})) == [], (
        "a drill uses up nothing that is real"
    )


def test_a_stricter_mode_has_a_larger_budget() -> None:
    modes = Modes()
    modes.put(a_mode(VILLAGE, ResponseMode.EMERGENCY))
    calls = STANDARD.levels[Level.BLUE].calls
    assert digested(assigned(2 * calls, Level.BLUE, modes=modes)) == []
    assert len(digested(assigned(2 * calls, Level.BLUE))) == calls
    assert EFFECTS[ResponseMode.EMERGENCY].calls > EFFECTS[ResponseMode.NORMAL].calls


def test_no_other_call_uses_the_budget_of_new_red_alerts() -> None:
    working_set = a_working_set()
    core = a_core(ROSTER, working_set, "standard")
    for n in range(40):
        core.on_supervision(a_supervision(CITY, CITY, command=f"cmd-{n}"))
    for n in range(STANDARD.urgent_alerts.calls):
        core.on_alert(an_alert(alert=f"alt-{n}", place=CITY, proposed=Level.RED, approver=CITY))
    alerts = {
        page_row.page.page_id
        for page_row in candidates(working_set)
        if page_row.page.subject_kind == "alert"
    }
    digested_calls = {call.page_id for call in digested(working_set)}
    assert len(alerts) == STANDARD.urgent_alerts.calls
    assert not alerts & digested_calls
    assert digested_calls, "supervision is over its budget"


def test_hundreds_of_red_alerts_at_once_are_put_together_for_two_seconds() -> None:
    working_set = a_working_set()
    core = a_core(ROSTER, working_set, "standard")
    for n in range(300):
        core.on_alert(an_alert(alert=f"alt-{n}", place=CITY, proposed=Level.RED, approver=CITY))
    digested_calls = digested(working_set)
    assert len(digested_calls) == 300 - STANDARD.urgent_alerts.calls
    assert {call.due_at - T0 for call in digested_calls} == {timedelta(seconds=2)}


def test_supervision_of_one_command_is_one_matter() -> None:
    working_set = a_working_set()
    core = a_core(ROSTER, working_set, "standard")
    for unit in (VILLAGE, TOWN, DISTRICT):
        core.on_supervision(a_supervision(unit, DISTRICT))
    core.on_supervision(a_supervision(VILLAGE, DISTRICT, command="another"))
    digested_calls = digested(working_set)
    assert len(digested_calls) == 3, "all of the one command, within the budget as they are"
    single = a_working_set()
    a_core(ROSTER, single, "standard").on_supervision(a_supervision(VILLAGE, DISTRICT))
    assert digested(single) == [], "a single call is made alone"
    (page_row,) = candidates(single)
    escalation = single.escalations[page_row.escalation_id]
    supervised = {(page_row.page.officer_id, Status.ACTUAL, "cmd-1", escalation.purpose): 1}
    assert len(digested(single, BudgetUse({}, supervised))) == 1, "a second one is not"


@given(
    st.lists(st.tuples(st.sampled_from(Level), st.sampled_from([*Status][:3])), max_size=60),
    st.dictionaries(st.sampled_from(Level), st.integers(0, 30)),
)
def test_every_call_is_made_or_digested_and_the_urgent_first(
    calls: list[tuple[Level, Status]], before: dict[Level, int]
) -> None:
    """Every call is made alone or in a digest; a digested call has only its console page."""
    working_set = a_working_set()
    core = a_core(ROSTER, working_set, "standard")
    for n, (level, status) in enumerate(calls):
        if status in (Status.ACTUAL, Status.EXERCISE, Status.TEST):
            core.on_assignment(an_assignment(command=f"cmd-{n}", level=level, status=status))
    page_rows = candidates(working_set)
    officers = {page_row.page.officer_id for page_row in page_rows}
    use = BudgetUse(
        {
            (officer, Status.ACTUAL, level, BudgetShare.LEVEL): n
            for officer in officers
            for level, n in before.items()
        },
        {},
    )
    digested_calls = over_budget(page_rows, working_set, use, STANDARD)
    working_set.move_to_digests({call.page_id: "dig-1" for call in digested_calls})
    marked = [
        page_row.page for page_row in working_set.new_pages.values() if page_row.page.digest_id
    ]
    alone = {
        page_row.escalation_id
        for page_row in working_set.new_pages.values()
        if not page_row.page.digest_id
    }
    assert len(alone) + len(marked) == len(page_rows) == len(working_set.escalations)
    assert {page.channel for page in marked} <= {Channel.CONSOLE}
    assert [event.page_id for event in working_set.events] == list(working_set.new_pages)
    shares = Counter((page_row.page.status, page_row.page.level) for page_row in page_rows)
    for (status, level), count in shares.items():
        allowed = STANDARD.levels[level].calls
        if status is Status.ACTUAL:
            allowed = max(0, allowed - before.get(level, 0))
        in_digests = sum(page.level is level and page.status is status for page in marked)
        assert in_digests == max(0, count - allowed)
    for call in digested_calls:
        answer_in = working_set.pages[call.page_id].page.answer_by - working_set.now
        assert timedelta() <= call.due_at - working_set.now <= answer_in * LONGEST_SHARE


def test_a_budget_limits_the_calls() -> None:
    for budgets in BUDGETS.values():
        assert set(budgets.levels) == set(Level)
        assert budgets.longest_window_s >= budgets.urgent_alerts.window_s
    assert Budget(3, 900, 180).allows(1.5) == 4
    order = [STANDARD.levels[level] for level in sorted(Level, key=LEVEL_ORDER.__getitem__)]
    assert [budget.calls for budget in order] == sorted(budget.calls for budget in order)
    assert [budget.hold_s for budget in order] == sorted(
        (budget.hold_s for budget in order), reverse=True
    )


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE, Status.TEST])
def test_urgent_is_red_or_recalled(status: Status) -> None:
    assert {level for level in Level if is_urgent(priority(status, level))} == {Level.RED}
    assert is_urgent(priority(status, Level.BLUE, recalled=True))


def a_digest() -> Digest:
    return Digest(
        "dig-1",
        "evt-1",
        name_of(DISTRICT, Post.B),
        Status.EXERCISE,
        False,
        DISTRICT,
        Post.B,
        DigestState.GATHERING,
    )


def test_a_digest_counts_by_level_and_is_as_urgent_as_its_worst() -> None:
    contents = [DigestContent(Level.BLUE, 4, f"蓝色事项{n}", 1) for n in range(9)]
    contents.append(DigestContent(Level.ORANGE, 2, "催办：立即巡查堤防", 3_000))
    escalation = digest_escalation(a_digest(), contents, T0)
    assert escalation.level is Level.ORANGE
    assert "3009条" in escalation.headline
    assert "橙色3000，蓝色9" in escalation.headline
    assert "3000 orange, 9 blue" in escalation.headline
    for language, opening, more in (
        (Language.ZH, "[橙色] 催办：立即巡查堤防 ×3000", "另有5条"),
        (Language.EN, "[orange] 催办：立即巡查堤防 ×3000", "5 more"),
    ):
        first, *_, unnamed, _ = in_language(escalation.text, language).splitlines()
        assert first == opening
        assert unnamed.startswith(more)
    assert not escalation.climbs
    assert not escalation.continues
    assert not escalation.owes_an_act


def test_a_digest_is_graded_as_its_highest_content() -> None:
    grades = (DataGrade.GENERAL, DataGrade.CORE, DataGrade.IMPORTANT)
    contents = [
        DigestContent(Level.BLUE, 4, f"蓝色事项{n}", 1, grade) for n, grade in enumerate(grades)
    ]
    assert digest_escalation(a_digest(), contents, T0).data_grade is DataGrade.CORE
    assert digest_escalation(a_digest(), contents[:1], T0).data_grade is DataGrade.GENERAL
    beyond_its_lines = [DigestContent(Level.RED, 1, f"红色事项{n}", 1) for n in range(9)] + contents
    assert digest_escalation(a_digest(), beyond_its_lines, T0).data_grade is DataGrade.CORE


def test_a_digest_fits_into_a_text_message_with_its_link() -> None:
    contents = [DigestContent(level, 1, "汉" * 200, 99_999) for level in Level]
    working_set = a_working_set()
    a_core(ROSTER, working_set).send_digest(a_digest(), contents)
    (page,) = [
        page_row.page
        for page_row in working_set.new_pages.values()
        if page_row.page.channel != "console"
    ]
    assert page.headline.startswith("【演练】摘要")
    for language in Language:
        link = "https://duty.example.gov.cn/fenghuo/"
        text = message(page, language, resend=True, link=link, channel=Channel.SMS)
        assert len(text) <= 500
        assert text.endswith("/m")


def test_an_answer_to_a_digest_promises_no_unread_act() -> None:
    working_set = assigned(1, Level.BLUE)
    (page_row,) = candidates(working_set)
    owing = working_set.escalations[page_row.escalation_id]
    answer = an_answer(page_row.page, AnswerVerb.COMING, arrive_by=T0)
    assert answer_for_content(answer, owing, "p").verb is AnswerVerb.READ
    assert answer_for_content(answer, owing, "p").arrive_by is None
    informing = a_working_set()
    a_core(ROSTER, informing).on_alert(
        an_alert(1, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.BLUE, proposed=None)
    )
    escalation = next(iter(informing.escalations.values()))
    assert answer_for_content(answer, escalation, "p").verb is AnswerVerb.COMING
    cannot = an_answer(page_row.page, AnswerVerb.CANNOT)
    assert answer_for_content(cannot, owing, "p").verb is AnswerVerb.CANNOT


def test_nobody_is_called_more_often_than_twenty_times_about_one_matter() -> None:
    """An officer may answer `coming` and `cannot` in turn forever, so the calls are bounded."""
    working_set = a_working_set()
    roster = full_roster([CITY])
    core = a_core(roster, working_set)
    core.on_assignment(an_assignment(CITY))
    (escalation,) = working_set.escalations.values()
    for n in range(60):
        newest = max(
            working_set.pages_of(escalation.escalation_id),
            key=lambda page_row: (page_row.page.rung, page_row.page.round),
        )
        for verb in (AnswerVerb.COMING, AnswerVerb.CANNOT):
            core.on_answer(an_answer(newest.page, verb, id=f"{n}-{verb}"))
    assert escalation.step == 20
    assert escalation.state == "exhausted", "it stays in sight"
    assert escalation.due_at is None
    rounds = Counter(
        page_row.page.officer_id for page_row in working_set.pages_of(escalation.escalation_id)
    )
    assert sum(rounds.values()) == 20
    assert all(
        page_row.page.state is not PageState.QUEUED for page_row in working_set.pages.values()
    )
