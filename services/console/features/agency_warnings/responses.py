"""Models of the responses with warnings of other agencies."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level, Status
from shared.contracts.selections import Selection


class AgencyWarningView(ResponseModel):
    """A warning of another agency that holds or will hold."""

    contract = "ExternalWarning"

    warning_id: str
    status: Status
    source_id: str
    sender_name: str | None
    event_type: str | None
    level: Level | None
    masked: bool
    headline: str
    areas: int
    area_names: list[str]
    starts_at: datetime
    ends_at: datetime
    in_force: bool
    may_command: bool
    may_report: bool


class AgencyWarningList(ResponseModel):
    """Warnings about a part of the subtree or about all of it, the gravest first."""

    warnings: list[AgencyWarningView]
    next: str | None
    total: int


class QuotedWarning(ResponseModel):
    """The words of a warning for an act because of it; texts that are too long are cut."""

    contract = "ExternalWarning"

    warning_id: str
    status: Status
    source_id: str
    sender_name: str | None
    event_type: str | None
    level: Level | None
    headline: str
    description: str
    instruction: str
    starts_at: datetime
    ends_at: datetime


class ProposedCommand(QuotedWarning):
    """Beginning of a command because of a warning: the agency's words, and recipients.

    Without `selection` the officer chooses the recipients.
    """

    selection: Selection | None
    names: dict[str, str]


class ProposedIncident(QuotedWarning):
    """Beginning of a new incident because of a warning: the agency's words, and a place."""

    place: str
    place_name: str


class WarningOrigin(ResponseModel):
    """Warning of an agency behind a command or an alert; masked, it is without words."""

    contract = "ExternalWarning"

    masked: bool
    source_id: str
    sender_name: str | None
    headline: str
