"""The words of an alert: written, signed with the level, and sent as they were signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.alerting.core.alerts.outcome import RefusalReason
from services.alerting.store.alert_rows import ALERT, alert_row
from shared.contracts.alerts import AlertTransition, DecisionVerb
from shared.contracts.fields import DataGrade, Level, Position
from shared.contracts.wordings import AlertWording
from tests.unit.alerting.alert_history import AlertHistory, issued_history, pending_history
from tests.unit.alerting.builders import CITY, DISTRICT, OTHER_TOWN, TOWN, VILLAGE, an_alarm, at

APPROVE, WORD, ADJUST = DecisionVerb.APPROVE, DecisionVerb.WORD, DecisionVerb.ADJUST
RED, YELLOW = Level.RED, Level.YELLOW


def words(
    headline: str = "洪水来了 ‖ Flood comes", level: Level = RED, **more: Any
) -> AlertWording:
    values: dict[str, Any] = {
        "level": level,
        "headline": headline,
        "description": "水位上涨 ‖ The water rises",
        "instruction": "请转移 ‖ Move",
        "areas": (TOWN,),
    }
    return AlertWording(**(values | more))


def test_a_change_of_words_makes_earlier_signatures_void() -> None:
    history = pending_history(RED)
    history.decide(APPROVE, CITY, officer_id="first", wording=words())
    assert len(history.alert.signatures) == 1
    corrected = words("更正 ‖ Corrected")
    history.expect_refusal(
        RefusalReason.OTHER_PROPOSAL, APPROVE, CITY, officer_id="second", wording=corrected
    )
    history.expect_refusal(RefusalReason.NOT_ENTITLED, WORD, TOWN, wording=corrected)
    history.decide(WORD, CITY, wording=corrected)
    assert (history.transitions[-1], history.events[-1].signed) == ("worded", 0)
    for officer in ("first", "second"):
        history.expect_refusal(
            RefusalReason.OTHER_PROPOSAL, APPROVE, CITY, officer_id=officer, wording=words()
        )
        history.decide(APPROVE, CITY, officer_id=officer, wording=corrected)
    assert history.transitions[-1] is AlertTransition.ISSUED
    assert history.alert.issued_wording == corrected
    (notice,) = history.notices
    assert (notice.headline, notice.text, notice.instruction, notice.msg_type) == (
        "更正 ‖ Corrected",
        "水位上涨 ‖ The water rises",
        "请转移 ‖ Move",
        "Alert",
    )
    assert (notice.areas, notice.valid_until) == ((TOWN,), history.alert.expires_at)


def test_a_correction_and_an_end_keep_the_thread() -> None:
    history = pending_history()
    history.decide(APPROVE, wording=words(level=YELLOW))
    corner = Position(lat=29.0, lon=105.8)
    corrected = words(
        "更正 ‖ Corrected",
        YELLOW,
        areas=(VILLAGE,),
        polygon=(corner,) * 3,
        valid_until=at(90),
        contact="023-1",
    )
    history.decide(WORD, TOWN, wording=corrected)
    assert history.alert.is_pending
    history.decide(APPROVE, wording=corrected)
    assert (history.transitions[-1], history.alert.expires_at) == (AlertTransition.ADJUSTED, at(90))
    history.decide(DecisionVerb.LIFT, level=None, reason="水退")
    history.decide(APPROVE, level=None)
    first, update, end = history.notices
    assert [notice.msg_type for notice in history.notices] == ["Alert", "Update", "Cancel"]
    assert {notice.alert_id for notice in history.notices} == {history.alert.alert_id}
    assert (update.areas, update.polygon, update.contact) == ((VILLAGE,), (corner,) * 3, "023-1")
    assert end.headline == "解除黄色预警：更正 ‖ Yellow alert lifted: Corrected"
    assert (first.level, end.level, end.valid_until) == (YELLOW, None, None)


def test_words_about_another_level_place_or_time_are_refused() -> None:
    history = pending_history()
    refused: list[tuple[RefusalReason, AlertWording]] = [
        (RefusalReason.OTHER_PROPOSAL, words(level=RED)),
        (RefusalReason.OTHER_AREA, words(level=YELLOW, areas=(CITY,))),
        (RefusalReason.BAD_PERIOD, words(level=YELLOW, valid_until=at(-1))),
        (RefusalReason.BAD_PERIOD, words(level=YELLOW, valid_until=at(0) + timedelta(days=31))),
    ]
    for reason, wording in refused:
        history.expect_refusal(reason, WORD, wording=wording)
        history.expect_refusal(reason, APPROVE, wording=wording)
    history.expect_refusal(
        RefusalReason.NOT_ENTITLED, WORD, OTHER_TOWN, wording=words(level=YELLOW)
    )
    history.expect_refusal(RefusalReason.NOTHING_PROPOSED, WORD)


def test_new_evidence_for_another_level_drops_the_words() -> None:
    history = AlertHistory(an_alarm(level=YELLOW))
    history.decide(WORD, TOWN, wording=words(level=YELLOW))
    assert history.alert.wording is not None
    history.add_evidence(an_alarm("alm-2", level=RED))
    assert history.alert.wording is None


def test_a_notice_below_the_four_levels_can_be_issued() -> None:
    history = pending_history()
    history.decide(ADJUST, DISTRICT, level=Level.NOTICE, reason="未达蓝色")
    history.decide(APPROVE, level=Level.NOTICE, wording=words("注意防范 ‖ Take care", Level.NOTICE))
    assert history.alert.level is Level.NOTICE
    assert history.notices[-1].headline == "注意防范 ‖ Take care"


def test_the_words_of_a_graded_alert_are_not_published_and_rows_hold_words() -> None:
    history = AlertHistory(an_alarm(data_grade=DataGrade.IMPORTANT))
    history.decide(DecisionVerb.VERIFY, TOWN).decide(DecisionVerb.ASSESS)
    history.decide(APPROVE, wording=words(level=YELLOW))
    assert "洪水来了" not in history.notices[-1].to_wire().decode()
    row = dict(zip(ALERT, alert_row(history.alert, at(1)), strict=True))
    assert AlertWording.from_wire(row["issued_wording"]) == words(level=YELLOW)


def test_an_issue_without_words_is_as_before() -> None:
    assert issued_history().notices[-1].headline.startswith("发布黄色预警：")
