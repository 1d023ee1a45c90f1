"""A case as it is printed: headings and tables in two languages, nothing about paper or HTML.

Bounded whatever the size of the case: the timeline in the finest slots that fit, units one by one or
summed by the lowest tier that fits, late ones listed up to a limit; what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from services.console.core.access import Viewer
from services.console.core.names import Names
from services.console.core.record import Json
from services.console.features.cases.case import Case, CaseState
from services.console.features.cases.evaluation import Evaluation, GroupFigures, UnitFigures, group
from services.console.features.cases.words import Words
from shared.contracts.fields import Status, Tier
from shared.contracts.units import ancestor_at
from shared.domain.bilingual import Both, both

MOST_LINES = 250
MOST_UNITS = 300
MOST_LATE = 200
SLOTS_S = (60, 300, 3_600, 86_400)

CHINA = timezone(timedelta(hours=8))
_SUMMED = (Tier.VILLAGE, Tier.TOWN, Tier.DISTRICT, Tier.CITY)


@dataclass(frozen=True, slots=True)
class Column:
    """Its heading, its share of the width, whether it holds figures (set to the right)."""

    head: Both
    share: int
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A section of the document. `notes` stand below it; without rows `notes` say why."""

    heading: Both
    columns: tuple[Column, ...]
    rows: tuple[tuple[Both, ...], ...]
    notes: tuple[Both, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoPrint:
    """A photo, JPEG, and what stands beside it."""

    picture: bytes
    caption: Both


@dataclass(frozen=True, slots=True)
class PhotoSheet:
    """The section of photos; `notes` stand below it."""

    heading: Both
    prints: tuple[PhotoPrint, ...]
    notes: tuple[Both, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The whole document. `tag` is what every heading and line of a drill begins with."""

    case_id: str
    status: str
    level: str
    tag: Both | None
    banner: Both | None
    kind: Both
    title: Both
    facts: tuple[tuple[Both, Both], ...]
    figures: tuple[tuple[Both, str], ...]
    sections: tuple[Table, ...]
    zone: Both
    photos: PhotoSheet | None = None


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """For whom and when it is printed; what is counted is the subtree he looks at."""

    viewer: Viewer
    now: datetime


@dataclass(frozen=True, slots=True)
class DossierTimeline:
    """The lines of the timeline as they are printed, and how many more there are."""

    lines: Sequence[Json]
    slot_s: int
    left_out: int


def dossier(
    case: Case,
    state: CaseState,
    evaluation: Evaluation,
    told: DossierTimeline,
    reviewed: Sequence[Table],
    words: Words,
    names: Names,
    printing: PrintRequest,
) -> Dossier:
    """Everything that is printed about a case."""
    is_drill = case.status != Status.ACTUAL
    tag = words("case.drill") if is_drill else None
    sections = (
        _by_tier(evaluation, words, names),
        _timeline(told, words),
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
        title=both(case.title_for(printing.viewer)),
        facts=_facts(case, state, words, names, printing),
        figures=_figures(evaluation.whole, words),
        sections=tuple(_tagged(section, tag) for section in sections),
        zone=words("case.zone"),
    )


def plain(text: object) -> Both:
    """A name or a number, the same in both languages, or a record's words in each that it has."""
    return both(str(text))


def moment(at: datetime) -> str:
    """A time as it is printed."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float | None) -> str:
    """How long: h:mm:ss, a dash for what did not come."""
    if seconds is None:
        return "—"
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def _facts(
    case: Case, state: CaseState, words: Words, names: Names, printing: PrintRequest
) -> tuple[tuple[Both, Both], ...]:
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


def _event(event_type: str, words: Words) -> Both:
    exact = f"event.{event_type}"
    return words(exact if exact in words.zh else f"event.{event_type[:2]}")


def _figures(whole: GroupFigures, words: Words) -> tuple[tuple[Both, str], ...]:
    counts = whole.counts
    return (
        (words("case.col.units"), str(whole.units)),
        (words("case.col.signed"), f"{counts['signed']} / {counts['assignments']}"),
        (words("case.col.finished"), f"{counts['finished']} / {counts['assignments']}"),
        (words("case.col.late"), str(counts["late"])),
        (words("case.col.returned"), str(counts["returned"])),
        (words("case.col.escalations"), str(counts["escalations"])),
        (words("case.col.answered"), f"{counts['answered']} / {counts['pages']}"),
        (words("case.col.sign_s"), span(whole.spans["sign_s"].median_s)),
        (words("case.col.finish_s"), span(whole.spans["finish_s"].median_s)),
    )


_GROUP_COUNTS = ("signed", "finished", "late", "returned", "escalations")


def _group_columns(first: Both, words: Words) -> tuple[Column, ...]:
    return (
        Column(first, 20),
        Column(words("case.col.units"), 9, figures=True),
        *(Column(words(f"case.col.{name}"), 9, figures=True) for name in _GROUP_COUNTS),
        Column(words("case.col.answered"), 12, figures=True),
        Column(words("case.col.sign_s"), 12, figures=True),
        Column(words("case.col.sign_slowest"), 12, figures=True),
        Column(words("case.col.finish_s"), 12, figures=True),
    )


def _group_row(first: Both, group_figures: GroupFigures) -> tuple[Both, ...]:
    return (
        first,
        plain(group_figures.units),
        *(plain(group_figures.counts[name]) for name in _GROUP_COUNTS),
        plain(f"{group_figures.counts['answered']} / {group_figures.counts['pages']}"),
        plain(span(group_figures.spans["sign_s"].median_s)),
        plain(span(group_figures.spans["sign_s"].slowest_s)),
        plain(span(group_figures.spans["finish_s"].median_s)),
    )


def _by_tier(evaluation: Evaluation, words: Words, names: Names) -> Table:
    rows = [
        _group_row(words(f"tier.{tier}"), group_figures)
        for tier, group_figures in evaluation.by_tier.items()
    ]
    rows.append(_group_row(words("case.whole"), evaluation.whole))
    slowest = evaluation.whole.spans["sign_s"].slowest_unit
    notes = (
        ()
        if slowest is None
        else (
            Both(
                f"{words('case.col.sign_slowest').zh}：{names.unit(slowest)}",
                f"{words('case.col.sign_slowest').en}: {names.unit(slowest)}",
            ),
        )
    )
    return Table(
        words("case.by_tier"), _group_columns(words("case.col.tier"), words), tuple(rows), notes
    )


def _timeline(told: DossierTimeline, words: Words) -> Table:
    rows = []
    for line in told.lines:
        tier = words(f"tier.{line['tier']}")
        many = line["count"] > 1
        who = (
            words("case.units.n", tier=tier, n=line["count"]) if many else plain(line["unit_name"])
        )
        rows.append((plain(moment(line["at"])), who, _what(line, words)))
    notes = [words("case.timeline.slot", minutes=told.slot_s // 60)]
    if told.left_out:
        notes.append(words("case.more", n=told.left_out))
    columns = (
        Column(words("case.col.at"), 24),
        Column(words("case.col.who"), 26),
        Column(words("case.col.what"), 60),
    )
    return Table(words("case.timeline"), columns, tuple(rows), tuple(notes))


def _what(json: Json, words: Words) -> Both:
    kind, what = json["kind"], json["what"]
    match kind:
        case "alert":
            text = words("case.alert", event=words(f"transition.{what}"))
            if json.get("level"):
                level = words(f"level.{json['level']}")
                text = Both(f"{text.zh}（{level.zh}）", f"{text.en} ({level.en})")
        case "command":
            text = words(
                "case.command", event=words(f"command.{what}"), n=json.get("recipients", 0)
            )
        case "supervision":
            step = words(f"supervision.{what}", rung=json["rung"])
            text = words("case.supervision", event=step, clock=words(f"clock.{json['clock']}"))
        case "mode":
            mode = words(f"mode.{json.get('mode')}")
            text = words("case.mode", mode=mode, event=words(f"case.mode.{what}"))
        case _:
            text = words(f"case.{kind}", event=words(f"{kind}.{what}"))
    said = both(json.get("headline") or json.get("text") or "")
    if not said.zh:
        return text
    return Both(
        f"{text.zh} · {said.zh}", text.en if said.en == said.zh else f"{text.en} · {said.en}"
    )


def _units(evaluation: Evaluation, words: Words, names: Names) -> Table:
    if len(evaluation.units) <= MOST_UNITS:
        columns = (
            Column(words("case.col.who"), 30),
            Column(words("case.col.tier"), 10),
            Column(words("case.col.state"), 14),
            Column(words("case.col.sign_one"), 13, figures=True),
            Column(words("case.col.finish_one"), 13, figures=True),
            *(
                Column(words(f"case.col.{name}"), 10, figures=True)
                for name in ("late", "returned", "escalations", "answered")
            ),
        )
        rows = tuple(_unit_row(unit, words, names) for unit in evaluation.units)
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
    if left := len(summed) - len(rows):
        notes.append(words("case.more", n=left))
    columns = _group_columns(words("case.col.who"), words)
    return Table(words("case.by_unit"), columns, rows, tuple(notes))


def _summed(units: Sequence[UnitFigures], tier: Tier) -> Mapping[str, list[UnitFigures]]:
    summed: dict[str, list[UnitFigures]] = {}
    for unit_figures in units:
        summed.setdefault(ancestor_at(unit_figures.unit, tier) or unit_figures.unit, []).append(
            unit_figures
        )
    return summed


def _unit_row(unit_figures: UnitFigures, words: Words, names: Names) -> tuple[Both, ...]:
    return (
        plain(names.unit(unit_figures.unit)),
        words(f"tier.{unit_figures.tier}"),
        words(f"assignment.{unit_figures.state}") if unit_figures.state else plain("—"),
        plain(span(unit_figures.sign_s)),
        plain(span(unit_figures.finish_s)),
        plain(unit_figures.late or ""),
        plain(unit_figures.returned or ""),
        plain(unit_figures.escalations or ""),
        plain(f"{unit_figures.answered} / {unit_figures.pages}" if unit_figures.pages else ""),
    )


def _late(evaluation: Evaluation, words: Words, names: Names) -> Table:
    late = [unit for unit in evaluation.units if unit.late]
    columns = (
        Column(words("case.col.who"), 34),
        Column(words("case.col.tier"), 12),
        Column(words("case.col.state"), 16),
        Column(words("case.col.sign_one"), 16, figures=True),
        Column(words("case.col.finish_one"), 16, figures=True),
        Column(words("case.col.escalations"), 12, figures=True),
    )
    rows = tuple(
        (
            plain(names.unit(unit_figures.unit)),
            words(f"tier.{unit_figures.tier}"),
            words(f"assignment.{unit_figures.state}") if unit_figures.state else plain("—"),
            plain(span(unit_figures.sign_s)),
            plain(span(unit_figures.finish_s)),
            plain(unit_figures.escalations or ""),
        )
        for unit_figures in late[:MOST_LATE]
    )
    notes: tuple[Both, ...] = () if late else (words("case.late.none"),)
    if left := len(late) - len(rows):
        notes = (words("case.more", n=left),)
    return Table(words("case.late"), columns, rows, notes)


def _tagged(table: Table, tag: Both | None) -> Table:
    if tag is None:
        return table
    rows = tuple((marked(row[0], tag), *row[1:]) for row in table.rows)
    return Table(marked(table.heading, tag), table.columns, rows, table.notes)


def marked(text: Both, tag: Both) -> Both:
    """A text that says first that it is of a drill."""
    marked = f"【{tag.zh}】{text.zh}"
    return Both(marked, marked if text.en == text.zh else f"[{tag.en}] {text.en}")
