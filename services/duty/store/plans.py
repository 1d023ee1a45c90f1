"""Duty plans by unit: locked in the order of unit ids, read and written a batch at a time.

The lock of the response modes comes before those of the units. A reader of modes shares it, a
writer holds it alone, so that no unit is evaluated by a mode that another transaction is
replacing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from services.duty.core.coverage import PostPublication
from shared.contracts.duty import DutyEntry, Gap
from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.modes import ResponseModeEvent
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.roster.timeline import over_at
from shared.runtime.database import Transaction

_GAPS: TypeAdapter[tuple[Gap, ...]] = TypeAdapter(tuple[Gap, ...])
_MODES_LOCK = 0x64757479
"""First key of the advisory lock of the modes ("duty")."""
PublicationRow = tuple[str, Post, PostPublication]
"""Unit, post and the last publication about it."""


@dataclass(slots=True)
class UnitPlan:
    """The plan of a unit: entries in force in the order of their last changes, and publications."""

    unit: str
    entries: dict[str, DutyEntry] = field(default_factory=dict)
    published: dict[Post, PostPublication] = field(default_factory=dict)


async def lock_units(transaction: Transaction, units: Collection[str]) -> None:
    """Lock units, in order, under the modes in force; a unit without a plan gets its row first."""
    await transaction.connection.execute("SELECT pg_advisory_xact_lock_shared($1, 0)", _MODES_LOCK)
    await transaction.connection.execute(
        "INSERT INTO duty.unit (unit) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING",
        sorted(units),
    )
    await transaction.connection.fetch(
        "SELECT 1 FROM duty.unit WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE",
        sorted(units),
    )


async def lock_modes(transaction: Transaction) -> list[str]:
    """Lock the modes alone, before any unit, and return all units that have a plan."""
    await transaction.connection.execute("SELECT pg_advisory_xact_lock($1, 0)", _MODES_LOCK)
    rows = await transaction.connection.fetch("SELECT unit FROM duty.unit ORDER BY unit")
    return [row["unit"] for row in rows]


async def load_modes(transaction: Transaction) -> Modes:
    """Return the modes of real events; drills change no duty."""
    rows = await transaction.connection.fetch("SELECT * FROM duty.mode ORDER BY unit")
    return Modes(
        (Status.ACTUAL, Effective(ResponseMode(row["mode"]), row["version"], row["unit"]))
        for row in rows
    )


async def save_modes(transaction: Transaction, events: Sequence[ResponseModeEvent]) -> None:
    """Write modes; an older version than the stored one changes nothing."""
    await transaction.connection.executemany(
        "INSERT INTO duty.mode (unit, mode, version) VALUES ($1, $2, $3) "
        "ON CONFLICT (unit) DO UPDATE SET mode = EXCLUDED.mode, version = EXCLUDED.version "
        "WHERE duty.mode.version < EXCLUDED.version",
        [(event.unit, event.mode, event.version) for event in events],
    )


async def load(
    transaction: Transaction, units: Iterable[str], named: Collection[str] = ()
) -> dict[str, UnitPlan]:
    """Return the plans of locked units; of ended entries only those with an id in `named`."""
    results = {unit: UnitPlan(unit) for unit in sorted(units)}
    for row in await transaction.connection.fetch(
        "SELECT unit, body FROM duty.entry WHERE unit = ANY($1::text[]) "
        "AND (over_at IS NULL OR over_at > now() OR entry_id = ANY($2::text[])) "
        "ORDER BY place",
        list(results),
        list(named),
    ):
        entry = DutyEntry.from_wire(row["body"])
        results[row["unit"]].entries[entry.entry_id] = entry
    for row in await transaction.connection.fetch(
        "SELECT * FROM duty.published_post WHERE unit = ANY($1::text[])", list(results)
    ):
        results[row["unit"]].published[Post(row["post"])] = PostPublication(
            row["holder"],
            row["slots"],
            _GAPS.validate_json(row["gaps"], extra="ignore"),
            row["evaluated_until"],
            row["coverages"],
        )
    return results


async def places(transaction: Transaction, count: int) -> list[int]:
    """Return the next places in the order of changes."""
    rows = await transaction.connection.fetch(
        "SELECT nextval('duty.place') AS place FROM generate_series(1, $1)", count
    )
    return [row["place"] for row in rows]


async def save_entries(transaction: Transaction, entries: Sequence[DutyEntry]) -> None:
    """Write changed entries; of several versions of an entry the last one stays."""
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
    await transaction.connection.execute(
        "INSERT INTO duty.entry (entry_id, unit, version, over_at, place, body) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::bigint[], "
        "$6::text[]) ON CONFLICT (unit, entry_id) DO UPDATE SET "
        "version = EXCLUDED.version, over_at = EXCLUDED.over_at, body = EXCLUDED.body, "
        "place = EXCLUDED.place",
        *by_column.values(),
    )


async def save_published(transaction: Transaction, rows: Sequence[PublicationRow]) -> None:
    """Write the last publications about posts."""
    await transaction.connection.executemany(
        "INSERT INTO duty.published_post "
        "(unit, post, holder, slots, gaps, evaluated_until, coverages) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (unit, post) DO UPDATE SET "
        "holder = EXCLUDED.holder, slots = EXCLUDED.slots, gaps = EXCLUDED.gaps, "
        "evaluated_until = EXCLUDED.evaluated_until, coverages = EXCLUDED.coverages",
        [
            (
                unit,
                post,
                published.holder,
                published.slots,
                _GAPS.dump_json(published.gaps).decode(),
                published.evaluated_until,
                published.coverages,
            )
            for unit, post, published in rows
        ],
    )
