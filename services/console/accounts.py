"""`python -m services.console.accounts`: accounts of the console and their grants.

`setup OFFICER_ID --name --unit --post` makes the first account of an empty console and prints,
once, a link to set its password. `import FILE` adds or renews accounts from a JSON list of
{officer_id, name, unit, post, phone?, token_sha256?, oidc_subject?, disabled?,
grants?: [{right, unit}]}.
`link OFFICER_ID` prints a one-time link to sign in, valid for 15 minutes; `password OFFICER_ID` a
link to set a password. `grants`, `grant`, `withdraw` list and change rights; `disable` closes an
account at once. A new installation has no accounts and no passwords, and a password is known to its
owner only. FENGHUO_DATABASE_URL names the database, FENGHUO_CONSOLE_URL the address for people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import asyncpg
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from services.console.core.access import USUAL_RIGHTS, Right
from services.console.core.directory import phone_digits
from services.console.store import people
from services.console.store.sessions import Purpose, add_ticket
from services.console.web.sessions import TICKET_LIFETIME, hash_of
from shared.contracts.fields import PHONE_PATTERN, Contract, Identifier, Line, Post, UnitId
from shared.runtime.database import CLIENT_ERRORS, session_settings
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError


class _NoDatabase(SetupError):
    """Postgres cannot be used; the call itself was correct."""


class Grant(Contract):
    """A right, and the unit in whose subtree it holds."""

    right: Right
    unit: UnitId


class Account(Contract):
    """One officer.

    `token_sha256` is the hash of a bearer token for scripts; people use links, passwords or the
    OIDC provider, where `oidc_subject` is their name. `phone` signs in like the id or the name.
    Without `grants` see store/people.py.
    """

    officer_id: Identifier
    name: Line
    unit: UnitId
    post: Post
    phone: Annotated[str, Field(pattern=PHONE_PATTERN), AfterValidator(phone_digits)] | None = None
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    oidc_subject: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    disabled: bool | None = None
    grants: Annotated[tuple[Grant, ...], Field(max_length=100)] | None = None


C = TypeVar("C", bound=Contract)
_LIST: TypeAdapter[list[Account]] = TypeAdapter(list[Account])


def read_accounts(path: Path) -> list[Account]:
    """Return the accounts of a file. Raises SetupError with the field and the error."""
    try:
        accounts = _LIST.validate_json(path.read_bytes())
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        raise SetupError(f"{path} is not a list of accounts: {_explained(error)}.") from None
    twice = len(accounts) - len({account.officer_id for account in accounts})
    if twice:
        raise SetupError(f"{path} names {twice} officer(s) more than once.")
    return accounts


async def import_accounts(dsn: str, accounts: list[Account]) -> int:
    """Write the accounts in one transaction, and return their number. Raises SetupError."""
    try:
        async with _connected(dsn) as connection, connection.transaction():
            return await people.save_accounts(
                connection, [account.model_dump(mode="json") for account in accounts]
            )
    except asyncpg.UniqueViolationError:
        raise SetupError("Two officers may not have the same token or OIDC subject.") from None


async def make_link(dsn: str, officer_id: str, base: str, landing: str = "/") -> str:
    """Return a one-time link to sign in. Raises SetupError for an unknown or disabled officer."""
    async with _connected(dsn) as connection:
        ticket = await _ticket(connection, officer_id, "sign_in")
    return f"{base.rstrip('/')}/login?{urlencode({'ticket': ticket, 'next': landing})}"


async def make_password_link(dsn: str, officer_id: str, base: str) -> str:
    """Return a one-time link to set a password. Raises SetupError like `make_link`."""
    async with _connected(dsn) as connection:
        return _password_link(base, await _ticket(connection, officer_id, "password"))


async def first_run(dsn: str, account: Account, base: str) -> str:
    """Make the first account, and return a link for its password. Raises SetupError for others."""
    async with _connected(dsn) as connection, connection.transaction():
        if await people.has_accounts(connection):
            raise SetupError("There are accounts already: use import, link and password.")
        await people.save_accounts(connection, [account.model_dump(mode="json")])
        return _password_link(base, await _ticket(connection, account.officer_id, "password"))


async def list_grants(dsn: str, officer_id: str) -> list[tuple[str, str]]:
    """Return the grants of an officer as (right, unit)."""
    async with _connected(dsn) as connection:
        return await people.grants(connection, officer_id)


async def change_grant(dsn: str, officer_id: str, grant: Grant, *, give: bool) -> None:
    """Add or remove a grant. Raises SetupError when there is no such officer or grant."""
    change = people.grant if give else people.withdraw
    async with _connected(dsn) as connection:
        if not await change(connection, officer_id, grant.right, grant.unit):
            noun = "officer" if give else "grant"
            raise SetupError(f"There is no such {noun}: {officer_id} {grant.right} {grant.unit}.")


async def disable(dsn: str, officer_id: str) -> None:
    """Close an account and end its sessions. Raises SetupError when there is none."""
    async with _connected(dsn) as connection, connection.transaction():
        if not await people.disable(connection, officer_id):
            raise SetupError(f"There is no officer {officer_id}.")


async def _ticket(connection: asyncpg.Connection, officer_id: str, purpose: Purpose) -> str:
    ticket = secrets.token_urlsafe(32)
    if not await add_ticket(connection, officer_id, hash_of(ticket), TICKET_LIFETIME, purpose):
        raise SetupError(
            f"There is no officer {officer_id} who may sign in: import the account first."
        )
    return ticket


def _password_link(base: str, ticket: str) -> str:
    return f"{base.rstrip('/')}/password?{urlencode({'ticket': ticket})}"


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(
            dsn, timeout=5, server_settings=session_settings("fenghuo-accounts")
        )
    except (OSError, ValueError, *CLIENT_ERRORS) as error:
        raise _NoDatabase(
            f"Postgres does not let us in ({type(error).__name__}): check FENGHUO_DATABASE_URL."
        ) from None
    try:
        yield connection
    finally:
        await connection.close()


def _base_address() -> str:
    if named := os.environ.get("FENGHUO_CONSOLE_URL"):
        return named
    if port := os.environ.get("FENGHUO_HTTP_PORT"):
        return f"http://127.0.0.1:{port}"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Exit codes: 0 done, 64 wrong call or file, 69 no database."""
    namespace = _parser().parse_args(arguments)
    dsn = os.environ.get("FENGHUO_DATABASE_URL", "")
    try:
        if not dsn:
            raise SetupError("FENGHUO_DATABASE_URL must name the database.")
        sys.stdout.write(asyncio.run(_run_command(dsn, namespace)))
    except SetupError as problem:
        sys.stderr.write(f"fenghuo: {problem}\n")
        return EXIT_UNAVAILABLE if isinstance(problem, _NoDatabase) else EXIT_USAGE
    return 0


async def _run_command(dsn: str, call: argparse.Namespace) -> str:
    """Run one command, and return the text to print."""
    match call.verb:
        case "import":
            return f"{await import_accounts(dsn, read_accounts(call.file))} accounts\n"
        case "link":
            landing = "/m" if call.phone else "/"
            return await make_link(dsn, call.officer_id, call.base, landing) + "\n"
        case "password":
            return await make_password_link(dsn, call.officer_id, call.base) + "\n"
        case "setup":
            named = {name: getattr(call, name) for name in ("officer_id", "name", "unit", "post")}
            return await first_run(dsn, _operator(_valid(Account, named)), call.base) + "\n"
        case "grants":
            result = await list_grants(dsn, call.officer_id)
            return "".join(f"{right}\t{unit}\n" for right, unit in result)
        case "disable":
            await disable(dsn, call.officer_id)
            return "disabled\n"
        case verb:
            grant = _valid(Grant, {"right": call.right, "unit": call.unit})
            await change_grant(dsn, call.officer_id, grant, give=verb == "grant")
            return "granted\n" if verb == "grant" else "withdrawn\n"


def _operator(account: Account) -> Account:
    """Return the account with the usual rights, and to operate and administer the system."""
    rights = (*USUAL_RIGHTS, Right.OPERATE, Right.ADMINISTER)
    grants = tuple(Grant(right=right, unit=account.unit) for right in rights)
    return account.model_copy(update={"grants": grants})


def _valid(model: type[C], call: dict[str, str]) -> C:
    try:
        return model.model_validate_json(json.dumps(call))
    except ValidationError as error:
        raise SetupError(f"{_explained(error)}.") from None


def _explained(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)[:8]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.console.accounts", description="Who may sign in to the console."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, help_text: str, *, officer: bool = True, base: bool = False) -> Any:
        result = verbs.add_parser(name, help=help_text)
        if officer:
            result.add_argument("officer_id")
        if base:
            result.add_argument("--base", default=_base_address(), help="address people use")
        return result

    setting = verb("setup", "make the first account; print its password link once", base=True)
    setting.add_argument("--name", required=True)
    setting.add_argument("--unit", required=True)
    setting.add_argument(
        "--post", default=Post.COMMANDER.value, choices=[post.value for post in Post]
    )
    importing = verb("import", "add or renew accounts from a JSON list", officer=False)
    importing.add_argument("file", type=Path)
    linking = verb("link", "print a one-time sign-in link (15 minutes)", base=True)
    linking.add_argument("--phone", action="store_true", help="land on the page for phones")
    verb("password", "print a one-time link on which a password is set", base=True)
    verb("grants", "list what is granted to an officer")
    for name, help_text in (("grant", "give a right at a unit"), ("withdraw", "take it away")):
        changing = verb(name, help_text)
        changing.add_argument("right", choices=[right.value for right in Right])
        changing.add_argument("unit")
    verb("disable", "close an account and end its sessions")
    return parser


if __name__ == "__main__":
    sys.exit(main())
