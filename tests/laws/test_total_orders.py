"""Whatever is cut off, picked or gathered by a query is so in an order with no ties: else two runs
differ.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ORDERED = re.compile(r"ORDER BY ((?:(?!ORDER BY).)+?) LIMIT ", re.DOTALL)
_DISTINCT = re.compile(r"DISTINCT ON .+? ORDER BY (.+?)(?: LIMIT|$)", re.DOTALL)
_GATHERED = re.compile(r"\b(?:array|string|jsonb?|jsonb?_object)_agg\((?:[^()]|\([^()]*\))*\)")
_CUT = re.compile(r"\bLIMIT (?:\$|\{|[2-9]|1[0-9])")
_LAST = re.compile(r"([a-z_0-9{}]+)(?: COLLATE \"C\")?(?: (?:DESC|ASC))?$")
UNIQUE = frozenset(
    {"id", "seq", "{}", "sequence", "record_offset", "place", "1"}
    | {"subject_id", "finding_id", "record_id", "event_id", "case_id", "duty_id", "proposal_id"}
    | {"page_id", "alert_id", "alarm_id", "silence_id", "command_id", "assignment_id", "sensor_id"}
    | {
        "report_id",
        "photo_id",
        "officer_id",
        "warning_id",
        "escalation_id",
        "digest_id",
        "incident_id",
        "draft_id",
    }
)
"""Columns that alone, or as the last of a key, leave no two rows equal."""
COMPOSITE = frozenset(
    {
        "unit, post",
        "a.unit",
        "s.unit",
        "subject_id, kind",
        "s.due_at, s.clock",
        "s.gravity DESC, s.clock",
        "record_offset, service",
        "key, version DESC",
        "h.version DESC",
        'key COLLATE "C"',
    }
)
"""The last of an order that is a key where it is used."""
ORDERS_WITHOUT_EFFECT = {
    "shared/runtime/timers.py": "the order of timers of one moment; they are sorted when claimed",
    "shared/runtime/retention.py": "the order of the records to be deleted",
    "services/console/retention.py": "the order of the records to be deleted",
    "services/audit/store/service_tables/statements.py": "the order of more than a hundred leaks",
}
"""Files in which the order of what is cut off does not matter, and why."""


def _flat(node: ast.expr) -> str | None:
    """The text of a string, with {} for what is put in; None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_flat(value) or "{}" for value in values)
        case ast.BinOp(op=ast.Add(), left=first, right=second):
            return f"{_flat(first) or '{}'}{_flat(second) or '{}'}"
        case _:
            return None


def statements(source: str) -> Iterator[str]:
    """Every text of a program that may be SQL, white space made one blank."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr) and id(node) not in inside:
            text = _flat(node)
            if text is not None:
                inside |= {id(part) for part in ast.walk(node)}
                if re.search(r"\b(SELECT|ORDER BY|LIMIT)\b", text):
                    yield " ".join(text.split()) + " "


def loose(statement: str) -> list[str]:
    """Return the parts of a statement whose order is left to chance."""
    results = []
    for order in [*_ORDERED.findall(statement), *_DISTINCT.findall(statement)]:
        keys = order.strip()
        last = _LAST.search(keys)
        if keys == "unit" or any(keys.endswith(name) for name in COMPOSITE):
            continue
        if last is None or last[1].rpartition(".")[2] not in UNIQUE:
            results.append(f"ORDER BY {keys}")
    results += [
        aggregate for aggregate in _GATHERED.findall(statement) if "ORDER BY" not in aggregate
    ]
    counts = statement.startswith("SELECT count(*) FROM (SELECT 1 ")  # how many, up to a limit
    if _CUT.search(statement) and "ORDER BY" not in statement and not counts:
        results.append("LIMIT without an order")
    return results


def _files() -> list[Path]:
    return sorted(path for part in ("services", "shared") for path in (ROOT / part).rglob("*.py"))


def test_every_query_has_a_total_order() -> None:
    files = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _files()
        if str(path.relative_to(ROOT)) not in ORDERS_WITHOUT_EFFECT
        for statement in statements(path.read_text(encoding="utf-8"))
        for name in loose(statement)
    }
    assert files == set()


def test_every_exemption_is_needed() -> None:
    for name in ORDERS_WITHOUT_EFFECT:
        texts = statements((ROOT / name).read_text(encoding="utf-8"))
        assert any(loose(text) for text in texts), name


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("q = 'SELECT a FROM t ORDER BY sent_at DESC LIMIT 5'", 1),
        ("q = 'SELECT a FROM t ORDER BY sent_at DESC, page_id LIMIT 5'", 0),
        ("q = f'SELECT a FROM {t} ' 'ORDER BY a.due_at LIMIT $1'", 1),
        ("q = f'SELECT a FROM {t} ' + 'LIMIT $1'", 1),
        ("q = 'SELECT count(*) FROM (SELECT 1 FROM t LIMIT $1) AS found'", 0),
        ("q = 'SELECT array_agg(unit) FROM t'", 1),
        ("q = 'SELECT array_agg(left(unit, 9) ORDER BY unit) FROM t'", 0),
        ("q = 'SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, at DESC'", 1),
        ("q = 'SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, at DESC, event_id'", 0),
        ("limit = 'LIMIT of a thing'", 0),
    ],
)
def test_a_query_without_a_total_order_is_reported(source: str, count: int) -> None:
    assert [len(loose(statement)) for statement in statements(source)] in (
        [count],
        [] if count == 0 else None,
    )
