"""Results for people and machines: findings, diffs of cases, comparisons, chains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from deploy.commands.rules.backtest import Backtest
from deploy.commands.rules.episodes import SORTS, Change, Episode
from deploy.commands.rules.explain import Chain, document, sentences
from deploy.commands.rules.sources import RowCounts
from deploy.commands.rules.trial import Result
from shared.contracts.rules import RuleDefinition
from shared.definitions.publication import NextVersion
from shared.definitions.yaml_files.findings import Finding, Severity
from shared.definitions.yaml_files.screen import Cell, Screen, level_text, moment, plain, span

_MOST_FINDINGS = 500
_MOST_ROWS = 20
_READINGS_SHOWN = 12
_SIGN = {"=": "dim", "-": "red", "+": "yellow"}


def findings(screen: Screen, result: Sequence[Finding], rules: int, cases: int) -> None:
    """One line per finding, errors first, then the count."""
    errors = sum(finding.severity is Severity.ERROR for finding in result)
    warnings = len(result) - errors
    for finding in result[:_MOST_FINDINGS]:
        screen.line(str(finding), style="red" if finding.severity is Severity.ERROR else "yellow")
    if len(result) > _MOST_FINDINGS:
        screen.line(f"and {len(result) - _MOST_FINDINGS} more")
    screen.line(f"{rules} rules, {cases} cases, {errors} errors, {warnings} warnings")
    screen.document(
        {
            "rules": rules,
            "cases": cases,
            "errors": errors,
            "warnings": warnings,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "file": finding.file,
                    "line": finding.line,
                    "rule": finding.item,
                    "field": finding.field,
                    "message": finding.message,
                    "allowed": finding.allowed,
                }
                for finding in result
            ],
        }
    )


def results(screen: Screen, outcomes: Sequence[Result], untried: Sequence[str]) -> None:
    """Failing cases with their diffs, then the count and what no case looks at."""
    for result in outcomes:
        if result.passed:
            continue
        screen.line(
            f"FAILED {result.case.file}:{result.case.line}: {result.case.case.case}",
            style="bold red",
        )
        for text in result.wrong:
            screen.line(f"    ! {text}", style="red")
        for line in result.diff:
            screen.line(f"    {line.sign} {line.text}", style=_SIGN[line.sign])
        if not result.diff:
            screen.line("    nothing came")
    failed = sum(not result.passed for result in outcomes)
    if failed:
        screen.line("    (- wanted and did not come, + came and was not wanted, = as wanted)")
    screen.line(f"{len(outcomes) - failed} cases passed, {failed} failed")
    if untried:
        screen.line(f"without a case: {', '.join(untried)}")
    screen.document(
        {
            "passed": len(outcomes) - failed,
            "failed": failed,
            "untried": list(untried),
            "cases": [
                {
                    "file": result.case.file,
                    "line": result.case.line,
                    "case": result.case.case.case,
                    "passed": result.passed,
                    "wrong": list(result.wrong),
                    "diff": [f"{line.sign} {line.text}" for line in result.diff],
                }
                for result in outcomes
            ],
        }
    )


def backtest(
    screen: Screen, run: Backtest, row_counts: RowCounts, notes: Sequence[str], show: int
) -> None:
    """Summary first, then by rule, level, day and sensor, then the changes themselves."""
    comparison = run.comparison
    total = {sort: comparison.total[sort] for sort in SORTS}
    rate = run.readings / run.seconds if run.seconds else 0.0
    screen.line(
        f"{total['added']} alarms added, {total['removed']} removed, {total['moved']} moved, "
        f"{total['same']} the same",
        style="bold",
    )
    screen.line(
        f"{run.readings:,} readings from {moment(run.since)} to {moment(run.until)} "
        f"(UTC+8), {rate:,.0f} a second on both sides; nothing was published, nobody was paged"
    )
    if run.evidence:
        screen.line(f"{run.evidence:,} recorded alarms, reports and warnings")
    for name in run.too_costly:
        screen.line(f"{name} costs more than a rule may: alerting would set it aside", style="red")
    if run.unjudged:
        screen.line(f"{run.unjudged:,} readings of sensors that these rules are not about")
    for text in [*notes, *_count_sentences(row_counts)]:
        screen.line(text)
    if run.refused:
        refused = ", ".join(f"{count:,} {reason}" for reason, count in run.refused.items())
        screen.line(f"refused by the engine: {refused}")
    for title, counts, most in (
        ("by rule", comparison.by_rule, _MOST_ROWS),
        ("by level", comparison.by_level, _MOST_ROWS),
        ("by day", comparison.by_day, 62),
        ("by sensor", comparison.by_sensor, _MOST_ROWS),
    ):
        _counts(screen, title, counts, most, by_name=title != "by sensor")
    changes = sorted(comparison.listed, key=lambda item: item.began)
    _changes(screen, changes, show, comparison.total.total() - total["same"])
    screen.document(
        {
            "total": total,
            "readings": run.readings,
            "evidence": run.evidence,
            "too_costly": run.too_costly,
            "unjudged": run.unjudged,
            "since": run.since,
            "until": run.until,
            "seconds": round(run.seconds, 3),
            "refused": run.refused,
            "notes": list(notes),
            "unknown_sensors": row_counts.unknown,
            "bad_rows": row_counts.bad,
            "bad_examples": row_counts.examples,
            "published": 0,
            "paged": 0,
            "by_rule": comparison.by_rule,
            "by_level": comparison.by_level,
            "by_day": dict(sorted(comparison.by_day.items())),
            "by_sensor": comparison.by_sensor,
            "changes": [_as_plain(change) for change in changes],
            "changes_cut": total["same"] + len(changes) < comparison.total.total(),
        }
    )


def _counts(
    screen: Screen, title: str, counts: Mapping[str, Counter[str]], most: int, *, by_name: bool
) -> None:
    def changed(name: str) -> int:
        return sum(counts[name][sort] for sort in SORTS if sort != "same")

    names = (
        sorted(counts) if by_name else sorted(counts, key=lambda count: (-changed(count), count))
    )
    rows = [[name, *(str(counts[name][sort]) for sort in SORTS)] for name in names[:most]]
    more = f" (of {len(names):,})" if len(names) > most else ""
    screen.table(f"{title}{more}", ("", *(f">{sort}" for sort in SORTS)), rows)


def _changes(screen: Screen, changes: Sequence[Change], show: int, of: int) -> None:
    signs = {"added": ("+", "yellow"), "removed": ("-", "red"), "moved": ("~", "cyan")}
    if changes[:show]:
        more = f" (the first {show} of {of:,})" if of > show else ""
        screen.line()
        screen.line(f"changes{more}", style="bold")
    for change in changes[:show]:
        sign, style = signs[change.sort]
        text = Text(f"{sign} {change.sort:<8}", style=style)
        text.append(plain(f"{change.rule_id}  {change.sensor_id}  "))
        sides = [_level_text(side) for side in (change.before, change.after) if side is not None]
        text.append_text(Text("  >  ").join(sides))
        if shift := _shift(change):
            text.append(f"  ({shift})")
        screen.line(text)


def _level_text(episode: Episode) -> Text:
    end = "open" if episode.ended is None else moment(episode.ended)
    return Text.assemble(level_text(episode.level.value), f" {moment(episode.began)} .. {end}")


def _shift(change: Change) -> str:
    if change.before is None or change.after is None:
        return ""
    parts = []
    if change.before.began != change.after.began:
        parts.append(f"begins {span(change.after.began - change.before.began)}")
    if change.before.ended is not None and change.after.ended is not None:
        if change.before.ended != change.after.ended:
            parts.append(f"ends {span(change.after.ended - change.before.ended)}")
    elif change.before.ended != change.after.ended:
        parts.append("stays open" if change.after.ended is None else "ends now")
    if change.before.level != change.after.level:
        parts.append(f"{change.before.level.value} > {change.after.level.value}")
    return ", ".join(parts)


def _as_plain(change: Change) -> dict[str, Any]:
    def side(episode: Episode | None) -> dict[str, Any] | None:
        if episode is None:
            return None
        return {"began": episode.began, "ended": episode.ended, "level": episode.level.value}

    return {
        "sort": change.sort,
        "rule": change.rule_id,
        "sensor": change.sensor_id,
        "before": side(change.before),
        "after": side(change.after),
        "moved_by": _shift(change),
    }


def _count_sentences(row_counts: RowCounts) -> list[str]:
    lines = []
    if row_counts.bad:
        lines.append(
            f"{row_counts.bad:,} rows are no readings, such as {'; '.join(row_counts.examples[:3])}"
        )
    if row_counts.unknown:
        names = ", ".join(sorted(row_counts.unknown_sensors)[:5])
        lines.append(
            f"{row_counts.unknown:,} readings of sensors not in the catalogue, such as {names}"
        )
    if row_counts.other_status:
        lines.append(f"{row_counts.other_status:,} readings of another status were left out")
    return lines


def chain(screen: Screen, result: Chain) -> None:
    """Print an alarm's history: sentences, then the readings around the deciding ones."""
    for text in sentences(result):
        screen.line(text)
    deciding = result.deciding
    places: set[int] = set()
    for place, reading in enumerate(result.readings):
        if reading.id in deciding:
            places |= set(range(place - _READINGS_SHOWN, place + 3))
    rows: list[list[Cell]] = []
    for place, reading in enumerate(result.readings):
        if place in places:
            mark = Text("decided", style="bold") if reading.id in deciding else ""
            rows.append(
                [
                    moment(reading.occurred_at.timestamp()),
                    f"{reading.value:.10g} {reading.unit}",
                    reading.id,
                    mark,
                ]
            )
    screen.table("readings around it", ("time (UTC+8)", ">value", "id", ""), rows)
    screen.document(document(result))


def published(
    screen: Screen,
    planned: Sequence[NextVersion[RuleDefinition]],
    rules: int,
    beside: Sequence[str],
    dry: bool,
) -> None:
    """Print the published rules with the fields that changed."""
    for change in planned:
        was = f"{change.published} > " if change.published else "new, version "
        changed = ", ".join(change.changed[:6]) + (" ..." if len(change.changed) > 6 else "")
        screen.line(
            f"{change.value.rule_id}: {was}{change.value.version}"
            + (f" ({changed})" if change.published else "")
        )
    verb = "would be published" if dry else "published"
    screen.line(f"{len(planned)} of {rules} rules {verb}, {rules - len(planned)} have not changed")
    if beside:
        screen.line(f"in force and not in the pack, left alone: {plain(', '.join(beside))}")
    screen.document(
        {
            "dry_run": dry,
            "published": [
                {
                    "rule": change.value.rule_id,
                    "was": change.published,
                    "version": change.value.version,
                    "changed": list(change.changed),
                }
                for change in planned
            ],
            "unchanged": rules - len(planned),
            "not_in_pack": list(beside),
        }
    )
