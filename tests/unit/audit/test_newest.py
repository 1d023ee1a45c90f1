"""Audit compares what is open; whatever is over is compared no more."""

from __future__ import annotations

import pytest

from services.audit.core.newest import newest_of
from shared.contracts.alerts import AlertState
from shared.contracts.commands import AssignmentState, CommandState
from tests.unit.audit.builders import a_command as a_command_event
from tests.unit.audit.builders import an_alert, an_assignment


def over(message: object, state: object) -> bool:
    result = newest_of(message.model_copy(update={"state": state}))  # type: ignore[attr-defined]
    assert result is not None
    return result.over


@pytest.mark.parametrize("state", AlertState)
def test_an_alert_is_over_when_nothing_can_follow(state: AlertState) -> None:
    """An expired one as well: alerting forgets it, and there is nothing to compare it with."""
    ended = ("lifted", "expired", "recalled", "dismissed", "rejected", "absorbed")
    assert over(an_alert(), state) is (state in ended)


def test_a_command_is_over_when_it_is_closed_or_revoked() -> None:
    ended = {state for state in CommandState if over(a_command_event(), state)}
    assert ended == {CommandState.CLOSED, CommandState.REVOKED}


def test_an_assignment_that_is_sent_back_or_suspended_is_not_over() -> None:
    ended = {str(state) for state in AssignmentState if over(an_assignment(), state)}
    assert ended == {"done", "waived", "reassigned", "recalled"}
