"""Everything that is wrong with a CAP document, each with its element and its line.

Structure and value sets are those of the schema; the order of elements is not asked for. Beyond it stand
the rules that a schema cannot say: what follows another message names it, time runs forward, shapes close.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.ingest.core.cap import shapes
from services.ingest.core.cap.vocabulary import (
    ALERT,
    CATEGORIES,
    INFO,
    NAMESPACES,
    OPTIONAL,
    RESPONSES,
)
from services.ingest.core.cap.xml import Part
from services.ingest.core.refusals import Problem, Refusal
from shared.contracts.reports import MOST_REFERENCES

FOLLOWS = frozenset({"Update", "Cancel", "Ack", "Error"})
"""Message types that refer to another message."""
_TIMES = ("effective", "onset", "expires")


def problems(alert: Part) -> list[Problem]:
    """All of it, in the order of the document; empty for one that can be taken."""
    if alert.name != "alert" or alert.namespace not in NAMESPACES:
        allowed = " or ".join(sorted(NAMESPACES))
        return [_wrong(alert, "alert", "is not a CAP alert", allowed)]
    results = [*_once(alert, ALERT, "alert"), *_unknown(alert, "alert", ALERT)]
    results += _head(alert)
    sent = alert.said("sent")
    for number, info in enumerate(alert.each("info")):
        results += _info(info, f"alert.info[{number}]", sent)
    return sorted(results, key=_line)


def _head(alert: Part) -> Iterator[Problem]:
    for name in ("identifier", "sender"):
        for part in alert.each(name):
            if part.text and not shapes.is_name(part.text):
                yield _wrong(
                    part, f"alert.{name}", "holds a space, a comma, < or &, or is too long"
                )
    for part in alert.each("sent"):
        yield from _moment(part, "alert.sent")
    for scope, name in (("Restricted", "restriction"), ("Private", "addresses")):
        if alert.said("scope") == scope and not alert.said(name):
            yield _wrong(alert, f"alert.{name}", f"is missing where scope is {scope}")
    kind, given = alert.said("msgType"), alert.said("references")
    empty = next((part for part in alert.each("references") if not part.text), None)
    if empty is not None or (kind in FOLLOWS and not given):
        yield _wrong(empty or alert, "alert.references", f"is empty, msgType is {kind[:20]}")
    follows = shapes.references(given)
    if follows is None:
        what = "is no list of sender,identifier,sent with times in the years 2000 to 2199"
        yield _wrong(alert, "alert.references", what)
    elif len(follows) > MOST_REFERENCES:
        what = f"names {len(follows)} messages"
        yield _wrong(alert, "alert.references", what, f"at most {MOST_REFERENCES}")


def _info(info: Part, where: str, sent: str) -> Iterator[Problem]:
    yield from _once(info, INFO, where)
    yield from _unknown(info, "info", INFO, where)
    if not any(info.each("category")):
        yield _wrong(info, f"{where}.category", "is missing")
    for name, allowed in (("category", CATEGORIES), ("responseType", RESPONSES)):
        for part in info.each(name):
            yield from _value(part, f"{where}.{name}", allowed)
    for name in _TIMES:
        for part in info.each(name):
            yield from _moment(part, f"{where}.{name}")
    ends = shapes.moment(info.said("expires"))
    for name, begins in (("sent", sent), ("effective", info.said("effective"))):
        begun = shapes.moment(begins)
        if ends is not None and begun is not None and ends < begun:
            yield _wrong(info, f"{where}.expires", f"lies before {name}")
    for name in ("eventCode", "parameter"):
        for part in info.each(name):
            yield from _pair(part, f"{where}.{name}")
    for number, area in enumerate(info.each("area")):
        yield from _area(area, f"{where}.area[{number}]")


def _area(area: Part, where: str) -> Iterator[Problem]:
    yield from _once(area, {"areaDesc": None}, where)
    yield from _unknown(area, "area", {}, where)
    for part in area.each("geocode"):
        yield from _pair(part, f"{where}.geocode")
    for name, judge in (("polygon", shapes.polygon_problem), ("circle", shapes.circle_problem)):
        for part in area.each(name):
            what = judge(part.text)
            if what is not None:
                yield _wrong(part, f"{where}.{name}", what)


def _once(part: Part, wanted: dict[str, frozenset[str] | None], where: str) -> Iterator[Problem]:
    for name, allowed in wanted.items():
        results = list(part.each(name))
        if not results or not results[0].text:
            yield _wrong(results[0] if results else part, f"{where}.{name}", "is missing or empty")
        elif len(results) > 1:
            yield _wrong(results[1], f"{where}.{name}", "stands there twice", "once")
        elif allowed is not None:
            yield from _value(results[0], f"{where}.{name}", allowed)


def _unknown(
    part: Part, kind: str, wanted: dict[str, frozenset[str] | None], where: str = ""
) -> Iterator[Problem]:
    for child in part.children:
        ours = child.namespace == part.namespace
        if ours and child.name not in wanted and child.name not in OPTIONAL[kind]:
            yield _wrong(child, f"{where or kind}.{child.name[:40]}", "is no element of CAP here")


def _pair(part: Part, where: str) -> Iterator[Problem]:
    if not part.said("valueName") or not any(part.each("value")):
        yield _wrong(part, where, "has no valueName or no value")


def _value(part: Part, where: str, allowed: frozenset[str]) -> Iterator[Problem]:
    if part.text not in allowed:
        yield _wrong(part, where, f"cannot be {part.text[:60]!r}", ", ".join(sorted(allowed)))


def _moment(part: Part, where: str) -> Iterator[Problem]:
    what = shapes.moment_problem(part.text)
    if what is not None:
        yield _wrong(part, where, what, "2026-07-01T08:00:00+08:00")


def _wrong(part: Part, where: str, what: str, allowed: str | None = None) -> Problem:
    return Problem(Refusal.NOT_CAP, f"line {part.line}: {where}", what, allowed)


def _line(problem: Problem) -> int:
    return int(problem.where.removeprefix("line ").partition(":")[0])
