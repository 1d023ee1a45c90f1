"""The records that overtake a backlog at notify."""

from __future__ import annotations

import pytest

from services.notify.app import URGENT_RECORDS
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
def test_red_and_recalls_go_first_and_their_bytes_show_it(message: Contract) -> None:
    assert URGENT_RECORDS.applies(message)
    assert any(mark in encode(message) for mark in URGENT_RECORDS.markers)
    assert not URGENT_RECORDS.applies(message.model_copy(update={"status": Status.EXERCISE}))


def test_no_other_record_goes_first() -> None:
    assert not URGENT_RECORDS.applies(an_alert(proposed=Level.ORANGE))
    assert not URGENT_RECORDS.applies(an_assignment(level=Level.ORANGE))
