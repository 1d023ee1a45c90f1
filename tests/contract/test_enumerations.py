"""Each closed set of values in the contracts has words on the screens, or shows no value there."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

import shared.contracts
from deploy.example.departments import OF_DISTRICT, OF_TOWN
from services.notify.core.wording.escalations import REASONS
from shared.contracts.alarms import AlarmEvent

ROOT = Path(__file__).resolve().parents[2]
I18N = ROOT / "services" / "console" / "static" / "i18n"
LANGUAGES = [json.loads((I18N / f"{name}.json").read_text("utf-8")) for name in ("zh-CN", "en")]
PREFIXES = {
    "AlarmTransition": "alarm",
    "AlertState": "alert",
    "AlertTransition": "transition",
    "DecisionVerb": "verb",
    "CommandState": "command",
    "AssignmentState": "assignment",
    "Step": "step",
    "SupervisionKind": "supervision",
    "Reason": "letter_reason",
    "Level": "level",
    "IncidentGrade": "grade",
    "ResponseLevel": "response",
    "Tier": "tier",
    "ResponseMode": "mode",
    "Language": "language",
    "Post": "post",
    "LetterVerb": "letter_verb",
    "LimitsVerb": "limits.do",
    "ProposalState": "proposal",
    "Channel": "channel",
    "PageState": "page",
    "Outcome": "tested",
    "SensorState": "health",
    "ReportKind": "report",
    "Means": "means",
    "Trend": "trend",
    "DutyState": "duty",
    "DayKind": "day",
    "SilenceKind": "silence",
}
"""The prefix of the screens' words by the name of the enumeration."""
WITHOUT_WORDS = {
    "AuditOutcome": "the audit trail is for operators",
    "AssignmentRole": "the unit's place in the list shows the role",
    "AssignmentAxis": "the names of departments show the axis",
    "Party": "a rule of rights",
    "FaultState": "the text of a fault says it",
    "Status": "marks of drills and tests, in `drill.*` and `shared/domain/page_texts/marks.py`",
    "DataGrade": "masked texts show the grade",
    "DigestState": "inside notify",
    "EscalationState": "inside notify",
    "ModeVerb": "`proposal.do.*`",
    "SubjectKind": "`category.*`",
    "AnswerVerb": "`answer.*` for people, `page.*` for receipts",
    "RefusedFor": "`problem.*`, tested with the console's refusals",
    "ReporterRole": "the names of reporters",
    "SourceDoor": "the names of the doors of ingest, for operators",
    "Anchor": "a placeholder of plans",
    "DeviceEnd": "why a device no longer gets pushes, for operators",
}
"""Enumerations whose values no screen shows as they are, with the reason."""
FOR_OPERATORS = {"the push service is not among the allowed hosts"}
"""Reasons of failed pages that only an operator can put right."""


def enumerations() -> Iterator[type[StrEnum]]:
    for module_info in pkgutil.walk_packages(shared.contracts.__path__, "shared.contracts."):
        module = importlib.import_module(module_info.name)
        for item in vars(module).values():
            if not (isinstance(item, type) and issubclass(item, StrEnum)):
                continue
            if item.__module__ == module_info.name and not item.__name__.endswith("Trigger"):
                yield item


def test_each_enumeration_has_words_or_a_reason_to_have_none() -> None:
    names = {item.__name__ for item in enumerations()}
    assert names == PREFIXES.keys() | WITHOUT_WORDS.keys()


@pytest.mark.parametrize("words", LANGUAGES, ids=["zh", "en"])
def test_each_value_of_an_enumeration_has_its_word(words: dict[str, str]) -> None:
    values = [
        f"{PREFIXES[item.__name__]}.{value}"
        for item in enumerations()
        if item.__name__ in PREFIXES
        for value in item
    ]
    kinds = get_args(AlarmEvent.model_fields["kind"].annotation)
    values += [f"kind.{kind}" for kind in kinds]
    values += [f"department.{name}" for name in (*OF_DISTRICT, *OF_TOWN)]
    assert len(values) > 180
    assert not [value for value in values if not words.get(value)]


def test_each_reason_of_a_failed_page_has_words() -> None:
    folder = ROOT / "services" / "notify" / "channels"
    code = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    reasons = set(re.findall(r"DeliveryOutcome\.REFUSED, \"([^\"{]+)\"", code))
    reasons |= set(re.findall(r"DeliveryOutcome\.REFUSED, \"([^\"{]+)\"", " ".join(code.split())))
    assert len(reasons) >= 6
    assert reasons - FOR_OPERATORS <= REASONS.keys()
