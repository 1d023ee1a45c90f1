"""Digests: what officers' budgets were spent on, what is gathered, what is in one, how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notify.core.book import Book
from services.notify.core.budgets import Budgets, is_news
from services.notify.core.digests.digest import Content, Digest
from services.notify.core.digests.states import DigestState
from services.notify.core.folding import Folded, Reader, Spent
from services.notify.core.ladders import Purpose
from shared.contracts.fields import DataGrade, Level, Post, Status, highest_grade
from shared.contracts.ids import content_id
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import Answer, PageState, SubjectKind
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode
from shared.runtime.sql import names
from shared.runtime.timers import arm, disarm

SEND = "digest"
TELL = "tell"
KINDS = (SEND, TELL)
"""Of the timers; their subject is the digest's id."""

MOST_AT_ONCE = 500
"""Contents that are told in one transaction what was answered to their digest."""
_WAITING = names(WAITING)
_OPEN_TO_ANSWER = names(WAITING - {PageState.QUEUED} | {PageState.NO_ANSWER})
_COLUMNS = "digest_id, cause_id, officer_id, status, unit, post, state, answer, passed_on, passing"


async def spent(work: Transaction, officers: Collection[str], budgets: Budgets) -> Spent:
    """Calls of these officers that went out one by one, each within the window of its budget."""
    rows = await work.connection.fetch(
        "SELECT p.officer_id, p.status, p.level, p.round, l.subject_kind, l.priority, l.command_id, "
        "l.purpose, extract(epoch FROM now() - p.created_at)::float8 AS age_s "
        "FROM notify.page AS p JOIN notify.ladder AS l USING (ladder_id) "
        "WHERE p.officer_id = ANY($1::text[]) AND p.created_at > now() - $2::interval "
        "AND p.channel = 'console' AND p.digest_id IS NULL AND l.subject_kind NOT IN ('digest', 'contact_test')",
        list(officers),
        timedelta(seconds=budgets.longest_window_s),
    )
    calls: Counter[tuple[str, Status, Level, bool]] = Counter()
    matters: Counter[tuple[str, Status, str, Purpose]] = Counter()
    for row in rows:
        kind, level = SubjectKind(row["subject_kind"]), Level(row["level"])
        news = is_news(kind, row["round"], row["priority"])
        if row["age_s"] >= budgets.of(level, news=news).window_s:
            continue
        officer, status = row["officer_id"], Status(row["status"])
        calls[officer, status, level, news] += 1
        if kind is SubjectKind.SUPERVISION and row["command_id"] is not None:
            matters[officer, status, row["command_id"], Purpose(row["purpose"])] += 1
    return Spent(calls, matters)


async def gather(work: Transaction, folded: Sequence[Folded]) -> dict[Reader, str]:
    """The digest that gathers for each reader: the one there is, or a new one; it leaves by the earliest
    time that anything in it asks for. Its row stays locked, so it is not sent meanwhile."""
    first: dict[Reader, Folded] = {}
    for one in sorted(folded, key=lambda item: item.due_at):
        first.setdefault(one.reader, one)
    order = sorted(first.items())
    rows = await work.connection.fetch(
        "INSERT INTO notify.digest "  # noqa: S608
        "(digest_id, cause_id, officer_id, status, unit, post, due_at, state) "
        f"SELECT *, '{DigestState.GATHERING}' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], "
        "$5::text[], $6::text[], $7::timestamptz[]) "
        f"ON CONFLICT (officer_id, status) WHERE state = '{DigestState.GATHERING}' "
        "DO UPDATE SET due_at = least(digest.due_at, EXCLUDED.due_at) "
        "RETURNING digest_id, officer_id, status, due_at",
        [content_id("dig", one.page_id) for _, one in order],
        [one.cause_id for _, one in order],
        [officer for (officer, _), _ in order],
        [status for (_, status), _ in order],
        [one.unit for _, one in order],
        [one.post for _, one in order],
        [one.due_at for _, one in order],
    )
    await arm(work, [(row["digest_id"], SEND, 0, row["due_at"]) for row in rows], rearm=True)
    return {(row["officer_id"], Status(row["status"])): row["digest_id"] for row in rows}


async def lock(work: Transaction, subjects: Collection[str]) -> None:
    """Lock those of these subjects that are digests, after the ladders."""
    await work.connection.execute(
        "SELECT FROM notify.digest WHERE digest_id = ANY($1::text[]) "
        "ORDER BY officer_id, status FOR UPDATE",
        list(subjects),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A page of a digest that is to be told what was answered to the digest."""

    digest_id: str
    page_id: str
    ladder_id: str


async def to_tell(work: Transaction, subjects: Collection[str]) -> list[Told]:
    """The next such pages, in their order, of those of these subjects that are digests."""
    rows = await work.connection.fetch(
        "SELECT d.digest_id, n.page_id, n.ladder_id FROM notify.digest AS d CROSS JOIN LATERAL ("  # noqa: S608
        "SELECT p.page_id, p.ladder_id FROM notify.page AS p WHERE p.digest_id = d.digest_id "
        f"AND p.page_id > d.passed_on AND p.state IN {_OPEN_TO_ANSWER} "
        "ORDER BY p.page_id LIMIT $2) AS n "
        "WHERE d.digest_id = ANY($1::text[]) AND d.passing ORDER BY d.digest_id, n.page_id",
        list(subjects),
        MOST_AT_ONCE,
    )
    return [Told(row["digest_id"], row["page_id"], row["ladder_id"]) for row in rows]


async def load(work: Transaction, digest_ids: Collection[str], book: Book) -> None:
    """Remember these digests and how many of their pages still wait; what is known stays as it is."""
    wanted = [digest_id for digest_id in digest_ids if digest_id not in book.digests]
    if not wanted:
        return
    rows = await work.connection.fetch(
        f"SELECT {_COLUMNS}, (SELECT count(*) FROM notify.page AS p "  # noqa: S608
        f"WHERE p.digest_id = d.digest_id AND p.state IN {_WAITING}) AS waiting "
        "FROM notify.digest AS d WHERE digest_id = ANY($1::text[])",
        wanted,
    )
    for row in rows:
        book.digests[row["digest_id"]] = _digest(row)


def _digest(row: Any) -> Digest:
    return Digest(
        row["digest_id"],
        row["cause_id"],
        row["officer_id"],
        Status(row["status"]),
        row["unit"],
        Post(row["post"]),
        DigestState(row["state"]),
        Answer.model_validate_json(row["answer"]) if row["answer"] is not None else None,
        row["passing"],
        row["passed_on"],
        row["waiting"],
    )


async def contents(work: Transaction, digest_id: str) -> list[Content]:
    """What still waits in a digest, by what it says."""
    rows = await work.connection.fetch(
        "SELECT l.level, l.priority, l.headline, count(*) AS n, "  # noqa: S608
        "array_agg(DISTINCT l.data_grade ORDER BY l.data_grade) AS grades FROM notify.page AS p "
        "JOIN notify.ladder AS l USING (ladder_id) "
        f"WHERE p.digest_id = $1 AND p.state IN {_WAITING} "
        "GROUP BY l.level, l.priority, l.headline ORDER BY l.priority, l.level, l.headline",
        digest_id,
    )
    return [
        Content(
            Level(row["level"]),
            row["priority"],
            row["headline"],
            row["n"],
            highest_grade(*map(DataGrade, row["grades"])),
        )
        for row in rows
    ]


async def save(work: Transaction, book: Book) -> None:
    """Write what has changed; while there is something to pass on, its timer is due."""
    changed = sorted(
        book.changed_digests.values(),
        key=lambda digest: (digest.officer_id, digest.status, digest.digest_id),
    )
    if not changed:
        return
    await work.connection.executemany(
        "UPDATE notify.digest SET state = $2, answer = $3, passed_on = $4, passing = $5 "
        "WHERE digest_id = $1",
        [
            (
                digest.digest_id,
                digest.state,
                encode(digest.answer).decode() if digest.answer is not None else None,
                digest.passed_on,
                digest.passing,
            )
            for digest in changed
        ],
    )
    await disarm(work, [digest.digest_id for digest in changed], KINDS)
    await arm(
        work,
        [(digest.digest_id, TELL, 0, book.now) for digest in changed if digest.passing],
        rearm=True,
    )
