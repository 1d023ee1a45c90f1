"""What records count as and whose acts they are."""

from __future__ import annotations

import pytest

from services.audit.core import acts
from services.audit.core.trail import GENESIS, seal
from shared.contracts.audit import AuditOutcome
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.pages import AnswerVerb
from tests.unit.audit.builders import (
    T0,
    VILLAGE,
    a_command,
    a_decision,
    a_mode,
    a_notice,
    a_refusal,
    a_request,
    a_silence,
    an_acknowledgement,
    an_alarm,
    an_alert,
    an_answer,
    an_assignment,
)


@pytest.mark.parametrize(
    ("message", "labels"),
    [
        (an_alarm(), ["raised", "first"]),
        (an_alert(), ["opened", "first"]),
        (an_alert(version=2), ["verified"]),
        (a_decision(), ["approve"]),
        (a_silence(), ["end"]),
        (a_notice(), ["record"]),
        (a_command(), ["issued", "first"]),
        (an_assignment(), ["village:delivered", "first"]),
        (an_acknowledgement(), ["sign"]),
        (a_request(), ["check"]),
        (an_answer(), ["coming"]),
        (a_mode(), ["emergency", "first"]),
        (a_refusal(), ["not_approver"]),
    ],
)
def test_a_record_counts_under_its_labels(message: Envelope, labels: list[str]) -> None:
    assert acts.labels(message) == labels


@pytest.mark.parametrize(
    ("message", "actor", "action"),
    [
        (a_decision(), "o-town", "alert.approve red"),
        (a_silence(), "o-town", "silence.end"),
        (a_request(), "o-district", "command.check"),
        (an_acknowledgement(), "o-village", "assignment.sign"),
        (an_answer(), "o-town", "page.coming"),
        (a_mode(), "o-district", "effect.mode.emergency"),
        (an_alert(version=2, actor="o-town"), "o-town", "effect.alert.verified"),
    ],
)
def test_peoples_acts_are_entered(message: Envelope, actor: str, action: str) -> None:
    act = acts.act_of(message)
    assert act is not None
    assert (act.actor, act.action, act.cause_id) == (actor, action, message.id)


@pytest.mark.parametrize(
    "message",
    [
        an_alarm(),
        an_alert(),
        a_command(),
        an_assignment(),
        an_answer(AnswerVerb.READ),
        an_answer(AnswerVerb.DELIVERED),
    ],
)
def test_what_the_system_does_is_no_ones_act(message: Envelope) -> None:
    assert acts.act_of(message) is None


def test_a_refusal_is_entered_with_who_what_where_why_and_how_often() -> None:
    act = acts.act_of(a_refusal())
    assert act is not None
    entry = seal(act, GENESIS, T0)
    assert (entry.actor, entry.action) == (
        "o-town",
        "POST /api/alerts/{alert_id}/decisions approve",
    )
    assert (entry.outcome, entry.place, entry.count) == (AuditOutcome.REFUSED, VILLAGE, 3)
    assert (entry.subject_id, entry.reason) == ("alt-1", "not_approver from 10.0.0.7")


def test_entries_without_a_place_and_a_count_hash_as_they_always_have() -> None:
    assert not {"place", "count"} & set(an_entry_as_hashed())


def an_entry_as_hashed() -> dict[str, object]:
    act = acts.act_of(a_decision())
    assert act is not None
    return seal(act, GENESIS, T0).model_dump(mode="json", exclude_none=True)


def test_records_name_the_subjects_they_share_a_world_with() -> None:
    assert acts.subjects(an_assignment(VILLAGE)) == ["alt-1", "cmd-1"]
    assert acts.subjects(an_alarm()) == []


def test_a_public_notice_of_a_drill_is_a_leak() -> None:
    assert acts.is_public_drill(a_notice(Status.EXERCISE))
    assert not acts.is_public_drill(a_notice())
