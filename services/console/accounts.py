"""`python -m services.console.accounts`: who may sign in.

`import FILE` adds or renews accounts from a JSON list of {officer_id, name, unit, post, token_sha256?};
`link OFFICER_ID` prints a one-time link, good for 15 minutes. There are no passwords and no accounts
from the start. FENGHUO_DATABASE_URL names the database, FENGHUO_CONSOLE_URL the address people use.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import asyncpg
from pydantic import Field, TypeAdapter, ValidationError

from services.console.store import people
from services.console.web.sessions import hash_of
from shared.contracts.fields import Contract, Identifier, Line, Post, UnitId
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError

TICKET_LIFETIME = timedelta(minutes=15)


class _NoDatabase(SetupError):
    """Postgres cannot be used; the call itself was right."""


class Account(Contract):
    """One officer. `token_sha256` is the hash of a bearer token for scripts; people use links."""

    officer_id: Identifier
    name: Line
    unit: UnitId
    post: Post
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


_LIST: TypeAdapter[list[Account]] = TypeAdapter(list[Account])


def read_accounts(path: Path) -> list[Account]:
    """The accounts of a file; raises SetupError naming what is wrong and where."""
    try:
        accounts = _LIST.validate_json(path.read_bytes())
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)[:8]
        )
        raise SetupError(f"{path} is not a list of accounts: {wrong}.") from None
    twice = len(accounts) - len({account.officer_id for account in accounts})
    if twice:
        raise SetupError(f"{path} names {twice} officer(s) more than once.")
    return accounts


async def import_accounts(dsn: str, accounts: list[Account]) -> int:
    """Write the accounts in one transaction; how many. Raises SetupError."""
    connection = await _connect(dsn)
    try:
        async with connection.transaction():
            return await people.save_accounts(
                connection, [account.model_dump(mode="json") for account in accounts]
            )
    except asyncpg.UniqueViolationError:
        raise SetupError("Two officers may not have the same token.") from None
    finally:
        await connection.close()


async def make_link(dsn: str, officer_id: str, base: str, landing: str = "/") -> str:
    """A one-time link that signs an officer in. Raises SetupError for an unknown officer."""
    ticket = secrets.token_urlsafe(32)
    connection = await _connect(dsn)
    try:
        if not await people.add_ticket(connection, officer_id, hash_of(ticket), TICKET_LIFETIME):
            raise SetupError(f"There is no officer {officer_id}: import the account first.")
    finally:
        await connection.close()
    return f"{base.rstrip('/')}/login?{urlencode({'ticket': ticket, 'next': landing})}"


async def _connect(dsn: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise _NoDatabase(
            f"Postgres does not let us in ({type(error).__name__}): check FENGHUO_DATABASE_URL."
        ) from None


def _base_address() -> str:
    if named := os.environ.get("FENGHUO_CONSOLE_URL"):
        return named
    if port := os.environ.get("FENGHUO_HTTP_PORT"):
        return f"http://127.0.0.1:{port}"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 done, 64 wrong call or file, 69 no database."""
    parser = argparse.ArgumentParser(
        prog="python -m services.console.accounts", description="Who may sign in to the console."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    importing = verbs.add_parser("import", help="add or renew accounts from a JSON list")
    importing.add_argument("file", type=Path)
    linking = verbs.add_parser("link", help="print a one-time sign-in link (15 minutes)")
    linking.add_argument("officer_id")
    linking.add_argument("--phone", action="store_true", help="land on the page for phones")
    linking.add_argument("--base", default=_base_address(), help="address people use")
    given = parser.parse_args(arguments)
    dsn = os.environ.get("FENGHUO_DATABASE_URL", "")
    try:
        if not dsn:
            raise SetupError("FENGHUO_DATABASE_URL must name the database.")
        if given.verb == "import":
            count = asyncio.run(import_accounts(dsn, read_accounts(given.file)))
            sys.stdout.write(f"{count} accounts\n")
        else:
            landing = "/m" if given.phone else "/"
            link = asyncio.run(make_link(dsn, given.officer_id, given.base, landing))
            sys.stdout.write(link + "\n")
    except SetupError as problem:
        sys.stderr.write(f"fenghuo: {problem}\n")
        return EXIT_UNAVAILABLE if isinstance(problem, _NoDatabase) else EXIT_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
