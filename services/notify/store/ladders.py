"""Ladders, pages, timers: load what a batch touches, write what it changed, few statements each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from services.notify.core.book import (
    AlertMemory,
    AssignmentMemory,
    Book,
    DutyMemory,
    PageLine,
    Phase,
)
from services.notify.core.ladders import LIVE, Ladder, LadderState, Purpose
from services.notify.store import digests, gaps, recalls
from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Status
from shared.contracts.pages import Channel, Page, SubjectKind
from shared.contracts.topics import PAGES
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode
from shared.runtime.sql import names
from shared.runtime.timers import arm, disarm

_LADDER = [field.name for field in fields(Ladder)]
_ENUMS: dict[str, type] = {
    "subject_kind": SubjectKind,
    "purpose": Purpose,
    "status": Status,
    "level": Level,
    "post": Post,
    "state": LadderState,
    "mode": ResponseMode,
    "data_grade": DataGrade,
}
_TYPES = {
    "occurred_at": "timestamptz",
    "opened_at": "timestamptz",
    "due_at": "timestamptz",
    "rung": "int",
    "round": "int",
    "step": "int",
    "lapses": "int",
    "priority": "int",
    "mode_version": "int",
}
_MOVING = (
    "unit", "post", "officer_id", "rung", "round", "step", "lapses", "state", "due_at", "answered_by",
)  # fmt: skip
"""Columns of a ladder that change after it was opened."""
_REGRADED = ("headline", "text", "data_grade")
"""Those that change when its subject turns out to be graded."""


@dataclass(slots=True)
class Keys:
    """What a batch is about: ids whose rows have to be loaded; `causes` are alerts because of which
    somebody may be called."""

    alerts: set[str] = field(default_factory=set)
    causes: set[str] = field(default_factory=set)
    recalled: set[str] = field(default_factory=set)
    assignments: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    gaps: set[str] = field(default_factory=set)
    duties: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    ladders: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)


async def lock(work: Transaction, ladder_ids: Collection[str]) -> None:
    """Lock ladders in the order of their ids, as everyone here does."""
    await work.connection.execute(
        "SELECT FROM notify.ladder WHERE ladder_id = ANY($1::text[]) ORDER BY ladder_id FOR UPDATE",
        list(ladder_ids),
    )


async def load(work: Transaction, keys: Keys, book: Book) -> None:
    """Fill the book with the rows that `keys` name; their ladders stay locked."""
    connection = work.connection
    await recalls.lock(work, keys.causes, keys.recalled)
    wanted = set(keys.ladders)
    if keys.pages:
        rows = await connection.fetch(
            "SELECT ladder_id FROM notify.page WHERE page_id = ANY($1::text[])", list(keys.pages)
        )
        wanted.update(row["ladder_id"] for row in rows)
    if keys.alerts or keys.causes:
        rows = await connection.fetch(
            "SELECT alert_id, status, version, level, proposed_level, recalled FROM notify.alert "
            "WHERE alert_id = ANY($1::text[])",
            list(keys.alerts | keys.causes),
        )
        for row in rows:
            level, proposed = (
                Level(v) if v else None for v in (row["level"], row["proposed_level"])
            )
            memory = AlertMemory(
                row["alert_id"], row["status"], row["version"], level, proposed, row["recalled"]
            )
            book.alerts[memory.alert_id] = memory
    if keys.alerts:
        rows = await connection.fetch(
            "SELECT ladder_id FROM notify.ladder WHERE alert_id = ANY($1::text[]) "  # noqa: S608
            f"AND subject_kind = 'alert' AND state <> '{LadderState.CLOSED}'",
            list(keys.alerts),
        )
        wanted.update(row["ladder_id"] for row in rows)
    if keys.recalled:
        wanted |= await recalls.living(work, keys.recalled)
    if keys.assignments:
        rows = await connection.fetch(
            "SELECT assignment_id, status, version, attempt, phase FROM notify.assignment "
            "WHERE assignment_id = ANY($1::text[])",
            list(keys.assignments),
        )
        for row in rows:
            existing_assignment_memory = AssignmentMemory(
                row["assignment_id"],
                row["status"],
                row["version"],
                row["attempt"],
                Phase(row["phase"]),
            )
            book.assignments[existing_assignment_memory.assignment_id] = existing_assignment_memory
        rows = await connection.fetch(
            "SELECT ladder_id FROM notify.ladder WHERE assignment_id = ANY($1::text[]) "  # noqa: S608
            f"AND assignment_id IS NOT NULL AND state <> '{LadderState.CLOSED}'",
            list(keys.assignments),
        )
        wanted.update(row["ladder_id"] for row in rows)
    if keys.subjects:
        rows = await connection.fetch(
            "SELECT ladder_id FROM notify.ladder WHERE subject_id = ANY($1::text[]) "  # noqa: S608
            f"AND subject_kind IN ('mode', 'roster') AND state <> '{LadderState.CLOSED}'",
            list(keys.subjects),
        )
        wanted.update(row["ladder_id"] for row in rows)
    if keys.duties:
        wanted |= await _load_duties(work, keys.duties, book)
    if wanted:
        await _load_ladders(work, sorted(wanted), book)
    if keys.recalled:
        await recalls.load_paged(work, keys.recalled, book)
    called = {ladder.subject_id for ladder in book.ladders.values() if not ladder.goes_on}
    await digests.load(work, keys.digests | called, book)
    await gaps.load(work, keys.gaps, book)


async def _load_duties(work: Transaction, duty_ids: set[str], book: Book) -> set[str]:
    """Remember these duties; the ids of their ladders that are not closed."""
    rows = await work.connection.fetch(
        "SELECT duty_id, status, version, dues FROM notify.report_duty "
        "WHERE duty_id = ANY($1::text[])",
        list(duty_ids),
    )
    for row in rows:
        dues = {clock: datetime.fromisoformat(at) for clock, at in json.loads(row["dues"]).items()}
        existing_duty_memory = DutyMemory(row["duty_id"], row["status"], row["version"], dues)
        book.duties[existing_duty_memory.duty_id] = existing_duty_memory
    rows = await work.connection.fetch(
        "SELECT ladder_id FROM notify.ladder WHERE duty_id = ANY($1::text[]) "  # noqa: S608
        f"AND duty_id IS NOT NULL AND state <> '{LadderState.CLOSED}'",
        list(duty_ids),
    )
    return {row["ladder_id"] for row in rows}


async def _load_ladders(work: Transaction, ladder_ids: list[str], book: Book) -> None:
    rows = await work.connection.fetch(
        f"SELECT {', '.join(_LADDER)} FROM notify.ladder "  # noqa: S608
        "WHERE ladder_id = ANY($1::text[]) ORDER BY ladder_id FOR UPDATE",
        ladder_ids,
    )
    for row in rows:
        book.add_ladder(Ladder(**{name: _python(name, row[name]) for name in _LADDER}))
    rows = await work.connection.fetch(
        "SELECT ladder_id, body FROM notify.page WHERE ladder_id = ANY($1::text[]) "
        "ORDER BY created_at, rung, round, page_id",
        ladder_ids,
    )
    for row in rows:
        book.add_page(PageLine(row["ladder_id"], Page.model_validate_json(row["body"])))


def _python(name: str, value: Any) -> Any:
    return value if value is None or name not in _ENUMS else _ENUMS[name](value)


async def save(work: Transaction, book: Book) -> None:
    """Write the changes, set the timers and queue every new page version for its topic."""
    await _save_ladders(work, book)
    await _save_pages(work, book)
    await _save_memories(work, book)
    await gaps.save(work, book)
    await digests.save(work, book)
    for page in book.events:
        work.publish(PAGES, page.officer_id, page, page.id)


async def _save_ladders(work: Transaction, book: Book) -> None:
    new, changed = list(book.new_ladders.values()), list(book.changed_ladders.values())
    if new:
        await _bulk(
            work,
            f"INSERT INTO notify.ladder ({', '.join(_LADDER)}) SELECT * FROM {_unnest(_LADDER)}",  # noqa: S608
            _columns(new, _LADDER),
        )
    if changed:
        names = ["ladder_id", *_MOVING]
        sets = ", ".join(f"{name} = new.{name}" for name in _MOVING)
        await _bulk(
            work,
            f"UPDATE notify.ladder AS old SET {sets}, changed_at = now() "  # noqa: S608
            f"FROM {_unnest(names)} AS new ({', '.join(names)}) "
            "WHERE old.ladder_id = new.ladder_id",
            _columns(changed, names),
        )
        await _regrade(
            work, [ladder for ladder in changed if ladder.data_grade is not DataGrade.GENERAL]
        )
        await disarm(work, [ladder.ladder_id for ladder in changed])
        over = [
            ladder.ladder_id
            for ladder in changed
            if ladder.state in (LadderState.ANSWERED, LadderState.CLOSED)
        ]
        await work.connection.execute(
            "UPDATE notify.delivery SET state = 'cancelled' "
            "WHERE state = 'queued' AND ladder_id = ANY($1::text[])",
            over,
        )
    await arm(
        work,
        [
            (ladder.ladder_id, kind, ladder.step, ladder.due_at)
            for ladder in (*new, *changed)
            if ladder.due_at is not None and (kind := _timer_kind(ladder.state)) is not None
        ],
        rearm=True,
    )


def _timer_kind(state: LadderState) -> str | None:
    """Of a state that has an end; an answered ladder has one when it goes by a promise."""
    return {
        LadderState.OPEN: "answer",
        LadderState.EXHAUSTED: "last",
        LadderState.ANSWERED: "promise",
    }.get(state)


async def _save_pages(work: Transaction, book: Book) -> None:
    names = [
        "page_id", "ladder_id", "status", "officer_id", "unit", "post", "channel",
        "rung", "round", "state", "version", "level", "answer_by", "resend", "body", "digest_id",
    ]  # fmt: skip
    if book.new_pages:
        lines = list(book.new_pages.values())
        await work.connection.execute(
            f"INSERT INTO notify.page ({', '.join(names)}) "  # noqa: S608
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], "
            "$6::text[], $7::text[], $8::int[], $9::int[], $10::text[], $11::int[], $12::text[], "
            "$13::timestamptz[], $14::boolean[], $15::text[], $16::text[])",
            *_page_columns(lines, names),
        )
        page_lines = [line for line in lines if line.page.channel is not Channel.CONSOLE]
        queued = [page_line for page_line in page_lines if page_line.page.state == "queued"]
        await _queue(work, queued, book)
    if book.hastened:
        await work.connection.execute(
            "UPDATE notify.delivery SET next_at = now() WHERE state = 'queued' AND attempts = 0 "
            "AND next_at > now() AND page_id = ANY($1::text[])",
            list(book.hastened),
        )
    if book.changed_pages:
        await work.connection.execute(
            "UPDATE notify.page AS old SET state = new.state, version = new.version, "
            "resend = new.resend, body = new.body "
            "FROM unnest($1::text[], $2::text[], $3::int[], $4::boolean[], $5::text[]) "
            "AS new (page_id, state, version, resend, body) WHERE old.page_id = new.page_id",
            *_page_columns(
                list(book.changed_pages.values()),
                ["page_id", "state", "version", "resend", "body"],
            ),
        )


async def _queue(work: Transaction, lines: list[PageLine], book: Book) -> None:
    """Hand pages to the delivery loops of their channels, each for its time."""
    if not lines:
        return
    await work.connection.execute(
        "INSERT INTO notify.delivery (page_id, ladder_id, status, channel, priority, next_at, state) "
        "SELECT *, 'queued' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], "
        "$6::timestamptz[])",
        *_page_columns(lines, ["page_id", "ladder_id", "status", "channel"]),
        [book.ladders[line.ladder_id].priority for line in lines],
        [line.send_at or book.now for line in lines],
    )


def _page_columns(lines: Sequence[PageLine], names: Sequence[str]) -> list[list[Any]]:
    def value(line: PageLine, name: str) -> Any:
        if name == "ladder_id":
            return line.ladder_id
        return encode(line.page).decode() if name == "body" else getattr(line.page, name)

    return [[value(line, name) for line in lines] for name in names]


async def _save_memories(work: Transaction, book: Book) -> None:
    if book.changed_alerts:
        await _bulk(
            work,
            "INSERT INTO notify.alert (alert_id, status, version, level, proposed_level, recalled) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bool[]) "
            "ON CONFLICT (alert_id) DO UPDATE SET version = EXCLUDED.version, level = EXCLUDED.level, "
            "proposed_level = EXCLUDED.proposed_level, recalled = EXCLUDED.recalled",
            _columns(
                book.changed_alerts.values(),
                ["alert_id", "status", "version", "level", "proposed_level", "recalled"],
            ),
        )
    if book.changed_assignments:
        await _bulk(
            work,
            "INSERT INTO notify.assignment (assignment_id, status, version, attempt, phase) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[]) "
            "ON CONFLICT (assignment_id) DO UPDATE SET version = EXCLUDED.version, "
            "attempt = EXCLUDED.attempt, phase = EXCLUDED.phase",
            _columns(
                book.changed_assignments.values(),
                ["assignment_id", "status", "version", "attempt", "phase"],
            ),
        )
    for memory in book.changed_duties.values():
        dues = {clock: at.isoformat() for clock, at in memory.dues.items()}
        await work.connection.execute(
            "INSERT INTO notify.report_duty (duty_id, status, version, dues) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (duty_id) DO UPDATE SET "
            "version = EXCLUDED.version, dues = EXCLUDED.dues",
            memory.duty_id,
            memory.status,
            memory.version,
            json.dumps(dues),
        )


def _unnest(names: Sequence[str]) -> str:
    casts = (f"${n}::{_TYPES.get(name, 'text')}[]" for n, name in enumerate(names, 1))
    return f"unnest({', '.join(casts)})"


def _columns(rows: Iterable[object], names: Sequence[str]) -> list[list[Any]]:
    rows = list(rows)
    return [[getattr(row, name) for row in rows] for name in names]


async def _regrade(work: Transaction, changed: Sequence[Ladder]) -> None:
    if changed:
        names = ["ladder_id", *_REGRADED]
        await _bulk(
            work,
            "UPDATE notify.ladder AS old SET "  # noqa: S608
            + ", ".join(f"{name} = new.{name}" for name in _REGRADED)
            + f" FROM {_unnest(names)} AS new ({', '.join(names)}) "
            "WHERE old.ladder_id = new.ladder_id",
            _columns(changed, names),
        )


async def _bulk(work: Transaction, statement: str, columns: list[list[Any]]) -> None:
    await work.connection.execute(statement, *columns)


async def living(work: Transaction) -> dict[tuple[str, str], int]:
    """How many ladders are open and exhausted, by (state, status)."""
    rows = await work.connection.fetch(
        "SELECT state, status, count(*) AS n FROM notify.ladder "  # noqa: S608
        f"WHERE state IN {names(LIVE)} GROUP BY state, status"
    )
    return {(row["state"], row["status"]): row["n"] for row in rows}
