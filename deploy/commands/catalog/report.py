"""A plan of an import for people and for machines: all problems, then what would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.contracts.catalog import catalog_key
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.plans import ChangedEntry, ImportPlan
from shared.domain.catalog_files.problems import RowProblem
from shared.domain.catalog_files.writing import heading

MOST_LINES = 50
"""Lines of each sort of change on a screen, unless all are asked for."""


def show(screen: Screen, plan: ImportPlan, language: Language, most: int | None) -> None:
    """Print every problem, the changes, and their numbers; `most` lines of each sort of change."""
    for problem in plan.problems:
        style = "yellow" if problem.is_warning else "red"
        screen.line(problem.sentence(language), style)
    added = [f"+ {catalog_key(entry)}  {entry.name}" for entry in plan.added]
    changed = [f"~ {_change(change, language)}" for change in plan.changed]
    retired = [f"- {key}" for key in plan.retired]
    for lines in (added, changed, retired):
        _list(screen, lines, language, most)
    errors, warnings = len(plan.errors), len(plan.warnings)
    total = Bilingual(
        f"{plan.rows} 行：{errors} 处错误，{warnings} 处提醒",
        f"{plan.rows} rows: {errors} errors, {warnings} warnings",
    )
    screen.line(total.of(language), "bold")
    screen.line((_REFUSED if errors else _counts(plan)).of(language), "bold")


_REFUSED = Bilingual("有错误，什么都不会改变。", "there are errors: nothing would change.")


def _counts(plan: ImportPlan) -> Bilingual:
    added, changed, retired = len(plan.added), len(plan.changed), len(plan.retired)
    return Bilingual(
        f"将新增 {added} 条，变更 {changed} 条，停用 {retired} 条；{plan.unchanged} 条不变。",
        f"{added} new, {changed} changed, {retired} retired; {plan.unchanged} unchanged.",
    )


def _list(screen: Screen, lines: Sequence[str], language: Language, most: int | None) -> None:
    for line in lines[:most]:
        screen.line(line)
    if most is not None and len(lines) > most:
        further = len(lines) - most
        words = Bilingual(f"  还有 {further} 条（--all 全部列出）", f"  {further} more (--all)")
        screen.line(words.of(language))


def _change(change: ChangedEntry, language: Language) -> str:
    parts = [
        f"{heading(difference.column, language)} {_cell(difference.before)} → "
        f"{_cell(difference.after)}"
        for difference in change.differences
    ]
    return f"{change.key}  {'; '.join(parts)}"


def _cell(text: str) -> str:
    return text or "∅"


def document_of(plan: ImportPlan) -> dict[str, Any]:
    """Return the plan as a JSON document."""
    return {
        "rows": plan.rows,
        "errors": [_problem(problem) for problem in plan.errors],
        "warnings": [_problem(problem) for problem in plan.warnings],
        "added": [catalog_key(entry) for entry in plan.added],
        "changed": [
            {
                "key": change.key,
                "fields": {
                    difference.column: [difference.before, difference.after]
                    for difference in change.differences
                },
            }
            for change in plan.changed
        ],
        "retired": list(plan.retired),
        "unchanged": plan.unchanged,
    }


def _problem(problem: RowProblem) -> dict[str, Any]:
    return {
        "code": problem.code.value,
        "sheet": problem.place.sheet,
        "row": problem.place.row,
        "column": problem.column,
        "value": problem.value,
        "message": problem.message(Language.EN),
        "allowed": problem.allowed.en,
    }
