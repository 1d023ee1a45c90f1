"""Rules over several sources as rows: the newest version of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from shared.contracts.rules import RuleDefinition
from shared.runtime.database import Transaction


async def load_rules(transaction: Transaction) -> MultiSourceRules:
    """Return all rules over several sources."""
    rows = await transaction.connection.fetch(
        "SELECT definition FROM alerting.rule ORDER BY rule_id"
    )
    return MultiSourceRules(_definition(row["definition"]) for row in rows)


async def save_rules(transaction: Transaction, rules: Sequence[RuleDefinition]) -> None:
    """Write the new versions of these rules."""
    if rules:
        await transaction.connection.executemany(
            "INSERT INTO alerting.rule VALUES ($1, $2, $3) ON CONFLICT (rule_id) DO UPDATE "
            "SET version = EXCLUDED.version, definition = EXCLUDED.definition",
            [
                (rule.rule_id, rule.version, rule.model_dump_json(exclude_none=True))
                for rule in rules
            ],
        )


@lru_cache(maxsize=1024)
def _definition(text: str) -> RuleDefinition:
    return RuleDefinition.from_wire(text)
