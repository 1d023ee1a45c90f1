"""The command `fenghuo outbox`: the outbox rows that Kafka never takes, and another attempt.

`retry` only marks the rows: the relay of the service sends them within a second. The records come
later than younger records of the same key; their readers take the newest version.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg

from deploy.language import language_of, localize
from shared.domain.bilingual import Bilingual
from shared.runtime.database import CLIENT_ERRORS
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE

SERVICES = ("alerting", "audit", "catalog", "command", "console", "duty", "notify")
_EMPTY = Bilingual("没有被隔离的待发记录。", "No outbox row is set aside.")
_RELEASED = Bilingual(
    "已重新放行 {} 条，转发器将再次发送。", "{} rows are sent again by the relay."
)
_NO_DATABASE = Bilingual(
    "请用 FENGHUO_DATABASE_URL 或 --database 指明数据库。",
    "Name the database by FENGHUO_DATABASE_URL or --database.",
)
_NOT_REACHED = Bilingual("无法访问数据库：{}", "The database cannot be used: {}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    result = argparse.ArgumentParser(
        prog="fenghuo outbox", description="outbox rows that Kafka refuses"
    )
    result.add_argument(
        "--database", metavar="URL", help="address of Postgres (default: FENGHUO_DATABASE_URL)"
    )
    verbs = result.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="show the rows that are set aside, with the reasons")
    retry = verbs.add_parser("retry", help="send rows again after the cause is mended")
    retry.add_argument("service", choices=SERVICES, help="the service whose rows are sent again")
    retry.add_argument(
        "seq", nargs="*", type=int, help="numbers of the rows (default: all of the service)"
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, 64 for a wrong call, 69 when the database cannot be used."""
    language = language_of(None, os.environ)
    options = localize(parser(), language).parse_args(arguments)
    dsn = options.database or os.environ.get("FENGHUO_DATABASE_URL", "")
    if not dsn:
        print(_NO_DATABASE.of(language), file=sys.stderr)
        return EXIT_USAGE
    try:
        if options.verb == "retry":
            count = asyncio.run(_with_connection(dsn, release, options.service, options.seq))
            print(_RELEASED.of(language).format(count))
            return 0
        rows = asyncio.run(_with_connection(dsn, quarantined_rows))
    except (OSError, *CLIENT_ERRORS) as error:
        print(_NOT_REACHED.of(language).format(error), file=sys.stderr)
        return EXIT_UNAVAILABLE
    for row in rows:
        print(
            row["service"], row["seq"], row["topic"], row["key"], row["event_id"],
            f"{row['bytes']} B", row["quarantined_at"].isoformat(), row["error"], sep="  ",
        )  # fmt: skip
    if not rows:
        print(_EMPTY.of(language))
    return 0


async def quarantined_rows(connection: asyncpg.Connection) -> list[Any]:
    """Return the rows that are set aside, of every service that this role may read."""
    selects = [
        f"SELECT '{service}' AS service, seq, topic, key, event_id, "  # noqa: S608
        f"coalesce(length(value), 0) AS bytes, quarantined_at, error FROM {service}.outbox "
        "WHERE quarantined_at IS NOT NULL"
        for service in SERVICES
        if await connection.fetchval(
            "SELECT has_table_privilege(c.oid, 'SELECT') "
            "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE n.nspname = $1 AND c.relname = 'outbox' "
            "AND has_schema_privilege(n.oid, 'USAGE')",
            service,
        )
    ]
    if not selects:
        return []
    return list(await connection.fetch(f"{' UNION ALL '.join(selects)} ORDER BY service, seq"))


async def release(connection: asyncpg.Connection, service: str, seqs: Sequence[int]) -> int:
    """Let rows of a service be sent again, all when `seqs` is empty; return their number."""
    if service not in SERVICES:
        raise ValueError(service)
    rows = await connection.fetch(
        f"UPDATE {service}.outbox SET quarantined_at = NULL, error = NULL "  # noqa: S608
        "WHERE quarantined_at IS NOT NULL AND (cardinality($1::bigint[]) = 0 "
        "OR seq = ANY($1::bigint[])) RETURNING seq",
        list(seqs),
    )
    return len(rows)


async def _with_connection(dsn: str, work: Any, *arguments: Any) -> Any:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return await work(connection, *arguments)
    finally:
        await connection.close()
