"""Warnings of other agencies 外部预警: each is a source while in force.

A warning is in force from its begin until its expiry, or until the agency cancels or updates the
warning. A message ends the warnings in its references, also those with a later arrival: the
messages of an agency are ordered by references, not by arrival.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.alerting.core.multi_source.source_pool import Sighting
from shared.contracts.fields import DataGrade, Status
from shared.contracts.reports import ExternalWarning
from shared.domain.agency_warnings import (
    FOLLOW_UPS,
    WARNINGS,
    WITHDRAWALS,
    areas_of,
    validity,
)

LATEST_ARRIVAL = timedelta(hours=72)
"""A message that Kafka takes later than this after its issue is no late message but an old log."""


@dataclass(frozen=True, slots=True)
class WarningState:
    """The state of a warning, which counts from `starts_at` until before `ends_at`.

    A warning without a kind of event is stored and supports no rule. `observed_at` is event time.
    """

    warning_id: str
    status: Status
    source_id: str
    cap_identifier: str
    event_type: str | None
    areas: tuple[str, ...]
    observed_at: datetime
    starts_at: datetime
    ends_at: datetime
    withdrawn: bool = False
    grade: DataGrade = DataGrade.GENERAL


def warning_state(
    event: ExternalWarning, observed_at: datetime, accepted_at: datetime | None = None
) -> WarningState | None:
    """Return the warning, if the message is an alert or the update of an alert.

    `accepted_at` is when Kafka took the message: a warning with an earlier expiry is withdrawn from
    the beginning. For an old log only its own time counts.
    """
    if event.msg_type not in WARNINGS:
        return None
    starts_at, ends_at = validity(event, observed_at)
    is_late = accepted_at is not None and ends_at <= accepted_at <= observed_at + LATEST_ARRIVAL
    return WarningState(
        warning_id=event.id,
        status=event.status,
        source_id=event.source_id,
        cap_identifier=event.cap_identifier,
        event_type=event.event_type,
        areas=areas_of(event),
        observed_at=observed_at,
        starts_at=starts_at,
        ends_at=ends_at,
        withdrawn=is_late,
        grade=event.data_grade,
    )


def ends_warning(event: ExternalWarning, warning: WarningState) -> bool:
    """Return whether a message ends this warning.

    A message ends the warnings in its references; a withdrawal without references ends all warnings
    of its kind and source.
    """
    if event.msg_type not in FOLLOW_UPS or warning.withdrawn:
        return False
    if (event.source_id, event.status) != (warning.source_id, warning.status):
        return False
    if event.references:
        return warning.warning_id in event.references or warning.cap_identifier in event.references
    return event.msg_type in WITHDRAWALS and event.event_type in (None, warning.event_type)


def ended_before_arrival(
    event: ExternalWarning, existing_ids: Collection[str], observed_at: datetime
) -> list[WarningState]:
    """Return withdrawn warnings for the references without a row."""
    if event.msg_type not in FOLLOW_UPS:
        return []
    return [
        WarningState(
            warning_id=reference,
            status=event.status,
            source_id=event.source_id,
            cap_identifier=reference,
            event_type=None,
            areas=(),
            observed_at=observed_at,
            starts_at=observed_at,
            ends_at=observed_at,
            withdrawn=True,
        )
        for reference in event.references
        if reference not in existing_ids
    ]


@dataclass(frozen=True, slots=True)
class WarningChanges:
    """The effects of a message: the warning taken from it, the warnings that it ends, and withdrawn
    ones in the place of references without a row.
    """

    new_warning: WarningState | None
    ended: tuple[WarningState, ...]
    absent: tuple[WarningState, ...]

    @property
    def in_order(self) -> list[WarningState]:
        """Return the changed warnings in the order of their effect.

        The new warning comes first: a danger that the agency goes on to state does not end in
        between.
        """
        return [*((self.new_warning,) if self.new_warning is not None else ()), *self.ended]


def changes_by(
    event: ExternalWarning,
    warnings: Mapping[str, WarningState],
    observed_at: datetime,
    accepted_at: datetime | None = None,
) -> WarningChanges:
    """Return the effects of a message on the warnings of its agency, given by id."""
    new_warning = warning_state(event, observed_at, accepted_at)
    if new_warning is not None and was_ended_before(event, warnings.get(event.id)):
        new_warning = replace(new_warning, withdrawn=True)
    ended = [existing for existing in warnings.values() if ends_warning(event, existing)]
    return WarningChanges(
        new_warning,
        tuple(replace(existing, withdrawn=True) for existing in ended),
        tuple(ended_before_arrival(event, warnings.keys(), observed_at)),
    )


def was_ended_before(event: ExternalWarning, existing_warning: WarningState | None) -> bool:
    """Return whether the end of this warning arrived before the warning."""
    return (
        existing_warning is not None
        and existing_warning.withdrawn
        and existing_warning.source_id == event.source_id
        and existing_warning.status is event.status
    )


def sighting_of_warning(warning: WarningState) -> Sighting | None:
    """Return a warning as a sighting of its agency; None without a kind of event."""
    if warning.event_type is None:
        return None
    return Sighting(
        sighting_id=warning.warning_id,
        record_id=warning.warning_id,
        source=f"agency:{warning.source_id}",
        kind="agency",
        event_type=warning.event_type,
        places=warning.areas,
        start=warning.starts_at,
        end=warning.ends_at,
        grade=warning.grade,
    )
