"""The texts of pages about warnings of other agencies."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.fields import DataGrade
from shared.contracts.reports import ExternalWarning
from shared.domain.agency_warnings import WITHDRAWALS, areas_of, validity
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import marks
from shared.domain.page_texts.graded import GRADED
from shared.domain.page_texts.lines import EMPTY, joined_text
from shared.domain.page_texts.names import Names

_REQUEST = Bilingual(
    "这是其他单位发布的预警，本系统尚未据此发布预警或下达指令。请研判后决定。",
    "A warning of another agency; nothing has been issued or ordered here because of it. Judge it, "
    "and decide.",
)
_CANCELLED = Bilingual(
    "发布单位已取消此前的预警，请据此调整。",
    "The agency has cancelled its earlier warning: act accordingly.",
)
_GRADED_WARNING = Bilingual("分级信息（内容不随通知发送）", "graded, its words are not sent")
_MOST_AREAS = 12


def headline_of(event: ExternalWarning) -> str:
    """Return the agency's headline, marked as a warning of others."""
    is_general = event.data_grade is DataGrade.GENERAL
    words = bilingual_of(event.headline) if is_general else _GRADED_WARNING
    kind = Bilingual("外部预警", "Warning of another agency")
    if event.msg_type in WITHDRAWALS:
        kind = Bilingual("外部预警取消", "Warning of another agency cancelled")
    return marks.headline(
        event.status, Bilingual(f"{kind.zh}：{words.zh}", f"{kind.en}: {words.en}").joined()
    )


def of_warning(event: ExternalWarning, names: Names, now: datetime) -> str:
    """Return sender, areas and validity of a warning, and the request."""
    sender = Bilingual(f"发布单位：{event.source_id}", f"Agency: {event.source_id}")
    if event.msg_type in WITHDRAWALS:
        return joined_text(_CANCELLED, sender)
    span = names.span(*validity(event, event.occurred_at), now)
    grade = EMPTY if event.data_grade is DataGrade.GENERAL else GRADED
    return joined_text(
        Bilingual(f"有效时间：{span.zh}", f"Valid: {span.en}"),
        _areas(event, names),
        sender,
        grade,
        _REQUEST,
    )


def _areas(event: ExternalWarning, names: Names) -> Bilingual:
    areas = [names.unit(area) for area in areas_of(event)]
    surplus = len(areas) - _MOST_AREAS
    more = Bilingual(f"等 {len(areas)} 处", f" and {surplus} more") if surplus > 0 else EMPTY
    return Bilingual(
        f"范围：{'、'.join(area.zh for area in areas[:_MOST_AREAS])}{more.zh}",
        f"Area: {', '.join(area.en for area in areas[:_MOST_AREAS])}{more.en}",
    )
