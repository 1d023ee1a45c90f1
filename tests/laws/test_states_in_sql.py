"""No statement spells the state of a published thing: SQL takes it from the lifecycles."""

from __future__ import annotations

import re
from pathlib import Path

from docs.make_state_diagrams import MACHINES, table
from services.alerting.store.alert_statements import NOT_FINAL
from shared.contracts.alerts import AlertState
from shared.contracts.lifecycles import alert, assignment, command
from shared.runtime.sql import names

ROOT = Path(__file__).parents[2]
STATES = {str(state) for name in MACHINES for state in table(name).TRANSITIONS}
COMPARED = re.compile(
    r"\b(?:state|suspended_from)\b\W{0,3}\s*(?:=|<>|!=|(?:not\s+)?in\b|is\s+distinct\s+from)\s*"
    r"(?:any|all)?\s*\(?((?:\s*'\w+'\s*,?)+)",
    re.IGNORECASE,
)
EXCEPTIONS = {
    ("services/audit/store/checks.py", "failed"): "a timer's: every service's own, never published",
    ("shared/runtime/timers.py", "failed"): "a timer's: every service's own, never published",
    (
        "services/notify/store/deliveries.py",
        "queued",
    ): "a delivery's: notify's own, never published",
    (
        "services/notify/store/escalations.py",
        "queued",
    ): "a delivery's: notify's own, never published",
    ("services/notify/store/pages.py", "queued"): "a delivery's: notify's own, never published",
    ("services/notify/retention.py", "queued"): "a delivery's: notify's own, never published",
    (
        "services/audit/store/service_tables/statements.py",
        "queued",
    ): "a delivery's: notify's own, never published",
}
"""File and word: why it is no state of a lifecycle."""


def spelled(text: str) -> set[str]:
    results = {word for match in COMPARED.findall(text) for word in re.findall(r"\w+", match)}
    return results & STATES


def test_the_search_finds_the_states_in_sql() -> None:
    assert spelled("WHERE a.state = 'returned'") == {"returned"}
    assert spelled("state NOT IN ('queued', 'delivered') AND x") == {"queued", "delivered"}
    assert spelled("f\"state <> 'closed'\"") == {"closed"}
    assert spelled("state = 'armed'") == set()


def test_no_state_stands_as_text_in_a_statement() -> None:
    results = {
        (path.relative_to(ROOT).as_posix(), word)
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        for word in spelled(path.read_text(encoding="utf-8"))
    }
    assert results == set(EXCEPTIONS)


def test_the_indexes_of_open_rows_have_the_open_states_of_the_lifecycles() -> None:
    """Migrations are SQL and spell the states; a condition that is not the index's misses it."""
    schema = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "deploy/migrations/sql").glob("*.sql")
    )
    assert f"WHERE {NOT_FINAL}" in schema
    assert f"ON console.alert (status, place)\n    WHERE state IN {names(alert.OPEN)}" in schema
    assert f"console.command (status) WHERE state IN {names(command.OPEN)}" in schema


def test_open_has_one_meaning() -> None:
    """Waiting for people or in force; a merged alert is neither that nor final."""
    assert {AlertState.MERGED} == alert.OPEN_OR_MERGED - alert.OPEN
    assert alert.OPEN_OR_MERGED.isdisjoint(alert.FINAL)
    assert command.OPEN.isdisjoint(command.ENDED)
    assert assignment.OVER >= assignment.FINAL
