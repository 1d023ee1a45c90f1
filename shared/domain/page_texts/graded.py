"""The words that replace those of a graded record.

A page leaves the system, and the data grade that its reader may see is not known.
"""

from __future__ import annotations

from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade
from shared.domain.bilingual import Bilingual, bilingual_of

GRADED_ALERT = Bilingual(
    "分级信息预警（内容按数据分级不随通知发送）", "Graded alert (its words are not sent)"
).joined()
GRADED = Bilingual(
    "（内容按数据分级不随通知发送，请在控制台查看。）",
    "(Graded: the words are not sent. Read them on the console.)",
)
GRADED_ORDER = Bilingual(
    "分级信息指令（内容按数据分级不公开播发）", "Graded order (not for the public)"
).joined()


def words_of(event: Envelope, words: str) -> Bilingual:
    """Return the record's own words, or for a graded record a note that they are not sent."""
    return bilingual_of(words) if event.data_grade is DataGrade.GENERAL else GRADED
