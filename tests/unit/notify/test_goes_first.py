"""Which records overtake a backlog at notify."""

from __future__ import annotations

import pytest

from services.notify.app import FIRST
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Contract, Level, Status
from shared.runtime.outbound_records import encode
from tests.unit.notify.builders import an_alert, an_assignment

RED = [
    an_alert(proposed=Level.RED),
    an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.RED, proposed=Level.RED),
    an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, level=Level.BLUE, proposed=None),
    an_assignment(level=Level.RED),
]


@pytest.mark.parametrize("message", RED)
def test_red_and_recalls_go_first_and_show_it_in_their_bytes(message: Contract) -> None:
    assert FIRST.applies(message)
    assert any(mark in encode(message) for mark in FIRST.markers)
    assert not FIRST.applies(message.model_copy(update={"status": Status.EXERCISE}))


def test_nothing_else_does() -> None:
    assert not FIRST.applies(an_alert(proposed=Level.ORANGE))
    assert not FIRST.applies(an_assignment(level=Level.ORANGE))
