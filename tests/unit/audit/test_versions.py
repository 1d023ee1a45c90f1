"""Audit compares open subjects; a subject that has ended is not compared."""

from __future__ import annotations

import pytest

from services.audit.core.records.versions import version_of
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from tests.unit.audit.builders import a_command as a_command_event
from tests.unit.audit.builders import an_alert, an_assignment


def is_ended(message: object, state: object) -> bool:
    result = version_of(message.model_copy(update={"state": state}))  # type: ignore[attr-defined]
    assert result is not None
    return result.ended


@pytest.mark.parametrize("state", AlertState)
def test_an_alert_has_ended_when_no_state_can_follow(state: AlertState) -> None:
    """An expired alert has ended too: alerting deletes it, so there is no row to compare."""
    ended = ("lifted", "expired", "recalled", "dismissed", "rejected", "absorbed")
    assert is_ended(an_alert(), state) is (state in ended)


def test_a_command_has_ended_when_it_is_closed_or_revoked() -> None:
    ended = {state for state in CommandState if is_ended(a_command_event(), state)}
    assert ended == {CommandState.CLOSED, CommandState.REVOKED}


def test_an_assignment_that_is_sent_back_or_suspended_has_not_ended() -> None:
    ended = {str(state) for state in AssignmentState if is_ended(an_assignment(), state)}
    assert ended == {"done", "waived", "reassigned", "recalled"}
