"""One table for a person, one JSON file for everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from tests.bench.figures import Row
from tests.bench.keys import Value, aims

_COMPARED = {"us": "fetch"}
"""What a key is compared with by how its name begins; otherwise with scoring."""
QUICK = "quick run: shows that everything runs, its figures are no result"


def keys_as_json(
    values: Mapping[str, Value],
    rows: Mapping[str, Row],
    why: Mapping[str, str],
    *,
    quick: bool = False,
) -> dict[str, dict[str, Any]]:
    """Per key: value, aim, met (never judged in a quick run); and where there is no value, why."""
    results = {}
    for name, key in aims(values).items():
        value = values.get(name)
        entry: dict[str, Any] = {
            "value": value,
            "aim": key.aim or None,
            "met": None if quick else key.is_met(value),
        }
        if value is None:
            entry["why"] = _why(name, key.row, rows, why)
        results[name] = entry
    return results


def _why(name: str, row: str, rows: Mapping[str, Row], why: Mapping[str, str]) -> str:
    """Return the reason why a key has no value: its own row, or the row of the comparison."""
    if name in why:
        return why[name]
    for needed in (row, _COMPARED.get(name.partition("_")[0], "scoring")):
        existing_row = rows.get(needed)
        if existing_row is not None and existing_row.usable:
            continue
        if existing_row is not None and existing_row.invalid:
            return f"{needed}: {existing_row.invalid}"
        return f"{needed}: {why.get(needed, 'not measured in this run')}"
    return "no figure"


def document(
    facts: Mapping[str, Any],
    keys: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Row],
    measurements: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Everything that is written to the file."""
    return {
        **facts,
        "keys": dict(keys),
        "rows": {name: row.as_json() for name, row in rows.items()},
        "others": dict(measurements),
    }


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write the JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(facts: Mapping[str, Any], document: Mapping[str, Any]) -> RenderableType:
    """Return the printed tables: the rows, then the keys with their aims."""
    title = f"scoring on {facts['broker']}, {facts['cores']} cores, {facts['readings']:,} readings"
    if facts["quick"]:
        title += f"\n{QUICK}"
    rows = Table()
    for head in ("row", "readings/s", "us CPU", "MiB", "runs", "remark"):
        rows.add_column(head, justify="left" if head in ("row", "remark") else "right")
    for row in document["rows"].values():
        mark = "" if row["valid"] else f"INVALID: {row['why']}" if row["runs"] else row["why"]
        rows.add_row(
            row["label"],
            *(number(row[name]) for name in ("rate", "cpu_us", "memory_mib")),
            str(len(row["runs"])),
            escape(mark or ""),
        )
    keys = _keys(document["keys"])
    return Group(title, rows, keys) if document["rows"] else Group(title, keys)


def keys_table(part: str, document: Mapping[str, Any]) -> Table:
    """The keys of a part with their aims."""
    title = f"{part} on {document['broker']}, {document['cores']} cores"
    table_of_keys = _keys(document["keys"])
    table_of_keys.title = f"{title}\n{QUICK}" if document["quick"] else title
    return table_of_keys


def _keys(keys: Mapping[str, Mapping[str, Any]]) -> Table:
    result = Table()
    for head in ("key", "value", "aim", "met", "remark"):
        result.add_column(head, justify="right" if head == "value" else "left")
    for name, key in keys.items():
        verdict = {True: "yes", False: "NO", None: ""}[key["met"]]
        remark = escape(key.get("why", ""))
        result.add_row(name, number(key["value"]), key["aim"] or "", verdict, remark)
    return result


def number(value: Value) -> str:
    """A figure for a person."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _ if abs(value) >= 1_000:
            return f"{value:,.0f}"
        case _:
            return f"{value:.3g}"
