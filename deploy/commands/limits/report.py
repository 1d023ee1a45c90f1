"""Documents of limits and their problems for people, and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.contracts.fields import LEVEL_ORDER, Language, Level, ResponseMode, Tier
from shared.contracts.limits import SUBJECTS, AssignmentLimits, LimitsDocument, ReportLimits
from shared.definitions.yaml_files.findings import Finding, Severity
from shared.definitions.yaml_files.screen import LOCAL, Cell, Screen, level_text
from shared.domain.bilingual import Bilingual
from shared.domain.limits.assignments import times_in
from shared.domain.limits.book import LimitsInForce
from shared.domain.limits.reports import report_times
from shared.domain.response_modes.wording import WORDS
from shared.domain.wording import LEVELS, TIERS

_SUBJECTS: dict[str, Bilingual] = {
    "assignments": Bilingual("交办时限", "times of assignments"),
    "reports": Bilingual("上报时限", "limits of reports"),
}
SIGN, FINISH = Bilingual("签收", "sign"), Bilingual("办结", "finish")
DUE_SOON = Bilingual("临期", "due soon after")
PAUSE = Bilingual("督办间隔", "pause between calls")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def show_findings(
    screen: Screen, findings: Sequence[Finding], documents: int, language: Language
) -> None:
    """Every problem on a line of its own, and their number."""
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    for finding in findings:
        screen.line(str(finding), style="red" if finding.severity is Severity.ERROR else "yellow")
    warnings = len(findings) - errors
    text = Bilingual(
        f"{documents} 份文件，{errors} 个错误，{warnings} 个警告",
        f"{documents} documents, {errors} errors, {warnings} warnings",
    )
    screen.line(text.of(language))
    screen.document(
        {
            "documents": documents,
            "errors": errors,
            "warnings": warnings,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "file": finding.file,
                    "line": finding.line,
                    "document": finding.item,
                    "field": finding.field,
                    "message": finding.message,
                    "allowed": finding.allowed,
                }
                for finding in findings
            ],
        }
    )


def show_documents(
    screen: Screen,
    in_force: LimitsInForce,
    unit: str | None,
    mode: ResponseMode,
    language: Language,
) -> bool:
    """Show the document of each subject; return whether every subject has one."""
    result: dict[str, Any] = {}
    for subject in SUBJECTS:
        document = in_force.everywhere(subject) if unit is None else in_force.of_unit(subject, unit)
        name = _SUBJECTS[subject].of(language)
        if document is None:
            result[subject] = None
            screen.line(
                Bilingual(f"{name}：无文件生效", f"{name}: no document is in force").of(language)
            )
            continue
        result[subject] = document.model_dump(mode="json", exclude_none=True)
        screen.line(f"{name}: {_head(document, language)}")
        if document.assignments is not None:
            _show_assignments(screen, document.assignments, mode, language)
        if document.reports is not None:
            _show_reports(screen, document.reports, mode, language)
    screen.document(result)
    return None not in result.values()


def _head(document: LimitsDocument, language: Language) -> str:
    people = "、".join(f"{signature.name} ({signature.unit})" for signature in document.signed_by)
    words = Bilingual(
        f"{document.limits_id} 第 {document.version} 版《{document.name_zh}》，"
        f"{document.unit or '所有单位'}，{_local(document.in_force_from)} 起生效，"
        f"{people or '无人'}签发；{document.source}",
        f"{document.limits_id} version {document.version} ({document.name_en}), for "
        f"{document.unit or 'every unit'}, in force from {_local(document.in_force_from)}, "
        f"signed by {people or 'nobody'}; {document.source}",
    )
    return words.of(language)


def _show_assignments(
    screen: Screen, limits: AssignmentLimits, mode: ResponseMode, language: Language
) -> None:
    times = times_in(limits, mode)
    levels = sorted(Level, key=LEVEL_ORDER.__getitem__, reverse=True)
    in_mode = Bilingual(*WORDS[mode]).of(language)
    for words, table in (
        (SIGN, times.sign_s),
        (FINISH, times.finish_s),
    ):
        screen.table(
            f"{words.of(language)} ({in_mode})",
            ("", *(f">{TIERS[tier].of(language)}" for tier in Tier)),
            [
                (level_cell(level, language), *(duration(table[level][tier]) for tier in Tier))
                for level in levels
            ],
        )
    screen.table(
        f"{PAUSE.of(language)} ({in_mode})",
        ("", ">"),
        [(level_cell(level, language), duration(times.step_s[level])) for level in levels],
    )
    single = (
        (DUE_SOON, f"{limits.due_soon.share:.0%}", limits.due_soon),
        (Bilingual("顶端重复", "rounds at the top"), str(limits.rounds.count), limits.rounds),
        (Bilingual("之后间隔倍数", "slower afterwards"), f"x {limits.slow.count}", limits.slow),
        (Bilingual("重开", "re-opened within"), duration(limits.reopen.within_s), limits.reopen),
        (
            Bilingual("延期最长", "longest consent"),
            duration(limits.consent.within_s),
            limits.consent,
        ),
    )
    screen.table(
        Bilingual("其他", "others").of(language),
        ("", ">", ""),
        [(words.of(language), value, part.source) for words, value, part in single],
    )
    rows = [
        (words, row.levels, row.modes, row.within_s, row.source)
        for words, part in ((SIGN, limits.sign), (FINISH, limits.finish))
        for row in part
    ]
    rows += [(PAUSE, row.levels, row.modes, row.pause_s, row.source) for row in limits.pauses]
    screen.table(
        Bilingual("来源", "sources").of(language),
        ("", "", ">", ""),
        [
            (
                words.of(language),
                " ".join(
                    [LEVELS[level].of(language) for level in levels]
                    + [Bilingual(*WORDS[name]).of(language) for name in modes]
                ),
                duration(seconds),
                source,
            )
            for words, levels, modes, seconds, source in rows
        ],
    )


def _show_reports(
    screen: Screen, limits: ReportLimits, mode: ResponseMode, language: Language
) -> None:
    in_mode = Bilingual(*WORDS[mode]).of(language)
    columns = (
        Bilingual("单位", "unit"),
        Bilingual("电话", "phone"),
        Bilingual("书面", "written"),
        Bilingual("续报", "follow-up"),
        Bilingual("终报", "final"),
    )
    rows = [
        (level_cell(level, language), TIERS[tier].of(language), *(duration(item) for item in times))
        for level in sorted(Level, key=LEVEL_ORDER.__getitem__, reverse=True)
        for tier in Tier
        if (times := report_times(limits, level, tier, mode)) is not None
    ]
    unit, *clocks = [column.of(language) for column in columns]
    names = ("", unit, *(f">{name}" for name in clocks))
    screen.table(f"{_SUBJECTS['reports'].of(language)} ({in_mode})", names, rows)
    skip = Bilingual("越级上报", "town straight to city")
    sources = [(_names(row.levels, language), row.source) for row in limits.levels]
    sources += [
        (" ".join(TIERS[tier].of(language) for tier in row.tiers), row.source)
        for row in limits.tiers
    ]
    sources += [
        (f"{skip.of(language)} {_names(limits.skip.levels, language)}", limits.skip.source),
        (f"{DUE_SOON.of(language)} {limits.due_soon.share:.0%}", limits.due_soon.source),
    ]
    screen.table(Bilingual("来源", "sources").of(language), ("", ""), sources)


def _names(levels: Sequence[Level], language: Language) -> str:
    return " ".join(LEVELS[level].of(language) for level in levels)


def duration(seconds: float) -> str:
    """A time in its largest whole unit: `5 min`, `90 s`, `15 d`; `-` for never."""
    if not seconds:
        return "-"
    size, name = next(((size, name) for size, name in _UNITS if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g} {name}"


def level_cell(level: Level, language: Language) -> Cell:
    """Return a level in its colour."""
    text = level_text(level)
    text.plain = LEVELS[level].of(language)
    return text


def _local(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
