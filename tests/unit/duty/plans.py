"""Duty plans for the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from shared.contracts.duty import DutyEntry, DutyRule, Member, Rotation
from shared.contracts.fields import Post
from shared.contracts.pages import Officer
from shared.contracts.units import tier_of

TOWN = "500118118000"
T0 = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
"""08:00 in Chongqing."""
_numbers = count(1)


def an_entry(rule: DutyRule, unit: str = TOWN, **fields: Any) -> DutyEntry:
    number = next(_numbers)
    return DutyEntry(
        **{
            "id": f"entry-{number}-v1",
            "occurred_at": T0,
            "sent_at": T0,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "entry_id": f"entry-{number}",
            "version": 1,
            "place": number,
            "unit": unit,
            "rule": rule,
            **fields,
        }
    )


def a_rotation(*members: str, **fields: Any) -> Rotation:
    return Rotation(
        **{
            "post": Post.B,
            "members": members,
            "starts": date(2026, 7, 1),
            "handover": time(8, 0),
            **fields,
        }
    )


def a_member(officer: str, phone: str | None = None, **fields: Any) -> Member:
    return Member(officer=Officer(officer_id=officer, name=f"名{officer}", phone=phone), **fields)
