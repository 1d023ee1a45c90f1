"""The printed form of a case: headings and tables in two languages, independent of PDF and HTML.

The size is bounded for any case. The timeline uses the finest slots within the limit, units are
listed individually or summed by the lowest tier within the limit, late units are listed up to a
limit, and omitted entries are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from services.console.core.access import Viewer
from services.console.core.names import UnitNames
from services.console.core.record import Json
from services.console.features.cases.case import CaseFile, CaseState
from services.console.features.cases.dossier_charts import Chart
from services.console.features.cases.evaluation import Evaluation, GroupFigures, UnitFigures, group
from services.console.features.cases.words import Words
from shared.contracts.fields import Status, Tier
from shared.contracts.units import nearest_at
from shared.domain.bilingual import Bilingual, bilingual_of

MOST_LINES = 250
MOST_UNITS = 300
MOST_LATE = 200
SLOTS_S = (60, 300, 3_600, 86_400)

CHINA = timezone(timedelta(hours=8))
_SUMMED = (Tier.VILLAGE, Tier.TOWN, Tier.DISTRICT, Tier.CITY)


@dataclass(frozen=True, slots=True)
class DossierColumn:
    """A column of a table: heading, share of the width, and whether its cells are figures.

    Figures are aligned to the right.
    """

    head: Bilingual
    share: int
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A section of the document. `notes` are printed below the rows, or explain their absence."""

    heading: Bilingual
    columns: tuple[DossierColumn, ...]
    rows: tuple[tuple[Bilingual, ...], ...]
    notes: tuple[Bilingual, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoPrint:
    """A JPEG photo with its caption."""

    picture: bytes
    caption: Bilingual


@dataclass(frozen=True, slots=True)
class PhotoSheet:
    """The section of photos; `notes` are printed below the photos."""

    heading: Bilingual
    prints: tuple[PhotoPrint, ...]
    notes: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The whole document. `tag` is the prefix of every heading and line of a drill."""

    case_id: str
    status: str
    level: str
    tag: Bilingual | None
    banner: Bilingual | None
    kind: Bilingual
    title: Bilingual
    facts: tuple[tuple[Bilingual, Bilingual], ...]
    figures: tuple[tuple[Bilingual, str], ...]
    sections: tuple[Table, ...]
    zone: Bilingual
    photos: PhotoSheet | None = None
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """The viewer and the time of printing; all counts are of the viewer's subtree."""

    viewer: Viewer
    now: datetime


@dataclass(frozen=True, slots=True)
class DossierTimeline:
    """The printed lines of the timeline, and the number of omitted lines."""

    lines: Sequence[Json]
    slot_s: int
    left_out: int


def dossier(
    case: CaseFile,
    state: CaseState,
    evaluation: Evaluation,
    timeline: DossierTimeline,
    reviewed: Sequence[Table],
    words: Words,
    names: UnitNames,
    printing: PrintRequest,
) -> Dossier:
    """Return all printed parts of a case."""
    is_drill = case.status != Status.ACTUAL
    tag = words("case.drill") if is_drill else None
    sections = (
        _by_tier(evaluation, words, names),
        _timeline(timeline, words),
        _units(evaluation, words, names),
        _late(evaluation, words, names),
        *reviewed,
    )
    return Dossier(
        case_id=case.case_id,
        status=case.status,
        level=case.level or "notice",
        tag=tag,
        banner=words("case.drill.banner") if is_drill else None,
        kind=words("case.title"),
        title=bilingual_of(case.title_for(printing.viewer, names)),
        facts=_facts(case, state, words, names, printing),
        figures=_figures(evaluation.total, words),
        sections=tuple(tagged_table(section, tag) for section in sections),
        zone=words("case.zone"),
    )


def plain(text: object) -> Bilingual:
    """Return a name, number or text of a record as a pair of languages."""
    return bilingual_of(str(text))


def moment(at: datetime) -> str:
    """Return a time in China's time zone, for print."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float | None) -> str:
    """Return a duration as h:mm:ss, or a dash for None."""
    if seconds is None:
        return "—"
    total_s = round(seconds)
    return f"{total_s // 3600}:{total_s % 3600 // 60:02}:{total_s % 60:02}"


def _facts(
    case: CaseFile, state: CaseState, words: Words, names: UnitNames, printing: PrintRequest
) -> tuple[tuple[Bilingual, Bilingual], ...]:
    level = words(f"level.{case.level}") if case.level else plain("—")
    return (
        (words("case.id"), plain(case.case_id)),
        (words("case.state"), words(f"case.state.{state}")),
        (words("case.level"), level),
        (words("case.event"), _event(case.head["event_type"], words)),
        (words("case.place"), plain(names.unit(case.root))),
        (words("case.owner"), plain(names.unit(case.owner))),
        (words("case.began"), plain(moment(case.began) if case.began else "—")),
        (words("case.ended"), plain(moment(case.ended_at))),
        (words("case.scope"), plain(names.unit(printing.viewer.root))),
        (words("case.printed"), plain(moment(printing.now.astimezone(UTC)))),
    )


def _event(event_type: str, words: Words) -> Bilingual:
    exact = f"event.{event_type}"
    return words(exact if exact in words.zh else f"event.{event_type[:2]}")


def _figures(total: GroupFigures, words: Words) -> tuple[tuple[Bilingual, str], ...]:
    counts = total.counts
    return (
        (words("case.col.units"), str(total.units)),
        (words("case.col.signed"), f"{counts['signed']} / {counts['assignments']}"),
        (words("case.col.finished"), f"{counts['finished']} / {counts['assignments']}"),
        (words("case.col.late"), str(counts["late"])),
        (words("case.col.returned"), str(counts["returned"])),
        (words("case.col.escalations"), str(counts["escalations"])),
        (words("case.col.answered"), f"{counts['answered']} / {counts['pages']}"),
        (words("case.col.sign_s"), span(total.spans["sign_s"].median_s)),
        (words("case.col.finish_s"), span(total.spans["finish_s"].median_s)),
    )


_GROUP_COUNTS = ("signed", "finished", "late", "returned", "escalations")


def _group_columns(first: Bilingual, words: Words) -> tuple[DossierColumn, ...]:
    return (
        DossierColumn(first, 20),
        DossierColumn(words("case.col.units"), 9, figures=True),
        *(DossierColumn(words(f"case.col.{name}"), 9, figures=True) for name in _GROUP_COUNTS),
        DossierColumn(words("case.col.answered"), 12, figures=True),
        DossierColumn(words("case.col.sign_s"), 12, figures=True),
        DossierColumn(words("case.col.sign_slowest"), 12, figures=True),
        DossierColumn(words("case.col.finish_s"), 12, figures=True),
    )


def _group_row(first: Bilingual, group_figures: GroupFigures) -> tuple[Bilingual, ...]:
    return (
        first,
        plain(group_figures.units),
        *(plain(group_figures.counts[name]) for name in _GROUP_COUNTS),
        plain(f"{group_figures.counts['answered']} / {group_figures.counts['pages']}"),
        plain(span(group_figures.spans["sign_s"].median_s)),
        plain(span(group_figures.spans["sign_s"].slowest_s)),
        plain(span(group_figures.spans["finish_s"].median_s)),
    )


def _by_tier(evaluation: Evaluation, words: Words, names: UnitNames) -> Table:
    rows = [
        _group_row(words(f"tier.{tier}"), group_figures)
        for tier, group_figures in evaluation.by_tier.items()
    ]
    rows.append(_group_row(words("case.whole"), evaluation.total))
    slowest = evaluation.total.spans["sign_s"].slowest_unit
    notes = (
        ()
        if slowest is None
        else (
            Bilingual(
                f"{words('case.col.sign_slowest').zh}：{names.unit(slowest)}",
                f"{words('case.col.sign_slowest').en}: {names.unit(slowest)}",
            ),
        )
    )
    return Table(
        words("case.by_tier"), _group_columns(words("case.col.tier"), words), tuple(rows), notes
    )


def _timeline(timeline: DossierTimeline, words: Words) -> Table:
    rows = []
    for line in timeline.lines:
        tier = words(f"tier.{line['tier']}")
        many = line["count"] > 1
        unit_cell = (
            words("case.units.n", tier=tier, n=line["count"]) if many else plain(line["unit_name"])
        )
        rows.append((plain(moment(line["at"])), unit_cell, _line_text(line, words)))
    notes = [words("case.timeline.slot", minutes=timeline.slot_s // 60)]
    if timeline.left_out:
        notes.append(words("case.more", n=timeline.left_out))
    columns = (
        DossierColumn(words("case.col.at"), 24),
        DossierColumn(words("case.col.who"), 26),
        DossierColumn(words("case.col.what"), 60),
    )
    return Table(words("case.timeline"), columns, tuple(rows), tuple(notes))


def _line_text(json: Json, words: Words) -> Bilingual:
    kind, event = json["kind"], json["what"]
    match kind:
        case "alert":
            text = words("case.alert", event=words(f"transition.{event}"))
            if json.get("level"):
                level = words(f"level.{json['level']}")
                text = Bilingual(f"{text.zh}（{level.zh}）", f"{text.en} ({level.en})")
        case "command":
            text = words(
                "case.command", event=words(f"command.{event}"), n=json.get("recipients", 0)
            )
        case "supervision":
            step = words(f"supervision.{event}", rung=json["rung"])
            text = words("case.supervision", event=step, clock=words(f"clock.{json['clock']}"))
        case "mode":
            mode = words(f"mode.{json.get('mode')}")
            text = words("case.mode", mode=mode, event=words(f"case.mode.{event}"))
        case _:
            text = words(f"case.{kind}", event=words(f"{kind}.{event}"))
    headline = bilingual_of(json.get("headline") or json.get("text") or "")
    if not headline.zh:
        return text
    return Bilingual(
        f"{text.zh} · {headline.zh}",
        text.en if headline.en == headline.zh else f"{text.en} · {headline.en}",
    )


def _units(evaluation: Evaluation, words: Words, names: UnitNames) -> Table:
    if len(evaluation.units) <= MOST_UNITS:
        columns, rows = _unit_cells(_UNIT_COLUMNS, evaluation.units, words, names)
        return Table(words("case.by_unit"), columns, rows)
    for tier in _SUMMED:
        summed = _summed(evaluation.units, tier)
        if len(summed) <= MOST_UNITS:
            break
    rows = tuple(
        _group_row(plain(names.unit(unit)), group(unit_figure))
        for unit, unit_figure in sorted(summed.items())
    )[:MOST_UNITS]
    notes = [words(f"case.summed.{tier}")]
    if omitted := len(summed) - len(rows):
        notes.append(words("case.more", n=omitted))
    columns = _group_columns(words("case.col.who"), words)
    return Table(words("case.by_unit"), columns, rows, tuple(notes))


def _summed(units: Sequence[UnitFigures], tier: Tier) -> Mapping[str, list[UnitFigures]]:
    summed: dict[str, list[UnitFigures]] = {}
    for unit_figures in units:
        summed.setdefault(nearest_at(unit_figures.unit, tier) or unit_figures.unit, []).append(
            unit_figures
        )
    return summed


@dataclass(frozen=True, slots=True)
class _UnitColumn:
    """A column of the tables of units: its word, its share of the width, and the cell of a unit."""

    name: str
    share: int
    cell: Callable[[UnitFigures, Words, UnitNames], Bilingual]
    figures: bool = True


def _state(unit: UnitFigures, words: Words, _names: UnitNames) -> Bilingual:
    return words(f"assignment.{unit.state}") if unit.state else plain("—")


def _answers(unit: UnitFigures, _words: Words, _names: UnitNames) -> Bilingual:
    return plain(f"{unit.answered} / {unit.pages}" if unit.pages else "")


_UNIT_COLUMNS = (
    _UnitColumn("who", 30, lambda unit, _words, names: plain(names.unit(unit.unit)), figures=False),
    _UnitColumn("tier", 10, lambda unit, words, _names: words(f"tier.{unit.tier}"), figures=False),
    _UnitColumn("state", 14, _state, figures=False),
    _UnitColumn("sign_one", 13, lambda unit, _words, _names: plain(span(unit.sign_s))),
    _UnitColumn("finish_one", 13, lambda unit, _words, _names: plain(span(unit.finish_s))),
    _UnitColumn("late", 10, lambda unit, _words, _names: plain(unit.late or "")),
    _UnitColumn("returned", 10, lambda unit, _words, _names: plain(unit.returned or "")),
    _UnitColumn("escalations", 10, lambda unit, _words, _names: plain(unit.escalations or "")),
    _UnitColumn("answered", 10, _answers),
)
_LATE_COLUMNS = tuple(
    column for column in _UNIT_COLUMNS if column.name not in ("late", "returned", "answered")
)


def _unit_cells(
    columns: Sequence[_UnitColumn], units: Sequence[UnitFigures], words: Words, names: UnitNames
) -> tuple[tuple[DossierColumn, ...], tuple[tuple[Bilingual, ...], ...]]:
    """Return the head and the rows of a table with a row for each unit."""
    head = tuple(
        DossierColumn(words(f"case.col.{column.name}"), column.share, column.figures)
        for column in columns
    )
    rows = tuple(tuple(column.cell(unit, words, names) for column in columns) for unit in units)
    return head, rows


def _late(evaluation: Evaluation, words: Words, names: UnitNames) -> Table:
    late = [unit for unit in evaluation.units if unit.late]
    columns, rows = _unit_cells(_LATE_COLUMNS, late[:MOST_LATE], words, names)
    notes: tuple[Bilingual, ...] = () if late else (words("case.late.none"),)
    if omitted := len(late) - len(rows):
        notes = (words("case.more", n=omitted),)
    return Table(words("case.late"), columns, rows, notes)


def tagged_table(table: Table, tag: Bilingual | None) -> Table:
    """Return a table whose heading and rows have the tag of a drill."""
    if tag is None:
        return table
    rows = tuple((marked(row[0], tag), *row[1:]) for row in table.rows)
    return Table(marked(table.heading, tag), table.columns, rows, table.notes)


def tagged_charts(charts: Sequence[Chart], tag: Bilingual | None) -> tuple[Chart, ...]:
    """Return charts whose headings have the tag of a drill."""
    if tag is None:
        return tuple(charts)
    return tuple(replace(chart, heading=marked(chart.heading, tag)) for chart in charts)


def marked(text: Bilingual, tag: Bilingual) -> Bilingual:
    """Return the text with the tag of a drill in front."""
    marked = f"【{tag.zh}】{text.zh}"
    return Bilingual(marked, marked if text.en == text.zh else f"[{tag.en}] {text.en}")
