"""Unit A becomes part of unit B: A is retired, and everything of A is from now on at B.

Rights follow the digits of a code, so the units below A get codes below B: the digits of their own
tier stay where they are free, else the next free code of the same kind takes their place. A
department of A becomes that of B. Sensors stay where they stand, under the new code of their place;
groups have B as a member instead of A. The roles of A become roles of B.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.catalog.core.draft import Draft
from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.versions import unit_key
from shared.contracts.catalog import Entry, GroupEntry, PlainEntry, SensorEntry, UnitEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Tier
from shared.contracts.sources import SourceEntry
from shared.contracts.units import department_of, is_within, tier_of

MOST_MOVED = 20_000
"""The most entries that one merger changes."""
_MOST_ROLES = 16
_SPANS: dict[Tier, tuple[tuple[int, int], ...]] = {
    Tier.TOWN: ((1, 99), (100, 199), (200, 399), (400, 999)),
    Tier.VILLAGE: ((1, 199), (200, 399), (400, 999)),
    Tier.GRID: ((0, 999),),
    Tier.MICROGRID: ((0, 99),),
}
"""The numbers of a kind: streets, towns, townships; communities, villages (docs/sources.md S11)."""
_DIGITS = {Tier.TOWN: slice(6, 9), Tier.VILLAGE: slice(9, 12)}


def merge(draft: Draft, unit: str, into: str) -> None:
    """Merge a unit into another; raises LedgerRefusal."""
    ledger = draft.ledger
    entry, target = _unit(ledger, unit), _unit(ledger, into)
    for of in (entry, target):
        draft.demand_right(of)
    _check_pair(unit, into)
    codes = _codes(ledger, unit, into)
    moved = [key for old in codes for key in sorted(ledger.naming(old))]
    if len(moved) > MOST_MOVED:
        raise LedgerRefusal(
            Reason.NOT_ALLOWED, f"{len(moved)} entries name {unit} or a unit below it"
        )
    roles = tuple(dict.fromkeys((*target.roles, *entry.roles)))[:_MOST_ROLES]
    draft.put(target.model_copy(update={"roles": roles}))
    for old in codes:
        if old != unit and not ledger.has_unit(codes[old]):
            draft.put(_recoded(_unit(ledger, old), codes))
    for key in dict.fromkeys(moved):
        placed = ledger.entry(key)
        if placed is not None and not isinstance(placed, UnitEntry):
            draft.put(_replaced(placed, codes))
    for old in reversed(list(codes)):
        draft.retire(unit_key(old))


def _unit(ledger: Ledger, unit: str) -> UnitEntry:
    entry = ledger.entry(unit_key(unit))
    if not isinstance(entry, UnitEntry):
        raise LedgerRefusal(Reason.UNKNOWN_SUBJECT, f"{unit} is no unit in use")
    return entry


def _check_pair(unit: str, into: str) -> None:
    if unit == into or is_within(unit, into) or is_within(into, unit):
        raise LedgerRefusal(Reason.SCHEMA, f"{unit} and {into} are not two units beside each other")
    if tier_of(unit) is not tier_of(into) or department_of(unit) or department_of(into):
        raise LedgerRefusal(Reason.SCHEMA, f"{unit} and {into} are not of one tier")
    if tier_of(unit) not in (Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE, Tier.GRID, Tier.MICROGRID):
        raise LedgerRefusal(Reason.SCHEMA, f"{unit} is a {tier_of(unit)}: it is not merged")


def _codes(ledger: Ledger, unit: str, into: str) -> dict[str, str]:
    """Return the new code of the unit and of all units below it, from the top down."""
    codes = {unit: into}
    queue = [unit]
    while queue:
        parent = queue.pop(0)
        for child in _children(ledger, parent):
            codes[child] = _free_code(ledger, child, codes[parent], codes.values())
            queue.append(child)
    return codes


def _children(ledger: Ledger, parent: str) -> list[str]:
    entries = [ledger.entry(key) for key in ledger.naming(parent)]
    return sorted(entry.unit for entry in entries if isinstance(entry, UnitEntry))


def _free_code(ledger: Ledger, child: str, parent: str, reserved: Iterable[str]) -> str:
    """Return the code of a child below its new parent."""
    department = department_of(child)
    if department is not None:
        return f"{parent}/{department}"
    taken_codes = set(reserved)
    for code in _candidates(child, parent):
        if code not in taken_codes and ledger.newest(unit_key(code)) is None:
            return code
    raise LedgerRefusal(Reason.NOT_ALLOWED, f"{parent} has no code left for {child}")


def _candidates(child: str, parent: str) -> Iterator[str]:
    """Yield codes below the parent: first with the number of the child, then with the next ones of
    its kind.
    """
    tier = tier_of(child)
    number = _number(child, tier)
    low, high = next(span for span in _SPANS[tier] if span[0] <= number <= span[1])
    for candidate in (number, *range(number + 1, high + 1), *range(low, number)):
        yield _code(parent, tier, candidate)


def _number(unit: str, tier: Tier) -> int:
    if tier in _DIGITS:
        return int(unit[_DIGITS[tier]])
    return int(unit.rsplit("/", 1)[1])


def _code(parent: str, tier: Tier, number: int) -> str:
    match tier:
        case Tier.TOWN:
            return f"{parent[:6]}{number:03}000"
        case Tier.VILLAGE:
            return f"{parent[:9]}{number:03}"
        case Tier.GRID:
            return f"{parent}/grid/{number:03}"
        case _:
            return f"{parent}/{number:02}"


def _recoded(entry: UnitEntry, codes: dict[str, str]) -> UnitEntry:
    parent = entry.parent
    return entry.model_copy(
        update={
            "unit": codes[entry.unit],
            "parent": None if parent is None else codes.get(parent, parent),
        }
    )


def _replaced(entry: Entry, codes: dict[str, str]) -> Entry:
    """Return an entry that is no unit with the new codes of its units."""
    match entry:
        case SensorEntry(place=place, owner=owner):
            units = {"place": codes.get(place, place), "owner": _new_code(owner, codes)}
            return entry.model_copy(update=units)
        case PlainEntry(place=place):
            return entry.model_copy(update={"place": _new_code(place, codes)})
        case GroupEntry(owner=owner, members=members):
            named = tuple(dict.fromkeys(codes.get(member, member) for member in members))
            return entry.model_copy(update={"owner": codes.get(owner, owner), "members": named})
        case SourceEntry(owner=owner, places=places):
            named = tuple(dict.fromkeys(codes.get(place, place) for place in places))
            return entry.model_copy(update={"owner": codes.get(owner, owner), "places": named})
        case _:
            return entry


def _new_code(unit: str | None, codes: dict[str, str]) -> str | None:
    return None if unit is None else codes.get(unit, unit)
