"""`show` and `history`: an entry of the ledger now and on a day, and all its versions; `usage`: the
calls of its data.

They read the tables of the services `catalog` and `console`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import datetime
from typing import Any

import asyncpg

from deploy.commands.catalog import usage
from services.catalog.store.history import HistoryLine, entry_at, history
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.domain.local_time import ZONE
from shared.runtime.clock import SystemClock
from shared.runtime.database import CLIENT_ERRORS
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE

_NO_ENTRY = Bilingual("编目中没有 {}。", "The ledger has no entry {}.")
_NOT_YET = Bilingual("{} 在 {} 尚未编目。", "{} was not in the ledger at {}.")
_RETIRED = Bilingual("已撤销", "retired")
_IN_USE = Bilingual("在用", "in use")
_NO_ZONE = Bilingual(
    "时刻须带时区，例如 2026-12-01T08:00+08:00。",
    "A moment needs a zone, such as 2026-12-01T08:00+08:00.",
)
_NO_DATABASE = Bilingual(
    "请用 FENGHUO_DATABASE_URL 或 --database 指明数据库。",
    "Name the database by FENGHUO_DATABASE_URL or --database.",
)
_NOT_REACHED = Bilingual("无法访问数据库：{}", "The database cannot be used: {}")


def add_verbs(verbs: Any) -> None:
    """Add the verbs to the parser of the command."""
    show = verbs.add_parser("show", help="show an entry, with who decided on it")
    show.add_argument("key", help="key of the entry, such as unit:500118118000")
    show.add_argument("--at", metavar="TIME", help="as the entry was at this moment (default: now)")
    every = verbs.add_parser("history", help="list every version of an entry, the newest first")
    every.add_argument("key", help="key of the entry, such as unit:500118118000")
    for verb in (show, every, usage.add_verb(verbs)):
        verb.add_argument(
            "--database", metavar="URL", help="address of Postgres (default: FENGHUO_DATABASE_URL)"
        )


def run_verb(options: argparse.Namespace, language: Language) -> int:
    """Return the exit code of `show`, `history` or `usage`."""
    dsn = options.database or os.environ.get("FENGHUO_DATABASE_URL", "")
    if not dsn:
        print(_NO_DATABASE.of(language), file=sys.stderr)
        return EXIT_USAGE
    try:
        moment = _moment(getattr(options, "at", None))
    except ValueError:
        print(_NO_ZONE.of(language), file=sys.stderr)
        return EXIT_USAGE
    try:
        if options.verb == usage.VERB:
            screen = Screen(options.json)
            work = _with_connection(dsn, usage.show_usage, options, ZONE, screen, language)
            return asyncio.run(work)
        if options.verb == "show":
            return asyncio.run(_with_connection(dsn, _show, options.key, moment, language))
        return asyncio.run(_with_connection(dsn, _history, options.key, language))
    except (OSError, *CLIENT_ERRORS) as error:
        print(_NOT_REACHED.of(language).format(error), file=sys.stderr)
        return EXIT_UNAVAILABLE


async def _show(
    connection: asyncpg.Connection, key: str, moment: datetime, language: Language
) -> int:
    line = await entry_at(connection, key, moment)
    if line is None:
        words = _NOT_YET if await history(connection, key) else _NO_ENTRY
        print(words.of(language).format(key, f"{moment:%Y-%m-%dT%H:%M%z}"), file=sys.stderr)
        return 1
    print(_text(line, language))
    print(line.version.record.entry.model_dump_json(exclude_none=True))
    return 0


async def _history(connection: asyncpg.Connection, key: str, language: Language) -> int:
    lines = await history(connection, key)
    if not lines:
        print(_NO_ENTRY.of(language).format(key), file=sys.stderr)
        return 1
    for line in lines:
        print(_text(line, language))
    return 0


def _text(line: HistoryLine, language: Language) -> str:
    """Return version, state, moment, author and reason as one line."""
    version, authorship = line.version, line.authorship
    state = (_RETIRED if version.retired else _IN_USE).of(language)
    since = f"{line.effective_at.astimezone():%Y-%m-%d %H:%M:%S%z}"
    author = " ".join(filter(None, (authorship.actor, authorship.unit, authorship.post)))
    return "  ".join(filter(None, (f"v{version.version}", state, since, author, authorship.reason)))


def _moment(text: str | None) -> datetime:
    """Return the moment of a text, now without one; raises ValueError without a zone."""
    if text is None:
        return SystemClock().now()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


async def _with_connection(dsn: str, work: Any, *arguments: Any) -> int:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return int(await work(connection, *arguments))
    finally:
        await connection.close()
