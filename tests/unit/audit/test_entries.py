"""The labels of records, and the entries of the trail that they call for."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.audit.core.records.labels import labels_of
from services.audit.core.records.subjects import is_public_drill, subjects_of
from services.audit.core.trail.chain import GENESIS, entry_id, seal
from services.audit.core.trail.drafts import draft_of, refused_draft
from shared.contracts.audit import AuditOutcome
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.limits_acts import LimitsVerb
from shared.contracts.pages import AnswerVerb
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.topics import REPORTS, SOURCE_REFUSALS, WARNINGS, TopicSpec
from tests.unit.audit.builders import (
    DISTRICT,
    T0,
    VILLAGE,
    a_catalog_request,
    a_command,
    a_decision,
    a_limits_act,
    a_mode,
    a_notice,
    a_published,
    a_refusal,
    a_request,
    a_silence,
    an_acceptance,
    an_acknowledgement,
    an_alarm,
    an_alert,
    an_answer,
    an_assignment,
)
from tests.unit.plans.builders import a_plan
from tests.unit.rules.packs import rule


@pytest.mark.parametrize(
    ("message", "labels"),
    [
        (an_alarm(), ["raised", "first"]),
        (an_alert(), ["opened", "first"]),
        (an_alert(version=2), ["verified"]),
        (a_decision(), ["approve"]),
        (a_silence(), ["end"]),
        (a_catalog_request(), ["retire"]),
        (a_limits_act(), ["sign"]),
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
    assert labels_of(message) == labels


@pytest.mark.parametrize(
    ("message", "actor", "action"),
    [
        (a_decision(), "o-town", "alert.approve red"),
        (a_silence(), "o-town", "silence.end"),
        (a_catalog_request(), "o-district", "catalog.retire"),
        (a_limits_act(), "o-city", "limits.sign"),
        (a_published(rule()), "o-city", "rule.in_force v1"),
        (a_published(rule(shadow_of="flood")), "o-city", "rule.shadow v1"),
        (a_published(rule(enabled=False)), "o-city", "rule.off v1"),
        (a_published(a_plan(version=3)), "o-city", "plan.in_force v3"),
        (a_request(), "o-district", "command.check"),
        (an_acknowledgement(), "o-village", "assignment.sign"),
        (an_answer(), "o-town", "page.coming"),
        (a_mode(), "o-district", "effect.mode.emergency"),
        (an_alert(version=2, actor="o-town"), "o-town", "effect.alert.verified"),
    ],
)
def test_actions_of_people_are_entered(message: Envelope, actor: str, action: str) -> None:
    draft = draft_of(message)
    assert draft is not None
    assert (draft.actor, draft.action, draft.cause_id) == (actor, action, message.id)


def test_equal_ids_on_two_topics_are_two_entries() -> None:
    """The id of a record is unique on its topic only: senders choose it."""
    drafts = [
        draft_of(message.model_copy(update={"id": "evt-1"}))
        for message in (a_silence(), a_request(), an_acknowledgement(), an_answer())
    ]
    assert len({entry_id(draft) for draft in drafts if draft is not None}) == 4


@pytest.mark.parametrize(
    "message",
    [
        an_alarm(),
        an_alert(),
        a_command(),
        an_assignment(),
        an_answer(AnswerVerb.READ),
        an_answer(AnswerVerb.DELIVERED),
        rule(),
        a_plan(),
    ],
)
def test_an_action_of_the_system_is_not_entered(message: Envelope) -> None:
    assert draft_of(message) is None


def test_the_acceptance_of_a_gap_is_entered_with_person_place_and_reason() -> None:
    draft = draft_of(an_acceptance())
    assert draft is not None
    entry = seal(draft, GENESIS, T0)
    assert (entry.actor, entry.action, entry.subject_id) == (
        "operator",
        "gap.accept",
        "alerting alarm.events.v1:1",
    )
    assert entry.reason == "power cut"


def test_a_refusal_is_entered_with_who_what_where_why_and_how_often() -> None:
    draft = draft_of(a_refusal())
    assert draft is not None
    entry = seal(draft, GENESIS, T0)
    assert (entry.actor, entry.action) == (
        "o-town",
        "POST /api/alerts/{alert_id}/decisions approve",
    )
    assert (entry.outcome, entry.place, entry.count) == (AuditOutcome.REFUSED, VILLAGE, 3)
    assert (entry.subject_id, entry.reason) == ("alt-1", "not_approver from 10.0.0.7")


def golden(name: str, spec: TopicSpec) -> Envelope:
    path = Path(__file__).parents[2] / "contract" / "golden" / f"{spec.name}@{name}.json"
    message = spec.model.validate_json(path.read_bytes())
    assert isinstance(message, Envelope)
    return message


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (golden("initial", REPORTS), ("report", "inc-1")),
        (golden("update", WARNINGS), ("warning", None)),
    ],
)
def test_a_second_body_under_an_id_from_outside_is_entered(
    message: Envelope, content: tuple[str, str | None]
) -> None:
    """Ingest refuses it (409) where it still knows the id; everywhere else its readers do."""
    assert draft_of(message) is None
    letter = DeadLetter(
        id="dlq-1",
        reason=Reason.ID_CONFLICT,
        detail="id evt-1 was seen before with another body",
        service="alerting",
        topic=REPORTS.name,
        partition=0,
        offset=7,
        refused_at=T0,
    )
    draft = refused_draft(letter, message)
    assert draft is not None
    entry = seal(draft, GENESIS, T0)
    assert isinstance(message, Report | ExternalWarning)
    source = message.reporter_id if isinstance(message, Report) else message.source_id
    action, subject = content
    assert (entry.actor, entry.action, entry.outcome) == (source, action, AuditOutcome.REFUSED)
    assert entry.subject_id == (subject or message.id)
    assert entry.reason == "alerting: id evt-1 was seen before with another body"
    unknown = letter.model_copy(update={"reason": Reason.UNKNOWN_SUBJECT})
    assert refused_draft(unknown, message) is None


def test_entries_without_a_place_and_a_count_hash_as_they_always_have() -> None:
    assert not {"place", "count"} & set(hashed_fields())


def hashed_fields() -> dict[str, object]:
    draft = draft_of(a_decision())
    assert draft is not None
    return seal(draft, GENESIS, T0).model_dump(mode="json", exclude_none=True)


def test_records_name_the_subjects_they_share_a_status_with() -> None:
    assert subjects_of(an_assignment(VILLAGE)) == ["alt-1", "cmd-1"]
    assert subjects_of(an_alarm()) == []


def test_a_public_notice_of_a_drill_is_a_leak() -> None:
    assert is_public_drill(a_notice(Status.EXERCISE))
    assert not is_public_drill(a_notice())


def test_a_refusal_at_the_door_is_an_entry_of_its_source_with_the_number() -> None:
    message = golden("second_body", SOURCE_REFUSALS)
    draft = draft_of(message)
    assert draft is not None
    assert (draft.actor, draft.outcome, draft.count) == ("gauges", AuditOutcome.REFUSED, 3)
    assert (draft.action, draft.subject_id) == ("POST /v1/reports", "gauges:report-1")
    assert draft.reason == "id_conflict"
    assert labels_of(message) == ["id_conflict"]


def test_a_wrong_record_of_a_source_is_no_entry() -> None:
    message = golden("wrong_reading", SOURCE_REFUSALS)
    assert draft_of(message) is None
    assert labels_of(message) == ["not_acceptable"]


def test_a_change_of_the_ledger_is_entered_with_its_first_entry_and_their_number() -> None:
    draft = draft_of(a_catalog_request())
    assert draft is not None
    entry = seal(draft, GENESIS, T0)
    assert (entry.subject_id, entry.count, entry.reason) == ("sensor:gauge-1", 2, "站点拆除")


def test_an_act_on_a_draft_of_limits_is_entered_with_version_unit_and_reason() -> None:
    draft = draft_of(a_limits_act(LimitsVerb.WITHDRAW, "等待市里意见"))
    assert draft is not None
    entry = seal(draft, GENESIS, T0)
    assert (entry.subject_id, entry.place) == ("assignments-district:2", DISTRICT)
    assert entry.reason == "lmd-1 等待市里意见"
