"""The texts of pages about alerts."""

from __future__ import annotations

from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.fields import DataGrade
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import outages
from shared.domain.page_texts.graded import words_of
from shared.domain.page_texts.lines import EMPTY, capitalised, joined_text
from shared.domain.page_texts.names import Names
from shared.domain.wording import LEVELS

_ANNOUNCEMENTS: dict[AlertTransition, Bilingual] = {
    AlertTransition.ISSUED: Bilingual("已发布{level}预警", "{level} alert issued"),
    AlertTransition.ADJUSTED: Bilingual("已调整为{level}预警", "Now a {level} alert"),
    AlertTransition.LIFTED: Bilingual("{level}预警已解除", "{level} alert lifted"),
    AlertTransition.EXPIRED: Bilingual("{level}预警已到期失效", "{level} alert expired"),
}
_REQUESTS: dict[AlertTransition, Bilingual] = {
    AlertTransition.DEBT_DUE: Bilingual(
        "紧急授权发布的预警逾期未追认，请追认或撤销。",
        "Issued in an emergency and not ratified in time: ratify or annul.",
    ),
    AlertTransition.FLAPPING: Bilingual(
        "告警反复触发和消除，请核实；稳定前不再逐次提醒。",
        "The alarm comes and goes: verify. You are not told of each change until it is steady.",
    ),
    AlertTransition.UNMERGED: Bilingual(
        "并入的预警已恢复，请重新处理。", "A merged alert stands on its own again: deal with it."
    ),
}


def of_alert(alert: AlertEvent, names: Names, *, to_decide: bool) -> str:
    """Return the request or announcement about an alert with what an officer has to know.

    This is the place, the alert's own text, begin, end and decider. An expiry that an outage of the
    system delayed is told. With `to_decide` the officer is asked for a decision.
    """
    is_expiry = alert.transition is AlertTransition.EXPIRED
    outage = outages.delay(alert.expires_at, alert.sent_at) if is_expiry else EMPTY
    place = names.unit(alert.place)
    place_line = Bilingual(f"地点：{place.zh}", f"Place: {place.en}")
    request = _request(alert, names, to_decide=to_decide)
    begin, end = EMPTY, EMPTY
    if alert.began_at is not None:
        since = names.moment(alert.began_at, alert.sent_at)
        begin = Bilingual(f"起始：{since.zh}", f"Since: {since.en}")
    if alert.state is AlertState.ISSUED and alert.expires_at is not None:
        until = names.moment(alert.expires_at, alert.sent_at)
        end = Bilingual(f"有效至：{until.zh}", f"Valid until: {until.en}")
    decider = EMPTY
    if not to_decide and alert.actor is not None:
        officer = names.on_duty(alert.actor)
        decider = (
            Bilingual(f"决定：{officer.zh}", f"Decided by: {officer.en}") if officer else EMPTY
        )
    advice = EMPTY if to_decide else _advice(alert)
    words = words_of(alert, alert.text)
    return joined_text(outage, request, place_line, advice, words, begin, end, decider)


def _advice(alert: AlertEvent) -> Bilingual:
    """Return the approved instruction of an alert in force; empty where there is none."""
    words = alert.issued_wording
    general = alert.data_grade is DataGrade.GENERAL
    if words is None or not general or alert.state is not AlertState.ISSUED:
        return EMPTY
    return bilingual_of(words.instruction)


def _request(alert: AlertEvent, names: Names, *, to_decide: bool) -> Bilingual:
    level = LEVELS[alert.level] if alert.level else EMPTY
    if alert.transition is AlertTransition.RECALLED:
        return Bilingual(
            f"{level.zh}预警已撤回：此前发布有误，请立即停止据此行动，并应答。",
            f"{capitalised(level.en)} alert recalled: it was issued in error. "
            "Stop acting on it, and answer.",
        )
    if alert.transition in _REQUESTS:
        return _REQUESTS[alert.transition]
    if not to_decide:
        return _announcement(alert, level, names)
    if alert.level is not None and alert.level is alert.proposed_level:
        if alert.proposed_until:
            return Bilingual(
                "请研判签发：延长预警有效期。", "To be assessed and signed: a longer validity."
            )
        if alert.wording is not None and alert.wording != alert.issued_wording:
            return Bilingual(
                "请签发：更正预警内容。", "To be signed: a correction of the alert's words."
            )
        return Bilingual(
            "预警有新情况，请知悉并应答。", "The alert has news: take note and answer."
        )
    if alert.proposed_level is None:
        return Bilingual("建议解除预警，请研判签发。", "Proposed: lift the alert. Assess and sign.")
    proposed = LEVELS[alert.proposed_level]
    return Bilingual(
        f"建议{proposed.zh}预警，请核实、研判、签发。",
        f"Proposed: {proposed.en} alert. Verify, assess and sign.",
    )


def _announcement(alert: AlertEvent, level: Bilingual, names: Names) -> Bilingual:
    words = _ANNOUNCEMENTS.get(alert.transition, Bilingual("{level}预警", "{level} alert"))
    zh, en = words.zh.format(level=level.zh), capitalised(words.en.format(level=level.en))
    if alert.debt is None:
        return Bilingual(f"{zh}，请知悉并应答。", f"{en}: take note and answer.")
    unit = names.unit(alert.debt.unit)
    if alert.transition is AlertTransition.EXPIRED:
        return Bilingual(
            f"紧急授权：{zh}，请知悉并应答。{unit.zh}始终未追认。",
            f"Emergency authorisation. {en}: take note and answer. {unit.en} never ratified it.",
        )
    return Bilingual(
        f"紧急授权：{zh}，请知悉并应答。请{unit.zh}按期追认。",
        f"Emergency authorisation. {en}: take note and answer. {unit.en} has to ratify it in time.",
    )
