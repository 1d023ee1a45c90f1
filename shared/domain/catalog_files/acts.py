"""A plan as acts of requests: entries are put, units first, then entries are retired.

A request changes up to 500 entries, all or none, and its record has a limit of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.contracts.catalog import CatalogEntry, Entry, catalog_key
from shared.contracts.catalog_requests import (
    MOST_CHANGES,
    CatalogAct,
    EntryPut,
    PutEntries,
    RetireEntries,
)
from shared.contracts.topics import CATALOG_REQUESTS
from shared.domain.catalog_files.plans import ImportPlan, entry_order

_MOST_BYTES = CATALOG_REQUESTS.max_bytes // 2
"""Of the entries of a request; the rest of the record is its reason and its envelope."""


def acts_of(plan: ImportPlan, records: Mapping[str, CatalogEntry]) -> Iterator[CatalogAct]:
    """Yield the acts of a plan in their order.

    `records` are those of the topic on which the plan was made, by key: a put names the version
    that it replaces. A version that set-up has written has no number.
    """
    entries = [*plan.added, *(change.entry for change in plan.changed)]
    entries.sort(key=entry_order)
    yield from put_acts(EntryPut(entry=entry, version=_read(entry, records)) for entry in entries)
    for begin in range(0, len(plan.retired), MOST_CHANGES):
        yield RetireEntries(keys=plan.retired[begin : begin + MOST_CHANGES])


def put_acts(puts: Iterable[EntryPut]) -> Iterator[PutEntries]:
    """Yield puts in their order, as many in an act as a request holds."""
    part: list[EntryPut] = []
    size = 0
    for put in puts:
        of_put = len(put.to_wire())
        if part and (len(part) == MOST_CHANGES or size + of_put > _MOST_BYTES):
            yield PutEntries(puts=tuple(part))
            part, size = [], 0
        part.append(put)
        size += of_put
    if part:
        yield PutEntries(puts=tuple(part))


def keys_of(act: CatalogAct) -> dict[str, Entry | None]:
    """Return the keys that an act puts or retires, each with its entry, None for a retired one."""
    match act:
        case PutEntries(puts=puts):
            return {catalog_key(put.entry): put.entry for put in puts}
        case RetireEntries(keys=keys):
            return dict.fromkeys(keys)
        case _:
            return {}


def _read(entry: Entry, records: Mapping[str, CatalogEntry]) -> int | None:
    record = records.get(catalog_key(entry))
    return 0 if record is None else record.version
