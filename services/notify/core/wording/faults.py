"""The text of a page about a fault of the system itself."""

from __future__ import annotations

from services.notify.core.wording.lines import joined_text
from shared.contracts.faults import SystemFault
from shared.domain.bilingual import Bilingual, bilingual_of

_REQUEST = Bilingual(
    "系统自身故障，不是突发事件。请通知运维人员处理；故障消除后不再呼叫。",
    "A fault of the system itself, not an event. Inform those who operate the system; "
    "the calls end when the fault is over.",
)


def of_fault(fault: SystemFault) -> str:
    """Return the request, and the text of the fault."""
    return joined_text(_REQUEST, bilingual_of(fault.text))
