"""Acts of one request each: verb, address and fields.

A table; nothing here decides.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from deploy.commands.console.api import Answer, Api
from shared.contracts.assignments import Step
from shared.contracts.duty import DayKind
from shared.contracts.fields import Level, ResponseMode, Status
from shared.contracts.reports import Means, ReportKind
from shared.contracts.silences import SilenceKind


@dataclass(frozen=True)
class Option:
    """An option and its field of the body; `flag` overrides the option's name."""

    field: str
    help: str
    flag: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False
    number: bool = False
    switch: bool = False

    @property
    def name(self) -> str:
        """Return the option as typed."""
        return "--" + (self.flag or self.field.replace("_", "-"))


@dataclass(frozen=True)
class PlainAct:
    """An act: `path` holds {id} for the named subject; `thing` is the subject's heading or None."""

    path: str
    help: str
    options: tuple[Option, ...]
    subject: str | None = None
    fixed: tuple[tuple[str, str], ...] = ()


def _values(kind: Any) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


_DECIDE = "/api/alerts/{id}/decisions"
_REASON = Option("reason", "why", required=True)
_WHY = Option("reason", "why")
_VERSION = Option("version", "the version you saw", number=True)
_REQUIRED_VERSION = Option("version", "the version you saw", number=True, required=True)
_WEEKDAYS = _values(DayKind)[:7]
_STATUS = Option("status", "default: Actual", choices=_values(Status))
_UNTIL = Option("until", "for example 2026-11-25T08:00:00Z", required=True)
_EVENT = Option("event_type", "for example 11A01, 12:gas_leak")

_BULK_STEPS = (Step.SIGN.value, Step.ACCEPT.value, Step.HANDLE.value, Step.REPORT.value)

PLAIN: dict[str, PlainAct] = {
    "merge": PlainAct(
        _DECIDE,
        "alert: it is the same as another one",
        (Option("into", "the alert that stays", required=True), _WHY, _VERSION),
        "ALERT",
        (("verb", "merge"),),
    ),
    "unmerge": PlainAct(
        _DECIDE,
        "alert: it was another one after all",
        (_WHY, _VERSION),
        "ALERT",
        (("verb", "unmerge"),),
    ),
    "split_alert": PlainAct(
        _DECIDE,
        "alert: some of its evidence is an alert of its own",
        (
            Option("evidence_ids", "alarm or report", "evidence", required=True, many=True),
            _WHY,
            _VERSION,
        ),
        "ALERT",
        (("verb", "split"),),
    ),
    "authorise_emergency": PlainAct(
        _DECIDE,
        "alert: issue it now, the signatures follow",
        (
            Option("level", "the level you saw", choices=_values(Level), required=True),
            _REASON,
            _VERSION,
            Option("valid_until", "for example 2026-11-25T08:00:00Z"),
        ),
        "ALERT",
        (("verb", "authorise_emergency"),),
    ),
    "step_many": PlainAct(
        "/api/assignments/acknowledgements",
        "a step on many assignments; each refused one is named",
        (
            Option("step", "which", choices=_BULK_STEPS, required=True),
            Option("assignments", "repeatable", "assignment", required=True, many=True),
            Option("text", "what was done"),
        ),
    ),
    "silence": PlainAct(
        "/api/silences",
        "no alerts from these alarms for a time",
        (
            Option("kind", "default: silence", choices=_values(SilenceKind)),
            Option("place", "a unit and all below it"),
            _EVENT,
            Option("rule_id", "of this rule", "rule"),
            Option("sensor_id", "of this sensor", "sensor"),
            Option("begin_at", "from when", "from", required=True),
            Option("end_at", "until when", "until", required=True),
            Option("until_cleared", "end before, 30 minutes after its last alarm", switch=True),
            Option("days", "weekly, on this day; repeatable", "day", choices=_WEEKDAYS, many=True),
            Option("daily_from", "weekly, from this time"),
            Option("daily_until", "weekly, until this time; may be of the next day"),
            _REASON,
            _STATUS,
        ),
    ),
    "end_silence": PlainAct(
        "/api/silences/{id}/end",
        "silence: end it at once, or move its end",
        (Option("end_at", "another end", "until"), _REASON),
        "SILENCE",
    ),
    "propose_mode": PlainAct(
        "/api/modes/proposals",
        "a response mode for a unit; another person signs",
        (
            Option("unit", "for it and all below", required=True),
            Option("mode", "which", choices=_values(ResponseMode)[1:], required=True),
            _UNTIL,
            _WHY,
            _STATUS,
        ),
    ),
    **{
        f"{verb}_mode": PlainAct(
            f"/api/modes/proposals/{{id}}/{verb}",
            f"mode: {verb}",
            (_REQUIRED_VERSION, _WHY),
            "PROPOSAL",
        )
        for verb in ("approve", "reject", "end")
    },
    "start_drill": PlainAct(
        "/api/drills",
        "a drill in your own subtree",
        (
            Option("title", "what is practised", required=True),
            Option("event_type", "for example 11A01", required=True),
            Option("level", "of the scenario", choices=_values(Level), required=True),
            Option("place", "where", required=True),
            Option("text", "the scenario"),
        ),
    ),
    "report_incident": PlainAct(
        "/api/incidents",
        "a new incident, as its reporter",
        (
            Option("event_type", "for example 11A01, 12:gas_leak", required=True),
            Option("place", "where", required=True),
            Option("headline", "in one line", required=True),
            Option("text", "more about it"),
        ),
    ),
    "report_up": PlainAct(
        "/api/reports",
        "report an incident to the unit above",
        (
            Option("incident_id", "which", "incident", required=True),
            Option("kind", "which report", choices=_values(ReportKind), required=True),
            Option("means", "how", choices=_values(Means), required=True),
            Option("headline", "in one line", required=True),
            Option("text", "in full; of a call, what was told"),
            Option("number", "of a follow-up", number=True),
            Option("from_unit", "default: your own"),
            Option("to_unit", "default: one tier up"),
            Option("place", "default: the alert's"),
            _EVENT,
            _STATUS,
        ),
    ),
    "test_contact": PlainAct(
        "/api/duty/tests",
        "page the officers on duty at a unit, as a test",
        (Option("unit", "which", required=True), Option("officer_id", "only this one", "officer")),
    ),
}
"""By the word typed first."""


def add_to(verbs: Any, act: argparse.ArgumentParser, an_id: Any) -> None:
    """Add a parser per act; `act` has the common options, `an_id` checks an id."""
    for verb, plain in PLAIN.items():
        parser = verbs.add_parser(verb, parents=[act], help=plain.help)
        if plain.subject is not None:
            parser.add_argument("id", type=an_id, metavar=plain.subject)
        for option in plain.options:
            if option.switch:
                parser.add_argument(
                    option.name,
                    dest=f"body_{option.field}",
                    help=option.help,
                    action="store_const",
                    const=True,
                )
                continue
            parser.add_argument(
                option.name,
                dest=f"body_{option.field}",
                help=option.help,
                required=option.required,
                choices=option.choices or None,
                action="append" if option.many else "store",
                type=int if option.number else str,
            )


def act(options: argparse.Namespace, api: Api) -> Answer:
    """Send the act."""
    plain = PLAIN[options.verb]
    fields = {option.field: getattr(options, f"body_{option.field}") for option in plain.options}
    body = dict(plain.fixed) | {name: value for name, value in fields.items() if value is not None}
    return api.act(plain.path.format(id=getattr(options, "id", "")), body)
