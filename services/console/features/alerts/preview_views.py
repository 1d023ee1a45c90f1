"""The pages about an alert as a signature sends them, before anybody has signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.console.core.access import Viewer
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.console.core.page_previews import (
    PageDraft,
    Sending,
    channels_of,
    masked_roster,
    page_of,
    page_preview,
)
from services.console.core.record import Json, OutgoingRecord
from services.console.features.alerts.wording_views import words_to_sign
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition, Debt, DecisionVerb
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.pages import SubjectKind
from shared.contracts.units import lineage, tier_of
from shared.contracts.wordings import AlertWording
from shared.domain.alert_validity import DUE_AFTER, authorised_until, valid_until
from shared.domain.page_texts.alerts import of_alert
from shared.domain.page_texts.graded import GRADED_ALERT
from shared.domain.page_texts.names import Names, with_contact
from shared.domain.roster.post_holders import PostHolder, Roster, first_unit

SigningVerb = Literal[DecisionVerb.APPROVE, DecisionVerb.AUTHORISE_EMERGENCY, DecisionVerb.WORD]


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature that is only considered: who signs, how, and what the form says.

    `wording` are words that are being written; with the verb `word` nobody is known to sign.
    """

    acting: Viewer
    verb: SigningVerb
    reason: str
    valid_until: datetime | None
    wording: AlertWording | None = None

    @property
    def signer(self) -> str | None:
        """Return the officer who signs; None where the form only writes words."""
        return None if self.verb is DecisionVerb.WORD else self.acting.officer_id


def signed_event(
    row: OutgoingRecord, names: UnitNames, signing: Signing, now: datetime
) -> AlertEvent:
    """Return the record that alerting publishes when this signature is the last one."""
    level, proposed = _level(row["level"]), _level(row["proposed_level"])
    present = words_to_sign(row, names)
    words = signing.wording or (_in_force(row) if present is None else present[0])
    transition = AlertTransition.ISSUED if level is None else AlertTransition.ADJUSTED
    if proposed is None:
        transition = AlertTransition.LIFTED
    return AlertEvent(
        id=row["alert_id"],
        status=Status(row["status"]),
        occurred_at=now,
        sent_at=now,
        origin_unit=signing.acting.unit,
        tier=tier_of(signing.acting.unit),
        areas=tuple(row["areas"]),
        data_grade=DataGrade(row["data_grade"]),
        alert_id=row["alert_id"],
        version=row["version"] + 1,
        transition=transition,
        state=AlertState.ISSUED if proposed is not None else AlertState.LIFTED,
        event_type=row["event_type"],
        place=row["place"],
        level=proposed or level,
        proposed_level=proposed,
        approver_unit=row["approver_unit"],
        expires_at=_expires_at(row, words, signing, now),
        debt=_debt(row, signing, now),
        began_at=row["began_at"],
        incident_id=row["incident_id"],
        headline=row["headline"],
        text=signing.reason,
        wording=words,
        issued_wording=words,
        actor=signing.signer,
    )


def _level(value: str | None) -> Level | None:
    return None if value is None else Level(value)


def _in_force(row: OutgoingRecord) -> AlertWording | None:
    issued = row["issued_wording"]
    return None if issued is None else AlertWording.from_wire(issued)


def _expires_at(
    row: OutgoingRecord, words: AlertWording | None, signing: Signing, now: datetime
) -> datetime | None:
    if row["proposed_level"] is None:
        return None
    level = Level(row["proposed_level"])
    stated = words.valid_until if words is not None else None
    if signing.verb is DecisionVerb.AUTHORISE_EMERGENCY:
        return authorised_until(level, stated or signing.valid_until, now, now)
    return valid_until(level, stated or signing.valid_until or row["proposed_until"], now)


def _debt(row: OutgoingRecord, signing: Signing, now: datetime) -> Debt | None:
    if signing.verb is not DecisionVerb.AUTHORISE_EMERGENCY or row["proposed_level"] is None:
        return None
    due_at = now + DUE_AFTER[Level(row["proposed_level"])]
    return Debt(
        unit=row["approver_unit"],
        approvals=max(1, row["approvals_needed"]),
        by_officer=signing.acting.officer_id,
        by_unit=signing.acting.unit,
        due_at=due_at,
        next_at=due_at,
    )


def first_called(event: AlertEvent, roster: Roster) -> PostHolder:
    """Return the first officer whom notify calls about a signed alert: never the one who signs.

    Where nobody else is on duty, the empty desk of the place stands for that officer.
    """
    for unit in (event.place, event.approver_unit):
        holder = next(iter(roster.holders(first_unit(roster, unit))), None)
        if holder is not None and holder.officer_id != event.actor:
            return holder
    return PostHolder(first_unit(roster, event.place), Post.B, "nobody")


def preview_view(
    row: OutgoingRecord,
    viewer: Viewer,
    names: UnitNames,
    directory: Directory,
    signing: Signing,
    sending: Sending,
    now: datetime,
    *,
    push: bool,
) -> Json:
    """Return how the page of the first call reads on each channel in use."""
    event = signed_event(row, names, signing, now)
    called = [*lineage(event.place), *lineage(event.approver_unit)]
    units = list(dict.fromkeys([*called, signing.acting.unit]))
    roster = masked_roster(directory, units, viewer)
    page_names = Names(names.tree, roster, sending.zone)
    holder = first_called(event, roster)
    general = event.data_grade is DataGrade.GENERAL
    text = with_contact(
        of_alert(event, page_names, to_decide=False),
        page_names.contact(event.place, holder.unit, {holder.officer_id}),
    )
    draft = PageDraft(
        subject_kind=SubjectKind.ALERT,
        status=event.status,
        level=event.level or Level.NOTICE,
        headline=event.headline if general else GRADED_ALERT,
        text=text,
        data_grade=event.data_grade,
        to_note=True,
    )
    page = page_of(draft, holder, now)
    channels = channels_of(directory.slots_of(dict.fromkeys(called)), push=push)
    return page_preview(page, names.unit(holder.unit), channels, sending)
