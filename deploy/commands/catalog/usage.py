"""`usage`: how often the data of each entry were called over the read API (数据调用)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual

VERB = "usage"
_DAYS = 30
_MOST_DAYS = 732
_QUERY = (
    "SELECT entry, sum(calls)::bigint AS calls, max(day) AS last FROM console.data_call "
    "WHERE day > (now() AT TIME ZONE $1)::date - $2::int AND ($3 = '' OR entry = $3) "
    "GROUP BY entry ORDER BY calls DESC, entry"
)
_TITLE = Bilingual("近 {} 天数据调用", "Data calls of the last {} days")
_HEADINGS = (
    Bilingual("条目", "Entry"), Bilingual(">次数", ">Calls"), Bilingual("最近一天", "Last day"),
)  # fmt: skip
_NONE = Bilingual("没有数据调用。", "No data were called.")


def add_verb(verbs: Any) -> argparse.ArgumentParser:
    """Add the verb to the parser of the command, and return its parser."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        VERB, help="how often the data of each entry were called over the API"
    )
    parser.add_argument(
        "key", nargs="?", default="", help="only this entry, such as sensor:gauge-1"
    )
    parser.add_argument(
        "--days", type=_days, default=_DAYS, metavar="N", help="the last N days (default: 30)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return parser


async def show_usage(
    connection: asyncpg.Connection,
    options: argparse.Namespace,
    zone: str,
    screen: Screen,
    language: Language,
) -> int:
    """Show the calls of each entry, the most called first."""
    rows = await connection.fetch(_QUERY, zone, options.days, options.key)
    screen.table(
        _TITLE.of(language).format(options.days),
        [heading.of(language) for heading in _HEADINGS],
        [_cells(row) for row in rows],
    )
    if not rows:
        screen.line(_NONE.of(language))
    screen.document({"days": options.days, "entries": [dict(row) for row in rows]})
    return 0


def _cells(row: Any) -> Sequence[str]:
    return row["entry"], str(row["calls"]), row["last"].isoformat()


def _days(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= _MOST_DAYS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {_MOST_DAYS}")
