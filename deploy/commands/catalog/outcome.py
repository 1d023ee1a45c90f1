"""The outcome of an import: entries in force, and each refused request with its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deploy.commands.catalog.answers import Answers
from deploy.commands.console.words import Words, flat
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.acts import keys_of
from shared.domain.catalog_files.plans import ImportPlan
from shared.domain.catalog_files.problems import RowPlace

_MOST_SPANS = 5
"""Spans of rows that a line names."""
_DONE = Bilingual("{} 条已生效，{} 条被拒收。", "{} entries are in force, {} were refused.")
_NEXT_CALL = Bilingual(
    "改正后再次运行本命令：已生效的不会重复。",
    "Run the command again after the cause is mended: what is in force stays as it is.",
)
_REFUSED = Bilingual("拒收 {} 条（{}）：{}：{}", "{} entries refused ({}): {}: {}")
_CAUSE = Bilingual("  起因：{}", "  cause: {}")
_RETIRED = Bilingual("停用", "retirement")
_ROWS = Bilingual("第 {} 至 {} 行", "rows {} to {}")
_MORE = Bilingual("等", "and more")


def show_outcome(
    screen: Screen,
    answers: Answers,
    requests: Sequence[CatalogRequest],
    plan: ImportPlan,
    language: Language,
) -> None:
    """Show the refused requests with rows, reasons and causes, then the counts."""
    words = Words(language)
    refused = 0
    for request, letter in _refused(answers, requests):
        keys = list(keys_of(request.act))
        refused += len(keys)
        reason = words.value("letter_reason", letter.reason)
        where = _in_words(keys, plan, language)
        detail = flat(letter.detail)
        line = _REFUSED.of(language).format(len(keys), where, reason, detail)
        screen.line(line, "red")
        for key in causes(letter, keys):
            place = plan.places.get(key, RowPlace()).in_words().of(language)
            screen.line(_CAUSE.of(language).format(" ".join(filter(None, (place, key)))))
    screen.line(_DONE.of(language).format(answers.applied, refused), "bold")
    if refused:
        screen.line(_NEXT_CALL.of(language))


def outcome_document(
    answers: Answers, requests: Sequence[CatalogRequest], plan: ImportPlan
) -> dict[str, Any]:
    """Return the outcome as a part of a JSON document."""
    return {
        "applied": answers.applied,
        "undecided": answers.open_entries,
        "refused": [
            {
                "request": request.id,
                "reason": letter.reason.value,
                "detail": letter.detail,
                "entries": _rows(keys_of(request.act), plan),
                "causes": _rows(causes(letter, keys_of(request.act)), plan),
            }
            for request, letter in _refused(answers, requests)
        ],
    }


def causes(letter: DeadLetter, keys: Iterable[str]) -> list[str]:
    """Return the keys of a request that the letter names."""
    words = {word.strip(".,:;") for word in re.split(r"[\s,]+", letter.detail)}
    return [key for key in keys if key in words or key.removeprefix("unit:") in words]


def _refused(
    answers: Answers, requests: Sequence[CatalogRequest]
) -> Iterator[tuple[CatalogRequest, DeadLetter]]:
    for request in requests:
        if (letter := answers.refused.get(request.id)) is not None:
            yield request, letter


def _rows(keys: Iterable[str], plan: ImportPlan) -> list[dict[str, Any]]:
    places = ((key, plan.places.get(key, RowPlace())) for key in keys)
    return [{"key": key, "sheet": place.sheet, "row": place.row} for key, place in places]


def _in_words(keys: Sequence[str], plan: ImportPlan, language: Language) -> str:
    """Return the rows of entries as spans."""
    places = [plan.places[key] for key in keys if key in plan.places]
    spans = list(spans_of(places))
    comma = Bilingual("；", "; ").of(language)
    parts = [_span(first, last, language) for first, last in spans[:_MOST_SPANS]]
    parts += [_MORE.of(language)] * (len(spans) > _MOST_SPANS)
    return comma.join(parts) or _RETIRED.of(language)


def _span(first: RowPlace, last: RowPlace, language: Language) -> str:
    if first == last:
        return first.in_words().of(language)
    sheet = RowPlace(0, first.sheet).in_words().of(language)
    rows = _ROWS.of(language).format(first.row, last.row)
    return Bilingual("，", ", ").of(language).join(filter(None, (sheet, rows)))


def spans_of(places: Iterable[RowPlace]) -> Iterator[tuple[RowPlace, RowPlace]]:
    """Yield the first and the last row of each span of rows that follow on each other."""
    first = last = None
    for place in sorted(places, key=lambda place: (place.sheet, place.row)):
        if first is None or last is None:
            first = last = place
        elif place.sheet == last.sheet and place.row <= last.row + 1:
            last = place
        else:
            yield first, last
            first = last = place
    if first is not None and last is not None:
        yield first, last
