"""Problems of documents of limits beyond their shape: of one, of several, and against the units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER, Level, Tier
from shared.contracts.limits import (
    SUBJECTS,
    AssignmentLimits,
    LimitsDocument,
    ReportCap,
    ReportLimits,
    ReportTime,
    TierTime,
)
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity, listed
from shared.domain.bilingual import Bilingual
from shared.domain.measures import span
from shared.domain.selection.tree import UnitTree
from shared.domain.wording import LEVELS, TIERS

LimitsProblems = Iterator[tuple[LimitsDocument, Problem]]
_Placed = tuple[int, float]
"""The number of a row, and its seconds."""
_ALL = Bilingual("", "")


def problems(documents: Sequence[LimitsDocument], tree: UnitTree | None) -> LimitsProblems:
    """Yield all problems. `tree` None = no catalogue: units are not checked."""
    for number, document in enumerate(documents):
        for problem in _alone(document):
            yield document, problem
        for problem in _beside(document, documents[:number]):
            yield document, problem
        if tree is not None and document.unit is not None and document.unit not in tree:
            text = f"there is no unit {document.unit} in the catalogue"
            zh = f"资源编目里没有单位 {document.unit}"
            yield document, Problem(Reason.INVALID_RULE, text, ("unit",), zh=zh)


def subjects_of(document: LimitsDocument) -> list[str]:
    """Return the subjects that a document has."""
    return [subject for subject in SUBJECTS if getattr(document, subject) is not None]


def _alone(document: LimitsDocument) -> Iterator[Problem]:
    subjects = subjects_of(document)
    if document.enabled and len(subjects) != 1:
        text = "a document has one subject" if subjects else "the document has no subject"
        zh = "一份文件只有一个主题" if subjects else "文件没有主题"
        yield Problem(Reason.INVALID_RULE, text, (), listed(set(SUBJECTS)), zh=zh)
    if document.assignments is not None:
        yield from _of_assignments(document.assignments)
    if document.reports is not None:
        yield from _of_reports(document.reports)


def _beside(document: LimitsDocument, before: Sequence[LimitsDocument]) -> Iterator[Problem]:
    for earlier in before:
        same_place = (earlier.unit, earlier.in_force_from) == (
            document.unit,
            document.in_force_from,
        )
        common = set(subjects_of(document)) & set(subjects_of(earlier))
        if same_place and common and document.enabled and earlier.enabled:
            text = f"{earlier.limits_id} holds for the same unit from the same moment"
            zh = f"{earlier.limits_id} 在同一时刻对同一单位生效"
            where = ("in_force_from",)
            yield Problem(Reason.INVALID_RULE, text, where, "one of them, or later", zh=zh)


def _of_assignments(limits: AssignmentLimits) -> Iterator[Problem]:
    """A graver level never gets more time, and nobody finishes before the signature is due."""
    path: FieldPath = ("assignments",)
    sign, finish = _usual_times(limits.sign), _usual_times(limits.finish)
    for tier in Tier:
        for level in Level:
            (_, to_sign), (row, to_finish) = sign[level, tier], finish[level, tier]
            if to_finish < to_sign:
                text = (
                    f"{level} of {tier}: {span(to_finish).en} to finish, {span(to_sign).en} to sign"
                )
                zh = (
                    f"{LEVELS[level].zh}{TIERS[tier].zh}：办结 {span(to_finish).zh}，"
                    f"短于签收的 {span(to_sign).zh}"
                )
                where = (*path, "finish", row, "within_s")
                yield Problem(Reason.INVALID_RULE, text, where, f"at least {to_sign:g}", zh=zh)
        for name, times in (("sign", sign), ("finish", finish)):
            of_tier = {level: times[level, tier] for level in Level}
            scope = Bilingual(TIERS[tier].zh, f" of {tier}")
            yield from _graver_is_sooner(of_tier, scope, (*path, name), "within_s")
    pauses = {
        level: (number, row.pause_s)
        for number, row in enumerate(limits.pauses)
        if not row.modes
        for level in row.levels
    }
    yield from _graver_is_sooner(pauses, _ALL, (*path, "pauses"), "pause_s")


def _of_reports(limits: ReportLimits) -> Iterator[Problem]:
    """A call comes before the writing, and at every graver level a report is due as soon."""
    rows: list[tuple[FieldPath, ReportTime | ReportCap]] = []
    rows += [(("levels", number), row) for number, row in enumerate(limits.levels)]
    rows += [(("tiers", number), row) for number, row in enumerate(limits.tiers)]
    for place, row in rows:
        if row.written_s < row.phone_s:
            text = f"{span(row.written_s).en} in writing, {span(row.phone_s).en} by phone"
            path = ("reports", *place, "written_s")
            zh = f"书面 {span(row.written_s).zh}，短于电话的 {span(row.phone_s).zh}"
            yield Problem(Reason.INVALID_RULE, text, path, f"at least {row.phone_s:g}", zh=zh)
    usual = {
        level: (number, row)
        for number, row in enumerate(limits.levels)
        if not row.modes
        for level in row.levels
    }
    for name in ("phone_s", "written_s", "follow_up_s", "final_s"):
        times = {level: (number, getattr(row, name)) for level, (number, row) in usual.items()}
        yield from _graver_is_sooner(times, _ALL, ("reports", "levels"), name)


def _graver_is_sooner(
    times: Mapping[Level, _Placed], scope: Bilingual, path: FieldPath, field: str
) -> Iterator[Problem]:
    """`times` are those of some levels."""
    levels = [level for level in sorted(Level, key=LEVEL_ORDER.__getitem__) if level in times]
    for milder, graver in pairwise(levels):
        (_, usual), (row, seconds) = times[milder], times[graver]
        if seconds > usual:
            longer, shorter = span(seconds), span(usual)
            text = f"{graver}{scope.en} has {longer.en}, the milder {milder} only {shorter.en}"
            zh = (
                f"{LEVELS[graver].zh}{scope.zh} {longer.zh}，"
                f"比较轻的{LEVELS[milder].zh} {shorter.zh}还长"
            )
            allowed = f"at most {usual:g}"
            where = (*path, row, field)
            yield Problem(Reason.INVALID_RULE, text, where, allowed, Severity.WARNING, zh)


def _usual_times(rows: Sequence[TierTime]) -> dict[tuple[Level, Tier], _Placed]:
    """Return the times without a mode, each with the number of its row."""
    return {
        (level, tier): (number, row.within_s)
        for number, row in enumerate(rows)
        if not row.modes
        for level in row.levels
        for tier in row.tiers or tuple(Tier)
    }
