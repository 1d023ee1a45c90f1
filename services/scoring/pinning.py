"""Input that may have been judged before a crash is judged again by the tables of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError

from services.scoring.core.book import RuleBook
from services.scoring.store import Checkpoint, Stored
from services.scoring.tables import HISTORY_S, Tables
from shared.runtime.errors import Transient
from shared.runtime.tables import Positions

log = structlog.get_logger("fenghuo.scoring.pinning")


@dataclass(frozen=True)
class Judge:
    """What judges a partition's input: `book`, as the tables stood at `pins`.

    `states_book` is what the stored states are of. `until` is the offset from which on the present tables
    judge; None = these are the present ones.
    """

    states_book: RuleBook
    book: RuleBook
    pins: Positions
    until: int | None = None


async def judges_of(
    found: Mapping[int, Stored], book: RuleBook, tables: Tables, now: float
) -> dict[int, Judge]:
    """Who judges each partition after a restart; `book` is the present one, `now` seconds since 1970.

    Raises Transient when the tables cannot be read.
    """
    present = tables.positions()
    books: list[tuple[Positions, RuleBook]] = [(present, book)]
    judges: dict[int, Judge] = {}
    for number, stored in found.items():
        judges[number] = Judge(book, book, present)
        last = stored.checkpoint
        if last is None or not last.pins or last.pins == last.states_pins == present:
            continue
        if now - last.written_at > HISTORY_S:
            log.warning("judged_by_present_tables", partition=number, since=last.written_at)
            continue
        states_book = await _book_at(last.states_pins, tables, books)
        then = await _book_at(last.pins, tables, books)
        until = None if last.pins == present else _judged_until(stored, last)
        judges[number] = Judge(states_book, then, last.pins, until)
        log.info("judged_by_older_tables", partition=number, until=until)
    return judges


def _judged_until(stored: Stored, last: Checkpoint) -> int:
    """The first offset that no earlier owner can have judged."""
    return last.next_offset if last.final else max(stored.judged_until, last.next_offset)


async def _book_at(
    positions: Positions, tables: Tables, books: list[tuple[Positions, RuleBook]]
) -> RuleBook:
    for known, book in books:
        if known == positions:
            return book
    try:
        book = await tables.book_at(positions)
    except KafkaError as error:
        raise Transient(f"the tables cannot be read: {error!r}") from error
    books.append((positions, book))
    return book
