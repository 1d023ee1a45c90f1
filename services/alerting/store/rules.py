"""Rules over several sources as rows: the newest version of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from shared.contracts.rules import RuleDefinition
from shared.runtime.database import Transaction


async def load_rules(transaction: Transaction, zone: str) -> MultiSourceRules:
    """Return all rules over several sources; their hours are those of the time zone."""
    rows = await transaction.connection.fetch(
        "SELECT rule_id, definition, quarantined_at FROM alerting.rule ORDER BY rule_id"
    )
    return MultiSourceRules(
        (_definition(row["definition"]) for row in rows),
        (row["rule_id"] for row in rows if row["quarantined_at"] is not None),
        zone,
    )


async def save_rules(transaction: Transaction, rules: Sequence[RuleDefinition]) -> None:
    """Write the new versions of these rules."""
    if rules:
        await transaction.connection.executemany(
            "INSERT INTO alerting.rule (rule_id, version, definition) VALUES ($1, $2, $3) "
            "ON CONFLICT (rule_id) DO UPDATE SET version = EXCLUDED.version, "
            "definition = EXCLUDED.definition, quarantined_at = NULL",
            [
                (rule.rule_id, rule.version, rule.model_dump_json(exclude_none=True))
                for rule in rules
            ],
        )


async def quarantine_rules(transaction: Transaction, rule_ids: Iterable[str]) -> None:
    """Note that these rules cost too much; a new version is evaluated again."""
    for rule_id in sorted(rule_ids):
        await transaction.connection.execute(
            "UPDATE alerting.rule SET quarantined_at = now() WHERE rule_id = $1", rule_id
        )


@lru_cache(maxsize=1024)
def _definition(text: str) -> RuleDefinition:
    return RuleDefinition.from_wire(text)
