"""`show`: one thing with what belongs to it, or its timeline."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from deploy.commands.console.api import Api
from deploy.commands.console.errors import WrongCall
from deploy.commands.console.lists import (
    Column,
    Row,
    banner,
    field,
    free,
    level,
    moment,
    raw,
    show,
    value,
)
from deploy.commands.console.words import Words
from shared.definitions.yaml_files.screen import Screen, plain


@dataclass(frozen=True)
class Subject:
    """A detail route: its path, its fields, and its tables as (heading, key, columns)."""

    path: str
    fields: tuple[Column, ...]
    tables: tuple[tuple[str, str, tuple[Column, ...]], ...] = ()
    long: str = "text"
    """The field with free text, shown last and in full."""


def _may(row: Row, words: Words) -> str:
    return ", ".join(str(verb) for verb in row["may"])


_UNIT = field("unit", "unit_name")
SUBJECTS: dict[str, Subject] = {
    "alt": Subject(
        "/api/alerts/{}",
        (
            field("id", "alert_id"),
            field("status"),
            field("version"),
            value("state", "state", "alert"),
            level(),
            level("proposed", "proposed_level"),
            field("score"),
            field("place", "place_name"),
            free("headline"),
            ("may", _may),
        ),
        (
            (
                "evidence",
                "evidence",
                (
                    field("sensor", "sensor_name"),
                    field("rule", "rule_id"),
                    level(),
                    free("headline"),
                ),
            ),
            (
                "signatures",
                "signatures",
                (_UNIT, value("post", "post", "post"), level(), moment("at", "signed_at")),
            ),
            (
                "commands",
                "commands",
                (field("id", "command_id"), value("state", "state", "command"), free("title")),
            ),
        ),
    ),
    "cmd": Subject(
        "/api/commands/{}",
        (
            field("id", "command_id"),
            field("status"),
            field("version"),
            value("state", "state", "command"),
            level(),
            field("issuer", "issuer_name"),
            field("unit", "root_name"),
            free("title"),
            ("signed", lambda row, _words: f"{row['totals']['signed']}/{row['totals']['total']}"),
            moment("sign_by", "sign_by"),
            moment("finish_by", "finish_by"),
            ("may", _may),
        ),
        (
            (
                "missing",
                "missing",
                (
                    field("id", "assignment_id"),
                    _UNIT,
                    value("state", "state", "assignment"),
                    field("reason"),
                ),
            ),
        ),
        "instruction",
    ),
    "asg": Subject(
        "/api/assignments/{}",
        (
            field("id", "assignment_id"),
            field("status"),
            field("version"),
            value("state", "state", "assignment"),
            level(),
            _UNIT,
            field("issuer", "issuer_name"),
            free("title"),
            moment("sign_by", "sign_by"),
            moment("finish_by", "finish_by"),
            field("reason"),
            ("may", _may),
        ),
        (
            (
                "written",
                "acknowledgements",
                (value("step", "step", "step"), _UNIT, moment("at", "sent_at"), field("text")),
            ),
        ),
        "instruction",
    ),
    "pag": Subject(
        "/api/pages/{}",
        (
            field("id", "page_id"),
            field("status"),
            value("state", "state", "page"),
            level(),
            _UNIT,
            value("post", "post", "post"),
            free("headline"),
            moment("answer_by", "answer_by"),
            value("answer", "answer", "answer"),
        ),
    ),
}
_TIMELINE: tuple[Column, ...] = (
    moment("at", "at"),
    field("what", "kind"),
    field("step", "what"),
    field("tier"),
    field("unit", "unit_name"),
    field("count"),
    field("late"),
)


def subject_of(text: str) -> Subject:
    """Return the subject that an id names. Raises WrongCall."""
    subject = SUBJECTS.get(text.partition("-")[0])
    if subject is None:
        raise WrongCall(
            f"{plain(text)}: ids begin with {', '.join(f'{prefix}-' for prefix in SUBJECTS)}"
        )
    return subject


def show_subject(options: argparse.Namespace, api: Api, screen: Screen, words: Words) -> None:
    """Print one thing."""
    if options.timeline:
        _timeline(options, api, screen, words)
        return
    subject = subject_of(options.id)
    answer = api.get(subject.path.format(options.id))
    if screen.as_json:
        raw(answer.raw)
        return
    body = answer.body
    banner(body["status"], screen, words)
    for heading, cell in subject.fields:
        screen.line(f"{words.heading(heading)}: {cell(body, words)}")
    if body[subject.long]:
        screen.line()
        screen.line(plain(body[subject.long]))
    for heading, key, columns in subject.tables:
        show(heading, columns, body[key], screen, words)


def _timeline(options: argparse.Namespace, api: Api, screen: Screen, words: Words) -> None:
    answer = api.get(f"/api/cases/{options.id}/timeline", after=options.after, limit=options.limit)
    if screen.as_json:
        raw(answer.raw)
        return
    banner(answer.body["status"], screen, words)
    show("timeline", _TIMELINE, answer.body["lines"], screen, words)
    if answer.body["next"]:
        screen.line(words.say("more", next=answer.body["next"]))
