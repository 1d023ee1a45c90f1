"""The words of a page: names of units and officers, local times, one language, no bare codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.notify.core.digests.digest import DigestContent
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertState, AlertTransition, Debt
from shared.contracts.assignments import AssignmentState
from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import DataGrade, Language, Level, Post
from shared.contracts.pages import AnswerVerb, Channel, Officer, Page, RosterSlot
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import parent_of, tier_of
from shared.domain.bilingual import SEPARATOR, Bilingual, bilingual_of, in_language
from shared.domain.page_texts.messages import LENGTHS, message
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import Roster
from shared.domain.selection.tree import UnitTree
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_mode,
    a_proposal,
    a_slot,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    name_of,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set
from tests.unit.notify.test_budgets import a_digest
from tests.unit.notify.test_contact_tests import a_request, a_tester
from tests.unit.notify.test_roster_gaps import a_coverage

MICROGRID = f"{VILLAGE}/grid/004/05"
UNITS = {
    CITY: "重庆市",
    DISTRICT: "永川区",
    TOWN: "朱沱镇",
    VILLAGE: "四明村村民委员会",
}
CODE = re.compile(r"\d{12}|\bo-|\d{4}-\d{2}-\d{2}T|\+00:00|\{|None")
FOREIGN_WORDS = (
    *("重庆市", "永川区", "朱沱镇", "四明村", "张三"),
    *("立即巡查堤防", "沿江巡查，每小时报告。"),
    *("朱沱水位超警戒", "现场水位 209.5 m。", "永川区 转入急时状态", "转入急时状态", "B岗 空班"),
)
"""Names, and the words that the builders' records have only in Chinese."""


def a_tree() -> UnitTree:
    tree = UnitTree()
    for unit, name in UNITS.items():
        tree.put(UnitEntry(unit=unit, tier=tier_of(unit), name=name, parent=parent_of(unit)))
    return tree


def a_roster(language: Language = Language.ZH) -> Roster:
    def slot(unit: str, post: Post) -> RosterSlot:
        slot = a_slot(unit, post, name_of(unit, post))
        officer = Officer(
            officer_id=name_of(unit, post), name="张三", phone="023 4985 0000", language=language
        )
        return slot.model_copy(update={"officer": officer})

    return Roster(slot(unit, post) for unit in UNITS for post in Post)


Story = Callable[[CoreHarness, WorkingSet], None]


def debt(core: CoreHarness, working_set: WorkingSet) -> None:
    owed = Debt(
        unit=CITY,
        approvals=2,
        by_officer=name_of(DISTRICT, Post.B),
        by_unit=DISTRICT,
        due_at=T0 + timedelta(hours=1),
        next_at=T0 + timedelta(hours=1),
    )
    event = an_alert(2, AlertTransition.ISSUED, level=Level.RED, proposed=Level.RED)
    core.on_alert(event.model_copy(update={"debt": owed}))


def handed_over(core: CoreHarness, working_set: WorkingSet) -> None:
    core.on_assignment(an_assignment())
    page = working_set.events[-1]
    core.on_answer(an_answer(page, AnswerVerb.HAND_OVER, hand_to_post=Post.A))


def unanswered(core: CoreHarness, working_set: WorkingSet) -> None:
    core.on_assignment(an_assignment())
    (escalation,) = working_set.escalations.values()
    while escalation.state is EscalationState.OPEN:
        core.on_timer(escalation.escalation_id, "answer", escalation.step)


def promise_lapsed(core: CoreHarness, working_set: WorkingSet) -> None:
    core.on_assignment(an_assignment())
    core.on_answer(an_answer(working_set.events[-1]))
    (escalation,) = working_set.escalations.values()
    core.on_timer(escalation.escalation_id, "promise", escalation.step)


def late(unit: str, kind: SupervisionKind, clock: str = "finish") -> Story:
    return lambda core, working_set: core.on_supervision(
        a_supervision(unit, TOWN, Post.COMMANDER, kind, clock=clock)
    )


STORIES: dict[str, Story] = {
    "alert": lambda core, working_set: core.on_alert(an_alert()),
    "issued": lambda core, working_set: core.on_alert(
        an_alert(2, AlertTransition.ISSUED, level=Level.ORANGE, proposed=Level.ORANGE)
    ),
    "recalled": lambda core, working_set: core.on_alert(
        an_alert(3, AlertTransition.RECALLED, level=Level.ORANGE, proposed=None)
    ),
    "debt": debt,
    "assignment": lambda core, working_set: core.on_assignment(an_assignment()),
    "reminder": late(MICROGRID, SupervisionKind.REMINDED),
    "escalation": late(VILLAGE, SupervisionKind.ESCALATED),
    "missing report": late(VILLAGE, SupervisionKind.REMINDED, "report_written"),
    "handed over": handed_over,
    "unanswered": unanswered,
    "promise": promise_lapsed,
    "proposal": lambda core, working_set: core.on_proposal(
        a_proposal(signers=(name_of(DISTRICT, Post.B),))
    ),
    "mode": lambda core, working_set: core.on_mode(a_mode()),
    "gap": lambda core, working_set: core.on_coverage(a_coverage(T0 + timedelta(days=1))),
    "digest": lambda core, working_set: core.send_digest(
        a_digest(), [DigestContent(Level.ORANGE, 2, "立即巡查堤防", 516)]
    ),
    "contact test": lambda core, working_set: a_tester(working_set).test_on_request(
        a_request(of=name_of(TOWN, Post.B))
    ),
}


def pages_of(story: Story) -> list[Page]:
    working_set, roster = a_working_set(), a_roster()
    story(a_core(roster, working_set, tree=a_tree()), working_set)
    return [page for page in working_set.events if page.version == 1]


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("language", Language)
def test_no_page_has_a_code_or_a_time_in_utc(name: str, language: Language) -> None:
    pages = pages_of(STORIES[name])
    assert pages
    for page in pages:
        for words in (page.headline, page.text):
            assert not CODE.search(in_language(words, language)), words
        assert SEPARATOR not in message(page, language, resend=True)


@pytest.mark.parametrize("name", STORIES)
def test_an_english_page_has_no_chinese_but_names_and_texts_of_people(name: str) -> None:
    for page in pages_of(STORIES[name]):
        for words in (page.headline, page.text):
            zh, en = (in_language(words, language) for language in Language)
            for word in FOREIGN_WORDS:
                zh, en = zh.replace(word, ""), en.replace(word, "")
            assert not re.search(r"[\u4e00-\u9fff]", en)
            assert not re.search(r"[a-z]{3,}", zh)


def test_a_late_microgrid_has_its_name_the_deadline_and_everyone_to_call() -> None:
    (page,) = pages_of(STORIES["reminder"])
    zh, en = (in_language(page.text, language) for language in Language)
    village = "朱沱镇 · 四明村"
    assert zh == (
        f"{village} · 网格 004 · 微网格 05 超期未办结反馈（时限 8月19日 14:00），请督促。\n"
        f"联系人：{village} B岗 张三（电话 023 4985 0000）；"
        f"{village} A岗 张三（电话 023 4985 0000）；{village} 指挥长 张三（电话 023 4985 0000）"
    )
    assert en.startswith(
        f"{village} · grid 004 · micro-grid 05 is late and has not reported it done "
        f"(due 19 Aug 14:00): urge them.\nWhom to call: {village}, post B, 张三 (phone 023 4985 0000)"
    )


def test_an_alert_names_place_begin_end_decider_and_whom_to_call() -> None:
    event = an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.ORANGE)
    times = {"began_at": T0 - timedelta(minutes=19), "expires_at": T0 + timedelta(hours=6)}
    change = {**times, "actor": name_of(DISTRICT, Post.A)}
    (page, *_) = pages_of(lambda core, _: core.on_alert(event.model_copy(update=change)))
    assert in_language(page.text, Language.ZH) == (
        "已发布橙色预警，请知悉并应答。\n地点：朱沱镇 · 四明村\n现场水位 209.5 m。\n"
        "起始：8月19日 13:41\n有效至：8月19日 20:00\n"
        "决定：永川区 A岗 张三（电话 023 4985 0000）\n"
        "联系人：朱沱镇 · 四明村 B岗 张三（电话 023 4985 0000）"
    )
    assert in_language(page.text, Language.EN).endswith(
        "Since: 19 Aug 13:41\nValid until: 19 Aug 20:00\n"
        "Decided by: 永川区, post A, 张三 (phone 023 4985 0000)\n"
        "Whom to call: 朱沱镇 · 四明村, post B, 张三 (phone 023 4985 0000)"
    )


def test_the_situation_opens_a_page_unless_it_is_graded() -> None:
    words = "朱沱站洪水：超保证水位 2.68 m，仍在上涨 ‖ Flood at Zhutuo: 2.68 m above the guarantee level"
    event = an_alert().model_copy(update={"situation": words})
    (page, *_) = pages_of(lambda core, _: core.on_alert(event))
    assert page.headline == words
    graded = event.model_copy(update={"data_grade": DataGrade.CORE})
    (page, *_) = pages_of(lambda core, _: core.on_alert(graded))
    assert "朱沱站" not in page.headline


def test_an_officer_at_the_place_calls_the_duty_post_above() -> None:
    (page, *_) = pages_of(lambda core, _: core.on_alert(an_alert(place=TOWN)))
    assert (page.unit, page.post) == (TOWN, Post.B)
    assert "联系人：永川区 B岗 张三" in page.text


def test_an_assignment_names_its_deadlines_and_its_issuer() -> None:
    (page, *_) = pages_of(STORIES["assignment"])
    zh = in_language(page.text, Language.ZH).split("\n")
    assert zh[0] == "请于 8月19日 14:00 前签收，8月19日 14:01 前办结反馈。"
    assert zh[-1] == "下达单位：永川区 B岗 张三（电话 023 4985 0000）"


def test_an_earlier_call_has_name_number_and_time_of_the_call() -> None:
    last = pages_of(STORIES["unanswered"])[-1]
    assert "朱沱镇 · 四明村 B岗 张三（电话 023 4985 0000） 14:00：控制台无应答" in last.text


def test_a_withdrawn_page_gives_its_reason_in_the_language_of_the_reader() -> None:
    working_set = a_working_set()
    core = a_core(a_roster(), working_set, tree=a_tree())
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    page = working_set.events[-1]
    assert in_language(page.text, Language.ZH).startswith("无需答复：事项已处理。\n请于")
    assert in_language(page.text, Language.EN).startswith(
        "No answer needed: the matter is settled.\nPlease sign"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("alert", "回复 1 能到岗 2 不能到岗 3 转接 4 需要支援"),
        ("issued", "回复 1 已知悉 2 不能处理 3 转接 4 需要支援"),
        ("recalled", "回复 1 已知悉 2 不能处理 3 转接 4 需要支援"),
        ("assignment", "回复 1 能到岗 2 不能到岗 3 转接 4 需要支援"),
        ("reminder", "回复 1 已知悉 2 不能处理 3 转接 4 需要支援"),
        ("mode", "回复 1 已知悉 2 不能处理 3 转接 4 需要支援"),
        ("gap", "回复 1 已知悉 2 不能处理 3 转接 4 需要支援"),
    ],
)
def test_a_page_asks_to_come_only_where_somebody_has_to(name: str, words: str) -> None:
    page = pages_of(STORIES[name])[0]
    text = message(page, Language.ZH, resend=False)
    assert f"前{words}（编号 {page.page_id[-6:]}）" in text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", LENGTHS)
def test_a_short_channel_keeps_the_subject_the_request_and_the_replies(
    channel: Channel, language: Language
) -> None:
    (page, *_) = pages_of(STORIES["alert"])
    words = bilingual_of(page.text)
    long = Bilingual(*(half + "\n四明村沿江巡查，每小时报告。" * 200 for half in words))
    page = page.model_copy(update={"text": long.joined(20_000)})
    text = message(page, language, resend=True, link="https://duty.example", channel=channel)
    most, size = LENGTHS[channel]
    assert most - 100 < size(text) <= most
    *lines, cut, replies, link = text.split("\n")
    assert in_language(page.headline, language) in lines[0]
    assert lines[1] == in_language(page.text, language).split("\n")[0]
    assert page.page_id[-6:] in replies
    assert link == "https://duty.example/m"
    assert cut.endswith(("…", "。"))


def test_times_are_local_times() -> None:
    (page,) = pages_of(STORIES["proposal"])
    assert "至 8月19日 15:00 自动结束" in page.text
    assert "on 19 Aug 15:00" in page.text
    (gap,) = pages_of(STORIES["gap"])
    assert "8月20日 14:00 至 8月21日 14:00" in gap.text


def test_a_unit_without_a_name_is_a_code_marked_as_one() -> None:
    names = Names(UnitTree(), Roster())
    assert names.unit(TOWN) == (f"（编号 {TOWN}）", f"(code {TOWN})")
    assert names.officer("o-1") == ("（工号 o-1）", "(officer id o-1)")


def test_a_catalogued_grid_does_not_repeat_its_village() -> None:
    tree, grid = a_tree(), f"{VILLAGE}/grid/004"
    for unit, name in ((grid, "四明村第4网格"), (MICROGRID, "四明村第4网格5号微网格")):
        tree.put(UnitEntry(unit=unit, tier=tier_of(unit), name=name, parent=parent_of(unit)))
    assert Names(tree, Roster()).unit(MICROGRID).zh == "朱沱镇 · 四明村第4网格5号微网格"


def test_a_page_leaves_in_the_language_of_its_officer() -> None:
    roster = a_roster(Language.EN)
    assert roster.language(name_of(TOWN, Post.B)) is Language.EN
    assert roster.language("o-nobody") is Language.ZH
    working_set = a_working_set()
    a_core(roster, working_set, tree=a_tree()).on_assignment(an_assignment())
    assert message(working_set.events[0], Language.EN, resend=False).startswith(
        "[orange] 立即巡查堤防\nPlease sign by 19 Aug 14:00"
    )
