"""Requests for changes of the ledger 资源编目; the service `catalog` decides on them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.catalog import CatalogKey, Entry
from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Contract, Count, Identifier, Line, Post, UnitId

MOST_CHANGES = 500
"""The most entries that one request names: all of them change, or none."""


class EntryPut(Contract):
    """An entry as it is to be.

    `version` is the version that the officer has read, 0 where no such entry was in use; without it
    the entry replaces any version.
    """

    entry: Annotated[Entry, Field(discriminator="kind")]
    version: Count | None = None


class PutEntries(Contract):
    """Add or replace entries, in this order: a unit comes before what lies below it."""

    op: Literal["put"] = "put"
    puts: Annotated[tuple[EntryPut, ...], Field(min_length=1, max_length=MOST_CHANGES)]


class RetireEntries(Contract):
    """Take entries out of use; their history stays."""

    op: Literal["retire"] = "retire"
    keys: Annotated[tuple[CatalogKey, ...], Field(min_length=1, max_length=MOST_CHANGES)]


class MoveEntries(Contract):
    """Give entries another place: sensors a place, groups an owner, units a parent."""

    op: Literal["move"] = "move"
    keys: Annotated[tuple[CatalogKey, ...], Field(min_length=1, max_length=MOST_CHANGES)]
    to: UnitId


class MergeUnits(Contract):
    """Let a unit become part of another: it is retired, and everything of it is at the other."""

    op: Literal["merge"] = "merge"
    unit: UnitId
    into: UnitId


CatalogAct = PutEntries | RetireEntries | MoveEntries | MergeUnits


class CatalogRequest(RealWorld):
    """An officer's change of the ledger, a request until the ledger has applied it.

    `origin_unit` is the unit whose ledger rights the officer uses: those of a unit reach over its
    subtree. A `trial` changes nothing: the ledger says what the change would do.
    """

    type: Literal["catalog_request"] = "catalog_request"
    act: Annotated[CatalogAct, Field(discriminator="op")]
    reason: Line
    officer_id: Identifier
    post: Post
    trial: bool = False
