"""Models of the responses with rules and plans."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.features.definitions.shelves import DefinitionKind
from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level
from shared.contracts.rules import Mark
from shared.definitions.yaml_files.findings import Severity

Standing = Literal["in_force", "shadow", "off"]
DefinitionVerb = Literal["put_in_force", "end"]


class DefinitionView(ResponseModel):
    """The newest version of a rule or plan.

    `sensors` is the number of sensors of the place that a rule over one sensor judges.
    """

    kind: DefinitionKind
    id: str
    version: int
    standing: Standing
    shadow_of: str | None
    name_zh: str
    name_en: str
    events: list[str]
    levels: list[Level]
    form: str | None
    sensors: int | None
    mark: Mark
    source: str
    unit: str
    unit_name: str
    published_at: datetime
    author: str | None
    reason: str | None
    may: list[DefinitionVerb]


class DefinitionList(ResponseModel):
    """The rules or plans for a place."""

    place: str
    place_name: str
    definitions: list[DefinitionView]


class DefinitionDocument(ResponseModel):
    """A rule or plan as the text of a file."""

    kind: DefinitionKind
    id: str
    version: int
    text: str


class TextFinding(ResponseModel):
    """A problem of a text with its place."""

    severity: Severity
    file: str
    line: int
    item: str
    field: str
    message: str
    allowed: str


class PlannedVersion(ResponseModel):
    """A version that a text would make; `changed` are the fields that differ from what is in force.

    `recipients` is the number of units that a plan would reach for an alert at the place.
    """

    id: str
    shadow_of: str | None
    standing: Standing
    version: int
    was: int
    changed: list[str]
    recipients: int | None


class DefinitionCheck(ResponseModel):
    """The findings of a text, and the versions that the text would make."""

    findings: list[TextFinding]
    errors: int
    warnings: int
    cases: int
    changes: list[PlannedVersion]
    unchanged: list[str]


class PublishedVersion(ResponseModel):
    """A version that was recorded, or the reason why it was not."""

    id: str
    version: int
    reason: str | None
    repeated: bool


class PublishedVersions(ResponseModel):
    """The versions of an act, in the order of their records."""

    recorded: int
    results: list[PublishedVersion]


class CaseResult(ResponseModel):
    """A case of a rule; `diff` has a line for each alarm that was wanted or came."""

    line: int
    case: str
    passed: bool
    wrong: list[str]
    diff: list[str]


class CaseResults(ResponseModel):
    """The results of the cases of a text; `untried` are rules without a case."""

    passed: int
    failed: int
    untried: list[str]
    cases: list[CaseResult]


class AlarmCounts(ResponseModel):
    """Alarms that both sides have, that moved, that only the text has, that only the rules in force
    have.
    """

    equal: int
    moved: int
    added: int
    removed: int


class RuleAlarmCounts(AlarmCounts):
    """The counts of a rule."""

    rule: str


class DayAlarmCounts(AlarmCounts):
    """The counts of a day."""

    day: str


class ChangedEpisode(ResponseModel):
    """An alarm from its beginning to its end, in seconds since 1970."""

    began: float
    ended: float | None
    level: Level


class AlarmChange(ResponseModel):
    """An alarm that would have been different."""

    sort: Literal["moved", "added", "removed"]
    rule: str
    sensor: str
    before: ChangedEpisode | None
    after: ChangedEpisode | None


class Backtest(ResponseModel):
    """The differences over the stored readings; nobody was paged."""

    total: AlarmCounts
    readings: int
    since: float | None
    until: float | None
    notes: list[str]
    by_rule: list[RuleAlarmCounts]
    by_day: list[DayAlarmCounts]
    changes: list[AlarmChange]
