"""The weekly report as a dossier: load, alarms by kind and level, commands, who was overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.console.core.access import Viewer
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from services.console.features.cases.dossier import (
    Dossier,
    DossierColumn,
    Table,
    moment,
    plain,
    span,
    tagged_charts,
    tagged_table,
)
from services.console.features.cases.dossier_charts import Chart, ChartLine
from services.console.features.cases.words import Words
from services.console.features.load.views import CHINA, FIGURES, Load, kinds_by_level, ratios
from shared.contracts.fields import Status
from shared.domain.bilingual import Bilingual, bilingual_of

_LEVELS = ("red", "orange", "yellow", "blue", "notice")
_DAYS = 7
_MARGIN = 1.08


@dataclass(frozen=True, slots=True)
class Week:
    """A week of ISO 8601, from Monday in China."""

    name: str
    first: date

    @property
    def last(self) -> date:
        """Sunday."""
        return self.first + timedelta(days=_DAYS - 1)

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), CHINA)

    @property
    def end(self) -> datetime:
        """The first moment of the next week."""
        return self.begin + timedelta(days=_DAYS)


def week_of(name: str) -> Week:
    """Return the week `2026-W49`. Raises ValueError when there is no such week."""
    year, _, number = name.partition("-W")
    return Week(name, date.fromisocalendar(int(year), int(number), 1))


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """Results of the queries of a week; the words of commands are masked already."""

    load: Load
    since: date | None
    officers: Mapping[date, int]
    pages: Sequence[Json]
    commands: Sequence[Json]
    command_count: int
    assignments: Mapping[str, Json]
    signing_s: Mapping[str, tuple[float, float]]
    missed: Mapping[str, int]
    units: Sequence[OutgoingRecord]
    unit_count: int


def week_dossier(
    week: Week,
    root: str,
    status: Status,
    facts: WeekFacts,
    words: Words,
    names: UnitNames,
    viewer: Viewer,
    now: datetime,
) -> Dossier:
    """Return the parts of the report of a subtree."""
    tag = None if status is Status.ACTUAL else words("case.drill")
    tables = (
        _by_day(week, facts, words),
        _by_kind(facts.load, words),
        _commands(facts, words),
        _overdue(facts, words, names),
        _officers(facts, words),
    )
    name = names.unit(root)
    return Dossier(
        case_id=f"{root} {week.name}",
        status=status,
        level="notice",
        tag=tag,
        banner=None if tag is None else words("case.drill.banner"),
        kind=words("week.kind"),
        title=words("week.of", unit=bilingual_of(name), week=week.name),
        facts=(
            (words("week.unit"), plain(name)),
            (words("week.days"), plain(f"{week.first} – {week.last}")),
            (words("case.scope"), plain(names.unit(viewer.root))),
            (words("case.printed"), plain(moment(now))),
        ),
        figures=_figures(facts, words),
        sections=tuple(tagged_table(table, tag) for table in tables),
        zone=words("case.zone"),
        charts=tagged_charts(_charts(facts.load, words), tag),
    )


def _figures(facts: WeekFacts, words: Words) -> tuple[tuple[Bilingual, str], ...]:
    totals = facts.load.totals
    quotients = ratios(totals, sum(facts.officers.values()))
    counts = tuple((words(f"load.{name}"), f"{totals[name]:,}") for name in FIGURES)
    return counts + tuple(
        (words(f"week.{name}"), "—" if value is None else f"{value:,}")
        for name, value in quotients.items()
    )


def _charts(load: Load, words: Words) -> list[Chart]:
    return [
        _chart(words("load.chart.readings"), load, ("readings",), words),
        _chart(words("load.chart.calls"), load, ("alarms", "pages"), words),
    ]


def _chart(heading: Bilingual, load: Load, names: Sequence[str], words: Words) -> Chart:
    days = sorted(load.by_day)
    edges = [datetime.combine(day, time(), CHINA).timestamp() for day in days]
    end = edges[-1] + timedelta(days=1).total_seconds()
    lines = []
    for name in names:
        values = [float(load.by_day[day][name]) for day in days]
        points = (*zip(edges, values, strict=True), (end, values[-1]))
        lines.append(ChartLine(words(f"load.{name}"), points, stepped=True))
    most = max(value for line in lines for _, value in line.points) or 1.0
    return Chart(heading, "", tuple(lines), (), edges[0], end, 0.0, most * _MARGIN)


def _by_day(week: Week, facts: WeekFacts, words: Words) -> Table:
    columns = (
        DossierColumn(words("load.col.day"), 18),
        *(DossierColumn(words(f"load.{name}"), 14, figures=True) for name in FIGURES),
        DossierColumn(words("load.col.officers"), 14, figures=True),
    )
    rows = tuple(
        (
            plain(day),
            *(plain(f"{figures[name]:,}") for name in FIGURES),
            plain(facts.officers.get(day, 0)),
        )
        if facts.since is not None and day >= facts.since
        else (plain(day), *(plain("—") for _ in columns[1:]))
        for day, figures in sorted(facts.load.by_day.items())
    )
    notes: tuple[Bilingual, ...] = ()
    if facts.since is None or facts.since > week.first:
        since = "—" if facts.since is None else facts.since
        notes = (words("week.since", day=since),)
    return Table(words("week.load"), columns, rows, notes)


def _by_kind(load: Load, words: Words) -> Table:
    columns = (
        DossierColumn(words("week.col.kind"), 30),
        *(DossierColumn(words(f"level.{level}"), 12, figures=True) for level in _LEVELS),
        DossierColumn(words("week.col.sum"), 12, figures=True),
    )
    rows = tuple(
        (
            words(f"kind.{kind}"),
            *(plain(counts.get(level, 0)) for level in _LEVELS),
            plain(sum(counts.values())),
        )
        for kind, counts in kinds_by_level(load).items()
    )
    return Table(words("week.alarms"), columns, rows, () if rows else (words("week.alarms.none"),))


def _commands(facts: WeekFacts, words: Words) -> Table:
    columns = (
        DossierColumn(words("case.col.at"), 24),
        DossierColumn(words("week.col.command"), 44),
        DossierColumn(words("case.level"), 10),
        DossierColumn(words("case.col.signed"), 14, figures=True),
        DossierColumn(words("case.col.sign_s"), 14, figures=True),
        DossierColumn(words("case.col.sign_slowest"), 14, figures=True),
        DossierColumn(words("case.col.late"), 10, figures=True),
    )
    rows = []
    for command in facts.commands:
        command_id = command["command_id"]
        counts = facts.assignments.get(command_id, {"signed": 0, "total": 0})
        median_s, slowest_s = facts.signing_s.get(command_id, (None, None))
        title = words("masked") if command["masked"] else bilingual_of(command["title"])
        rows.append(
            (
                plain(moment(command["issued_at"])),
                title,
                words(f"level.{command['level']}"),
                plain(f"{counts['signed']} / {counts['total']}"),
                plain(span(median_s)),
                plain(span(slowest_s)),
                plain(facts.missed.get(command_id, 0)),
            )
        )
    notes: tuple[Bilingual, ...] = () if rows else (words("week.commands.none"),)
    if omitted := facts.command_count - len(rows):
        notes = (words("case.more", n=omitted),)
    return Table(words("week.commands"), columns, tuple(rows), notes)


def _overdue(facts: WeekFacts, words: Words, names: UnitNames) -> Table:
    columns = (
        DossierColumn(words("case.col.who"), 30),
        DossierColumn(words("case.col.late"), 14, figures=True),
        DossierColumn(words("week.col.sign"), 14, figures=True),
        DossierColumn(words("week.col.finish"), 20, figures=True),
        DossierColumn(words("week.col.rung"), 14, figures=True),
        DossierColumn(words("week.col.late_by"), 16, figures=True),
    )
    rows = tuple(
        (
            plain(names.unit(unit["unit"])),
            plain(unit["missed"]),
            plain(unit["sign"]),
            plain(unit["finish"]),
            plain(unit["rung"]),
            plain(span(unit["late_s"])),
        )
        for unit in facts.units
    )
    notes: tuple[Bilingual, ...] = () if rows else (words("case.late.none"),)
    if omitted := facts.unit_count - len(rows):
        notes = (words("case.more", n=omitted),)
    return Table(words("week.overdue"), columns, rows, notes)


def _officers(facts: WeekFacts, words: Words) -> Table:
    columns = (
        DossierColumn(words("load.col.officer"), 30),
        DossierColumn(words("case.col.who"), 40),
        *(
            DossierColumn(words(f"load.col.{name}"), 14, figures=True)
            for name in ("pages", "days", "most")
        ),
    )
    rows = tuple(
        (
            words("masked") if officer["name"] is None else plain(officer["name"]),
            plain(officer["unit_name"]),
            *(plain(officer[name]) for name in ("pages", "days", "most")),
        )
        for officer in facts.pages
    )
    notes = () if rows else (words("load.officers.none"),)
    return Table(words("week.officers"), columns, rows, notes)
