"""Words of previews: the deadlines, the counts and the differences."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.supervision import SupervisionClock
from shared.domain.bilingual import Bilingual
from shared.domain.limits.preview.counts import Difference

CLOCKS: Mapping[SupervisionClock, Bilingual] = {
    "sign": Bilingual("签收", "to sign"),
    "finish": Bilingual("办结", "to finish"),
    "report_phone": Bilingual("电话报告", "report by phone"),
    "report_written": Bilingual("书面报告", "report in writing"),
    "report_follow_up": Bilingual("续报", "follow-up"),
    "report_final": Bilingual("终报", "final report"),
}
COUNTS: Mapping[str, Bilingual] = {
    "clocks": Bilingual("时限", "deadlines"),
    "earlier": Bilingual("提前", "earlier"),
    "later": Bilingual("推后", "later"),
    "late_before": Bilingual("现行超期", "missed"),
    "late_after": Bilingual("草案超期", "missed with it"),
    "newly_late": Bilingual("变为超期", "newly missed"),
    "no_longer_late": Bilingual("不再超期", "no longer missed"),
    "calls_before": Bilingual("现行催办", "calls"),
    "calls_after": Bilingual("草案催办", "calls with it"),
}
"""The counts that a table has, in their order."""
DIFFERENCES: Mapping[Difference, Bilingual] = {
    Difference.NEWLY_LATE: Bilingual("变为超期", "would be missed"),
    Difference.NO_LONGER_LATE: Bilingual("不再超期", "would no longer be missed"),
    Difference.NEWLY_OWED: Bilingual("新增越级上报", "would be owed"),
    Difference.NO_LONGER_OWED: Bilingual("不再需要上报", "would no longer be owed"),
    Difference.MORE_CALLS: Bilingual("催办增加", "more calls"),
    Difference.FEWER_CALLS: Bilingual("催办减少", "fewer calls"),
    Difference.EARLIER: Bilingual("时限提前", "earlier"),
    Difference.LATER: Bilingual("时限推后", "later"),
}
