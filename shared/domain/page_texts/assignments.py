"""The texts of pages about assignments and their supervision."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.assignments import AssignmentEvent
from shared.contracts.fields import DataGrade
from shared.contracts.supervision import SupervisionClock, SupervisionEvent, SupervisionKind
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import marks, outages
from shared.domain.page_texts.graded import GRADED, GRADED_ALERT
from shared.domain.page_texts.lines import EMPTY, joined_text, one_line
from shared.domain.page_texts.names import Names, contacts

OWED_ACTS: dict[SupervisionClock, Bilingual] = {
    "sign": Bilingual("签收", "signed"),
    "finish": Bilingual("办结反馈", "reported it done"),
    "report_phone": Bilingual("电话初报", "made the first report by phone"),
    "report_written": Bilingual("书面初报", "made the first report in writing"),
    "report_follow_up": Bilingual("续报", "made the follow-up report"),
    "report_final": Bilingual("终报", "made the final report"),
}


def of_assignment(assignment: AssignmentEvent, names: Names, now: datetime) -> str:
    """Return the text about a delivered assignment: deadlines, the order, and the issuer.

    The words are those of the plan or of the officer who gave the assignment, for the unit that has
    to carry it out. They hold no word of the evidence, and so a data grade never removes them.
    """
    repeated = (
        Bilingual(f"第{assignment.attempt}次交办，", f"Given for time no. {assignment.attempt}. ")
        if assignment.attempt > 1
        else EMPTY
    )
    sign_by, finish_by = (
        names.moment(due_at, now) for due_at in (assignment.sign_by, assignment.finish_by)
    )
    request = Bilingual(
        f"请于 {sign_by.zh} 前签收，{finish_by.zh} 前办结反馈。",
        f"Please sign by {sign_by.en} and report it done by {finish_by.en}.",
    )
    issuer = names.issuer(assignment.issuer_unit)
    return joined_text(
        marks.opened_by(repeated, request),
        bilingual_of(assignment.instruction),
        Bilingual(f"下达单位：{issuer.zh}", f"Issued by: {issuer.en}"),
    )


def of_supervision(supervision: SupervisionEvent, names: Names, now: datetime) -> tuple[str, str]:
    """Return headline and text of a reminder or an escalation; a delay by an outage is told.

    The text names the unit, the deadline, and the unit's officers on duty with their numbers.
    """
    reminder = supervision.kind is not SupervisionKind.ESCALATED
    mark = (
        Bilingual("催办：", "Reminder: ") if reminder else Bilingual("督办升级：", "Escalation: ")
    )
    outage = outages.delay_of(supervision.late_by_s)
    unit, act = names.unit(supervision.unit), OWED_ACTS[supervision.clock]
    due = names.moment(supervision.due_at, now)
    request = Bilingual(
        f"{unit.zh} 超期未{act.zh}（时限 {due.zh}），请督促。",
        f"{unit.en} is late and has not {act.en} (due {due.en}): urge them.",
    )
    if supervision.kind is SupervisionKind.URGED:
        request = Bilingual(
            f"{unit.zh} 尚未{act.zh}（时限 {due.zh}），请尽快办理。",
            f"{unit.en} has not {act.en} (due {due.en}): please act now.",
        )
    holders = names.responsible(supervision.unit, supervision.target_unit)
    contact_line = contacts([names.holder(holder) for holder in holders])
    of_report = supervision.clock.startswith("report")
    if of_report and supervision.data_grade is not DataGrade.GENERAL:
        headline = one_line(marks.opened_by(mark, bilingual_of(GRADED_ALERT)))
        return headline, joined_text(outage, request, contact_line, GRADED)
    last_report = EMPTY
    if supervision.text:
        opening = Bilingual("上次报告：\n", "The last report:\n")
        last_report = marks.opened_by(opening, bilingual_of(supervision.text))
    headline = one_line(marks.opened_by(mark, bilingual_of(supervision.title)))
    return headline, joined_text(outage, request, contact_line, last_report)
