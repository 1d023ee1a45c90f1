"""`list`: one table per kind of record; the columns of a row are a table too."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from deploy.commands.console.api import Api
from deploy.commands.console.words import Words, flat
from shared.definitions.yaml_files.screen import COLOURS, Cell, Screen
from shared.domain.local_time import ZONE

_ZONE = ZoneInfo(ZONE)
Row = dict[str, Any]
Show = Callable[[Row, Words], Cell]
Column = tuple[str, Show]


def field(heading: str, name: str | None = None) -> Column:
    """Return a field unchanged."""
    return heading, lambda row, _words: flat(row[name or heading])


def free(heading: str) -> Column:
    """Return free words of a record, or a note that the words are not open."""
    return (
        heading,
        lambda row, words: words.console("masked") if row.get("masked") else flat(row[heading]),
    )


def value(heading: str, name: str, kind: str) -> Column:
    """Return a contract value in the officer's language."""
    return heading, lambda row, words: words.value(kind, row[name])


def moment(heading: str, name: str) -> Column:
    """Return a time on the wall clock, without fractions."""
    return heading, lambda row, _words: when(row[name])


def when(value: object) -> str:
    """Return `2026-11-24T02:13:40.123Z` as `2026-11-24 10:13:40`: Beijing time, as on screens."""
    try:
        return f"{datetime.fromisoformat(str(value)).astimezone(_ZONE):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return flat(value)


def level(heading: str = "level", name: str = "level") -> Column:
    """Return a level in its colour."""
    return heading, lambda row, words: Text(
        words.value("level", row[name]), style=COLOURS.get(str(row[name]), "")
    )


def _next(row: Row, words: Words) -> str:
    coming = row["next"]
    return f"{words.value('verb', coming['verb'])} {flat(coming['unit_name'])}" if coming else ""


def _assignment_signed(row: Row, _words: Words) -> str:
    return f"{row['totals']['signed']}/{row['totals']['total']}"


def _clocks(row: Row, words: Words) -> str:
    return ", ".join(
        f"{words.value('clock', clock['clock'])} {flat(clock['state'])} {when(clock['due_at'])}"
        for clock in row["clocks"]
    )


@dataclass(frozen=True)
class Kind:
    """A list route and its columns. `takes`: the options of its address."""

    path: str
    key: str
    columns: tuple[Column, ...]
    takes: tuple[str, ...] = ("status", "limit")


_EVENT = (level(), free("headline"))
_STATE = value("state", "state", "assignment")
SUMS: tuple[Column, ...] = (field("unit", "unit_name"), value("mode", "mode", "mode"))
KINDS: dict[str, Kind] = {
    "alerts": Kind(
        "/api/alerts",
        "alerts",
        (
            field("id", "alert_id"),
            level(),
            level("proposed", "proposed_level"),
            value("state", "state", "alert"),
            field("place", "place_name"),
            free("headline"),
            ("next", _next),
        ),
        ("status", "open", "limit", "after"),
    ),
    "alarms": Kind(
        "/api/alarms",
        "alarms",
        (
            field("id", "alarm_id"),
            field("place", "place_name"),
            *_EVENT,
            moment("at", "occurred_at"),
        ),
        ("status", "limit", "after"),
    ),
    "commands": Kind(
        "/api/commands",
        "commands",
        (
            field("id", "command_id"),
            level(),
            value("state", "state", "command"),
            field("unit", "root_name"),
            free("title"),
            ("signed", _assignment_signed),
            ("late", lambda row, _words: str(row["totals"]["overdue"])),
            moment("sign_by", "sign_by"),
        ),
        ("status", "open", "limit", "after"),
    ),
    "assignments": Kind(
        "/api/assignments",
        "assignments",
        (
            field("id", "assignment_id"),
            level(),
            _STATE,
            field("unit", "unit_name"),
            free("title"),
            moment("sign_by", "sign_by"),
            moment("finish_by", "finish_by"),
        ),
        ("status", "open", "limit", "after", "subtree", "unit"),
    ),
    "pages": Kind(
        "/api/pages",
        "pages",
        (
            field("id", "page_id"),
            *_EVENT,
            value("state", "state", "page"),
            value("answer", "answer", "answer"),
            moment("answer_by", "answer_by"),
        ),
        ("open", "limit", "after"),
    ),
    "gaps": Kind(
        "/api/duty/gaps",
        "gaps",
        (
            field("unit", "unit_name"),
            value("post", "post", "post"),
            moment("begin", "begin"),
            moment("end", "end"),
        ),
        (),
    ),
    "modes": Kind(
        "/api/modes",
        "below",
        (
            field("unit", "unit_name"),
            value("mode", "mode", "mode"),
            field("decided_at", "decided_at_name"),
        ),
        ("status", "unit"),
    ),
    "sensors": Kind(
        "/api/sensors/silent",
        "sensors",
        (
            field("id", "sensor_id"),
            field("name"),
            field("unit", "unit_name"),
            value("state", "state", "sensor"),
            moment("seen", "last_seen_at"),
            field("detail"),
        ),
        ("status", "limit", "after"),
    ),
    "reports": Kind(
        "/api/reporting",
        "duties",
        (
            field("id", "incident_id"),
            field("unit", "unit_name"),
            field("to", "to_name"),
            level(),
            free("title"),
            ("clock", _clocks),
        ),
        ("status", "open", "limit"),
    ),
    "supervision": Kind(
        "/api/supervision",
        "supervision",
        (
            field("id", "assignment_id"),
            field("unit", "unit_name"),
            value("clock", "clock", "clock"),
            level(),
            free("title"),
            moment("due", "due_at"),
        ),
        ("status", "limit", "after"),
    ),
    "silences": Kind(
        "/api/silences",
        "silences",
        (
            field("id", "silence_id"),
            field("place", "place_name"),
            field("reason"),
            moment("begin", "begin_at"),
            moment("end", "end_at"),
            field("silenced"),
        ),
    ),
}
_PROPOSALS: tuple[Column, ...] = (
    field("id", "proposal_id"),
    field("unit", "unit_name"),
    value("mode", "mode", "mode"),
    field("state"),
    moment("until", "until"),
    field("version"),
)


def show_list(options: argparse.Namespace, api: Api, screen: Screen, words: Words) -> None:
    """Print one page of a list."""
    kind = KINDS[options.what]
    query = {name: getattr(options, name) for name in kind.takes}
    answer = api.get(kind.path, **query)
    if screen.as_json:
        raw(answer.raw)
        return
    rows = list(_rows(options.what, answer.body))
    banner(options.status, screen, words)
    show(options.what, kind.columns, rows, screen, words)
    if options.what == "modes":
        show("proposals", _PROPOSALS, answer.body["proposals"], screen, words)
    if (behind := answer.body.get("next")) is not None:
        screen.line(words.say("more", next=behind))


def _rows(kind: str, body: Row) -> Iterator[Row]:
    if kind == "modes":
        yield body
    yield from body[KINDS[kind].key]


def show(
    title: str, columns: tuple[Column, ...], rows: list[Row], screen: Screen, words: Words
) -> None:
    """Print a table with headings in the officer's language, or a note that there are no rows."""
    if not rows:
        screen.line(f"{words.heading(title)}: {words.say('none')}")
        return
    screen.table(
        words.heading(title),
        [words.heading(heading) for heading, _ in columns],
        [[text_of(row, words) for _, text_of in columns] for row in rows],
    )


def banner(status: str, screen: Screen, words: Words) -> None:
    """Print first that the records are no real events."""
    if status != "Actual":
        sentence = "drill_banner" if status == "Exercise" else "test_banner"
        screen.line(words.say(sentence), style="bold reverse")


def raw(content: bytes) -> None:
    """Print the API's bytes: a script reads the body that the API document describes."""
    sys.stdout.write(content.decode() + "\n")
