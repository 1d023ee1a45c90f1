"""The tables of scoring: each compacted topic with the handlers of the records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.handlers.catalog import handle_catalog_entry, handle_deleted_entry
from services.scoring.handlers.rules import handle_rule
from services.scoring.store.tables import TableHandler
from shared.contracts.topics import CATALOG, RESPONSE_MODES, RULES


def table_handlers(registry: RuleRegistry) -> Sequence[TableHandler]:
    """Return the tables of a registry, the catalogue first: rules are checked against it."""
    return (
        TableHandler(
            CATALOG,
            partial(handle_catalog_entry, registry=registry),
            partial(handle_deleted_entry, registry=registry),
        ),
        TableHandler(RULES, partial(handle_rule, registry=registry), registry.remove_rule),
        TableHandler(RESPONSE_MODES, registry.apply_mode, registry.remove_mode),
    )
