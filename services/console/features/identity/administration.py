"""Routes for administrators: accounts of the subtree, their rights, and links for passwords.

An administrator changes accounts that stand for administered units alone: with the password of an
account somebody would have all of its rights.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, Field

from services.console.core.access import (
    Right,
    Viewer,
    may_administer,
    may_operate,
    span_of,
)
from services.console.core.directory import phone_digits
from services.console.features.identity.account_views import account_row, offered
from services.console.features.identity.responses import (
    AccountList,
    AccountView,
    PasswordLink,
)
from services.console.store import accounts as store
from services.console.store import people
from services.console.store.accounts import AccountEntry
from services.console.store.connections import Connection, reading
from services.console.store.sessions import add_ticket
from services.console.web.actions import Body, IdempotencyKey
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import Cursor, Limit
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.sessions import TICKET_LIFETIME, hash_of
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import PHONE_PATTERN, Identifier, Line, Post, UnitId

router = APIRouter(prefix="/api", tags=["identity"])

OfficerId = Annotated[Identifier, Path()]


class AccountBody(Body):
    """An account as it is to be; a new one gets the usual rights for its unit."""

    name: Line
    unit: UnitId
    post: Post
    phone: Annotated[str, Field(pattern=PHONE_PATTERN), AfterValidator(phone_digits)] | None = None


class AccountActBody(Body):
    """An act on an account; a grant and its withdrawal name right and unit."""

    verb: Literal["grant", "withdraw", "disable", "enable"]
    right: Right | None = None
    unit: UnitId | None = None


@router.get("/accounts", responses=json_response(AccountList))
async def list_accounts(
    console: Deps,
    viewer: PlaceViewer,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """List accounts of a subtree that the officer administers, by id."""
    place = viewer.root
    console.demand(may_administer(viewer, place), place)
    async with reading(console.database) as connection:
        entries = await store.list_accounts(connection, span_of(place), q.strip(), after, limit)
    return as_json(
        {
            "accounts": [account_row(entry, viewer, console.names.unit) for entry in entries],
            "next": entries[-1].officer_id if len(entries) == limit else None,
        }
    )


@router.put("/accounts/{officer_id}", responses=json_response(AccountView))
async def save_account(
    console: Deps,
    viewer: SignedInViewer,
    officer_id: OfficerId,
    body: AccountBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Make an account, or change its name, unit, post and number.

    An officer who moves has the usual rights at the new unit, and no others.
    """
    console.demand(may_administer(viewer, body.unit), body.unit, "save")
    if body.unit not in console.names.tree:
        raise unknown("unit")
    async with reading(console.database) as connection, connection.transaction():
        existing = await store.find_account(connection, officer_id)
        if existing is not None:
            _demand_whole(console, viewer, existing, "save")
            if officer_id == viewer.officer_id and body.unit != existing.unit:
                raise ApiProblem(
                    409, "Not now", "Another administrator moves your account.", reason="not_now"
                )
        account = {"officer_id": officer_id, **body.model_dump(mode="json")}
        await people.save_accounts(connection, [account])
        entry = await _saved(connection, officer_id)
    console.sessions.forget_officer(officer_id)
    return as_json(account_row(entry, viewer, console.names.unit))


@router.post("/accounts/{officer_id}/acts", responses=json_response(AccountView))
async def act_on_account(
    console: Deps,
    viewer: SignedInViewer,
    officer_id: OfficerId,
    body: AccountActBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Grant or withdraw a right, close an account or open it again.

    Nobody closes the own account, nor gives away a right that the officer does not administer.
    """
    async with reading(console.database) as connection, connection.transaction():
        entry = await _administered(console, viewer, connection, officer_id, body.verb)
        if body.verb not in offered(entry, viewer):
            raise ApiProblem(409, "Not now", "This is not done to this account.", reason="not_now")
        match body.verb:
            case "disable":
                await people.disable(connection, officer_id)
            case "enable":
                await store.enable(connection, officer_id)
            case verb:
                await _change_grant(console, viewer, connection, entry, verb, body)
        entry = await _saved(connection, officer_id)
    console.sessions.forget_officer(officer_id)
    return as_json(account_row(entry, viewer, console.names.unit))


@router.post("/accounts/{officer_id}/password-link", responses=json_response(PasswordLink))
async def make_password_link(
    console: Deps, viewer: SignedInViewer, officer_id: OfficerId
) -> Response:
    """Make a one-time link on which the officer sets a password; it is shown this once."""
    ticket = secrets.token_urlsafe(32)
    async with reading(console.database) as connection, connection.transaction():
        entry = await _administered(console, viewer, connection, officer_id, "password_link")
        if entry.disabled or not await add_ticket(
            connection, officer_id, hash_of(ticket), TICKET_LIFETIME, "password"
        ):
            raise ApiProblem(409, "Not now", "The account is closed.", reason="not_now")
    minutes = int(TICKET_LIFETIME.total_seconds() // 60)
    return as_json({"path": f"/password?ticket={ticket}", "minutes": minutes})


async def _administered(
    console: ConsoleDeps, viewer: Viewer, connection: Connection, officer_id: str, verb: str
) -> AccountEntry:
    """Return an account that the viewer administers. Raises 403, 404."""
    entry = await store.find_account(connection, officer_id)
    if entry is None:
        raise unknown("account")
    _demand_whole(console, viewer, entry, verb)
    return entry


def _demand_whole(console: ConsoleDeps, viewer: Viewer, entry: AccountEntry, verb: str) -> None:
    """Refuse unless the viewer administers every unit for which the account stands."""
    for unit in sorted(entry.units):
        console.demand(may_administer(viewer, unit), unit, verb)
    if any(right == Right.OPERATE for right, _ in entry.grants):
        console.demand(may_operate(viewer), entry.unit, verb)


async def _change_grant(
    console: ConsoleDeps,
    viewer: Viewer,
    connection: Connection,
    entry: AccountEntry,
    verb: str,
    body: AccountActBody,
) -> None:
    if body.right is None or body.unit is None:
        raise ApiProblem(
            422,
            "The request is not valid",
            reason="invalid",
            errors=[{"where": "body", "what": "a grant names right and unit"}],
        )
    console.demand(may_administer(viewer, body.unit), body.unit, verb)
    if body.right is Right.OPERATE:
        console.demand(may_operate(viewer), body.unit, verb)
    change = people.grant if verb == "grant" else people.withdraw
    if not await change(connection, entry.officer_id, body.right, body.unit):
        raise unknown("grant")


async def _saved(connection: Connection, officer_id: str) -> AccountEntry:
    entry = await store.find_account(connection, officer_id)
    assert entry is not None, "the transaction has written it"
    return entry
