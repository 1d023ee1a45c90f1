"""Accounts as JSON, with the acts on them."""

from __future__ import annotations

from collections.abc import Callable

from services.console.core.access import Right, Viewer, covers
from services.console.core.record import Json
from services.console.store.accounts import AccountEntry

UnitName = Callable[[str], str]


def account_row(entry: AccountEntry, viewer: Viewer, unit_name: UnitName) -> Json:
    """Return an account for an administrator; `may` are the acts on it."""
    return {
        "officer_id": entry.officer_id,
        "name": entry.name,
        "unit": entry.unit,
        "unit_name": unit_name(entry.unit),
        "post": entry.post,
        "phone": entry.phone,
        "disabled": entry.disabled,
        "signs_in": entry.signs_in,
        "has_token": entry.has_token,
        "grants": [
            {"right": right, "unit": unit, "unit_name": unit_name(unit)}
            for right, unit in entry.grants
        ],
        "may": offered(entry, viewer),
    }


def offered(entry: AccountEntry, viewer: Viewer) -> list[str]:
    """Return the acts of an administrator on an account: none where it reaches further."""
    operates = any(right == Right.OPERATE for right, _ in entry.grants)
    if operates and not viewer.operating:
        return []
    if not all(covers(viewer.administering, unit) for unit in entry.units):
        return []
    if entry.disabled:
        return ["save", "enable"]
    own = entry.officer_id == viewer.officer_id
    acts = ["save", "password_link", "grant"]
    return acts if own else [*acts, "withdraw", "disable"]
