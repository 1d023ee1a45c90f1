"""Membership of a group, as far as a process knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime.group_membership import is_joined

MEMBER = SimpleNamespace(need_rejoin=lambda _subscription: False)
STRANGER = SimpleNamespace(need_rejoin=lambda _subscription: True)


@pytest.mark.parametrize(
    ("subscription", "coordinator", "joined"),
    [
        (None, MEMBER, False),
        ("topics", None, False),  # the consumer has not finished its start
        ("topics", STRANGER, False),
        ("topics", MEMBER, True),
    ],
)
def test_a_member_has_a_subscription_and_a_coordinator(
    subscription: str | None, coordinator: Any, *, joined: bool
) -> None:
    consumer: Any = SimpleNamespace(
        _subscription=SimpleNamespace(subscription=subscription), _coordinator=coordinator
    )
    assert is_joined(consumer) is joined
