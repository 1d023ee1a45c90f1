"""Models of the responses about the officer who is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.core.access import Right
from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Post, Tier


class BrokerName(ResponseModel):
    """The message broker of the installation."""

    name: str
    stand_in: bool


class VisiblePlace(ResponseModel):
    """A unit whose subtree the officer may see."""

    unit: str
    name: str
    tier: Tier


class GrantedPlace(ResponseModel):
    """A unit for which the officer may act, or administer."""

    unit: str
    name: str


class SignedInOfficer(ResponseModel):
    """The officer who is signed in, the rights of the officer, and the installation."""

    session: str
    officer_id: str
    name: str
    unit: str
    unit_name: str
    tier: Tier
    post: Post
    sees: list[VisiblePlace]
    commands: list[GrantedPlace]
    administers: list[GrantedPlace]
    operates: bool
    may_issue: bool
    broker: BrokerName
    now: datetime


class SignedOut(ResponseModel):
    """The session has ended."""

    signed_out: bool


class AccountGrant(ResponseModel):
    """A right, and the unit in whose subtree it holds."""

    right: Right
    unit: str
    unit_name: str


class AccountView(ResponseModel):
    """An account for its administrators.

    `signs_in`: the officer has a password or signs in through the OIDC provider.
    """

    officer_id: str
    name: str
    unit: str
    unit_name: str
    post: Post
    phone: str | None
    disabled: bool
    signs_in: bool
    has_token: bool
    grants: list[AccountGrant]
    may: list[Literal["save", "password_link", "grant", "withdraw", "disable", "enable"]]


class AccountList(ResponseModel):
    """Accounts by id; `next` continues the list."""

    accounts: list[AccountView]
    next: str | None


class PasswordLink(ResponseModel):
    """A one-time link on which an officer sets a password."""

    path: str
    minutes: int
