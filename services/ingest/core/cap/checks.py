"""The problems of a CAP document, each with its element and its line.

Structure and allowed values are those of the schema; the order of elements is not checked. Further
rules are not in the schema: a message that follows another names it, times are in order, shapes
close.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.ingest.core.cap import formats
from services.ingest.core.cap.vocabulary import (
    ALERT,
    CATEGORIES,
    INFO,
    NAMESPACES,
    OPTIONAL,
    RESPONSES,
)
from services.ingest.core.cap.xml import CapElement
from services.ingest.core.refusals import ProblemKind, RequestProblem
from shared.contracts.reports import MOST_REFERENCES

FOLLOWS = frozenset({"Update", "Cancel", "Ack", "Error"})
"""The message types that refer to another message."""
_TIMES = ("effective", "onset", "expires")


def find_problems(alert: CapElement) -> list[RequestProblem]:
    """Return all problems in the order of the document; an acceptable document has none."""
    if alert.name != "alert" or alert.namespace not in NAMESPACES:
        allowed = " or ".join(sorted(NAMESPACES))
        return [_problem(alert, "alert", "is not a CAP alert", allowed)]
    problems = [*_required(alert, ALERT, "alert"), *_unknown(alert, "alert", ALERT)]
    problems += _head(alert)
    sent = alert.child_text("sent")
    for number, info in enumerate(alert.children_named("info")):
        problems += _info(info, f"alert.info[{number}]", sent)
    return sorted(problems, key=_line)


def _head(alert: CapElement) -> Iterator[RequestProblem]:
    for name in ("identifier", "sender"):
        for element in alert.children_named(name):
            if element.text and not formats.is_name(element.text):
                yield _problem(
                    element, f"alert.{name}", "holds a space, a comma, < or &, or is too long"
                )
    for element in alert.children_named("sent"):
        yield from _time(element, "alert.sent")
    for scope, name in (("Restricted", "restriction"), ("Private", "addresses")):
        if alert.child_text("scope") == scope and not alert.child_text(name):
            yield _problem(alert, f"alert.{name}", f"is missing where scope is {scope}")
    msg_type, references = alert.child_text("msgType"), alert.child_text("references")
    empty = next(
        (element for element in alert.children_named("references") if not element.text), None
    )
    if empty is not None or (msg_type in FOLLOWS and not references):
        yield _problem(empty or alert, "alert.references", f"is empty, msgType is {msg_type[:20]}")
    messages = formats.parse_references(references)
    if messages is None:
        message = "is no list of sender,identifier,sent with times in the years 2000 to 2199"
        yield _problem(alert, "alert.references", message)
    elif len(messages) > MOST_REFERENCES:
        message = f"names {len(messages)} messages"
        yield _problem(alert, "alert.references", message, f"at most {MOST_REFERENCES}")


def _info(info: CapElement, location: str, sent: str) -> Iterator[RequestProblem]:
    yield from _required(info, INFO, location)
    yield from _unknown(info, "info", INFO, location)
    if not any(info.children_named("category")):
        yield _problem(info, f"{location}.category", "is missing")
    for name, allowed in (("category", CATEGORIES), ("responseType", RESPONSES)):
        for element in info.children_named(name):
            yield from _value(element, f"{location}.{name}", allowed)
    for name in _TIMES:
        for element in info.children_named(name):
            yield from _time(element, f"{location}.{name}")
    end = formats.parse_time(info.child_text("expires"))
    for name, text in (("sent", sent), ("effective", info.child_text("effective"))):
        begin = formats.parse_time(text)
        if end is not None and begin is not None and end < begin:
            yield _problem(info, f"{location}.expires", f"lies before {name}")
    for name in ("eventCode", "parameter"):
        for element in info.children_named(name):
            yield from _pair(element, f"{location}.{name}")
    for number, area in enumerate(info.children_named("area")):
        yield from _area(area, f"{location}.area[{number}]")


def _area(area: CapElement, location: str) -> Iterator[RequestProblem]:
    yield from _required(area, {"areaDesc": None}, location)
    yield from _unknown(area, "area", {}, location)
    for element in area.children_named("geocode"):
        yield from _pair(element, f"{location}.geocode")
    for name, problem_of in (
        ("polygon", formats.polygon_problem),
        ("circle", formats.circle_problem),
    ):
        for element in area.children_named(name):
            message = problem_of(element.text)
            if message is not None:
                yield _problem(element, f"{location}.{name}", message)


def _required(
    element: CapElement, required: dict[str, frozenset[str] | None], location: str
) -> Iterator[RequestProblem]:
    for name, allowed in required.items():
        children = list(element.children_named(name))
        if not children or not children[0].text:
            yield _problem(
                children[0] if children else element, f"{location}.{name}", "is missing or empty"
            )
        elif len(children) > 1:
            yield _problem(children[1], f"{location}.{name}", "stands there twice", "once")
        elif allowed is not None:
            yield from _value(children[0], f"{location}.{name}", allowed)


def _unknown(
    element: CapElement, kind: str, required: dict[str, frozenset[str] | None], location: str = ""
) -> Iterator[RequestProblem]:
    for child in element.children:
        is_cap = child.namespace == element.namespace
        if is_cap and child.name not in required and child.name not in OPTIONAL[kind]:
            yield _problem(
                child, f"{location or kind}.{child.name[:40]}", "is no element of CAP here"
            )


def _pair(element: CapElement, location: str) -> Iterator[RequestProblem]:
    if not element.child_text("valueName") or not any(element.children_named("value")):
        yield _problem(element, location, "has no valueName or no value")


def _value(element: CapElement, location: str, allowed: frozenset[str]) -> Iterator[RequestProblem]:
    if element.text not in allowed:
        yield _problem(
            element, location, f"cannot be {element.text[:60]!r}", ", ".join(sorted(allowed))
        )


def _time(element: CapElement, location: str) -> Iterator[RequestProblem]:
    message = formats.time_problem(element.text)
    if message is not None:
        yield _problem(element, location, message, "2026-07-01T08:00:00+08:00")


def _problem(
    element: CapElement, location: str, message: str, allowed: str | None = None
) -> RequestProblem:
    location = f"line {element.line}: {location}"
    return RequestProblem(ProblemKind.NOT_CAP, location, message, allowed)


def _line(problem: RequestProblem) -> int:
    return int(problem.location.removeprefix("line ").partition(":")[0])
