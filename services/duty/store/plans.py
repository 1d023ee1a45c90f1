"""Duty plans by unit: locked by unit id in order, read and written a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from services.duty.core.standing import Told
from shared.contracts.duty import DutyEntry, Gap
from shared.contracts.fields import Post
from shared.duty.timeline import over_at
from shared.runtime.database import Transaction

_GAPS: TypeAdapter[tuple[Gap, ...]] = TypeAdapter(tuple[Gap, ...])
ToldRow = tuple[str, Post, Told]
"""Unit, post, what was last published of it."""


@dataclass(slots=True)
class UnitPlan:
    """A unit's entries that still count, in the order of their last change, and what was told."""

    unit: str
    entries: dict[str, DutyEntry] = field(default_factory=dict)
    told: dict[Post, Told] = field(default_factory=dict)


async def lock_units(work: Transaction, units: Collection[str]) -> None:
    """Lock units, in order; a unit without a plan gets its row first."""
    await work.connection.execute(
        "INSERT INTO duty.unit (unit) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING",
        sorted(units),
    )
    await work.connection.fetch(
        "SELECT 1 FROM duty.unit WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE",
        sorted(units),
    )


async def load(
    work: Transaction, units: Iterable[str], named: Collection[str] = ()
) -> dict[str, UnitPlan]:
    """The plans of units that are locked; of entries that are over only those `named` by id."""
    found = {unit: UnitPlan(unit) for unit in sorted(units)}
    for row in await work.connection.fetch(
        "SELECT unit, body FROM duty.entry WHERE unit = ANY($1::text[]) "
        "AND (over_at IS NULL OR over_at > now() OR entry_id = ANY($2::text[])) "
        "ORDER BY place",
        list(found),
        list(named),
    ):
        entry = DutyEntry.model_validate_json(row["body"])
        found[row["unit"]].entries[entry.entry_id] = entry
    for row in await work.connection.fetch(
        "SELECT * FROM duty.told WHERE unit = ANY($1::text[])", list(found)
    ):
        found[row["unit"]].told[Post(row["post"])] = Told(
            row["holder"],
            row["slots"],
            _GAPS.validate_json(row["gaps"]),
            row["seen_until"],
            row["coverages"],
        )
    return found


async def places(work: Transaction, count: int) -> list[int]:
    """The next places in the order of changes."""
    rows = await work.connection.fetch(
        "SELECT nextval('duty.place') AS place FROM generate_series(1, $1)", count
    )
    return [row["place"] for row in rows]


async def save_entries(work: Transaction, entries: Sequence[DutyEntry]) -> None:
    """Write changed entries; of several versions of one, in their order, the last stays."""
    newest: dict[tuple[str, str], DutyEntry] = {}
    for entry in entries:
        newest.pop((entry.unit, entry.entry_id), None)
        newest[entry.unit, entry.entry_id] = entry
    by_column: defaultdict[str, list[object]] = defaultdict(list)
    for entry in newest.values():
        by_column["entry_id"].append(entry.entry_id)
        by_column["unit"].append(entry.unit)
        by_column["version"].append(entry.version)
        by_column["over_at"].append(over_at(entry))
        by_column["place"].append(entry.place)
        by_column["body"].append(entry.to_wire().decode())
    if not newest:
        return
    await work.connection.execute(
        "INSERT INTO duty.entry (entry_id, unit, version, over_at, place, body) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::bigint[], "
        "$6::text[]) ON CONFLICT (unit, entry_id) DO UPDATE SET "
        "version = EXCLUDED.version, over_at = EXCLUDED.over_at, body = EXCLUDED.body, "
        "place = EXCLUDED.place",
        *by_column.values(),
    )


async def save_told(work: Transaction, rows: Sequence[ToldRow]) -> None:
    """Write what was last published of posts."""
    await work.connection.executemany(
        "INSERT INTO duty.told (unit, post, holder, slots, gaps, seen_until, coverages) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (unit, post) DO UPDATE SET "
        "holder = EXCLUDED.holder, slots = EXCLUDED.slots, gaps = EXCLUDED.gaps, "
        "seen_until = EXCLUDED.seen_until, coverages = EXCLUDED.coverages",
        [
            (
                unit,
                post,
                told.holder,
                told.slots,
                _GAPS.dump_json(told.gaps).decode(),
                told.seen_until,
                told.coverages,
            )
            for unit, post, told in rows
        ],
    )
