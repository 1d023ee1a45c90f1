"""The text of a page about a fault of the system itself, or about silent sensors."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.faults import SILENT_SENSORS, SystemFault
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts.lines import EMPTY, joined_text, one_line
from shared.domain.page_texts.names import Names

_REQUEST = Bilingual(
    "系统自身故障，不是突发事件。请通知运维人员处理；故障消除后不再呼叫。",
    "A fault of the system itself, not an event. Inform those who operate the system; "
    "the calls end when the fault is over.",
)
_BLIND = Bilingual(
    "这些设备没有数据，期间的险情不会自动告警。请核实现场、供电和网络，必要时派人值守；恢复后不再呼叫。",
    "No data from them: what happens there raises no alarm. Check the site, power and network, and "
    "send somebody where it matters; the calls end when they are heard again.",
)
_MOST_PLACES = 12


def headline_of_fault(fault: SystemFault, names: Names) -> str:
    """Return the headline; of silent sensors, with the name of the place."""
    if fault.kind != SILENT_SENSORS:
        return fault.headline
    place, words = names.unit(fault.unit), bilingual_of(fault.headline)
    return one_line(Bilingual(f"{place.zh}：{words.zh}", f"{place.en}: {words.en}"))


def of_fault(fault: SystemFault, names: Names, now: datetime) -> str:
    """Return the request, and the text of the fault."""
    if fault.kind != SILENT_SENSORS:
        return joined_text(_REQUEST, bilingual_of(fault.text))
    since = names.moment(fault.occurred_at, now)
    last = Bilingual(f"最早自 {since.zh} 起无数据", f"The first without data since {since.en}")
    return joined_text(last, bilingual_of(fault.text), _places(fault, names), _BLIND)


def _places(fault: SystemFault, names: Names) -> Bilingual:
    """Return the line with the places; an empty line where the page's own unit is the place."""
    places = [names.unit(place) for place in fault.areas if place != fault.unit]
    if not places:
        return EMPTY
    first_places, surplus = places[:_MOST_PLACES], len(places) - _MOST_PLACES
    more = Bilingual(f"等 {len(places)} 处", f" and {surplus} more") if surplus > 0 else EMPTY
    return Bilingual(
        f"涉及：{'、'.join(place.zh for place in first_places)}{more.zh}",
        f"Places: {', '.join(place.en for place in first_places)}{more.en}",
    )
